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
    LAST_NUMBER = "SELECT last_event_id FROM event_counter WHERE counter_id = 1";
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

/// The number of the last event; 0 before the first.
pub(crate) async fn last_number<R: Read>(read: &mut R) -> Result<i64, Error> {
    read.query_one(LAST_NUMBER, params![])
        .await?
        .get("last_event_id")
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
