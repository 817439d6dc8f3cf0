//! A code becomes a connection and its first pair of tokens (protocol §2.2), once.

use base::Secret;
use database::{Op, Tx};
use jiff::Timestamp;
use protocol::authorization_code::AuthorizationCode;

use crate::core::Core;
use crate::domain::client::Client;
use crate::domain::grant::{
    CodePresentation, CodeRefusal, Grant, GrantState, RevocationReason, judge_exchange,
};
use crate::service::ending;
use crate::service::security_record::{GrantRecord, audit, publish};
use crate::service::token_pair::{self, IssueError, TokenPair};
use crate::store::audit::Actor;
use crate::store::grant;

/// What a client asks with.
#[derive(Clone, Debug)]
pub(crate) struct CodeRequest {
    pub(crate) code: Secret,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) code_verifier: Option<Secret>,
}

/// Exchanges a code for tokens, on behalf of a client that has proved itself.
pub(crate) async fn exchange(
    core: &Core,
    client: Client,
    request: CodeRequest,
) -> Result<Result<TokenPair, CodeRefusal>, IssueError> {
    let Some(presented) = AuthorizationCode::parse(request.code.expose()) else {
        return Ok(Err(CodeRefusal::Unknown));
    };
    let op = Exchange {
        core: core.clone(),
        client,
        code_hash: presented.handle(),
        request,
    };
    let answer = core.db.write(op).await?;
    if matches!(answer, Err(CodeRefusal::Replayed)) {
        core.deliveries.wake();
    }
    Ok(answer)
}

struct Exchange {
    core: Core,
    client: Client,
    code_hash: String,
    request: CodeRequest,
}

impl Op for Exchange {
    /// A refusal is an answer and not an error: what it records must be stored.
    type Out = Result<TokenPair, CodeRefusal>;
    type Error = IssueError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Self::Out, IssueError> {
        let Some(grant) = grant::lock_by_code(tx, &self.code_hash).await? else {
            return Ok(Err(CodeRefusal::Unknown));
        };
        // Read after the lock: whoever waited for it is as late as it was let in.
        let now = self.core.clock.now();
        match judge_exchange(&grant, self.presented(), now) {
            Ok(()) => self.accept(tx, grant, now).await.map(Ok),
            Err(refusal) => {
                self.refuse(tx, &grant, &refusal, now).await?;
                Ok(Err(refusal))
            }
        }
    }
}

impl Exchange {
    fn presented(&self) -> CodePresentation<'_> {
        CodePresentation {
            client_id: &self.client.client_id,
            registered: &self.client.redirect_uris,
            redirect_uri: self.request.redirect_uri.as_deref(),
            code_verifier: self.request.code_verifier.as_ref().map(Secret::expose),
        }
    }

    async fn accept<T: Tx>(
        &self,
        tx: &mut T,
        mut grant: Grant,
        now: Timestamp,
    ) -> Result<TokenPair, IssueError> {
        grant::mark_exchanged(tx, grant.grant_id, now).await?;
        grant.state = GrantState::Live { exchanged_at: now };
        let pair = token_pair::issue(tx, &self.core, &grant, now).await?;
        let record = self.record("connection.made", &grant, None);
        publish(tx, &self.core, record, &grant, now).await?;
        Ok(pair)
    }

    async fn refuse<T: Tx>(
        &self,
        tx: &mut T,
        grant: &Grant,
        refusal: &CodeRefusal,
        now: Timestamp,
    ) -> Result<(), IssueError> {
        let reason = match refusal {
            CodeRefusal::Replayed => {
                let why = (RevocationReason::CodeReplayed, self.actor());
                ending::end(tx, &self.core, grant, why, now).await?;
                return Ok(());
            }
            CodeRefusal::Unknown => "other_client",
            CodeRefusal::Repeated => "repeated",
            CodeRefusal::Verifier(_)
            | CodeRefusal::VerifierMissing
            | CodeRefusal::VerifierUnasked => "verifier",
            CodeRefusal::Redirect(_) => "redirect_uri",
            // Nothing that anybody would have to look into.
            CodeRefusal::Expired | CodeRefusal::Revoked => return Ok(()),
        };
        audit(
            tx,
            &self.core,
            self.record("code.refused", grant, Some(reason)),
            now,
        )
        .await?;
        Ok(())
    }

    fn record<'a>(
        &'a self,
        kind: &'a str,
        grant: &Grant,
        reason: Option<&'a str>,
    ) -> GrantRecord<'a> {
        GrantRecord {
            kind,
            actor: self.actor(),
            grant_id: grant.grant_id,
            business_id: grant.business_id,
            reason,
        }
    }

    fn actor(&self) -> Actor<'_> {
        Actor::Client(&self.client.client_id)
    }
}

#[cfg(test)]
mod tests;
