//! Pairs of an access token and a refresh token: making a new one, and making the same one again (D5).

use base::keys::{OpenError, open_as_holder, seal_for_holder};
use base::{Secret, SecretHash};
use database::Tx;
use jiff::Timestamp;
use protocol::scope::Scopes;
use thiserror::Error;

use crate::core::Core;
use crate::domain::grant::{Grant, GrantId};
use crate::domain::refresh::{ACCESS_LIFETIME, IssuedAccess, REFRESH_LIFETIME, Successor};
use crate::service::access_keys;
use crate::store::refresh_token::{self, NewRefreshToken};

/// Random bytes in a refresh token: 22 characters, like the source's.
const REFRESH_TOKEN_BYTES: usize = 16;

/// What a client gets.
#[derive(Clone, Debug)]
pub(crate) struct TokenPair {
    pub(crate) access_token: Secret,
    pub(crate) refresh_token: Secret,
    /// What the pro granted.
    pub(crate) scopes: Scopes,
}

/// Why no pair could be made, for reasons of ours.
#[derive(Debug, Error)]
pub(crate) enum IssueError {
    /// The key that signed the first copy was taken out of the key file too early.
    #[error("signing key {0} is not in the key file any more")]
    KeyGone(u32),
    #[error("the successor of a refresh token cannot be opened")]
    Successor(#[from] OpenError),
    #[error("the tokens could not be read or stored")]
    Database(#[from] database::Error),
}

/// A refresh token that a client holds, and the hash under which it is stored.
#[derive(Clone, Debug)]
pub(crate) struct HeldToken {
    pub(crate) token: Secret,
    pub(crate) hash: SecretHash,
}

impl HeldToken {
    pub(crate) fn new(token: Secret) -> Self {
        let hash = token.hash();
        Self { token, hash }
    }
}

/// Makes the pair that a code gives, and stores its refresh token.
pub(crate) async fn issue<T: Tx>(
    tx: &mut T,
    core: &Core,
    grant: &Grant,
    now: Timestamp,
) -> Result<TokenPair, IssueError> {
    let (pair, access) = make(core, grant, now)?;
    store(tx, grant.grant_id, &pair.refresh_token.hash(), access, now).await?;
    Ok(pair)
}

/// Makes the pair that takes the place of `old`, and stores it so that the holder of `old`, and nobody else, can be told
/// it again.
pub(crate) async fn replace<T: Tx>(
    tx: &mut T,
    core: &Core,
    grant: &Grant,
    old: &HeldToken,
    now: Timestamp,
) -> Result<TokenPair, IssueError> {
    let (pair, access) = make(core, grant, now)?;
    let new_hash = pair.refresh_token.hash();
    store(tx, grant.grant_id, &new_hash, access, now).await?;
    let sealed = seal_for_holder(
        &core.entropy,
        &old.token,
        &place(grant.grant_id),
        pair.refresh_token.expose(),
    );
    refresh_token::rotate(tx, grant.grant_id, &old.hash, (&new_hash, &sealed), now).await?;
    Ok(pair)
}

/// The pair that [`replace`] made of `old`, byte for byte.
pub(crate) fn repeat(
    core: &Core,
    grant: &Grant,
    old: &HeldToken,
    successor: &Successor,
) -> Result<TokenPair, IssueError> {
    let refresh_token = open_as_holder(&old.token, &place(grant.grant_id), &successor.sealed)?;
    pair(core, grant, successor.access, refresh_token)
}

fn make(
    core: &Core,
    grant: &Grant,
    now: Timestamp,
) -> Result<(TokenPair, IssuedAccess), IssueError> {
    let access = IssuedAccess {
        key_number: core.keys.active(),
        expires_at: now + ACCESS_LIFETIME,
    };
    let refresh_token = core.entropy.secret::<REFRESH_TOKEN_BYTES>();
    Ok((pair(core, grant, access, refresh_token)?, access))
}

fn pair(
    core: &Core,
    grant: &Grant,
    access: IssuedAccess,
    refresh_token: Secret,
) -> Result<TokenPair, IssueError> {
    let access_token = access_keys::sign(&core.keys, grant, access)
        .ok_or(IssueError::KeyGone(access.key_number))?;
    Ok(TokenPair {
        access_token,
        refresh_token,
        scopes: grant.scopes.clone(),
    })
}

async fn store<T: Tx>(
    tx: &mut T,
    grant_id: GrantId,
    token_hash: &SecretHash,
    access: IssuedAccess,
    now: Timestamp,
) -> Result<(), database::Error> {
    let token = NewRefreshToken {
        token_hash,
        issued_at: now,
        expires_at: now + REFRESH_LIFETIME,
        access,
    };
    refresh_token::insert(tx, grant_id, token).await
}

/// What a sealed successor is bound to.
fn place(grant_id: GrantId) -> String {
    format!("refresh:{}", grant_id.get())
}
