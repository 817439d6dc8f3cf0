//! Updates of leads' prices as they came. An update may be here before its lead is.

use database::{Error, Read, Tx, params};
use jiff::Timestamp;
use protocol::id::LeadId;

/// An update that arrived.
#[derive(Clone, Debug)]
pub(crate) struct NewLeadUpdate<'a> {
    pub(crate) lead_update_id: i64,
    pub(crate) lead_id: LeadId,
    pub(crate) body: &'a str,
    /// The sender's own number (webhook-id), which is as ids are: the greater, the newer.
    pub(crate) sender_id: Option<i64>,
    pub(crate) received_at: Timestamp,
}

/// A stored update.
#[derive(Clone, Debug)]
pub(crate) struct LeadUpdateRow {
    pub(crate) lead_update_id: i64,
    pub(crate) body: String,
    pub(crate) received_at: Timestamp,
}

database::statements! {
    /// An update; nothing where the sender's number is known.
    INSERT = "INSERT INTO lead_update (lead_update_id, lead_id, body, sender_id, received_at_us) \
              VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sender_id) DO NOTHING";
    /// The newest update of a lead: by the sender's number, or by arrival where the sender has none.
    NEWEST = "SELECT lead_update_id, body, received_at_us FROM lead_update WHERE lead_id = $1 \
              ORDER BY COALESCE(sender_id, lead_update_id) DESC LIMIT 1";
    /// All updates of a lead, the oldest first.
    OF_LEAD = "SELECT lead_update_id, body, received_at_us FROM lead_update WHERE lead_id = $1 \
               ORDER BY COALESCE(sender_id, lead_update_id)";
}

/// Stores an update; whether it was new.
pub(crate) async fn insert<T: Tx>(tx: &mut T, update: &NewLeadUpdate<'_>) -> Result<bool, Error> {
    let values = params![
        update.lead_update_id,
        update.lead_id.get(),
        update.body,
        update.sender_id,
        update.received_at
    ];
    Ok(tx.execute(INSERT, values).await? == 1)
}

/// The newest update of a lead.
pub(crate) async fn newest<R: Read>(
    read: &mut R,
    lead_id: LeadId,
) -> Result<Option<LeadUpdateRow>, Error> {
    let row = read.query_optional(NEWEST, params![lead_id.get()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// All updates of a lead, the oldest first.
pub(crate) async fn of_lead<R: Read>(
    read: &mut R,
    lead_id: LeadId,
) -> Result<Vec<LeadUpdateRow>, Error> {
    let rows = read.query(OF_LEAD, params![lead_id.get()]).await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &database::Row) -> Result<LeadUpdateRow, Error> {
    Ok(LeadUpdateRow {
        lead_update_id: row.get("lead_update_id")?,
        body: row.get("body")?,
        received_at: row.get("received_at_us")?,
    })
}
