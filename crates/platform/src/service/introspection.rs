//! Introspection (RFC 7662): what one of the client's own tokens is worth right now. Of any other it learns nothing, not
//! even that it exists.

use base::Secret;
use database::Error;
use jiff::Timestamp;

use crate::core::Core;
use crate::domain::client::Client;
use crate::domain::grant::Grant;
use crate::domain::refresh::{ACCESS_LIFETIME, RefreshState};
use crate::service::access_keys;
use crate::store::{grant, refresh_token};

/// Which of the two a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Access,
    Refresh,
}

/// A token that works.
#[derive(Clone, Debug)]
pub(crate) struct ActiveToken {
    pub(crate) kind: TokenKind,
    pub(crate) grant: Grant,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// The token, if it is the client's and works.
pub(crate) async fn introspect(
    core: &Core,
    client: &Client,
    token: &Secret,
) -> Result<Option<ActiveToken>, Error> {
    let found = match access_keys::verify(&core.keys, token) {
        Ok(claims) => {
            let mut reader = core.db.reader();
            let found =
                grant::find_for_access(&mut reader, &claims.src_auth_code, claims.expires_at)
                    .await?;
            found
                .filter(|found| !found.is_revoked_alone && found.grant.agrees_with(&claims))
                .filter(|_| !claims.is_expired(core.clock.now()))
                .map(|found| ActiveToken {
                    kind: TokenKind::Access,
                    grant: found.grant,
                    issued_at: claims.expires_at - ACCESS_LIFETIME,
                    expires_at: claims.expires_at,
                })
        }
        Err(_) => find_refresh(core, token).await?,
    };
    Ok(found.filter(|found| found.grant.is_live() && found.grant.client_id == client.client_id))
}

async fn find_refresh(core: &Core, token: &Secret) -> Result<Option<ActiveToken>, Error> {
    let (mut reader, hash) = (core.db.reader(), token.hash());
    let Some(owner) = refresh_token::find_owner(&mut reader, &hash).await? else {
        return Ok(None);
    };
    let token = refresh_token::find(&mut reader, owner.grant_id, &hash).await?;
    let grant = grant::find(&mut reader, owner.grant_id).await?;
    let (Some(token), Some(grant)) = (token, grant) else {
        return Ok(None);
    };
    let works = token.state == RefreshState::Head && !token.is_expired(core.clock.now());
    Ok(works.then_some(ActiveToken {
        kind: TokenKind::Refresh,
        grant,
        issued_at: token.issued_at,
        expires_at: token.expires_at,
    }))
}
