//! Test data for partners, in staging only (protocol §3.3): a dummy business unless one is given, and a lead that goes to
//! the partner's endpoint like any other. The business is enabled for the partner, so that its reply succeeds.
//!
//! Other partners of a given business are not sent the lead: nobody's endpoint receives what a stranger tries out.

use base::{Clock, IdMaker};
use database::{Op, Tx};
use jiff::Timestamp;
use protocol::id::{BusinessId, CategoryId, PartnerId};
use protocol::lead::Lead;
use protocol::new_lead::CategoryChoice;
use protocol::optional_fields::OptionalFields;
use thiserror::Error;

use crate::core::Core;
use crate::domain::business::{Business, BusinessCategory};
use crate::domain::lead::compose;
use crate::domain::test_data;
use crate::service::fan_out::{self, Content, FanOut, Happening};
use crate::service::{ids, lead as leads};
use crate::store::{business, lead, partner};

/// Why no test lead was made.
#[derive(Debug, Error)]
pub(crate) enum TestLeadError {
    /// There is no such business.
    #[error("no business has this id")]
    UnknownBusiness,
    /// The database.
    #[error("the test data could not be stored")]
    Database(#[from] database::Error),
}

/// Makes a lead for the partner, and says what the partner is sent. Whether the business is offered to customers does not
/// matter.
pub(crate) async fn create(
    core: &Core,
    partner_id: PartnerId,
    business_id: Option<BusinessId>,
) -> Result<Lead, TestLeadError> {
    let fan_out = FanOut::new(core.ids.clone());
    let op = Create {
        ids: core.ids.clone(),
        fan_out: fan_out.clone(),
        clock: core.clock.clone(),
        partner_id,
        business_id,
    };
    let lead = core.db.write(op).await?;
    core.deliveries.wake_for(fan_out.touched());
    Ok(lead)
}

struct Create {
    ids: IdMaker,
    fan_out: FanOut,
    clock: Clock,
    partner_id: PartnerId,
    business_id: Option<BusinessId>,
}

impl Op for Create {
    type Out = Lead;
    type Error = TestLeadError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Lead, TestLeadError> {
        let now = self.clock.now();
        let business = self.business(tx, now).await?;
        let business_id = business.business_id;
        let category = self.category(tx, business_id).await?;
        partner::enable(tx, self.partner_id, business_id, now).await?;
        let choice = CategoryChoice {
            name: None,
            id: Some(category.category_id),
        };
        let new = test_data::lead(business_id, choice, now);
        let lead = compose(new, &business, &category, leads::new_ids(&self.ids), now);
        lead::insert(tx, &lead, category.category_id, now).await?;
        let receivers = partner::receivers_of(tx, business_id).await?;
        let own = receivers
            .iter()
            .find(|receiver| receiver.partner_id == self.partner_id);
        let Some(receiver) = own else {
            // The partner has no endpoint yet; it is answered all the same.
            return Ok(lead.for_partner(OptionalFields::default()));
        };
        let happening = Happening {
            business_id,
            lead_id: lead.lead_id,
            content: Content::Lead(&lead),
        };
        fan_out::record_for(tx, &self.fan_out, &happening, receiver, now).await?;
        Ok(lead.for_partner(receiver.fields))
    }
}

impl Create {
    /// The business that was given, or a new dummy.
    async fn business<T: Tx>(&self, tx: &mut T, now: Timestamp) -> Result<Business, TestLeadError> {
        if let Some(business_id) = self.business_id {
            let found = business::find(tx, business_id).await?;
            return found.ok_or(TestLeadError::UnknownBusiness);
        }
        let dummy = Business {
            business_id: ids::next(&self.ids, BusinessId::from_i64),
            account_id: None,
            name: test_data::BUSINESS_NAME.to_owned(),
            targeting: true,
            targeting_paused: false,
            created_at: now,
        };
        business::insert(tx, &dummy).await?;
        Ok(dummy)
    }

    /// The first kind of work of the business. One that does none yet gets one.
    async fn category<T: Tx>(
        &self,
        tx: &mut T,
        business_id: BusinessId,
    ) -> Result<BusinessCategory, TestLeadError> {
        let mut categories = business::categories(tx, business_id).await?.into_iter();
        if let Some(category) = categories.next() {
            return Ok(category);
        }
        let name = test_data::CATEGORY_NAME;
        let new_id = ids::next(&self.ids, CategoryId::from_i64);
        let category_id = business::category_id_by_name(tx, name, new_id).await?;
        business::add_category(tx, business_id, category_id, true).await?;
        Ok(BusinessCategory {
            category_id,
            name: name.to_owned(),
            targeting: true,
        })
    }
}

#[cfg(test)]
mod tests;
