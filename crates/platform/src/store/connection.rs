//! Connections as the operator and the pro see them: the grants that stand. How a grant lives and dies is in `grant.rs`.

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
    LIST_OF_ACCOUNT = "SELECT oauth_grant.grant_id, oauth_grant.client_id, oauth_grant.partner_id, oauth_grant.kind,
        oauth_grant.business_id, oauth_grant.account_id, oauth_grant.scopes, oauth_grant.code_used_at_us
        FROM oauth_grant JOIN business ON business.business_id = oauth_grant.business_id
        WHERE business.account_id = $1
        AND oauth_grant.code_used_at_us IS NOT NULL AND oauth_grant.revoked_at_us IS NULL
        ORDER BY oauth_grant.grant_id";
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

/// All standing connections of a pro's businesses, in order of id.
pub(crate) async fn of_account<R: Read>(
    read: &mut R,
    account_id: AccountId,
) -> Result<Vec<Connection>, Error> {
    let rows = read
        .query(LIST_OF_ACCOUNT, params![account_id.get()])
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

#[cfg(test)]
mod tests {
    use database::on_both_databases;

    use super::*;
    use crate::testing::{MIGRATIONS, PEOPLE, arrange};

    const GRANTS: &str = "
        INSERT INTO oauth_grant (grant_id, code_hash, client_id, partner_id, kind, business_id, account_id, scopes,
            code_expires_at_us, code_used_at_us, exclusive, created_at_us, revoked_at_us) VALUES
            (100, 'a', 'crm', 1, 'production', 20, 10, 'messages targeting', 0, 5, TRUE, 0, NULL),
            (101, 'b', 'crm', 1, 'production', 21, 10, 'messages', 0, 5, TRUE, 0, NULL),
            (102, 'c', 'try', 1, 'test', 20, 10, 'messages', 0, 5, FALSE, 0, NULL),
            (103, 'd', 'try', 1, 'test', 20, 10, 'messages', 0, 5, FALSE, 0, 6),
            (104, 'e', 'try', 1, 'test', 20, 10, 'messages', 0, NULL, FALSE, 0, NULL);
    ";

    on_both_databases!(only_what_stands_is_listed, MIGRATIONS, |db| async move {
        arrange(&db, PEOPLE).await;
        arrange(&db, GRANTS).await;
        let filter = |business: Option<i64>, client: Option<&str>| ConnectionFilter {
            business_id: business.and_then(BusinessId::from_i64),
            client_id: client.map(str::to_owned),
        };
        for (filter, after, expected) in [
            (filter(None, None), 0, vec![100, 101, 102]),
            (filter(None, None), 100, vec![101, 102]),
            (filter(Some(20), None), 0, vec![100, 102]),
            (filter(Some(20), Some("crm")), 0, vec![100]),
            (filter(None, Some("a\0b")), 0, vec![]),
        ] {
            let found = list(&mut db.reader(), &filter, after, 9).await.unwrap();
            let ids: Vec<i64> = found.iter().map(|connection| connection.grant_id).collect();
            assert_eq!(ids, expected, "{filter:?} after {after}");
        }
    });
}
