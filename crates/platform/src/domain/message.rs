//! A message about a lead as the platform keeps it, whoever wrote it. What goes over the wire is `protocol::message`.

use jiff::Timestamp;
use protocol::attachment::Attachment;
use protocol::id::{BusinessId, LeadId, MessageId, PartnerId};

/// A message as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) message_id: MessageId,
    pub(crate) lead_id: LeadId,
    pub(crate) business_id: BusinessId,
    pub(crate) author: Author,
    pub(crate) text: String,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) created_at: Timestamp,
}

/// Who wrote a message, and through whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// The customer, through the operator.
    Customer,
    /// The pro, through this OAuth client.
    ProByClient(String),
    /// The pro, through this partner's user name and password (API v1).
    ProByPartner(PartnerId),
}

impl Author {
    /// The word on the wire (§8.4) and in the store.
    pub(crate) const fn side(&self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::ProByClient(_) | Self::ProByPartner(_) => "pro",
        }
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Text and attachments are personal.
        formatter
            .debug_struct("Message")
            .field("message_id", &self.message_id)
            .field("lead_id", &self.lead_id)
            .field("author", &self.author)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_carries_a_message_it_is_the_customers_or_the_pros() {
        let partner_id = PartnerId::from_i64(1).unwrap();
        assert_eq!(Author::Customer.side(), "customer");
        assert_eq!(Author::ProByClient("crm".to_owned()).side(), "pro");
        assert_eq!(Author::ProByPartner(partner_id).side(), "pro");
    }
}
