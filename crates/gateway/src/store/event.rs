//! The log of events: numbered without gaps, in the order of commits, so that a reader who asks for what came after a
//! number misses nothing.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, LeadId};

/// An event that happened.
#[derive(Clone, Copy)]
pub(crate) struct NewEvent<'a> {
    pub(crate) event_id: i64,
    pub(crate) kind: &'a str,
    pub(crate) business_id: BusinessId,
    pub(crate) lead_id: Option<LeadId>,
    pub(crate) payload: &'a str,
    pub(crate) now: Timestamp,
}

/// A stored event.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct EventRow {
    pub(crate) event_id: i64,
    pub(crate) kind: String,
    /// JSON, as it is sent.
    pub(crate) payload: String,
}

impl std::fmt::Debug for EventRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The payload is personal.
        formatter
            .debug_struct("EventRow")
            .field("event_id", &self.event_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Which events are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventFilter {
    /// Names of types, each with a space before and behind it.
    pub(crate) kinds: Option<String>,
    pub(crate) business_id: Option<BusinessId>,
}

database::statements! {
    /// Locks the counter: that makes the order of numbers the order of commits.
    LOCK = for_update "SELECT last_event_id FROM event_counter WHERE counter_id = 1";
    TAKE_NUMBER = "UPDATE event_counter SET last_event_id = last_event_id + 1 \
                   WHERE counter_id = 1 RETURNING last_event_id";
    INSERT = "INSERT INTO event (event_id, kind, business_id, lead_id, payload, created_at_us) \
              VALUES ($1, $2, $3, $4, $5, $6)";
    /// How far the log goes.
    LAST = "SELECT last_event_id FROM event_counter WHERE counter_id = 1";
    /// A name that stands in the list makes it shorter when it is taken out.
    LIST = "SELECT event_id, kind, payload FROM event WHERE event_id > $1 AND event_id <= $2 \
            AND (CAST($3 AS TEXT) IS NULL OR REPLACE($3, ' ' || kind || ' ', '') <> $3) \
            AND (CAST($4 AS BIGINT) IS NULL OR business_id = $4) ORDER BY event_id LIMIT $5";
}

/// From here to the commit nobody else appends, and what this transaction reads is what all events before it made.
pub(crate) async fn lock<T: Tx>(tx: &mut T) -> Result<(), Error> {
    tx.query_one(LOCK, params![]).await.map(drop)
}

/// The number of the next event, which must be appended.
pub(crate) async fn take_number<T: Tx>(tx: &mut T) -> Result<i64, Error> {
    let row = tx.query_one(TAKE_NUMBER, params![]).await?;
    row.get("last_event_id")
}

/// Appends an event under the number that was taken for it.
pub(crate) async fn insert<T: Tx>(tx: &mut T, event: &NewEvent<'_>) -> Result<(), Error> {
    let values = params![
        event.event_id,
        event.kind,
        event.business_id.get(),
        event.lead_id.map(LeadId::get),
        event.payload,
        event.now
    ];
    tx.execute(INSERT, values).await?;
    Ok(())
}

/// The number of the last event that was committed; 0 before the first.
pub(crate) async fn last<R: Read>(read: &mut R) -> Result<i64, Error> {
    read.query_one(LAST, params![]).await?.get("last_event_id")
}

/// At most `rows` events that pass the filter, with numbers greater than `after` and up to `until`, in order.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    (after, until): (i64, i64),
    filter: &EventFilter,
    rows: i64,
) -> Result<Vec<EventRow>, Error> {
    let values = params![
        after,
        until,
        filter.kinds.as_deref(),
        filter.business_id.map(BusinessId::get),
        rows
    ];
    let found = read.query(LIST, values).await?;
    found.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<EventRow, Error> {
    Ok(EventRow {
        event_id: row.get("event_id")?,
        kind: row.get("kind")?,
        payload: row.get("payload")?,
    })
}

#[cfg(test)]
mod tests;
