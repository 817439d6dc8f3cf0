//! Leads. Partners find them by their business; the operator, who owns everything, by their id alone.

use database::{Error, Param, Read, Row, Sql, Tx, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, CategoryId, LeadId};
use protocol::json::sentence;
use protocol::lead::Lead;

use crate::domain::lead::{LeadState, StoredLead};
use crate::store::column;

database::statements! {
    INSERT = "INSERT INTO lead (lead_id, business_id, customer_id, request_id, category_id, content, created_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    FIND_BY_OPERATOR = "SELECT content, closed_at_us FROM lead WHERE lead_id = $1";
    /// What follows a lead (messages, prices, reviews) takes its place in the order of the lead's lanes under this lock.
    LOCK_BY_OPERATOR = for_update "SELECT content, closed_at_us FROM lead WHERE lead_id = $1";
    LOCK = for_update "SELECT content, closed_at_us FROM lead WHERE business_id = $1 AND lead_id = $2";
    /// A filter that is not used is NULL.
    LIST = "SELECT content, closed_at_us FROM lead
        WHERE lead_id > $1 AND (CAST($2 AS BIGINT) IS NULL OR business_id = $2)
        ORDER BY lead_id LIMIT $3";
    SAVE = "UPDATE lead SET content = $3, closed_at_us = $4 WHERE business_id = $1 AND lead_id = $2";
}

/// Stores a new lead of this category.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    lead: &Lead,
    category_id: CategoryId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        INSERT,
        params![
            lead.lead_id.get(),
            lead.business.business_id.get(),
            lead.customer.customer_id.get(),
            lead.request.request_id.get(),
            category_id.get(),
            &content(lead),
            now,
        ],
    )
    .await?;
    Ok(())
}

/// The lead with this id, whosever it is.
pub(crate) async fn find_by_operator<R: Read>(
    read: &mut R,
    lead_id: LeadId,
) -> Result<Option<StoredLead>, Error> {
    find_one(read, FIND_BY_OPERATOR, params![lead_id.get()]).await
}

/// The lead with this id, whosever it is, locked until the end of the transaction.
pub(crate) async fn lock_by_operator<T: Tx>(
    tx: &mut T,
    lead_id: LeadId,
) -> Result<Option<StoredLead>, Error> {
    find_one(tx, LOCK_BY_OPERATOR, params![lead_id.get()]).await
}

/// The lead of this business, locked until the end of the transaction.
pub(crate) async fn lock<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
    lead_id: LeadId,
) -> Result<Option<StoredLead>, Error> {
    find_one(tx, LOCK, params![business_id.get(), lead_id.get()]).await
}

/// At most `limit` leads with ids greater than `after`, in order of id; of one business, or of all.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    business_id: Option<BusinessId>,
    after: i64,
    limit: i64,
) -> Result<Vec<StoredLead>, Error> {
    let business_id = business_id.map(BusinessId::get);
    let rows = read.query(LIST, params![after, business_id, limit]).await?;
    rows.iter().map(from_row).collect()
}

/// Stores what was changed about a lead: its price, and whether it is closed.
pub(crate) async fn save<T: Tx>(tx: &mut T, stored: &StoredLead) -> Result<(), Error> {
    let lead = &stored.lead;
    let closed_at = match stored.state {
        LeadState::Open => None,
        LeadState::Closed { at } => Some(at),
    };
    let (business_id, lead_id) = (lead.business.business_id.get(), lead.lead_id.get());
    tx.execute(
        SAVE,
        params![business_id, lead_id, &content(lead), closed_at],
    )
    .await?;
    Ok(())
}

async fn find_one<R: Read>(
    read: &mut R,
    sql: Sql,
    params: &[Param<'_>],
) -> Result<Option<StoredLead>, Error> {
    let row = read.query_optional(sql, params).await?;
    row.as_ref().map(from_row).transpose()
}

fn content(lead: &Lead) -> String {
    serde_json::to_string(lead)
        .expect("a lead consists of texts and numbers, and its members' names are texts")
}

fn from_row(row: &Row) -> Result<StoredLead, Error> {
    let closed_at: Option<Timestamp> = row.get("closed_at_us")?;
    Ok(StoredLead {
        lead: column::parsed(row, "content", read_content)?,
        state: closed_at.map_or(LeadState::Open, |at| LeadState::Closed { at }),
    })
}

fn read_content(text: &str) -> Result<Lead, String> {
    let body = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Lead::parse(&body).map_err(|problems| sentence(&problems))
}
