//! Refresh tokens, stored as hashes. Who writes here holds the lock of the grant (`store::grant`).

use base::SecretHash;
use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::BusinessId;

use crate::domain::grant::GrantId;
use crate::domain::refresh::{IssuedAccess, RefreshState, RefreshToken, Successor};
use crate::store::column;

database::statements! {
    INSERT = "INSERT INTO refresh_token (token_hash, grant_id, issued_at_us, expires_at_us, access_key,
        access_expires_at_ns) VALUES ($1, $2, $3, $4, $5, $6)";
    FIND_OWNER = "SELECT oauth_grant.grant_id, oauth_grant.client_id, oauth_grant.business_id
        FROM refresh_token JOIN oauth_grant ON oauth_grant.grant_id = refresh_token.grant_id
        WHERE refresh_token.token_hash = $1";
    FIND = "SELECT token.grant_id, token.issued_at_us, token.expires_at_us, token.access_key,
        token.access_expires_at_ns, token.rotated_at_us, token.successor_sealed,
        successor.access_key AS successor_access_key,
        successor.access_expires_at_ns AS successor_access_expires_at_ns,
        successor.rotated_at_us AS successor_rotated_at_us
        FROM refresh_token AS token
        LEFT JOIN refresh_token AS successor ON successor.token_hash = token.successor_hash
        WHERE token.grant_id = $1 AND token.token_hash = $2";
    ROTATE = "UPDATE refresh_token SET rotated_at_us = $3, successor_hash = $4, successor_sealed = $5
        WHERE grant_id = $1 AND token_hash = $2";
    FIND_UNEXPIRED = "SELECT token_hash FROM refresh_token WHERE grant_id = $1 AND expires_at_us >= $2 LIMIT 1";
    DELETE_OF_GRANT = "DELETE FROM refresh_token WHERE grant_id = $1";
}

/// A refresh token that was just made, and the access token issued beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewRefreshToken<'a> {
    pub(crate) token_hash: &'a SecretHash,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) access: IssuedAccess,
}

/// Stores a new head.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    grant_id: GrantId,
    token: NewRefreshToken<'_>,
) -> Result<(), Error> {
    tx.execute(
        INSERT,
        params![
            token.token_hash.as_str(),
            grant_id.get(),
            token.issued_at,
            token.expires_at,
            token.access.key_number,
            column::nanoseconds(token.access.expires_at),
        ],
    )
    .await?;
    Ok(())
}

/// Whose a refresh token is. That never changes, so it may be read before anything is locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) grant_id: GrantId,
    pub(crate) client_id: String,
    pub(crate) business_id: BusinessId,
}

/// Whose token this is, and so which grant to lock before anything else is read of it.
pub(crate) async fn find_owner<R: Read>(
    read: &mut R,
    token_hash: &SecretHash,
) -> Result<Option<Owner>, Error> {
    let row = read
        .query_optional(FIND_OWNER, params![token_hash.as_str()])
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(Owner {
        grant_id: column::id(&row, "grant_id", GrantId::from_i64)?,
        client_id: row.get("client_id")?,
        business_id: column::id(&row, "business_id", BusinessId::from_i64)?,
    }))
}

/// A token of this grant, and how far its successor is.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    grant_id: GrantId,
    token_hash: &SecretHash,
) -> Result<Option<RefreshToken>, Error> {
    let row = read
        .query_optional(FIND, params![grant_id.get(), token_hash.as_str()])
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Notes that the token was used and what took its place.
pub(crate) async fn rotate<T: Tx>(
    tx: &mut T,
    grant_id: GrantId,
    token_hash: &SecretHash,
    successor: (&SecretHash, &str),
    now: Timestamp,
) -> Result<(), Error> {
    let (successor_hash, sealed) = successor;
    tx.execute(
        ROTATE,
        params![
            grant_id.get(),
            token_hash.as_str(),
            now,
            successor_hash.as_str(),
            sealed
        ],
    )
    .await?;
    Ok(())
}

/// Whether the grant has a refresh token that has not run out: without one its client cannot come back.
pub(crate) async fn has_unexpired<R: Read>(
    read: &mut R,
    grant_id: GrantId,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = read
        .query_optional(FIND_UNEXPIRED, params![grant_id.get(), now])
        .await?;
    Ok(row.is_some())
}

/// Deletes all tokens of a grant that was ended.
pub(crate) async fn delete_of_grant<T: Tx>(tx: &mut T, grant_id: GrantId) -> Result<(), Error> {
    tx.execute(DELETE_OF_GRANT, params![grant_id.get()]).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<RefreshToken, Error> {
    Ok(RefreshToken {
        grant_id: column::id(row, "grant_id", GrantId::from_i64)?,
        issued_at: row.get("issued_at_us")?,
        expires_at: row.get("expires_at_us")?,
        access: IssuedAccess {
            key_number: row.get("access_key")?,
            expires_at: column::from_nanoseconds(row, "access_expires_at_ns")?,
        },
        state: state(row)?,
    })
}

fn state(row: &Row) -> Result<RefreshState, Error> {
    let Some(rotated_at) = row.get("rotated_at_us")? else {
        return Ok(RefreshState::Head);
    };
    Ok(RefreshState::Rotated {
        rotated_at,
        successor: Successor {
            sealed: row.get("successor_sealed")?,
            access: IssuedAccess {
                key_number: row.get("successor_access_key")?,
                expires_at: column::from_nanoseconds(row, "successor_access_expires_at_ns")?,
            },
            is_used: row.get::<Option<i64>>("successor_rotated_at_us")?.is_some(),
        },
    })
}
