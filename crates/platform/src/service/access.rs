//! Who holds a bearer token, and whether it still counts (design: every check reads the grant; there is no cache).
//!
//! [`check`] is for the door: one point query. A write checks again with [`check_live`] inside its own transaction, so
//! that nothing commits after the answer to a disconnect (D6).

use base::Secret;
use database::Tx;
use protocol::access_token::{AccessClaims, TokenError};
use protocol::id::{AccountId, BusinessId};
use protocol::scope::Scopes;
use thiserror::Error;
use web::limits::RetryAfter;

use crate::core::Core;
use crate::domain::client::ClientKind;
use crate::domain::grant::{Grant, GrantId};
use crate::service::{access_keys, request_limit};
use crate::store::grant;

/// What a token gives, proved.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) grant_id: GrantId,
    pub(crate) client_id: String,
    /// What a test client does has no effect (protocol §3.1).
    pub(crate) kind: ClientKind,
    pub(crate) business_id: BusinessId,
    pub(crate) account_id: AccountId,
    pub(crate) scopes: Scopes,
    /// What the token says, for [`check_live`].
    pub(crate) claims: AccessClaims,
}

/// Why a token gives nothing.
#[derive(Debug, Error)]
pub(crate) enum AccessError {
    /// None of our keys signed it. It never reached the database.
    #[error("the access token is not one of ours")]
    NotBelieved(#[source] TokenError),
    #[error("the access token has expired")]
    Expired,
    /// It was revoked, its connection has ended, or there never was one.
    #[error("the access token is not valid any more")]
    Ended,
    /// It is good, and used too often.
    #[error("the client asks too often")]
    TooManyRequests(RetryAfter),
    #[error("the connection of an access token could not be read")]
    Database(#[from] database::Error),
}

/// Proves a token, and counts the request against its client's limit.
pub(crate) async fn check(core: &Core, token: &Secret) -> Result<Access, AccessError> {
    let claims = access_keys::verify(&core.keys, token).map_err(AccessError::NotBelieved)?;
    if claims.is_expired(core.clock.now()) {
        return Err(AccessError::Expired);
    }
    let mut reader = core.db.reader();
    let found =
        grant::find_for_access(&mut reader, &claims.src_auth_code, claims.expires_at).await?;
    let Some(found) = found else {
        return Err(AccessError::Ended);
    };
    if !found.grant.is_live() || !found.grant.agrees_with(&claims) || found.is_revoked_alone {
        return Err(AccessError::Ended);
    }
    request_limit::count_client(core, &claims.client_id, found.limit)
        .map_err(AccessError::TooManyRequests)?;
    let grant = found.grant;
    Ok(Access {
        grant_id: grant.grant_id,
        client_id: grant.client_id,
        kind: grant.kind,
        business_id: grant.business_id,
        account_id: grant.account_id,
        scopes: grant.scopes,
        claims,
    })
}

/// Proves within a transaction that a token which [`check`] let in still counts, and keeps it so until the commit. It
/// locks the grant: before anything else but a lead, whose lock comes first everywhere.
pub(crate) async fn check_live<T: Tx>(
    tx: &mut T,
    claims: &AccessClaims,
) -> Result<Grant, AccessError> {
    let grant = grant::lock_by_code(tx, &claims.src_auth_code).await?;
    let Some(grant) = grant.filter(|grant| grant.is_live() && grant.agrees_with(claims)) else {
        return Err(AccessError::Ended);
    };
    // A statement of its own: it sees what was committed while the lock was waited for.
    if grant::is_access_revoked(tx, grant.grant_id, claims.expires_at).await? {
        return Err(AccessError::Ended);
    }
    Ok(grant)
}

#[cfg(test)]
mod tests;
