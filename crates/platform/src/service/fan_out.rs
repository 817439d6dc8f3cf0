//! What happens to a business becomes deliveries: one for each partner that receives it, in the transaction that made it
//! happen, each with what that partner opted into.
//!
//! Whoever calls this holds the lead's lock, so that the order of a lead's deliveries is the order in which they were made,
//! and wakes the engine after the commit.

use base::IdMaker;
use base::faults::{self, Point};
use database::{Error, Tx};
use delivery::{EndpointId, NewDelivery, Touched};
use jiff::Timestamp;
use protocol::id::{BusinessId, DeliveryId, LeadId};
use protocol::lead::Lead;
use protocol::lead_update::LeadUpdate;
use protocol::message::CustomerMessage;
use protocol::optional_fields::OptionalFields;
use protocol::review::ReviewEvent;

use crate::domain::endpoint::Kind;
use crate::service::ids;
use crate::store::partner::{self, Receiver};

/// What partners are told, and about which lead: that is the conversation which deliveries are ordered within.
#[derive(Debug)]
pub(crate) struct Happening<'a> {
    pub(crate) business_id: BusinessId,
    pub(crate) lead_id: LeadId,
    pub(crate) content: Content<'a>,
}

/// The bodies of §4, complete.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    Lead(&'a Lead),
    Message(&'a CustomerMessage),
    LeadUpdate(&'a LeadUpdate),
    Review(&'a ReviewEvent),
}

impl Content<'_> {
    fn kind(&self) -> Kind {
        match self {
            Self::Lead(_) => Kind::Lead,
            Self::Message(_) => Kind::Message,
            Self::LeadUpdate(_) => Kind::LeadUpdate,
            Self::Review(_) => Kind::Review,
        }
    }

    /// The body for a partner with these opt-ins. Who asked for updates or reviews gets all of them.
    fn body_for(&self, fields: OptionalFields) -> String {
        let written = match self {
            Self::Lead(lead) => serde_json::to_string(&lead.for_partner(fields)),
            Self::Message(message) => serde_json::to_string(&message.for_partner(fields)),
            Self::LeadUpdate(update) => serde_json::to_string(update),
            Self::Review(event) => serde_json::to_string(event),
        };
        written.expect(
            "bodies consist of texts, numbers and switches, and their members' names are texts",
        )
    }
}

/// What recording takes.
#[derive(Clone, Debug)]
pub(crate) struct FanOut {
    ids: IdMaker,
    /// Who has something to be sent now.
    touched: Touched,
}

impl FanOut {
    /// For one operation.
    pub(crate) fn new(ids: IdMaker) -> Self {
        Self {
            ids,
            touched: Touched::new(),
        }
    }

    /// Whom something was recorded for: the engine is to be woken for them after the commit.
    pub(crate) fn touched(&self) -> Vec<EndpointId> {
        self.touched.take()
    }
}

/// Records a delivery for each partner that receives what happens to the business.
pub(crate) async fn record<T: Tx>(
    tx: &mut T,
    fan_out: &FanOut,
    happening: &Happening<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    faults::pass(Point::AfterDomainWrite);
    for receiver in partner::receivers_of(tx, happening.business_id).await? {
        record_for(tx, fan_out, happening, &receiver, now).await?;
    }
    Ok(())
}

/// Records a delivery for this partner, if it takes such deliveries at all.
pub(crate) async fn record_for<T: Tx>(
    tx: &mut T,
    fan_out: &FanOut,
    happening: &Happening<'_>,
    receiver: &Receiver,
    now: Timestamp,
) -> Result<(), Error> {
    let kind = happening.content.kind();
    if !receiver.kinds.contains(&kind) {
        return Ok(());
    }
    let new = NewDelivery {
        delivery_id: ids::next(&fan_out.ids, DeliveryId::from_i64),
        endpoint_id: receiver.partner_id.into(),
        conversation_id: happening.lead_id.into(),
        business_id: happening.business_id,
        kind: kind.as_str(),
        body: &happening.content.body_for(receiver.fields),
        created_at: now,
    };
    delivery::record(tx, &new).await?;
    fan_out.touched.add(new.endpoint_id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use protocol::fixtures;
    use serde_json::{Value, json};

    use super::*;

    fn body(content: &Content<'_>, fields: OptionalFields) -> Value {
        serde_json::from_str(&content.body_for(fields)).unwrap()
    }

    #[test]
    fn every_partner_is_sent_what_it_asked_for() {
        let lead = fixtures::lead_with_everything();
        let content = Content::Lead(&lead);
        assert_eq!(body(&content, OptionalFields::ALL), json!(lead));
        let least = body(&content, OptionalFields::NONE);
        assert_eq!(least["customer"]["phone"], Value::Null);
        assert_eq!(least["request"]["categoryID"], Value::Null);
        let review = fixtures::review();
        let content = Content::Review(&review);
        assert_eq!(body(&content, OptionalFields::NONE), json!(review));
    }
}
