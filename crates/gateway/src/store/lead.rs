//! Leads as they came.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, LeadId};

/// A stored lead.
#[derive(Clone, Debug)]
pub(crate) struct LeadRow {
    pub(crate) lead_id: i64,
    pub(crate) business_id: i64,
    pub(crate) body: String,
    pub(crate) status: String,
    pub(crate) unread: bool,
    pub(crate) received_at: Timestamp,
    /// The newest update of its price, as it came.
    pub(crate) update: Option<String>,
}

/// A lead that arrived.
#[derive(Clone, Debug)]
pub(crate) struct NewLead<'a> {
    pub(crate) lead_id: LeadId,
    pub(crate) business_id: BusinessId,
    pub(crate) body: &'a str,
    pub(crate) made_at: Timestamp,
    pub(crate) received_at: Timestamp,
}

/// Which leads are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeadFilter {
    pub(crate) business_id: Option<BusinessId>,
    pub(crate) status: Option<String>,
    pub(crate) unread: Option<bool>,
    /// Only leads older than this one.
    pub(crate) before: Option<i64>,
}

macro_rules! columns {
    () => {
        "lead.lead_id, lead.business_id, lead.body, lead.status, lead.unread, lead.received_at_us, \
         (SELECT lead_update.body FROM lead_update WHERE lead_update.lead_id = lead.lead_id \
          ORDER BY COALESCE(sender_id, lead_update_id) DESC LIMIT 1) AS update_body"
    };
}

database::statements! {
    /// A lead that is new; nothing where it is known.
    INSERT = "INSERT INTO lead (lead_id, business_id, body, status, unread, made_at_us, received_at_us) \
              VALUES ($1, $2, $3, 'new', TRUE, $4, $5) ON CONFLICT (lead_id) DO NOTHING";
    /// The body as it stands, locked.
    LOCK = for_update "SELECT business_id, body, received_at_us FROM lead WHERE lead_id = $1";
    /// Another body under the same id.
    REPLACE = "UPDATE lead SET business_id = $2, body = $3, made_at_us = $4, received_at_us = $5, unread = TRUE \
               WHERE lead_id = $1";
    /// The customer wrote.
    MARK_UNREAD = "UPDATE lead SET unread = TRUE WHERE lead_id = $1";
    /// Somebody looked.
    MARK_READ = "UPDATE lead SET unread = FALSE WHERE lead_id = $1";
    /// We wrote.
    MARK_ANSWERED = "UPDATE lead SET status = 'answered' WHERE lead_id = $1 AND status = 'new'";
    /// Whether there is such a lead.
    EXISTS = "SELECT lead_id FROM lead WHERE lead_id = $1";
    /// One lead as it stands.
    FIND = ("SELECT ", columns!(), " FROM lead WHERE lead.lead_id = $1");
    /// The newest leads first.
    LIST = ("SELECT ", columns!(), " FROM lead \
             WHERE (CAST($1 AS BIGINT) IS NULL OR lead.business_id = $1) \
             AND (CAST($2 AS TEXT) IS NULL OR lead.status = $2) \
             AND (CAST($3 AS BOOLEAN) IS NULL OR lead.unread = $3) \
             AND (CAST($4 AS BIGINT) IS NULL OR lead.lead_id < $4) \
             ORDER BY lead.lead_id DESC LIMIT $5");
}

/// Stores a lead that is new; whether it was.
pub(crate) async fn insert<T: Tx>(tx: &mut T, lead: &NewLead<'_>) -> Result<bool, Error> {
    let values = params![
        lead.lead_id.get(),
        lead.business_id.get(),
        lead.body,
        lead.made_at,
        lead.received_at
    ];
    Ok(tx.execute(INSERT, values).await? == 1)
}

/// The business, body and time of arrival of a lead, locked until the transaction ends.
pub(crate) async fn lock<T: Tx>(
    tx: &mut T,
    lead_id: LeadId,
) -> Result<(i64, String, Timestamp), Error> {
    let row = tx.query_one(LOCK, params![lead_id.get()]).await?;
    Ok((
        row.get("business_id")?,
        row.get("body")?,
        row.get("received_at_us")?,
    ))
}

/// Puts another body in place of the one that is stored.
pub(crate) async fn replace<T: Tx>(tx: &mut T, lead: &NewLead<'_>) -> Result<(), Error> {
    let values = params![
        lead.lead_id.get(),
        lead.business_id.get(),
        lead.body,
        lead.made_at,
        lead.received_at
    ];
    tx.execute(REPLACE, values).await?;
    Ok(())
}

/// Marks a lead unread; whether there is such a lead.
pub(crate) async fn mark_unread<T: Tx>(tx: &mut T, lead_id: LeadId) -> Result<bool, Error> {
    Ok(tx.execute(MARK_UNREAD, params![lead_id.get()]).await? == 1)
}

/// Marks a lead read; whether there is such a lead.
pub(crate) async fn mark_read<T: Tx>(tx: &mut T, lead_id: LeadId) -> Result<bool, Error> {
    Ok(tx.execute(MARK_READ, params![lead_id.get()]).await? == 1)
}

/// Marks a new lead answered.
pub(crate) async fn mark_answered<T: Tx>(tx: &mut T, lead_id: LeadId) -> Result<(), Error> {
    tx.execute(MARK_ANSWERED, params![lead_id.get()]).await?;
    Ok(())
}

/// Whether the lead has arrived.
pub(crate) async fn exists<R: Read>(read: &mut R, lead_id: LeadId) -> Result<bool, Error> {
    Ok(read
        .query_optional(EXISTS, params![lead_id.get()])
        .await?
        .is_some())
}

/// One lead as it stands.
pub(crate) async fn find<R: Read>(read: &mut R, lead_id: LeadId) -> Result<Option<LeadRow>, Error> {
    let row = read.query_optional(FIND, params![lead_id.get()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Leads that pass the filter, the newest first.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    filter: &LeadFilter,
    rows: i64,
) -> Result<Vec<LeadRow>, Error> {
    let values = params![
        filter.business_id.map(BusinessId::get),
        filter.status.as_deref(),
        filter.unread,
        filter.before,
        rows
    ];
    let found = read.query(LIST, values).await?;
    found.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<LeadRow, Error> {
    Ok(LeadRow {
        lead_id: row.get("lead_id")?,
        business_id: row.get("business_id")?,
        body: row.get("body")?,
        status: row.get("status")?,
        unread: row.get("unread")?,
        received_at: row.get("received_at_us")?,
        update: row.get("update_body")?,
    })
}
