//! Issuing a code: the transaction in which a pro's yes becomes a grant (protocol §2.1).

use base::SecretHash;
use database::Tx;
use protocol::authorization_code::AuthorizationCode;
use protocol::id::{AccountId, BusinessId};
use thiserror::Error;

use crate::core::Core;
use crate::domain::client::Client;
use crate::domain::connect::ConnectRequest;
use crate::domain::grant::{CODE_LIFETIME, CodeOffer, GrantId, NewGrant};
use crate::domain::reconnect::{AlreadyConnected, make_way};
use crate::domain::redirect_uri::Redirect;
use crate::service::security_record::{self, GrantRecord};
use crate::service::{ending, ids};
use crate::store::audit::Actor;
use crate::store::{business, client, grant, refresh_token};

/// A pro's yes for one business. What is random in it is drawn before the transaction, which may run twice.
#[derive(Debug)]
pub(crate) struct Yes {
    core: Core,
    account_id: AccountId,
    business_id: BusinessId,
    grant_id: GrantId,
    code: AuthorizationCode,
}

/// A code that was issued.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) code: AuthorizationCode,
    /// Where the pro is sent; nowhere if the request named no redirect URI.
    pub(crate) location: Option<String>,
}

/// Why no code was issued.
#[derive(Debug, Error)]
pub(crate) enum IssueError {
    /// The business is not one of this pro's.
    #[error("the business is not one of this pro's")]
    NotTheirs,
    /// D3.
    #[error(transparent)]
    AlreadyConnected(#[from] AlreadyConnected),
    /// The client is gone, or lost what the request needs while the page was open.
    #[error("the client may not be answered any more")]
    Withdrawn,
    /// The database.
    #[error("the code could not be stored")]
    Database(#[from] database::Error),
}

impl Yes {
    /// The yes of a pro who is known.
    pub(crate) fn new(core: &Core, account_id: AccountId, business_id: BusinessId) -> Self {
        Self {
            core: core.clone(),
            account_id,
            business_id,
            grant_id: ids::next(&core.ids, GrantId::from_i64),
            code: AuthorizationCode::from_random(core.entropy.bytes()),
        }
    }

    /// Issues the code for a request that was judged before.
    pub(crate) async fn issue<T: Tx>(
        &self,
        tx: &mut T,
        request: &ConnectRequest,
    ) -> Result<Issued, IssueError> {
        let client = client::find(tx, &request.client_id).await?;
        let client = client
            .filter(|client| request.is_allowed_to(client))
            .ok_or(IssueError::Withdrawn)?;
        let business = business::find(tx, self.business_id).await?;
        if business.and_then(|business| business.account_id) != Some(self.account_id) {
            return Err(IssueError::NotTheirs);
        }
        self.clear_the_way(tx, &client).await?;
        let issuer = self.core.settings.base_url.as_str();
        let location = request.granted(self.code.as_str(), issuer);
        let grant = self.grant(request, &client, location.as_deref());
        match grant::insert(tx, &grant).await {
            Err(error) if error.is_conflict() => return Err(AlreadyConnected.into()),
            stored => stored?,
        }
        self.record(tx, &grant).await?;
        let code = self.code.clone();
        Ok(Issued { code, location })
    }

    /// Ends the grants that make way for the new one.
    async fn clear_the_way<T: Tx>(&self, tx: &mut T, client: &Client) -> Result<(), IssueError> {
        let standing = grant::lock_unrevoked(tx, &client.client_id, self.business_id).await?;
        // Read after the lock: a refresh that was faster has made the connection usable.
        let now = self.core.clock.now();
        for grant in standing {
            let is_usable = refresh_token::has_unexpired(tx, grant.grant_id, now).await?;
            if let Some(reason) = make_way(&grant, client, is_usable)? {
                let why = (reason, Actor::Pro(self.account_id));
                ending::end(tx, &self.core, &grant, why, now).await?;
            }
        }
        Ok(())
    }

    fn grant(&self, request: &ConnectRequest, client: &Client, location: Option<&str>) -> NewGrant {
        let now = self.core.clock.now();
        let expires_at = now.saturating_add(CODE_LIFETIME).unwrap_or(now);
        NewGrant {
            grant_id: self.grant_id,
            code_hash: self.code.handle(),
            client_id: client.client_id.clone(),
            partner_id: client.partner_id,
            kind: client.kind,
            business_id: self.business_id,
            account_id: self.account_id,
            scopes: request.scopes.clone(),
            offer: CodeOffer {
                redirect: Redirect {
                    asked: request.redirect_uri.clone(),
                    location_hash: location.map(SecretHash::of),
                },
                code_challenge: request.code_challenge.clone(),
                expires_at,
            },
            created_at: now,
        }
    }

    async fn record<T: Tx>(&self, tx: &mut T, grant: &NewGrant) -> Result<(), database::Error> {
        let record = GrantRecord {
            kind: "code.issued",
            actor: Actor::Pro(self.account_id),
            grant_id: grant.grant_id,
            business_id: grant.business_id,
            reason: None,
        };
        security_record::audit(tx, &self.core, record, grant.created_at).await
    }
}
