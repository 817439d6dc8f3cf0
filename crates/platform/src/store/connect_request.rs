//! Connect pages that are open in browsers: what was asked, under a handle that works once and in one log-in.

use base::SecretHash;
use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::pkce::CodeChallenge;
use protocol::scope::Scopes;

use crate::domain::connect::{ConnectRequest, ConnectStyle};
use crate::store::column;

database::statements! {
    INSERT = "INSERT INTO connect_request (handle_hash, session_hash, client_id, scopes, redirect_uri, state,
        code_challenge, with_issuer, expires_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = "SELECT client_id, scopes, redirect_uri, state, code_challenge, with_issuer FROM connect_request
        WHERE session_hash = $1 AND handle_hash = $2 AND expires_at_us >= $3";
    TAKE = "DELETE FROM connect_request
        WHERE session_hash = $1 AND handle_hash = $2 AND expires_at_us >= $3
        RETURNING client_id, scopes, redirect_uri, state, code_challenge, with_issuer";
}

/// Keeps a request under a new handle.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    session_hash: &SecretHash,
    handle_hash: &SecretHash,
    request: &ConnectRequest,
    expires_at: Timestamp,
) -> Result<(), Error> {
    let scopes = request.scopes.to_string();
    tx.execute(
        INSERT,
        params![
            handle_hash.as_str(),
            session_hash.as_str(),
            &request.client_id,
            &scopes,
            request.redirect_uri.as_deref(),
            request.state.as_deref(),
            request.code_challenge.as_ref().map(CodeChallenge::as_str),
            request.style == ConnectStyle::Rfc,
            expires_at,
        ],
    )
    .await?;
    Ok(())
}

/// The request under this handle, if it is this log-in's.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    session_hash: &SecretHash,
    handle_hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<ConnectRequest>, Error> {
    let key = params![session_hash.as_str(), handle_hash.as_str(), now];
    let row = read.query_optional(FIND, key).await?;
    row.as_ref().map(from_row).transpose()
}

/// The same, and the handle is used up. One of another log-in stays as it is.
pub(crate) async fn take<T: Tx>(
    tx: &mut T,
    session_hash: &SecretHash,
    handle_hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<ConnectRequest>, Error> {
    let key = params![session_hash.as_str(), handle_hash.as_str(), now];
    let row = tx.query_optional(TAKE, key).await?;
    row.as_ref().map(from_row).transpose()
}

fn from_row(row: &Row) -> Result<ConnectRequest, Error> {
    Ok(ConnectRequest {
        client_id: row.get("client_id")?,
        scopes: column::parsed(row, "scopes", |text| Scopes::parse([text]))?,
        redirect_uri: row.get("redirect_uri")?,
        state: row.get("state")?,
        code_challenge: column::optional_parsed(row, "code_challenge", CodeChallenge::from_stored)?,
        style: if row.get("with_issuer")? {
            ConnectStyle::Rfc
        } else {
            ConnectStyle::Source
        },
    })
}
