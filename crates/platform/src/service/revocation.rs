//! Revocation (RFC 7009): a client gives a token back. A refresh token ends the whole connection, an access token only
//! itself.

use base::{Secret, SecretHash};
use database::{Error, Op, Tx};
use protocol::access_token::AccessClaims;

use crate::core::Core;
use crate::domain::client::Client;
use crate::domain::grant::{Grant, GrantState, RevocationReason};
use crate::service::security_record::{GrantRecord, audit};
use crate::service::{access_keys, ending};
use crate::store::audit::Actor;
use crate::store::{grant, refresh_token};

/// Ends `token` if it is the client's. Whatever else it is, there is nothing to do and nothing to say (RFC 7009 §2.2).
pub(crate) async fn revoke(core: &Core, client: Client, token: &Secret) -> Result<(), Error> {
    let core_of_op = core.clone();
    if let Ok(claims) = access_keys::verify(&core.keys, token) {
        let op = RevokeAccess {
            core: core_of_op,
            client,
            claims,
        };
        return core.db.write(op).await;
    }
    let op = RevokeConnection {
        core: core_of_op,
        client,
        token_hash: token.hash(),
    };
    if core.db.write(op).await? {
        core.deliveries.wake();
    }
    Ok(())
}

struct RevokeAccess {
    core: Core,
    client: Client,
    claims: AccessClaims,
}

impl Op for RevokeAccess {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        let own = |grant: &Grant| {
            grant.client_id == self.client.client_id
                && grant.is_live()
                && grant.agrees_with(&self.claims)
        };
        let grant = grant::lock_by_code(tx, &self.claims.src_auth_code).await?;
        let Some(grant) = grant.filter(own) else {
            return Ok(());
        };
        let now = self.core.clock.now();
        if self.claims.is_expired(now) {
            return Ok(());
        }
        grant::revoke_access(tx, grant.grant_id, self.claims.expires_at).await?;
        let record = GrantRecord {
            kind: "access_token.revoked",
            actor: Actor::Client(&self.client.client_id),
            grant_id: grant.grant_id,
            business_id: grant.business_id,
            reason: None,
        };
        audit(tx, &self.core, record, now).await
    }
}

struct RevokeConnection {
    core: Core,
    client: Client,
    token_hash: SecretHash,
}

impl Op for RevokeConnection {
    /// Whether a connection was ended.
    type Out = bool;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<bool, Error> {
        let owner = refresh_token::find_owner(tx, &self.token_hash).await?;
        let Some(owner) = owner.filter(|owner| owner.client_id == self.client.client_id) else {
            return Ok(false);
        };
        let grant = grant::lock(tx, owner.grant_id).await?;
        let Some(grant) = grant.filter(|grant| grant.state != GrantState::Revoked) else {
            return Ok(false);
        };
        let why = (
            RevocationReason::RevokedByClient,
            Actor::Client(&self.client.client_id),
        );
        ending::end(tx, &self.core, &grant, why, self.core.clock.now()).await?;
        Ok(true)
    }
}
