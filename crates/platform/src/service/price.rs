//! A lead's price: the operator sets it or takes it back, and partners that asked for updates are told (protocol §4.3).

use base::Clock;
use base::faults::{self, Point};
use database::{Op, Tx};
use protocol::id::LeadId;
use protocol::lead_update::{LeadUpdate, PriceChange};

use crate::core::Core;
use crate::service::fan_out::{self, Content, FanOut, Happening};
use crate::service::idempotency::{Answer, KeyedRequest, Once, OnceError};
use crate::service::lead::LeadError;
use crate::store::lead;

/// Sets what the pro pays for the lead. Setting the same price again tells partners again.
pub(crate) async fn set(
    core: &Core,
    lead_id: LeadId,
    change: PriceChange,
    request: Option<KeyedRequest>,
    answer: fn(&LeadUpdate) -> Answer,
) -> Result<Answer, OnceError<LeadError>> {
    let fan_out = FanOut::new(core.ids.clone());
    let op = SetPrice {
        fan_out: fan_out.clone(),
        clock: core.clock.clone(),
        lead_id,
        change,
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

struct SetPrice {
    fan_out: FanOut,
    clock: Clock,
    lead_id: LeadId,
    change: PriceChange,
}

impl Op for SetPrice {
    type Out = LeadUpdate;
    type Error = LeadError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<LeadUpdate, LeadError> {
        let found = lead::lock_by_operator(tx, self.lead_id).await?;
        let stored = found
            .ok_or(LeadError::UnknownLead)?
            .charge(self.change.charge.clone());
        lead::save(tx, &stored).await?;
        let update = LeadUpdate {
            lead_id: self.lead_id,
            charge: stored.lead.charge.clone(),
        };
        let happening = Happening {
            business_id: stored.lead.business.business_id,
            lead_id: self.lead_id,
            content: Content::LeadUpdate(&update),
        };
        fan_out::record(tx, &self.fan_out, &happening, self.clock.now()).await?;
        Ok(update)
    }
}
