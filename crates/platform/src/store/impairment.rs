//! Impairments of partners' endpoints. A partner has one open impairment at most.
//!
//! Lock order: what the delivery engine holds of the endpoint, the impairment, its businesses, their pauses, the event
//! feed. The lock is one that leaves foreign keys alone: whoever writes a pause by hand refers to the row.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::{ImpairmentId, PartnerId};

use crate::domain::impairment::{
    EndedBy, Impairment, ImpairmentState, PausedTargeting, Reason, UnknownReason,
};
use crate::store::column;

macro_rules! columns {
    () => {
        "SELECT impairment_id, partner_id, reason, reasons_told, since_us, until_us, ended_by, \
         targeting_paused_at_us, targeting_resumed_at_us FROM impairment"
    };
}

database::statements! {
    INSERT = "INSERT INTO impairment (impairment_id, partner_id, reason, reasons_told, since_us)
        VALUES ($1, $2, $3, $4, $5)";
    SAVE = "UPDATE impairment SET reason = $2, reasons_told = $3, until_us = $4, ended_by = $5,
        targeting_paused_at_us = $6, targeting_resumed_at_us = $7 WHERE impairment_id = $1";
    DELETE = "DELETE FROM impairment WHERE impairment_id = $1";
    FIND = (columns!(), " WHERE impairment_id = $1 AND reasons_told <> ''");
    LOCK = {
        sqlite: concat!(columns!(), " WHERE impairment_id = $1"),
        postgres: concat!(columns!(), " WHERE impairment_id = $1 FOR NO KEY UPDATE"),
    };
    LOCK_OPEN = {
        sqlite: concat!(columns!(), " WHERE partner_id = $1 AND until_us IS NULL"),
        postgres: concat!(columns!(), " WHERE partner_id = $1 AND until_us IS NULL FOR NO KEY UPDATE"),
    };
    /// Filters that are not used are NULL.
    LIST = (columns!(), " WHERE impairment_id < $1 AND reasons_told <> ''
            AND (CAST($2 AS BIGINT) IS NULL OR partner_id = $2)
            AND (CAST($3 AS BOOLEAN) IS NULL OR (until_us IS NULL) = $3)
        ORDER BY impairment_id DESC LIMIT $4");
    LIST_OF_PARTNER = (columns!(), " WHERE partner_id = $2 AND impairment_id < $1 AND reasons_told <> ''
            AND (CAST($3 AS BOOLEAN) IS NULL OR (until_us IS NULL) = $3)
        ORDER BY impairment_id DESC LIMIT $4");
    /// Few among many, by an index of their own.
    LIST_STILL_OPEN = (columns!(), " WHERE until_us IS NULL AND impairment_id < $1 AND reasons_told <> ''
        ORDER BY impairment_id DESC LIMIT $2");
    LIST_OPEN = (columns!(), " WHERE until_us IS NULL ORDER BY impairment_id");
}

/// Which impairments to list. Those that nobody was told of are in no list.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ImpairmentFilter {
    /// Only those of this partner.
    pub(crate) partner_id: Option<PartnerId>,
    /// Only those that are open, or only those that are over.
    pub(crate) is_open: Option<bool>,
    /// Only those with a smaller id.
    pub(crate) before: Option<i64>,
}

/// Stores an impairment that begins. [`Error::Conflict`] if another one of the partner is open.
pub(crate) async fn insert<T: Tx>(tx: &mut T, impairment: &Impairment) -> Result<(), Error> {
    let told = words(&impairment.told);
    let params = params![
        impairment.impairment_id.get(),
        impairment.partner_id.get(),
        impairment.reason.as_str(),
        &told,
        impairment.since,
    ];
    tx.execute(INSERT, params).await.map(drop)
}

/// Stores what changed about a locked one.
pub(crate) async fn save<T: Tx>(tx: &mut T, impairment: &Impairment) -> Result<(), Error> {
    let (until, by) = match impairment.state {
        ImpairmentState::Open => (None, None),
        ImpairmentState::Over { until, by } => (Some(until), Some(by.as_str())),
    };
    let (told, targeting) = (words(&impairment.told), impairment.targeting);
    let params = params![
        impairment.impairment_id.get(),
        impairment.reason.as_str(),
        &told,
        until,
        by,
        targeting.map(|targeting| targeting.paused_at),
        targeting.and_then(|targeting| targeting.resumed_at),
    ];
    tx.execute(SAVE, params).await.map(drop)
}

/// Forgets one that nobody was told of, and that paused nothing.
pub(crate) async fn delete<T: Tx>(tx: &mut T, impairment_id: ImpairmentId) -> Result<(), Error> {
    let params = params![impairment_id.get()];
    tx.execute(DELETE, params).await.map(drop)
}

/// The impairment with this id, if the operator was told of it.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    impairment_id: ImpairmentId,
) -> Result<Option<Impairment>, Error> {
    let row = read
        .query_optional(FIND, params![impairment_id.get()])
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The impairment with this id, locked until the end of the transaction.
pub(crate) async fn lock<T: Tx>(
    tx: &mut T,
    impairment_id: ImpairmentId,
) -> Result<Option<Impairment>, Error> {
    let row = tx
        .query_optional(LOCK, params![impairment_id.get()])
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The partner's open impairment, locked until the end of the transaction.
pub(crate) async fn lock_open<T: Tx>(
    tx: &mut T,
    partner_id: PartnerId,
) -> Result<Option<Impairment>, Error> {
    let row = tx
        .query_optional(LOCK_OPEN, params![partner_id.get()])
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// At most `limit` impairments, the newest first.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    filter: &ImpairmentFilter,
    limit: i64,
) -> Result<Vec<Impairment>, Error> {
    let before = filter.before.unwrap_or(i64::MAX);
    let partner_id = filter.partner_id.map(PartnerId::get);
    let params = params![before, partner_id, filter.is_open, limit];
    let rows = match (partner_id, filter.is_open) {
        (Some(_), _) => read.query(LIST_OF_PARTNER, params).await?,
        (None, Some(true)) => read.query(LIST_STILL_OPEN, params![before, limit]).await?,
        (None, _) => read.query(LIST, params).await?,
    };
    rows.iter().map(from_row).collect()
}

/// Every open impairment, those included that nobody was told of yet. There are as many as partners in trouble.
pub(crate) async fn list_open<R: Read>(read: &mut R) -> Result<Vec<Impairment>, Error> {
    let rows = read.query(LIST_OPEN, params![]).await?;
    rows.iter().map(from_row).collect()
}

fn words(reasons: &[Reason]) -> String {
    let words: Vec<&str> = reasons.iter().map(|reason| reason.as_str()).collect();
    words.join(" ")
}

fn from_row(row: &Row) -> Result<Impairment, Error> {
    let reasons = |text: &str| -> Result<Vec<Reason>, UnknownReason> {
        text.split_ascii_whitespace().map(Reason::parse).collect()
    };
    let until: Option<Timestamp> = row.get("until_us")?;
    let by = column::optional_parsed(row, "ended_by", EndedBy::parse)?;
    let paused_at: Option<Timestamp> = row.get("targeting_paused_at_us")?;
    let resumed_at = row.get("targeting_resumed_at_us")?;
    Ok(Impairment {
        impairment_id: column::id(row, "impairment_id", ImpairmentId::from_i64)?,
        partner_id: column::id(row, "partner_id", PartnerId::from_i64)?,
        reason: column::parsed(row, "reason", Reason::parse)?,
        told: column::parsed(row, "reasons_told", reasons)?,
        since: row.get("since_us")?,
        state: match (until, by) {
            (Some(until), Some(by)) => ImpairmentState::Over { until, by },
            _ => ImpairmentState::Open,
        },
        targeting: paused_at.map(|paused_at| PausedTargeting {
            paused_at,
            resumed_at,
        }),
    })
}

#[cfg(test)]
mod tests {
    use database::on_both_databases;
    use jiff::ToSpan as _;

    use super::*;
    use crate::domain::impairment::Trouble;
    use crate::testing::{MIGRATIONS, PEOPLE, arrange, in_transaction, start};

    fn impairment(number: i64, partner: i64, reason: Reason) -> Impairment {
        let trouble = Trouble {
            reason,
            since: start(),
        };
        Impairment::begin(
            ImpairmentId::from_i64(number).unwrap(),
            PartnerId::from_i64(partner).unwrap(),
            trouble,
            start(),
        )
    }

    fn numbers(found: Result<Vec<Impairment>, Error>) -> Vec<i64> {
        let found = found.unwrap();
        found.iter().map(|one| one.impairment_id.get()).collect()
    }

    on_both_databases!(
        what_is_saved_is_found_and_a_partner_has_one_open_at_most,
        MIGRATIONS,
        |db| async move {
            arrange(&db, PEOPLE).await;
            let (new, twin) = (
                impairment(100, 1, Reason::Failing),
                impairment(101, 1, Reason::Gone),
            );
            let inserted = in_transaction!(db, [new: Impairment], |tx| -> () {
                insert(tx, &new).await
            });
            inserted.unwrap();
            let refused = in_transaction!(db, [twin: Impairment], |tx| -> () {
                insert(tx, &twin).await
            });
            assert!(refused.unwrap_err().is_conflict());
            let found = find(&mut db.reader(), new.impairment_id).await;
            assert_eq!(found.unwrap(), Some(new.clone()));
            let later = start().saturating_add(5.minutes()).unwrap();
            let over = new.go_on(Reason::Credentials, later);
            let mut over = over.end(EndedBy::Settings, later).unwrap();
            over.targeting = Some(PausedTargeting {
                paused_at: start(),
                resumed_at: Some(later),
            });
            let saved = in_transaction!(db, [over: Impairment, twin: Impairment], |tx| -> [Option<Impairment>; 2] {
                let open = lock_open(tx, over.partner_id).await?;
                save(tx, &over).await?;
                insert(tx, &twin).await?;
                Ok([open, lock(tx, over.impairment_id).await?])
            });
            let [open, locked] = saved.unwrap();
            assert_eq!(open.unwrap().state, ImpairmentState::Open);
            assert_eq!(locked, Some(over.clone()));
            assert_eq!(numbers(list_open(&mut db.reader()).await), [101]);
            let gone = in_transaction!(db, [twin: Impairment], |tx| -> Option<Impairment> {
                delete(tx, twin.impairment_id).await?;
                lock_open(tx, twin.partner_id).await
            });
            assert_eq!(gone.unwrap(), None);
        }
    );

    on_both_databases!(
        lists_are_filtered_and_what_nobody_was_told_of_is_in_none,
        MIGRATIONS,
        |db| async move {
            arrange(&db, PEOPLE).await;
            let written = in_transaction!(db, [], |tx| -> () {
                for number in [100, 101] {
                    let new = impairment(number, 1, Reason::Failing);
                    insert(tx, &new).await?;
                    let over = new.end(EndedBy::Probe, start());
                    save(tx, &over.expect("it was told")).await?;
                }
                insert(tx, &impairment(102, 1, Reason::Busy)).await?;
                insert(tx, &impairment(103, 2, Reason::Gone)).await
            });
            written.unwrap();
            let mut reader = db.reader();
            let filter = |partner: Option<i64>, is_open, before| ImpairmentFilter {
                partner_id: partner.and_then(PartnerId::from_i64),
                is_open,
                before,
            };
            for (filter, limit, expected) in [
                (filter(None, None, None), 9, vec![103, 101, 100]),
                (filter(None, None, None), 2, vec![103, 101]),
                (filter(None, None, Some(101)), 9, vec![100]),
                (filter(Some(1), None, None), 9, vec![101, 100]),
                (filter(Some(1), Some(true), None), 9, vec![]),
                (filter(Some(1), Some(false), Some(101)), 9, vec![100]),
                (filter(None, Some(true), None), 9, vec![103]),
                (filter(None, Some(false), None), 9, vec![101, 100]),
            ] {
                let found = list(&mut reader, &filter, limit).await;
                assert_eq!(numbers(found), expected, "{filter:?}");
            }
            assert_eq!(numbers(list_open(&mut reader).await), [102, 103]);
            let untold = ImpairmentId::from_i64(102).unwrap();
            assert_eq!(find(&mut reader, untold).await.unwrap(), None);
        }
    );
}
