//! What customers write: the operator feeds it in, and every partner that receives the business's messages gets it, those
//! too that were connected after the lead was made (they answer 202, protocol §4.2).

use base::faults::{self, Point};
use base::{Clock, IdMaker};
use database::{Op, Tx};
use protocol::id::{LeadId, MessageId};
use protocol::message::{CustomerMessage, MessageContent, NewMessage};
use protocol::timestamp::UnixSeconds;

use crate::core::Core;
use crate::domain::message::{Author, Message};
use crate::service::fan_out::{self, Content, FanOut, Happening};
use crate::service::idempotency::{Answer, KeyedRequest, Once, OnceError};
use crate::service::ids;
use crate::service::lead::LeadError;
use crate::store::message::Line;
use crate::store::{lead, message};

/// Stores the customer's message and sends it to the partners. A closed lead takes it all the same: only the pro's side
/// ends there.
pub(crate) async fn create(
    core: &Core,
    lead_id: LeadId,
    new: NewMessage,
    request: Option<KeyedRequest>,
    answer: fn(&CustomerMessage) -> Answer,
) -> Result<Answer, OnceError<LeadError>> {
    let fan_out = FanOut::new(core.ids.clone());
    let op = Create {
        ids: core.ids.clone(),
        fan_out: fan_out.clone(),
        clock: core.clock.clone(),
        lead_id,
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

/// At most `limit` messages about the lead, of both sides, after the one with the id `after`.
pub(crate) async fn list(
    core: &Core,
    lead_id: LeadId,
    after: i64,
    limit: i64,
) -> Result<Vec<Line>, LeadError> {
    let found = lead::find_by_operator(&mut core.db.reader(), lead_id).await?;
    let business_id = found
        .ok_or(LeadError::UnknownLead)?
        .lead
        .business
        .business_id;
    let mut scanner = core.db.scanner();
    Ok(message::list(&mut scanner, business_id, lead_id, after, limit).await?)
}

struct Create {
    ids: IdMaker,
    fan_out: FanOut,
    clock: Clock,
    lead_id: LeadId,
    new: NewMessage,
}

impl Op for Create {
    type Out = CustomerMessage;
    type Error = LeadError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<CustomerMessage, LeadError> {
        let found = lead::lock_by_operator(tx, self.lead_id).await?;
        let lead = found.ok_or(LeadError::UnknownLead)?.lead;
        // Id and time are taken under the lock, so that they rise in the order of the deliveries.
        let now = self.clock.now();
        let stored = Message {
            message_id: ids::next(&self.ids, MessageId::from_i64),
            lead_id: lead.lead_id,
            business_id: lead.business.business_id,
            author: Author::Customer,
            text: self.new.text.as_str().to_owned(),
            attachments: self.new.attachments.clone(),
            created_at: now,
        };
        message::insert(tx, &stored).await?;
        let sent = CustomerMessage {
            lead_id: lead.lead_id,
            customer_id: lead.customer.customer_id,
            business_id: lead.business.business_id,
            message: MessageContent {
                message_id: stored.message_id,
                create_timestamp: UnixSeconds::from_timestamp(now),
                text: stored.text,
                attachments: stored.attachments,
            },
        };
        let happening = Happening {
            business_id: sent.business_id,
            lead_id: sent.lead_id,
            content: Content::Message(&sent),
        };
        fan_out::record(tx, &self.fan_out, &happening, now).await?;
        Ok(sent)
    }
}

#[cfg(test)]
mod tests;
