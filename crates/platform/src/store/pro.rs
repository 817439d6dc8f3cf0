//! Pros, who log in and own businesses.

use database::{Error, Read, Row, Tx, params};
use protocol::id::AccountId;

use crate::domain::pro::Pro;
use crate::store::column;

database::statements! {
    INSERT = "INSERT INTO pro (account_id, email, name, password_hash, created_at_us)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (email) DO NOTHING";
    FIND = "SELECT account_id, email, name, created_at_us FROM pro WHERE account_id = $1";
    FIND_BY_EMAIL = "SELECT account_id, email, name, password_hash, created_at_us
        FROM pro WHERE email = $1";
    LIST = "SELECT account_id, email, name, created_at_us FROM pro
        WHERE account_id > $1 ORDER BY account_id LIMIT $2";
}

/// Stores a new pro; `false` if another one has this address.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    pro: &Pro,
    password_hash: &str,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            INSERT,
            params![
                pro.account_id.get(),
                &pro.email,
                &pro.name,
                password_hash,
                pro.created_at,
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// The pro with this account.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    account_id: AccountId,
) -> Result<Option<Pro>, Error> {
    let row = read.query_optional(FIND, params![account_id.get()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The pro with this address (in lower case) and the stored hash of the password, to check a log-in.
pub(crate) async fn find_by_email<R: Read>(
    read: &mut R,
    email: &str,
) -> Result<Option<(Pro, String)>, Error> {
    // PostgreSQL cannot store NUL, so nobody has such an address; it would refuse the question.
    if email.contains('\0') {
        return Ok(None);
    }
    let row = read.query_optional(FIND_BY_EMAIL, params![email]).await?;
    row.map(|row| Ok((from_row(&row)?, row.get("password_hash")?)))
        .transpose()
}

/// At most `limit` pros with ids greater than `after`, in order of id.
pub(crate) async fn list<R: Read>(read: &mut R, after: i64, limit: i64) -> Result<Vec<Pro>, Error> {
    let rows = read.query(LIST, params![after, limit]).await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<Pro, Error> {
    Ok(Pro {
        account_id: column::id(row, "account_id", AccountId::from_i64)?,
        email: row.get("email")?,
        name: row.get("name")?,
        created_at: row.get("created_at_us")?,
    })
}

#[cfg(test)]
mod tests {
    use database::on_both_databases;

    use super::*;
    use crate::testing::{MIGRATIONS, in_transaction, start};

    on_both_databases!(an_address_belongs_to_one_pro, MIGRATIONS, |db| async move {
        let pro = Pro {
            account_id: AccountId::from_i64(10).unwrap(),
            email: "pat@pros.example".to_owned(),
            name: "Pat".to_owned(),
            created_at: start(),
        };
        let other = Pro {
            account_id: AccountId::from_i64(11).unwrap(),
            ..pro.clone()
        };
        for (pro, expected) in [(&pro, true), (&other, false)] {
            let inserted = in_transaction!(db, [pro: Pro], |tx| -> bool {
                insert(tx, &pro, "hash").await
            });
            assert_eq!(inserted.unwrap(), expected);
        }
        let mut reader = db.reader();
        let found = find_by_email(&mut reader, "pat@pros.example")
            .await
            .unwrap();
        assert_eq!(found, Some((pro.clone(), "hash".to_owned())));
        assert_eq!(find_by_email(&mut reader, "p\0").await.unwrap(), None);
        assert_eq!(find(&mut reader, other.account_id).await.unwrap(), None);
        assert_eq!(list(&mut reader, 0, 9).await.unwrap(), [pro]);
    });
}
