//! Partners, the businesses that were enabled for them without OAuth, and who receives what happens to a business.

use std::collections::BTreeMap;

use base::SecretHash;
use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, PartnerId};
use protocol::optional_fields::OptionalFields;

use crate::domain::endpoint::Kind;
use crate::domain::partner::Partner;
use crate::store::{column, endpoint};

database::statements! {
    INSERT = "INSERT INTO partner (partner_id, name, username, password_hash, created_at_us)
        VALUES ($1, $2, $3, $4, $5)";
    FIND = "SELECT partner_id, name, username, created_at_us FROM partner WHERE partner_id = $1";
    FIND_BY_USERNAME = "SELECT partner_id, name, username, password_hash, created_at_us
        FROM partner WHERE username = $1";
    LIST = "SELECT partner_id, name, username, created_at_us FROM partner
        WHERE partner_id > $1 ORDER BY partner_id LIMIT $2";
    ENABLE = "INSERT INTO partner_business (partner_id, business_id, created_at_us)
        VALUES ($1, $2, $3) ON CONFLICT (partner_id, business_id) DO NOTHING";
    DISABLE = "DELETE FROM partner_business WHERE partner_id = $1 AND business_id = $2";
    FIND_ENABLED = "SELECT business_id FROM partner_business
        WHERE partner_id = $1 AND business_id = $2";
    LIST_ENABLED = "SELECT business.business_id, business.name, partner_business.created_at_us
        FROM partner_business JOIN business ON business.business_id = partner_business.business_id
        WHERE partner_business.partner_id = $1 AND partner_business.business_id > $2
        ORDER BY partner_business.business_id LIMIT $3";
    IS_RECEIVER = "SELECT partner_id FROM partner_business
        WHERE partner_id = $1 AND business_id = $2
        UNION SELECT partner_id FROM oauth_grant
        WHERE partner_id = $1 AND business_id = $2 AND kind = 'production'
        AND code_used_at_us IS NOT NULL AND revoked_at_us IS NULL";
    /// The grants are locked: whoever disconnects waits until what this transaction sends is committed, and then cancels
    /// that too (D6). Others queue for the lock, so that a stream of leads cannot keep a disconnect out.
    LIST_CONNECTED = {
        sqlite: concat!(
            "SELECT endpoint.partner_id, ", endpoint::columns!(), " FROM oauth_grant
            JOIN endpoint ON endpoint.partner_id = oauth_grant.partner_id
            WHERE oauth_grant.business_id = $1 AND oauth_grant.kind = 'production'
            AND oauth_grant.code_used_at_us IS NOT NULL AND oauth_grant.revoked_at_us IS NULL"
        ),
        postgres: concat!(
            "SELECT endpoint.partner_id, ", endpoint::columns!(), " FROM oauth_grant
            JOIN endpoint ON endpoint.partner_id = oauth_grant.partner_id
            WHERE oauth_grant.business_id = $1 AND oauth_grant.kind = 'production'
            AND oauth_grant.code_used_at_us IS NOT NULL AND oauth_grant.revoked_at_us IS NULL
            ORDER BY oauth_grant.grant_id FOR UPDATE OF oauth_grant"
        ),
    };
    /// Locked in the same way against the end of the enablement.
    LIST_ENABLED_FOR = {
        sqlite: concat!(
            "SELECT endpoint.partner_id, ", endpoint::columns!(), " FROM partner_business
            JOIN endpoint ON endpoint.partner_id = partner_business.partner_id
            WHERE partner_business.business_id = $1"
        ),
        postgres: concat!(
            "SELECT endpoint.partner_id, ", endpoint::columns!(), " FROM partner_business
            JOIN endpoint ON endpoint.partner_id = partner_business.partner_id
            WHERE partner_business.business_id = $1
            ORDER BY partner_business.partner_id FOR UPDATE OF partner_business"
        ),
    };
}

/// A partner that is told what happens to a business, and what it wants to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receiver {
    pub(crate) partner_id: PartnerId,
    /// The optional members that it asked for.
    pub(crate) fields: OptionalFields,
    /// The kinds of delivery that it takes.
    pub(crate) kinds: Vec<Kind>,
}

/// A business that a partner may act for with its user name and password (API v1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnabledBusiness {
    pub(crate) business_id: BusinessId,
    pub(crate) name: String,
    pub(crate) enabled_at: Timestamp,
}

/// Stores a new partner. Its user name must be new.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    partner: &Partner,
    password_hash: &SecretHash,
) -> Result<(), Error> {
    tx.execute(
        INSERT,
        params![
            partner.partner_id.get(),
            &partner.name,
            &partner.username,
            password_hash.as_str(),
            partner.created_at,
        ],
    )
    .await?;
    Ok(())
}

/// The partner with this id.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    partner_id: PartnerId,
) -> Result<Option<Partner>, Error> {
    let row = read.query_optional(FIND, params![partner_id.get()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The partner with this user name and the hash of its password, to check HTTP Basic.
pub(crate) async fn find_by_username<R: Read>(
    read: &mut R,
    username: &str,
) -> Result<Option<(Partner, SecretHash)>, Error> {
    // PostgreSQL cannot store NUL, so nobody has such a name; it would refuse the question.
    if username.contains('\0') {
        return Ok(None);
    }
    let row = read
        .query_optional(FIND_BY_USERNAME, params![username])
        .await?;
    row.map(|row| {
        let hash = SecretHash::from_stored(row.get("password_hash")?);
        Ok((from_row(&row)?, hash))
    })
    .transpose()
}

/// At most `limit` partners with ids greater than `after`, in order of id.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    after: i64,
    limit: i64,
) -> Result<Vec<Partner>, Error> {
    let rows = read.query(LIST, params![after, limit]).await?;
    rows.iter().map(from_row).collect()
}

/// Lets the partner act for the business without OAuth. Whether that is new.
pub(crate) async fn enable<T: Tx>(
    tx: &mut T,
    partner_id: PartnerId,
    business_id: BusinessId,
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = tx
        .execute(ENABLE, params![partner_id.get(), business_id.get(), now])
        .await?;
    Ok(changed == 1)
}

/// Ends that. Whether there was something to end.
pub(crate) async fn disable<T: Tx>(
    tx: &mut T,
    partner_id: PartnerId,
    business_id: BusinessId,
) -> Result<bool, Error> {
    let changed = tx
        .execute(DISABLE, params![partner_id.get(), business_id.get()])
        .await?;
    Ok(changed == 1)
}

/// Whether the partner may act for the business without OAuth.
pub(crate) async fn is_enabled<R: Read>(
    read: &mut R,
    partner_id: PartnerId,
    business_id: BusinessId,
) -> Result<bool, Error> {
    let row = read
        .query_optional(FIND_ENABLED, params![partner_id.get(), business_id.get()])
        .await?;
    Ok(row.is_some())
}

/// At most `limit` enabled businesses of the partner with ids greater than `after`, in order of id.
pub(crate) async fn enabled_businesses<R: Read>(
    read: &mut R,
    partner_id: PartnerId,
    after: i64,
    limit: i64,
) -> Result<Vec<EnabledBusiness>, Error> {
    let rows = read
        .query(LIST_ENABLED, params![partner_id.get(), after, limit])
        .await?;
    rows.iter()
        .map(|row| {
            Ok(EnabledBusiness {
                business_id: column::id(row, "business_id", BusinessId::from_i64)?,
                name: row.get("name")?,
                enabled_at: row.get("created_at_us")?,
            })
        })
        .collect()
}

/// Whether the partner is told what happens to the business, as things stand.
pub(crate) async fn is_receiver<R: Read>(
    read: &mut R,
    partner_id: PartnerId,
    business_id: BusinessId,
) -> Result<bool, Error> {
    let row = read
        .query_optional(IS_RECEIVER, params![partner_id.get(), business_id.get()])
        .await?;
    Ok(row.is_some())
}

/// Everyone who is told what happens to the business: by a standing connection of a production client, or by an
/// enablement. Each partner once, in order of id. Neither can end until this transaction does.
pub(crate) async fn receivers_of<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
) -> Result<Vec<Receiver>, Error> {
    let mut receivers = BTreeMap::new();
    for statement in [LIST_CONNECTED, LIST_ENABLED_FOR] {
        for row in tx.query(statement, params![business_id.get()]).await? {
            let receiver = receiver_from_row(&row)?;
            receivers.insert(receiver.partner_id, receiver);
        }
    }
    Ok(receivers.into_values().collect())
}

fn from_row(row: &Row) -> Result<Partner, Error> {
    Ok(Partner {
        partner_id: column::id(row, "partner_id", PartnerId::from_i64)?,
        name: row.get("name")?,
        username: row.get("username")?,
        created_at: row.get("created_at_us")?,
    })
}

fn receiver_from_row(row: &Row) -> Result<Receiver, Error> {
    let endpoint = endpoint::from_row(row)?;
    Ok(Receiver {
        partner_id: column::id(row, "partner_id", PartnerId::from_i64)?,
        fields: endpoint.fields,
        kinds: Kind::ALL
            .into_iter()
            .filter(|kind| endpoint.receives(*kind).is_some())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use base::SecretHash;
    use database::on_both_databases;
    use protocol::optional_fields::OptionalField;

    use super::*;
    use crate::testing::{MIGRATIONS, PEOPLE, arrange, in_transaction, start};

    fn partner(number: i64) -> PartnerId {
        PartnerId::from_i64(number).unwrap()
    }

    fn business(number: i64) -> BusinessId {
        BusinessId::from_i64(number).unwrap()
    }

    on_both_databases!(
        a_partner_is_found_by_its_id_and_by_its_user_name,
        MIGRATIONS,
        |db| async move {
            let new = Partner {
                partner_id: partner(7),
                name: "Acme".to_owned(),
                username: "acme".to_owned(),
                created_at: start(),
            };
            let stored = in_transaction!(db, [new: Partner], |tx| -> () {
                insert(tx, &new, &SecretHash::of("secret")).await
            });
            stored.unwrap();
            let mut reader = db.reader();
            assert_eq!(
                find(&mut reader, partner(7)).await.unwrap(),
                Some(new.clone())
            );
            assert_eq!(find(&mut reader, partner(8)).await.unwrap(), None);
            let (found, hash) = find_by_username(&mut reader, "acme")
                .await
                .unwrap()
                .unwrap();
            assert_eq!(found, new);
            assert!(hash.matches("secret"));
            for nobody in ["ACME", "", "a\0b"] {
                let found = find_by_username(&mut reader, nobody).await.unwrap();
                assert!(found.is_none(), "{nobody:?}");
            }
            let again = in_transaction!(db, [new: Partner], |tx| -> () {
                insert(tx, &new, &SecretHash::of("secret")).await
            });
            assert!(again.unwrap_err().is_conflict());
        }
    );

    on_both_databases!(
        a_list_goes_on_after_its_last_partner,
        MIGRATIONS,
        |db| async move {
            arrange(&db, PEOPLE).await;
            let ids = |partners: Vec<Partner>| -> Vec<i64> {
                partners
                    .iter()
                    .map(|partner| partner.partner_id.get())
                    .collect()
            };
            let mut reader = db.reader();
            assert_eq!(ids(list(&mut reader, 0, 1).await.unwrap()), [1]);
            assert_eq!(ids(list(&mut reader, 1, 9).await.unwrap()), [2]);
            assert_eq!(ids(list(&mut reader, 2, 9).await.unwrap()), [0_i64; 0]);
        }
    );

    on_both_databases!(
        enabling_twice_is_enabling_once,
        MIGRATIONS,
        |db| async move {
            arrange(&db, PEOPLE).await;
            let changes = in_transaction!(db, [], |tx| -> [bool; 4] {
                Ok([
                    enable(tx, partner(1), business(20), start()).await?,
                    enable(tx, partner(1), business(20), start()).await?,
                    disable(tx, partner(1), business(21)).await?,
                    enable(tx, partner(1), business(21), start()).await?,
                ])
            });
            assert_eq!(changes.unwrap(), [true, false, false, true]);
            let mut reader = db.reader();
            let enabled = enabled_businesses(&mut reader, partner(1), 20, 9)
                .await
                .unwrap();
            assert_eq!(enabled.len(), 1);
            assert_eq!(enabled[0].name, "Cleaning");
            assert!(
                is_enabled(&mut reader, partner(1), business(20))
                    .await
                    .unwrap()
            );
            assert!(
                !is_enabled(&mut reader, partner(2), business(20))
                    .await
                    .unwrap()
            );
            let ended = in_transaction!(db, [], |tx| -> bool {
                disable(tx, partner(1), business(20)).await
            });
            assert!(ended.unwrap());
            assert!(
                !is_enabled(&mut reader, partner(1), business(20))
                    .await
                    .unwrap()
            );
        }
    );

    /// Business 20: a live connection of partner 1, and an enablement of it. Business 21: whatever is no connection.
    const GRANTS: &str = "
        INSERT INTO oauth_grant (grant_id, code_hash, client_id, partner_id, kind, business_id, account_id, scopes,
            code_expires_at_us, code_used_at_us, exclusive, created_at_us, revoked_at_us) VALUES
            (100, 'a', 'crm', 1, 'production', 20, 10, 'messages', 0, 5, TRUE, 0, NULL),
            (101, 'b', 'crm', 1, 'production', 20, 10, 'messages', 0, 5, FALSE, 0, 6),
            (102, 'c', 'crm', 1, 'production', 21, 10, 'messages', 0, 5, FALSE, 0, 6),
            (103, 'd', 'crm', 1, 'production', 21, 10, 'messages', 0, NULL, TRUE, 0, NULL),
            (104, 'e', 'try', 1, 'test', 21, 10, 'messages', 0, 5, FALSE, 0, NULL);
        INSERT INTO partner_business (partner_id, business_id, created_at_us) VALUES (1, 20, 0), (2, 20, 0);
    ";

    on_both_databases!(
        receivers_are_connected_or_enabled_and_each_is_told_once,
        MIGRATIONS,
        |db| async move {
            arrange(&db, PEOPLE).await;
            arrange(&db, GRANTS).await;
            let receivers = in_transaction!(db, [], |tx| -> [Vec<Receiver>; 2] {
                Ok([
                    receivers_of(tx, business(20)).await?,
                    receivers_of(tx, business(21)).await?,
                ])
            });
            let [both, nobody] = receivers.unwrap();
            assert_eq!(nobody, []);
            assert_eq!(both.len(), 2);
            assert_eq!(both[0].partner_id, partner(1));
            assert!(both[0].fields.contains(OptionalField::Phone));
            assert_eq!(both[1].partner_id, partner(2));
            assert_eq!(both[1].kinds, [Kind::Lead]);
            let mut reader = db.reader();
            for (number, expected) in [(20, true), (21, false)] {
                let told = is_receiver(&mut reader, partner(1), business(number)).await;
                assert_eq!(told.unwrap(), expected, "{number}");
            }
        }
    );
}
