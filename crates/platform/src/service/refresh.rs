//! A refresh token becomes the next pair, or in the grace period the same pair again (D5).
//!
//! However many callers race, on however many nodes, one of them rotates and the others get its answer: the grant's row
//! is locked first and the token is read in a statement after that.

use base::Secret;
use database::{Op, Tx};
use jiff::Timestamp;
use protocol::scope::Scopes;

use crate::core::Core;
use crate::domain::client::Client;
use crate::domain::grant::{Grant, RevocationReason};
use crate::domain::refresh::{RefreshRefusal, RefreshVerdict, judge_refresh};
use crate::service::ending;
use crate::service::security_record::{GrantRecord, audit, publish};
use crate::service::token_pair::{self, HeldToken, IssueError, TokenPair};
use crate::store::audit::Actor;
use crate::store::{grant, refresh_token};

/// What a client asks with.
#[derive(Clone, Debug)]
pub(crate) struct RefreshRequest {
    pub(crate) refresh_token: Secret,
    /// What it asks for. All of the grant's scopes are given; more cannot be had (RFC 6749 §6).
    pub(crate) scopes: Option<Scopes>,
}

/// Refreshes, on behalf of a client that has proved itself.
pub(crate) async fn refresh(
    core: &Core,
    client: Client,
    request: RefreshRequest,
) -> Result<Result<TokenPair, RefreshRefusal>, IssueError> {
    let op = Refresh {
        core: core.clone(),
        client,
        held: HeldToken::new(request.refresh_token),
        scopes: request.scopes,
    };
    let answer = core.db.write(op).await?;
    if matches!(answer, Err(RefreshRefusal::ReusedFatally)) {
        core.deliveries.wake();
    }
    Ok(answer)
}

struct Refresh {
    core: Core,
    client: Client,
    held: HeldToken,
    scopes: Option<Scopes>,
}

impl Op for Refresh {
    /// A refusal is an answer and not an error: what it records must be stored.
    type Out = Result<TokenPair, RefreshRefusal>;
    type Error = IssueError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Self::Out, IssueError> {
        let Some(owner) = refresh_token::find_owner(tx, &self.held.hash).await? else {
            return Ok(Err(RefreshRefusal::Unknown));
        };
        if owner.client_id != self.client.client_id {
            let record = GrantRecord {
                kind: "refresh_token.refused",
                actor: self.actor(),
                grant_id: owner.grant_id,
                business_id: owner.business_id,
                reason: Some("other_client"),
            };
            audit(tx, &self.core, record, self.core.clock.now()).await?;
            return Ok(Err(RefreshRefusal::Unknown));
        }
        let Some(grant) = grant::lock(tx, owner.grant_id).await? else {
            return Ok(Err(RefreshRefusal::Unknown));
        };
        // Read after the lock: whoever waited for it is as late as it was let in.
        let now = self.core.clock.now();
        self.use_token(tx, &grant, now).await
    }
}

impl Refresh {
    async fn use_token<T: Tx>(
        &self,
        tx: &mut T,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<Result<TokenPair, RefreshRefusal>, IssueError> {
        let Some(token) = refresh_token::find(tx, grant.grant_id, &self.held.hash).await? else {
            // It was there a moment ago: the connection has ended in between.
            return Ok(Err(RefreshRefusal::Revoked));
        };
        let verdict = match judge_refresh(grant, &token, self.client.reuse_policy, now) {
            Ok(verdict) => verdict,
            Err(refusal) => {
                self.refuse(tx, grant, refusal, now).await?;
                return Ok(Err(refusal));
            }
        };
        let asks_too_much = |asked: &Scopes| !asked.is_subset_of(&grant.scopes);
        if self.scopes.as_ref().is_some_and(asks_too_much) {
            return Ok(Err(RefreshRefusal::InsufficientScope));
        }
        let pair = match verdict {
            RefreshVerdict::Rotate => {
                token_pair::replace(tx, &self.core, grant, &self.held, now).await?
            }
            RefreshVerdict::Repeat(successor) => {
                token_pair::repeat(&self.core, grant, &self.held, successor)?
            }
        };
        Ok(Ok(pair))
    }

    /// Somebody used a token again: the partner lost its answer for long, or somebody else has its tokens.
    async fn refuse<T: Tx>(
        &self,
        tx: &mut T,
        grant: &Grant,
        refusal: RefreshRefusal,
        now: Timestamp,
    ) -> Result<(), IssueError> {
        let is_fatal = match refusal {
            RefreshRefusal::ReusedFatally => true,
            RefreshRefusal::Reused => false,
            RefreshRefusal::Unknown
            | RefreshRefusal::Revoked
            | RefreshRefusal::Expired
            | RefreshRefusal::InsufficientScope => return Ok(()),
        };
        let record = GrantRecord {
            kind: "refresh_token.reused",
            actor: self.actor(),
            grant_id: grant.grant_id,
            business_id: grant.business_id,
            reason: Some(self.client.reuse_policy.as_str()),
        };
        publish(tx, &self.core, record, grant, now).await?;
        if is_fatal {
            let why = (RevocationReason::RefreshTokenReused, self.actor());
            ending::end(tx, &self.core, grant, why, now).await?;
        }
        Ok(())
    }

    fn actor(&self) -> Actor<'_> {
        Actor::Client(&self.client.client_id)
    }
}

#[cfg(test)]
mod tests;
