//! OAuth clients. Their secrets are stored as hashes, and read by nobody but the check of a client's credentials.

use base::SecretHash;
use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::PartnerId;
use protocol::scope::{ScopeError, Scopes};

use crate::domain::client::{Client, ClientKind, ClientLimit, ClientProfile, ReusePolicy};
use crate::domain::redirect_uri::RedirectUri;
use crate::store::column;

macro_rules! columns {
    () => {
        "client_id, partner_id, kind, redirect_uris, scopes, profile, reuse_policy, reconnect_replaces,
        requests_per_second, burst, created_at_us"
    };
}

database::statements! {
    INSERT = "INSERT INTO client (client_id, partner_id, kind, secret_hash, redirect_uris, scopes, profile,
        reuse_policy, reconnect_replaces, requests_per_second, burst, created_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    SET_REDIRECT_URIS = "UPDATE client SET redirect_uris = $2 WHERE client_id = $1";
    FIND = ("SELECT ", columns!(), " FROM client WHERE client_id = $1");
    FIND_SECRET = "SELECT secret_hash FROM client WHERE client_id = $1";
    LIST = ("SELECT ", columns!(), " FROM client WHERE client_id > $1 ORDER BY client_id LIMIT $2");
}

/// Stores a new client.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    client: &Client,
    secret_hash: &SecretHash,
) -> Result<(), Error> {
    let uris = uris_text(&client.redirect_uris);
    let scopes = client.scopes.to_string();
    tx.execute(
        INSERT,
        params![
            &client.client_id,
            client.partner_id.get(),
            client.kind.as_str(),
            secret_hash.as_str(),
            &uris,
            &scopes,
            client.profile.as_str(),
            client.reuse_policy.as_str(),
            client.reconnect_replaces,
            client.limit.map(|limit| limit.per_second),
            client.limit.map(|limit| limit.burst),
            client.created_at,
        ],
    )
    .await?;
    Ok(())
}

/// Registers other redirect URIs in place of those that a client had.
pub(crate) async fn set_redirect_uris<T: Tx>(
    tx: &mut T,
    client_id: &str,
    redirect_uris: &[RedirectUri],
) -> Result<(), Error> {
    tx.execute(
        SET_REDIRECT_URIS,
        params![client_id, &uris_text(redirect_uris)],
    )
    .await?;
    Ok(())
}

/// The client with this id.
pub(crate) async fn find<R: Read>(read: &mut R, client_id: &str) -> Result<Option<Client>, Error> {
    let row = read.query_optional(FIND, params![client_id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// What the client's secret must match.
pub(crate) async fn find_secret<R: Read>(
    read: &mut R,
    client_id: &str,
) -> Result<Option<SecretHash>, Error> {
    let row = read.query_optional(FIND_SECRET, params![client_id]).await?;
    row.map(|row| row.get("secret_hash").map(SecretHash::from_stored))
        .transpose()
}

/// At most `limit` clients with ids after `after`, in order of id.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    after: &str,
    limit: i64,
) -> Result<Vec<Client>, Error> {
    let rows = read.query(LIST, params![after, limit]).await?;
    rows.iter().map(from_row).collect()
}

fn uris_text(redirect_uris: &[RedirectUri]) -> String {
    let uris: Vec<&str> = redirect_uris.iter().map(RedirectUri::as_str).collect();
    serde_json::json!(uris).to_string()
}

fn from_row(row: &Row) -> Result<Client, Error> {
    let uris: Vec<String> =
        column::parsed(row, "redirect_uris", |text| serde_json::from_str(text))?;
    Ok(Client {
        client_id: row.get("client_id")?,
        partner_id: column::id(row, "partner_id", PartnerId::from_i64)?,
        kind: column::parsed(row, "kind", ClientKind::parse)?,
        redirect_uris: uris.into_iter().map(RedirectUri::from_stored).collect(),
        scopes: column::parsed(row, "scopes", scopes)?,
        profile: column::parsed(row, "profile", ClientProfile::parse)?,
        reuse_policy: column::parsed(row, "reuse_policy", ReusePolicy::parse)?,
        reconnect_replaces: row.get("reconnect_replaces")?,
        limit: limit(row)?,
        created_at: row.get::<Timestamp>("created_at_us")?,
    })
}

/// The client's own limit, from columns that a statement selects under their own names.
pub(super) fn limit(row: &Row) -> Result<Option<ClientLimit>, Error> {
    let per_second: Option<u32> = row.get("requests_per_second")?;
    let burst: Option<u32> = row.get("burst")?;
    Ok(per_second
        .zip(burst)
        .map(|(per_second, burst)| ClientLimit { per_second, burst }))
}

/// A client may have lost all of its scopes.
fn scopes(text: &str) -> Result<Scopes, ScopeError> {
    if text.is_empty() {
        return Ok(Scopes::default());
    }
    Scopes::parse([text])
}
