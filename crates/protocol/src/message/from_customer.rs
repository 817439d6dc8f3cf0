//! A customer's message on its way to a partner (§4.2).

use serde::Serialize;
use serde_json::Value;

use crate::attachment::Attachment;
use crate::id::{BusinessId, CustomerId, LeadId, MessageId};
use crate::json::{Members, Problem, Problems};
use crate::optional_fields::{OptionalField, OptionalFields};
use crate::timestamp::UnixSeconds;

/// What the platform sends to a partner's message endpoint. Members are in the order in which they are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerMessage {
    /// The lead that the message is about.
    #[serde(rename = "leadID")]
    pub lead_id: LeadId,
    /// Who wrote it.
    #[serde(rename = "customerID")]
    pub customer_id: CustomerId,
    /// To whom.
    #[serde(rename = "businessID")]
    pub business_id: BusinessId,
    /// The message itself.
    pub message: MessageContent,
}

/// The message itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageContent {
    /// The message.
    #[serde(rename = "messageID")]
    pub message_id: MessageId,
    /// When it was written.
    #[serde(rename = "createTimestamp")]
    pub create_timestamp: UnixSeconds,
    /// The customer's words. A receiver takes any text, so this is not a [`super::MessageText`].
    pub text: String,
    /// Files (†); absent on the wire when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

impl CustomerMessage {
    /// Reads a message as a receiver, or names everything that is wrong with it. Unknown members pass.
    pub fn parse(body: &Value) -> Result<Self, Vec<Problem>> {
        let problems = Problems::new();
        let message = Members::of_body(body, &problems).and_then(|members| Self::read(&members));
        problems.finish(message)
    }

    /// This message as a partner with these opt-ins is sent it.
    #[must_use]
    pub fn for_partner(&self, fields: OptionalFields) -> Self {
        let mut message = self.clone();
        if !fields.contains(OptionalField::Attachments) {
            message.message.attachments.clear();
        }
        message
    }

    fn read(members: &Members<'_>) -> Option<Self> {
        let lead_id = members.required_parsed("leadID", LeadId::parse);
        let customer_id = members.required_parsed("customerID", CustomerId::parse);
        let business_id = members.required_parsed("businessID", BusinessId::parse);
        let message = members.required_object("message");
        let message = message.and_then(|message| MessageContent::read(&message));
        Some(Self {
            lead_id: lead_id?,
            customer_id: customer_id?,
            business_id: business_id?,
            message: message?,
        })
    }
}

impl MessageContent {
    fn read(members: &Members<'_>) -> Option<Self> {
        let message_id = members.required_parsed("messageID", MessageId::parse);
        let create_timestamp = members.required_parsed("createTimestamp", UnixSeconds::parse);
        let text = members.required_string("text");
        let attachments = Attachment::read_all(members, "attachments");
        Some(Self {
            message_id: message_id?,
            create_timestamp: create_timestamp?,
            text: text?.to_owned(),
            attachments,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures;
    use crate::json::{parse, sentence};

    #[test]
    fn the_sample_is_read_and_written_the_same() {
        let body = parse(fixtures::MESSAGE.as_bytes()).unwrap();
        let message = CustomerMessage::parse(&body).unwrap();
        assert_eq!(serde_json::to_value(message).unwrap(), body);
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        assert_eq!(
            sentence(&CustomerMessage::parse(&json!({"message": {}})).unwrap_err()),
            "/leadID is required; /customerID is required; /businessID is required; /message/messageID is required; \
             /message/createTimestamp is required; /message/text is required."
        );
    }

    #[test]
    fn attachments_go_only_to_partners_that_asked() {
        let mut message = fixtures::message();
        message.message.attachments = fixtures::lead_with_everything().request.attachments;
        assert!(!message.message.attachments.is_empty());
        assert_eq!(message.for_partner(OptionalFields::ALL), message);
        let sent = message.for_partner(OptionalFields::default());
        assert!(sent.message.attachments.is_empty());
    }
}
