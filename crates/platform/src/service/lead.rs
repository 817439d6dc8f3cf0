//! Leads: the operator feeds them in, reads them and closes them. A lead and its deliveries are one transaction.

use base::faults::{self, Point};
use base::{Clock, IdMaker};
use database::{Op, Tx};
use protocol::id::{BusinessId, CustomerId, LeadId, RequestId};
use protocol::lead::Lead;
use protocol::new_lead::NewLead;
use thiserror::Error;

use crate::core::Core;
use crate::domain::lead::{
    LeadIds, StoredLead, TargetingOff, UnknownCategory, choose_category, compose, judge_targeting,
};
use crate::service::fan_out::{self, Content, FanOut, Happening};
use crate::service::idempotency::{Answer, KeyedRequest, Once, OnceError};
use crate::service::ids;
use crate::store::{business, lead};

/// Why a lead was not made.
#[derive(Debug, Error)]
pub(crate) enum CreateLeadError {
    /// There is no such business.
    #[error("no business has this id")]
    UnknownBusiness,
    /// The business does not do that.
    #[error("the business has no such category")]
    Category(#[source] UnknownCategory),
    /// The business is not offered to customers at the moment (D7).
    #[error(transparent)]
    TargetingOff(TargetingOff),
    /// The database.
    #[error("the lead could not be stored")]
    Database(#[from] database::Error),
}

/// Why something about a lead was not done.
#[derive(Debug, Error)]
pub(crate) enum LeadError {
    /// There is no such lead.
    #[error("no lead has this id")]
    UnknownLead,
    /// The database.
    #[error("the lead could not be read or stored")]
    Database(#[from] database::Error),
}

/// Makes a lead and sends it to every partner that receives the business's leads.
pub(crate) async fn create(
    core: &Core,
    new: NewLead,
    request: Option<KeyedRequest>,
    answer: fn(&Lead) -> Answer,
) -> Result<Answer, OnceError<CreateLeadError>> {
    let fan_out = FanOut::new(core.ids.clone());
    let op = Create {
        ids: core.ids.clone(),
        fan_out: fan_out.clone(),
        clock: core.clock.clone(),
        new,
    };
    let answered = core
        .db
        .write(Once {
            core: core.clone(),
            request,
            op,
            answer,
        })
        .await?;
    faults::pass(Point::AfterCommitBeforeWake);
    core.deliveries.wake_for(fan_out.touched());
    Ok(answered)
}

/// The lead, whosever it is.
pub(crate) async fn find(core: &Core, lead_id: LeadId) -> Result<StoredLead, LeadError> {
    let found = lead::find_by_operator(&mut core.db.reader(), lead_id).await?;
    found.ok_or(LeadError::UnknownLead)
}

/// At most `limit` leads after the one with the id `after`; of one business, or of all.
pub(crate) async fn list(
    core: &Core,
    business_id: Option<BusinessId>,
    after: i64,
    limit: i64,
) -> Result<Vec<StoredLead>, database::Error> {
    lead::list(&mut core.db.scanner(), business_id, after, limit).await
}

/// Closes a lead: the pro's messages are refused from now on. Closing it again changes nothing.
pub(crate) async fn close(core: &Core, lead_id: LeadId) -> Result<StoredLead, LeadError> {
    let clock = core.clock.clone();
    core.db.write(Close { lead_id, clock }).await
}

/// New ids for a lead.
pub(super) fn new_ids(ids: &IdMaker) -> LeadIds {
    LeadIds {
        request_id: ids::next(ids, RequestId::from_i64),
        customer_id: ids::next(ids, CustomerId::from_i64),
        lead_id: ids::next(ids, LeadId::from_i64),
    }
}

struct Create {
    ids: IdMaker,
    fan_out: FanOut,
    clock: Clock,
    new: NewLead,
}

impl Op for Create {
    type Out = Lead;
    type Error = CreateLeadError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Lead, CreateLeadError> {
        let business_id = self.new.business_id;
        let found = business::find(tx, business_id).await?;
        let business = found.ok_or(CreateLeadError::UnknownBusiness)?;
        let categories = business::categories(tx, business_id).await?;
        let category =
            choose_category(&self.new.category, &categories).map_err(CreateLeadError::Category)?;
        judge_targeting(&business, category).map_err(CreateLeadError::TargetingOff)?;
        let now = self.clock.now();
        let lead = compose(
            self.new.clone(),
            &business,
            category,
            new_ids(&self.ids),
            now,
        );
        lead::insert(tx, &lead, category.category_id, now).await?;
        let happening = Happening {
            business_id,
            lead_id: lead.lead_id,
            content: Content::Lead(&lead),
        };
        fan_out::record(tx, &self.fan_out, &happening, now).await?;
        Ok(lead)
    }
}

struct Close {
    lead_id: LeadId,
    clock: Clock,
}

impl Op for Close {
    type Out = StoredLead;
    type Error = LeadError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<StoredLead, LeadError> {
        let found = lead::lock_by_operator(tx, self.lead_id).await?;
        let closed = found.ok_or(LeadError::UnknownLead)?.close(self.clock.now());
        lead::save(tx, &closed).await?;
        Ok(closed)
    }
}

#[cfg(test)]
mod tests;
