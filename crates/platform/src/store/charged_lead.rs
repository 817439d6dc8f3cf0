//! Leads that were charged and came late because of an impairment, or not at all: those whose delivery to the partner
//! waited at some moment of it, and had not arrived when it was over. They are candidates for a refund.
//!
//! What became of a lead's delivery is read in the delivery engine's tables, by their primary key: a lead is the
//! conversation of its deliveries, and ids rise with time.

use std::time::Duration;

use database::{Error, Read, Row, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, DeliveryId, LeadId, PartnerId, compose};

use crate::store::column;

/// A delivery gives up after 72 hours of attempts (protocol §4.5): what is older by that much had waited through an
/// earlier impairment, and stands in its list.
const LONGEST: Duration = Duration::from_hours(72);

macro_rules! pending {
    ($charged:literal, $price:literal) => {
        concat!(
            "SELECT lead.lead_id, lead.business_id, lead.created_at_us, ", $price, " AS price, p.delivery_id,
                'pending' AS state, CAST(NULL AS BIGINT) AS finished_at_us
            FROM delivery_pending AS p JOIN lead ON lead.lead_id = p.conversation_id
            WHERE p.endpoint_id = $1 AND p.conversation_id > $2 AND p.conversation_id < $3 AND p.kind = 'lead'
                AND ", $charged, " = 'Charged'
            ORDER BY p.conversation_id LIMIT $4"
        )
    };
}

macro_rules! finished {
    ($charged:literal, $price:literal) => {
        concat!(
            "SELECT lead.lead_id, lead.business_id, lead.created_at_us, ", $price, " AS price, o.delivery_id,
                o.state, o.finished_at_us
            FROM delivery_outcome AS o JOIN lead ON lead.lead_id = o.conversation_id
            WHERE o.endpoint_id = $1 AND o.conversation_id > $2 AND o.conversation_id < $3 AND o.kind = 'lead'
                AND o.finished_at_us >= $5 AND (o.state <> 'delivered' OR o.finished_at_us >= $6)
                AND ", $charged, " = 'Charged'
            ORDER BY o.conversation_id LIMIT $4"
        )
    };
}

database::statements! {
    PENDING = {
        sqlite: pending!("(lead.content ->> 'chargeState')", "(lead.content ->> 'leadPrice')"),
        postgres: pending!(
            "(CAST(lead.content AS JSON) ->> 'chargeState')",
            "(CAST(lead.content AS JSON) ->> 'leadPrice')"
        ),
    };
    FINISHED = {
        sqlite: finished!("(lead.content ->> 'chargeState')", "(lead.content ->> 'leadPrice')"),
        postgres: finished!(
            "(CAST(lead.content AS JSON) ->> 'chargeState')",
            "(CAST(lead.content AS JSON) ->> 'leadPrice')"
        ),
    };
}

/// The time of an outage, and whose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    pub(crate) partner_id: PartnerId,
    pub(crate) since: Timestamp,
    /// Nothing while it lasts.
    pub(crate) until: Option<Timestamp>,
}

/// A lead that was charged and came late, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChargedLead {
    pub(crate) lead_id: LeadId,
    pub(crate) business_id: BusinessId,
    pub(crate) created_at: Timestamp,
    /// Of the lead, as it stands.
    pub(crate) price: Option<String>,
    pub(crate) delivery_id: DeliveryId,
    /// As in the list of deliveries.
    pub(crate) state: String,
    /// When it came after all.
    pub(crate) delivered_at: Option<Timestamp>,
}

/// At most `limit` leads of an outage with ids greater than `after`, in order of id.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    outage: &Outage,
    after: i64,
    limit: i64,
) -> Result<Vec<ChargedLead>, Error> {
    let first = outage.since.saturating_sub(LONGEST).unwrap_or_default();
    let after = after.max(id_at(first).saturating_sub(1));
    let before = outage.until.map_or(i64::MAX, id_at);
    let partner_id = outage.partner_id.get();
    let until = outage.until.unwrap_or(Timestamp::MAX);
    let params = params![partner_id, after, before, limit];
    let mut rows = read.query(PENDING, params).await?;
    let params = params![partner_id, after, before, limit, outage.since, until];
    rows.extend(read.query(FINISHED, params).await?);
    let found: Result<Vec<ChargedLead>, Error> = rows.iter().map(from_row).collect();
    let mut found = found?;
    // One that ended between the two queries was seen by both; the later sight is kept.
    found.reverse();
    found.sort_by_key(|lead| lead.lead_id);
    found.dedup_by_key(|lead| lead.lead_id);
    found.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(found)
}

/// The smallest id of that moment.
fn id_at(moment: Timestamp) -> i64 {
    compose(column::nanoseconds(moment), 0)
}

fn from_row(row: &Row) -> Result<ChargedLead, Error> {
    let state: String = row.get("state")?;
    let finished_at: Option<Timestamp> = row.get("finished_at_us")?;
    Ok(ChargedLead {
        lead_id: column::id(row, "lead_id", LeadId::from_i64)?,
        business_id: column::id(row, "business_id", BusinessId::from_i64)?,
        created_at: row.get("created_at_us")?,
        price: row.get("price")?,
        delivery_id: column::id(row, "delivery_id", DeliveryId::from_i64)?,
        delivered_at: finished_at.filter(|_| state == "delivered"),
        state,
    })
}

#[cfg(test)]
mod tests;
