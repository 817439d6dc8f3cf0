//! The event feed of the marketplace: numbered without gaps, in the order of commits, so that a reader who asks for
//! what came after a number misses nothing.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::BusinessId;

use crate::store::column;

database::statements! {
    /// The counter's row stays locked until the commit: that makes the order of numbers the order of commits.
    TAKE_NUMBER = "UPDATE event_counter SET last_event_id = last_event_id + 1
        WHERE counter_id = 1 RETURNING last_event_id";
    INSERT = "INSERT INTO event (event_id, kind, business_id, content, created_at_us)
        VALUES ($1, $2, $3, $4, $5)";
    LIST = "SELECT event_id, kind, business_id, content, created_at_us FROM event
        WHERE event_id > $1 ORDER BY event_id LIMIT $2";
}

/// Something that the marketplace is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) event_id: i64,
    /// Such as `connection.made` or `message.received`.
    pub(crate) kind: String,
    pub(crate) business_id: Option<BusinessId>,
    /// A JSON object.
    pub(crate) content: String,
    pub(crate) created_at: Timestamp,
}

/// Adds an event. Every other writer of events waits from here to the commit, so an operation does this last.
///
/// `content` is a JSON object.
pub(crate) async fn append<T: Tx>(
    tx: &mut T,
    kind: &str,
    business_id: Option<BusinessId>,
    content: &str,
    now: Timestamp,
) -> Result<i64, Error> {
    let row = tx.query_one(TAKE_NUMBER, params![]).await?;
    let event_id: i64 = row.get("last_event_id")?;
    let business_id = business_id.map(BusinessId::get);
    tx.execute(INSERT, params![event_id, kind, business_id, content, now])
        .await?;
    Ok(event_id)
}

/// At most `limit` events with numbers greater than `after`, in order.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    after: i64,
    limit: i64,
) -> Result<Vec<Event>, Error> {
    let rows = read.query(LIST, params![after, limit]).await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<Event, Error> {
    Ok(Event {
        event_id: row.get("event_id")?,
        kind: row.get("kind")?,
        business_id: column::optional_id(row, "business_id", BusinessId::from_i64)?,
        content: row.get("content")?,
        created_at: row.get("created_at_us")?,
    })
}

#[cfg(test)]
mod tests {
    use database::on_both_databases;

    use super::*;
    use crate::testing::{MIGRATIONS, in_transaction, start};

    on_both_databases!(
        numbers_have_no_gaps_even_where_an_operation_failed,
        MIGRATIONS,
        |db| async move {
            for kept in [true, false, true] {
                let appended = in_transaction!(db, [kept: bool], |tx| -> i64 {
                    let number = append(tx, "connection.made", None, "{}", start()).await?;
                    if kept { Ok(number) } else { Err(Error::NoRow) }
                });
                assert_eq!(appended.is_ok(), kept);
            }
            let mut reader = db.reader();
            let numbers = |events: Vec<Event>| -> Vec<i64> {
                events.iter().map(|event| event.event_id).collect()
            };
            assert_eq!(numbers(list(&mut reader, 0, 9).await.unwrap()), [1, 2]);
            assert_eq!(numbers(list(&mut reader, 1, 9).await.unwrap()), [2]);
            assert_eq!(numbers(list(&mut reader, 0, 1).await.unwrap()), [1]);
            assert_eq!(
                numbers(list(&mut reader, i64::MAX, 9).await.unwrap()),
                [0_i64; 0]
            );
        }
    );

    on_both_databases!(
        racing_writers_get_different_numbers,
        MIGRATIONS,
        |db| async move {
            let append_one = || async {
                let appended = in_transaction!(db, [], |tx| -> i64 {
                    append(tx, "message.sent", None, "{}", start()).await
                });
                appended.unwrap()
            };
            let (a, b, c) = tokio::join!(append_one(), append_one(), append_one());
            let mut numbers = [a, b, c];
            numbers.sort_unstable();
            assert_eq!(numbers, [1, 2, 3]);
        }
    );
}
