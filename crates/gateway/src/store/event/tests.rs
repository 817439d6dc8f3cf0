//! The log keeps its promises to readers, on both databases.

use database::test_db::TestDb;
use database::{Op, on_both_databases};

use super::*;

/// Appends one event; with `fails` it refuses afterwards.
struct Append {
    kind: &'static str,
    business_id: i64,
    fails: bool,
}

impl Op for Append {
    type Out = i64;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<i64, Error> {
        lock(tx).await?;
        let event_id = take_number(tx).await?;
        let event = NewEvent {
            event_id,
            kind: self.kind,
            business_id: BusinessId::from_i64(self.business_id).unwrap(),
            lead_id: LeadId::from_i64(7),
            payload: "{}",
            now: Timestamp::UNIX_EPOCH,
        };
        insert(tx, &event).await?;
        if self.fails {
            Err(Error::NoRow)
        } else {
            Ok(event_id)
        }
    }
}

async fn append(db: &TestDb, kind: &'static str, business_id: i64) -> i64 {
    let append = Append {
        kind,
        business_id,
        fails: false,
    };
    db.write(append).await.unwrap()
}

async fn numbers(db: &TestDb, range: (i64, i64), filter: EventFilter, rows: i64) -> Vec<i64> {
    let found = list(&mut db.reader(), range, &filter, rows).await.unwrap();
    found.iter().map(|event| event.event_id).collect()
}

async fn no_gaps(db: &TestDb) {
    assert_eq!(last(&mut db.reader()).await.unwrap(), 0);
    append(db, "lead.received", 1).await;
    let refused = Append {
        kind: "lead.received",
        business_id: 1,
        fails: true,
    };
    assert!(db.write(refused).await.is_err());
    let (a, b, c) = tokio::join!(
        append(db, "lead.received", 1),
        append(db, "lead.received", 1),
        append(db, "lead.received", 1)
    );
    let mut racing = [a, b, c];
    racing.sort_unstable();
    assert_eq!(racing, [2, 3, 4]);
    assert_eq!(last(&mut db.reader()).await.unwrap(), 4);
    let all = EventFilter::default();
    assert_eq!(numbers(db, (0, 4), all.clone(), 9).await, [1, 2, 3, 4]);
    assert_eq!(numbers(db, (1, 3), all.clone(), 9).await, [2, 3]);
    assert_eq!(numbers(db, (0, 4), all.clone(), 2).await, [1, 2]);
    assert_eq!(numbers(db, (4, i64::MAX), all, 9).await, [0_i64; 0]);
}

async fn filters(db: &TestDb) {
    for (kind, business_id) in [
        ("lead.received", 1),
        ("connection.made", 1),
        ("lead.revised", 2),
        ("lead.received", 2),
    ] {
        append(db, kind, business_id).await;
    }
    let by = |kinds: Option<&str>, business_id: Option<i64>| EventFilter {
        kinds: kinds.map(str::to_owned),
        business_id: business_id.and_then(BusinessId::from_i64),
    };
    for (filter, expected) in [
        (by(Some(" lead.received "), None), vec![1, 4]),
        (
            by(Some(" lead.revised  connection.made "), None),
            vec![2, 3],
        ),
        (by(Some(" lead.received "), Some(2)), vec![4]),
        (by(None, Some(1)), vec![1, 2]),
        (by(Some(" received "), None), vec![]),
        (by(None, Some(3)), vec![]),
    ] {
        assert_eq!(
            numbers(db, (0, 4), filter.clone(), 9).await,
            expected,
            "{filter:?}"
        );
    }
}

on_both_databases!(numbers_have_no_gaps, crate::MIGRATIONS, |db| no_gaps(&db));
on_both_databases!(filters_find_what_they_say, crate::MIGRATIONS, |db| filters(
    &db
));

#[test]
fn what_is_personal_is_in_no_debug_text() {
    let event = EventRow {
        event_id: 1,
        kind: "lead.received".to_owned(),
        payload: "marked".to_owned(),
    };
    assert!(!format!("{event:?}").contains("marked"));
}
