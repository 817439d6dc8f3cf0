//! Connections as the operator sees them: the grants that stand. How a grant lives and dies is in `grant.rs`.

use database::{Error, Read, Row, params};
use jiff::Timestamp;
use protocol::id::{AccountId, BusinessId, PartnerId};
use protocol::scope::Scopes;

use crate::store::column;

database::statements! {
    /// A filter that is not used is NULL.
    LIST = "SELECT grant_id, client_id, partner_id, kind, business_id, account_id, scopes, code_used_at_us
        FROM oauth_grant
        WHERE code_used_at_us IS NOT NULL AND revoked_at_us IS NULL AND grant_id > $1
        AND (CAST($2 AS BIGINT) IS NULL OR business_id = $2)
        AND (CAST($3 AS TEXT) IS NULL OR client_id = $3)
        ORDER BY grant_id LIMIT $4";
}

/// A connection that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connection {
    pub(crate) grant_id: i64,
    pub(crate) client_id: String,
    pub(crate) partner_id: PartnerId,
    /// `production` or `test`.
    pub(crate) kind: String,
    pub(crate) business_id: BusinessId,
    pub(crate) account_id: AccountId,
    pub(crate) scopes: Scopes,
    /// When the code was exchanged.
    pub(crate) connected_at: Timestamp,
}

/// Which connections are wanted; nothing means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionFilter {
    pub(crate) business_id: Option<BusinessId>,
    pub(crate) client_id: Option<String>,
}

/// At most `limit` standing connections with grant ids greater than `after`, in order of id.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    filter: &ConnectionFilter,
    after: i64,
    limit: i64,
) -> Result<Vec<Connection>, Error> {
    let business_id = filter.business_id.map(BusinessId::get);
    let client_id = filter.client_id.as_deref();
    // PostgreSQL cannot store NUL, so nobody has such an id; it would refuse the question.
    if client_id.is_some_and(|client_id| client_id.contains('\0')) {
        return Ok(Vec::new());
    }
    let rows = read
        .query(LIST, params![after, business_id, client_id, limit])
        .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<Connection, Error> {
    Ok(Connection {
        grant_id: row.get("grant_id")?,
        client_id: row.get("client_id")?,
        partner_id: column::id(row, "partner_id", PartnerId::from_i64)?,
        kind: row.get("kind")?,
        business_id: column::id(row, "business_id", BusinessId::from_i64)?,
        account_id: column::id(row, "account_id", AccountId::from_i64)?,
        scopes: column::parsed(row, "scopes", |text| Scopes::parse([text]))?,
        connected_at: row.get("code_used_at_us")?,
    })
}
