//! Messages that came before their lead and that no event tells of yet. Touched only while the log of events is locked, so
//! that neither the lead nor the end of the wait can miss one.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, LeadId, MessageId};

/// A message that begins to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewWaiting {
    pub(crate) message_id: MessageId,
    pub(crate) lead_id: LeadId,
    pub(crate) business_id: BusinessId,
    pub(crate) received_at: Timestamp,
}

database::statements! {
    INSERT = "INSERT INTO waiting_message (message_id, lead_id, business_id, received_at_us) VALUES ($1, $2, $3, $4) \
              ON CONFLICT (message_id) DO NOTHING";
    IS_WAITING = "SELECT message_id FROM waiting_message WHERE message_id = $1";
    /// In the order in which they were written.
    OF_LEAD = "SELECT message_id FROM waiting_message WHERE lead_id = $1 ORDER BY message_id";
    /// Those that have waited since $1 or before, the oldest first.
    SINCE = "SELECT message_id FROM waiting_message WHERE received_at_us <= $1 ORDER BY received_at_us, message_id LIMIT $2";
    DELETE = "DELETE FROM waiting_message WHERE message_id = $1";
}

/// Has a message wait.
pub(crate) async fn insert<T: Tx>(tx: &mut T, new: &NewWaiting) -> Result<(), Error> {
    let values = params![
        new.message_id.get(),
        new.lead_id.get(),
        new.business_id.get(),
        new.received_at
    ];
    tx.execute(INSERT, values).await?;
    Ok(())
}

/// Whether a message waits.
pub(crate) async fn is_waiting<R: Read>(
    read: &mut R,
    message_id: MessageId,
) -> Result<bool, Error> {
    let found = read
        .query_optional(IS_WAITING, params![message_id.get()])
        .await?;
    Ok(found.is_some())
}

/// The messages that wait for a lead, in the order in which they were written.
pub(crate) async fn of_lead<R: Read>(
    read: &mut R,
    lead_id: LeadId,
) -> Result<Vec<MessageId>, Error> {
    let rows = read.query(OF_LEAD, params![lead_id.get()]).await?;
    rows.iter().map(from_row).collect()
}

/// Up to `rows` messages that have waited since then or before, the oldest first.
pub(crate) async fn since<R: Read>(
    read: &mut R,
    since: Timestamp,
    rows: i64,
) -> Result<Vec<MessageId>, Error> {
    let found = read.query(SINCE, params![since, rows]).await?;
    found.iter().map(from_row).collect()
}

/// Ends the wait of a message; `false` if it did not wait any more.
pub(crate) async fn delete<T: Tx>(tx: &mut T, message_id: MessageId) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, params![message_id.get()]).await? == 1)
}

fn from_row(row: &Row) -> Result<MessageId, Error> {
    MessageId::from_i64(row.get("message_id")?).ok_or(Error::NoRow)
}
