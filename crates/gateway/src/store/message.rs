//! Customers' messages as they came. A message may be here before its lead is.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, LeadId, MessageId};

/// A message that arrived.
#[derive(Clone, Debug)]
pub(crate) struct NewMessage<'a> {
    pub(crate) message_id: MessageId,
    pub(crate) lead_id: LeadId,
    pub(crate) business_id: BusinessId,
    pub(crate) body: &'a str,
    pub(crate) made_at: Timestamp,
    pub(crate) received_at: Timestamp,
}

/// A stored message.
#[derive(Clone, Debug)]
pub(crate) struct MessageRow {
    pub(crate) message_id: i64,
    pub(crate) lead_id: i64,
    pub(crate) business_id: i64,
    pub(crate) body: String,
    pub(crate) made_at: Timestamp,
    pub(crate) received_at: Timestamp,
}

macro_rules! columns {
    () => {
        "message_id, lead_id, business_id, body, made_at_us, received_at_us"
    };
}

database::statements! {
    /// A message that is new; nothing where it is known.
    INSERT = "INSERT INTO message (message_id, lead_id, business_id, body, made_at_us, received_at_us) \
              VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (message_id) DO NOTHING";
    /// The body as it stands, locked.
    LOCK = for_update "SELECT business_id, body, received_at_us FROM message WHERE message_id = $1";
    /// Another body under the same id.
    REPLACE = "UPDATE message SET lead_id = $2, business_id = $3, body = $4, made_at_us = $5, received_at_us = $6 \
               WHERE message_id = $1";
    /// All messages of a lead in the order in which they were written.
    OF_LEAD = ("SELECT ", columns!(), " FROM message WHERE lead_id = $1 ORDER BY message_id");
    /// One message.
    FIND = ("SELECT ", columns!(), " FROM message WHERE message_id = $1");
}

/// Stores a message that is new; whether it was.
pub(crate) async fn insert<T: Tx>(tx: &mut T, message: &NewMessage<'_>) -> Result<bool, Error> {
    Ok(tx.execute(INSERT, &values(message)).await? == 1)
}

/// The business, body and time of arrival of a message, locked until the transaction ends.
pub(crate) async fn lock<T: Tx>(
    tx: &mut T,
    message_id: MessageId,
) -> Result<(i64, String, Timestamp), Error> {
    let row = tx.query_one(LOCK, params![message_id.get()]).await?;
    Ok((
        row.get("business_id")?,
        row.get("body")?,
        row.get("received_at_us")?,
    ))
}

/// Puts another body in place of the one that is stored.
pub(crate) async fn replace<T: Tx>(tx: &mut T, message: &NewMessage<'_>) -> Result<(), Error> {
    tx.execute(REPLACE, &values(message)).await?;
    Ok(())
}

/// The messages of a lead in the order in which they were written.
pub(crate) async fn of_lead<R: Read>(
    read: &mut R,
    lead_id: LeadId,
) -> Result<Vec<MessageRow>, Error> {
    let rows = read.query(OF_LEAD, params![lead_id.get()]).await?;
    rows.iter().map(from_row).collect()
}

/// One message.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    message_id: MessageId,
) -> Result<Option<MessageRow>, Error> {
    let row = read.query_optional(FIND, params![message_id.get()]).await?;
    row.as_ref().map(from_row).transpose()
}

fn from_row(row: &Row) -> Result<MessageRow, Error> {
    Ok(MessageRow {
        message_id: row.get("message_id")?,
        lead_id: row.get("lead_id")?,
        business_id: row.get("business_id")?,
        body: row.get("body")?,
        made_at: row.get("made_at_us")?,
        received_at: row.get("received_at_us")?,
    })
}

fn values<'a>(message: &NewMessage<'a>) -> [database::Param<'a>; 6] {
    [
        message.message_id.get().into(),
        message.lead_id.get().into(),
        message.business_id.get().into(),
        message.body.into(),
        message.made_at.into(),
        message.received_at.into(),
    ]
}
