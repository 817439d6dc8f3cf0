//! What the platform sends us, read and judged before anything is stored (protocol §4, §5).

use jiff::Timestamp;
use protocol::id::{BusinessId, LeadId, MessageId, ReviewId};
use protocol::json::Problem;
use protocol::lead::Lead;
use protocol::lead_update::LeadUpdate;
use protocol::message::CustomerMessage;
use protocol::review::ReviewEvent;
use serde_json::Value;

/// The four kinds of bodies that arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArrivalKind {
    Lead,
    Message,
    LeadUpdate,
    Review,
}

impl ArrivalKind {
    /// The word in the database and on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Message => "message",
            Self::LeadUpdate => "lead_update",
            Self::Review => "review",
        }
    }

    /// The kind with this word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Lead, Self::Message, Self::LeadUpdate, Self::Review]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// A body that is what its kind must be: the ids by which it is filed. The body itself is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Lead {
        lead_id: LeadId,
        business_id: BusinessId,
        made_at: Timestamp,
    },
    Message {
        message_id: MessageId,
        lead_id: LeadId,
        business_id: BusinessId,
        made_at: Timestamp,
    },
    LeadUpdate {
        lead_id: LeadId,
    },
    Review {
        review_id: ReviewId,
        business_id: BusinessId,
        lead_id: Option<LeadId>,
        made_at: Timestamp,
    },
}

impl Arrival {
    /// Reads a body of a kind, or names everything that is wrong with it.
    pub(crate) fn read(kind: ArrivalKind, body: &Value) -> Result<Self, Vec<Problem>> {
        match kind {
            ArrivalKind::Lead => Lead::parse(body).map(|lead| Self::Lead {
                lead_id: lead.lead_id,
                business_id: lead.business.business_id,
                made_at: lead.create_timestamp.timestamp(),
            }),
            ArrivalKind::Message => CustomerMessage::parse(body).map(|message| Self::Message {
                message_id: message.message.message_id,
                lead_id: message.lead_id,
                business_id: message.business_id,
                made_at: message.message.create_timestamp.timestamp(),
            }),
            ArrivalKind::LeadUpdate => LeadUpdate::parse(body).map(|update| Self::LeadUpdate {
                lead_id: update.lead_id,
            }),
            ArrivalKind::Review => ReviewEvent::parse(body).map(|event| Self::Review {
                review_id: event.review.review_id,
                business_id: event.review.business_id,
                lead_id: event.review.lead_id,
                made_at: event.review.create_time.timestamp(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: ArrivalKind, fixture: &str) -> Arrival {
        Arrival::read(kind, &serde_json::from_str(fixture).unwrap()).unwrap()
    }

    #[test]
    fn the_samples_of_the_wire_are_read() {
        use protocol::fixtures::{LEAD, LEAD_UPDATE, MESSAGE, REVIEW, lead};

        let Arrival::Lead { made_at, .. } = read(ArrivalKind::Lead, LEAD) else {
            panic!("it is a lead");
        };
        assert_eq!(made_at, lead().create_timestamp.timestamp());
        let message = read(ArrivalKind::Message, MESSAGE);
        assert!(matches!(message, Arrival::Message { .. }));
        let update = read(ArrivalKind::LeadUpdate, LEAD_UPDATE);
        assert!(matches!(update, Arrival::LeadUpdate { .. }));
        let review = read(ArrivalKind::Review, REVIEW);
        assert!(matches!(review, Arrival::Review { .. }));
    }

    #[test]
    fn every_problem_is_named_with_its_pointer() {
        let problems = Arrival::read(ArrivalKind::Message, &json!({"leadID": 5})).unwrap_err();
        let pointers: Vec<&str> = problems
            .iter()
            .map(|problem| problem.pointer.as_str())
            .collect();
        assert_eq!(
            pointers,
            ["/leadID", "/customerID", "/businessID", "/message"]
        );
    }

    #[test]
    fn a_kind_survives_the_database() {
        for word in ["lead", "message", "lead_update", "review"] {
            assert_eq!(ArrivalKind::parse(word).unwrap().as_str(), word);
        }
        assert_eq!(ArrivalKind::parse("other"), None);
    }
}
