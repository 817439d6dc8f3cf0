//! Businesses, their categories and the targeting switches of both.

use database::{Error, Read, Row, Tx, params};
use protocol::id::{AccountId, BusinessId, CategoryId};

use crate::domain::business::{Business, BusinessCategory};
use crate::store::column;

macro_rules! columns {
    () => {
        "SELECT business_id, account_id, name, targeting, created_at_us, EXISTS (SELECT 1 FROM targeting_pause
            WHERE targeting_pause.business_id = business.business_id AND targeting_pause.ended_at_us IS NULL)
            AS targeting_paused FROM business"
    };
}

database::statements! {
    INSERT = "INSERT INTO business (business_id, account_id, name, targeting, created_at_us)
        VALUES ($1, $2, $3, $4, $5)";
    FIND = (columns!(), " WHERE business_id = $1");
    LIST = (columns!(), " WHERE business_id > $1 ORDER BY business_id LIMIT $2");
    LIST_OF_ACCOUNT = (columns!(), " WHERE account_id = $1 ORDER BY business_id");
    LIST_CATEGORIES = "SELECT category.category_id, category.name, business_category.targeting
        FROM business_category
        JOIN category ON category.category_id = business_category.category_id
        WHERE business_category.business_id = $1 ORDER BY category.category_id";
    SET_TARGETING = "UPDATE business SET targeting = $2 WHERE business_id = $1";
    SET_CATEGORY_TARGETING = "UPDATE business_category SET targeting = $3
        WHERE business_id = $1 AND category_id = $2";
    INSERT_CATEGORY = "INSERT INTO category (category_id, name)
        VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    FIND_CATEGORY = "SELECT category_id FROM category WHERE name = $1";
    ADD_CATEGORY = "INSERT INTO business_category (business_id, category_id, targeting)
        VALUES ($1, $2, $3) ON CONFLICT (business_id, category_id) DO NOTHING";
}

/// Stores a new business, without categories; nothing holds its targeting back.
pub(crate) async fn insert<T: Tx>(tx: &mut T, business: &Business) -> Result<(), Error> {
    tx.execute(
        INSERT,
        params![
            business.business_id.get(),
            business.account_id.map(AccountId::get),
            &business.name,
            business.targeting,
            business.created_at,
        ],
    )
    .await?;
    Ok(())
}

/// The business with this id.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    business_id: BusinessId,
) -> Result<Option<Business>, Error> {
    let row = read
        .query_optional(FIND, params![business_id.get()])
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// At most `limit` businesses with ids greater than `after`, in order of id.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    after: i64,
    limit: i64,
) -> Result<Vec<Business>, Error> {
    let rows = read.query(LIST, params![after, limit]).await?;
    rows.iter().map(from_row).collect()
}

/// All businesses of one pro, in order of id.
pub(crate) async fn of_account<R: Read>(
    read: &mut R,
    account_id: AccountId,
) -> Result<Vec<Business>, Error> {
    let rows = read
        .query(LIST_OF_ACCOUNT, params![account_id.get()])
        .await?;
    rows.iter().map(from_row).collect()
}

/// The kinds of work that the business does, in order of id.
pub(crate) async fn categories<R: Read>(
    read: &mut R,
    business_id: BusinessId,
) -> Result<Vec<BusinessCategory>, Error> {
    let rows = read
        .query(LIST_CATEGORIES, params![business_id.get()])
        .await?;
    rows.iter()
        .map(|row| {
            Ok(BusinessCategory {
                category_id: column::id(row, "category_id", CategoryId::from_i64)?,
                name: row.get("name")?,
                targeting: row.get("targeting")?,
            })
        })
        .collect()
}

/// Switches the business on or off; `false` if there is no such business.
pub(crate) async fn set_targeting<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
    targeting: bool,
) -> Result<bool, Error> {
    let changed = tx
        .execute(SET_TARGETING, params![business_id.get(), targeting])
        .await?;
    Ok(changed == 1)
}

/// Switches one kind of work of the business on or off; `false` if it does not do that.
pub(crate) async fn set_category_targeting<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
    category_id: CategoryId,
    targeting: bool,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            SET_CATEGORY_TARGETING,
            params![business_id.get(), category_id.get(), targeting],
        )
        .await?;
    Ok(changed == 1)
}

/// The category with this name; it is made under `new_id` if there is none yet.
pub(crate) async fn category_id_by_name<T: Tx>(
    tx: &mut T,
    name: &str,
    new_id: CategoryId,
) -> Result<CategoryId, Error> {
    tx.execute(INSERT_CATEGORY, params![new_id.get(), name])
        .await?;
    // A statement of its own: it sees the row of whoever was faster.
    let row = tx.query_one(FIND_CATEGORY, params![name]).await?;
    column::id(&row, "category_id", CategoryId::from_i64)
}

/// Adds a kind of work to what the business does; nothing changes if it does that already.
pub(crate) async fn add_category<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
    category_id: CategoryId,
    targeting: bool,
) -> Result<(), Error> {
    tx.execute(
        ADD_CATEGORY,
        params![business_id.get(), category_id.get(), targeting],
    )
    .await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<Business, Error> {
    Ok(Business {
        business_id: column::id(row, "business_id", BusinessId::from_i64)?,
        account_id: column::optional_id(row, "account_id", AccountId::from_i64)?,
        name: row.get("name")?,
        targeting: row.get("targeting")?,
        targeting_paused: row.get("targeting_paused")?,
        created_at: row.get("created_at_us")?,
    })
}

#[cfg(test)]
mod tests {
    use database::on_both_databases;

    use super::*;
    use crate::testing::{MIGRATIONS, PEOPLE, arrange, in_transaction, start};

    fn business(number: i64) -> BusinessId {
        BusinessId::from_i64(number).unwrap()
    }

    fn category(number: i64) -> CategoryId {
        CategoryId::from_i64(number).unwrap()
    }

    on_both_databases!(a_business_may_be_nobodys, MIGRATIONS, |db| async move {
        arrange(&db, PEOPLE).await;
        let dummy = Business {
            business_id: business(30),
            account_id: None,
            name: "Test".to_owned(),
            targeting: true,
            targeting_paused: false,
            created_at: start(),
        };
        let inserted = in_transaction!(db, [dummy: Business], |tx| -> () {
            insert(tx, &dummy).await
        });
        inserted.unwrap();
        let mut reader = db.reader();
        assert_eq!(
            find(&mut reader, business(30)).await.unwrap(),
            Some(dummy.clone())
        );
        assert_eq!(list(&mut reader, 21, 9).await.unwrap(), [dummy]);
        let pro = AccountId::from_i64(10).unwrap();
        assert_eq!(of_account(&mut reader, pro).await.unwrap().len(), 2);
    });

    on_both_databases!(
        a_category_has_one_id_and_a_switch_per_business,
        MIGRATIONS,
        |db| async move {
            arrange(&db, PEOPLE).await;
            let done = in_transaction!(db, [], |tx| -> [bool; 4] {
                let first = category_id_by_name(tx, "Painting", category(5)).await?;
                let again = category_id_by_name(tx, "Painting", category(6)).await?;
                add_category(tx, business(20), first, true).await?;
                add_category(tx, business(20), first, true).await?;
                add_category(tx, business(21), first, true).await?;
                Ok([
                    first == again,
                    set_category_targeting(tx, business(20), first, false).await?,
                    set_category_targeting(tx, business(20), category(6), false).await?,
                    set_targeting(tx, business(21), false).await?,
                ])
            });
            assert_eq!(done.unwrap(), [true, true, false, true]);
            let mut reader = db.reader();
            let of_20 = categories(&mut reader, business(20)).await.unwrap();
            assert_eq!(of_20.len(), 1);
            assert_eq!(
                (of_20[0].name.as_str(), of_20[0].targeting),
                ("Painting", false)
            );
            assert!(categories(&mut reader, business(21)).await.unwrap()[0].targeting);
            let switched = [20, 21].map(business);
            for (business_id, expected) in switched.into_iter().zip([true, false]) {
                let found = find(&mut reader, business_id).await.unwrap().unwrap();
                assert_eq!(found.targeting, expected);
            }
        }
    );
}
