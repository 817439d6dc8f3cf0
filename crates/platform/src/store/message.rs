//! Messages about leads, of both sides.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, LeadId, MessageId};
use serde_json::Value;

use crate::domain::message::{Author, Message};
use crate::store::column;

database::statements! {
    INSERT = "INSERT INTO message (message_id, lead_id, business_id, sender, text, attachments, client_id, partner_id,
        created_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    LIST = "SELECT message_id, sender, text, attachments, created_at_us FROM message
        WHERE business_id = $1 AND lead_id = $2 AND message_id > $3 ORDER BY message_id LIMIT $4";
}

/// A line of the conversation about a lead, as the operator reads it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) message_id: MessageId,
    /// `customer` or `pro`.
    pub(crate) side: String,
    pub(crate) text: String,
    /// An array in the shape of §4.1.
    pub(crate) attachments: Option<Value>,
    pub(crate) created_at: Timestamp,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Text and attachments are personal.
        formatter
            .debug_struct("Line")
            .field("message_id", &self.message_id)
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}

/// Stores a new message.
pub(crate) async fn insert<T: Tx>(tx: &mut T, message: &Message) -> Result<(), Error> {
    let (client_id, partner_id) = match &message.author {
        Author::Customer => (None, None),
        Author::ProByClient(client_id) => (Some(client_id.as_str()), None),
        Author::ProByPartner(partner_id) => (None, Some(partner_id.get())),
    };
    let attachments = (!message.attachments.is_empty())
        .then(|| serde_json::json!(message.attachments).to_string());
    tx.execute(
        INSERT,
        params![
            message.message_id.get(),
            message.lead_id.get(),
            message.business_id.get(),
            message.author.side(),
            &message.text,
            attachments.as_deref(),
            client_id,
            partner_id,
            message.created_at,
        ],
    )
    .await?;
    Ok(())
}

/// At most `limit` messages about a lead of this business with ids greater than `after`, in order of id.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    business_id: BusinessId,
    lead_id: LeadId,
    after: i64,
    limit: i64,
) -> Result<Vec<Line>, Error> {
    let rows = read
        .query(
            LIST,
            params![business_id.get(), lead_id.get(), after, limit],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<Line, Error> {
    Ok(Line {
        message_id: column::id(row, "message_id", MessageId::from_i64)?,
        side: row.get("sender")?,
        text: row.get("text")?,
        attachments: column::optional_parsed(row, "attachments", |text| {
            serde_json::from_str(text)
        })?,
        created_at: row.get("created_at_us")?,
    })
}
