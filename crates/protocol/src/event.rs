//! What the gateway tells a partner's own systems (§8.2): typed events, pushed to a CRM by Standard Webhooks or pulled by
//! it, letter by letter the same.
//!
//! Each event holds what arrived under its own name and, beside it, what could be read of it: times as RFC 3339, prices in
//! cents, the schedule as windows, the phone number classified. Reading never fails and never guesses: what is not certain
//! is `null`, and the text is there.

mod connection;
mod lead;
mod message;
mod reply;
mod review;
mod value;

use std::fmt;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

pub use connection::ConnectionEvent;
pub use lead::{ChargeEvent, LeadEvent};
pub use message::MessageEvent;
pub use reply::ReplyEvent;
pub use review::ReviewedEvent;
pub use value::Arrived;

/// The type of the event that is sent when somebody asks for a test. It is in no log and needs no subscription.
pub const TEST_PING: &str = "test.ping";

macro_rules! event_types {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal;)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType {
            $($(#[doc = $doc])+ $name,)+
        }

        impl EventType {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

event_types! {
    /// A lead arrived.
    LeadReceived = "lead.received";
    /// Another body arrived under the id of a lead that is known.
    LeadRevised = "lead.revised";
    /// The price or the charge of a lead changed.
    LeadUpdated = "lead.updated";
    /// A customer's message arrived.
    MessageReceived = "message.received";
    /// Another body arrived under the id of a message that is known.
    MessageRevised = "message.revised";
    /// A review arrived.
    ReviewReceived = "review.received";
    /// Another body arrived under the id of a review that is known.
    ReviewRevised = "review.revised";
    /// The platform has a reply.
    ReplySent = "reply.sent";
    /// The platform does not have a reply, and it is not tried again.
    ReplyFailed = "reply.failed";
    /// Nobody knows whether the platform has a reply; a person decides.
    ReplyUncertain = "reply.uncertain";
    /// A pro connected a business.
    ConnectionMade = "connection.made";
    /// Only the pro can mend a connection, by connecting again.
    ConnectionReconnectNeeded = "connection.reconnect_needed";
    /// A business is connected no more.
    ConnectionEnded = "connection.ended";
}

/// Why a text is not the name of an event. Each message completes the sentence "this member …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {}", names())]
pub struct UnknownEventType;

impl EventType {
    /// The type with this name.
    pub fn parse(name: &str) -> Result<Self, UnknownEventType> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.as_str() == name)
            .ok_or(UnknownEventType)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

fn names() -> String {
    let names: Vec<&str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    names.join(", ")
}

/// An event as it goes out: what Standard Webhooks recommends, and the number under which the log has it.
#[derive(Debug, Clone, Serialize)]
struct Envelope<'a, D> {
    id: Option<String>,
    r#type: &'a str,
    timestamp: String,
    data: &'a D,
}

/// The bytes of an event with this number in the log.
pub fn payload(number: i64, kind: EventType, at: Timestamp, data: &impl Serialize) -> String {
    write(Some(number.to_string()), kind.as_str(), at, data)
}

/// The bytes of a [`TEST_PING`] to a forward.
pub fn test_ping(forward_id: i64, at: Timestamp) -> String {
    #[derive(Serialize)]
    struct Ping {
        forward_id: String,
        text: &'static str,
    }
    let ping = Ping {
        forward_id: forward_id.to_string(),
        text: "Somebody asked for this test.",
    };
    write(None, TEST_PING, at, &ping)
}

fn write(id: Option<String>, kind: &str, at: Timestamp, data: &impl Serialize) -> String {
    let envelope = Envelope {
        id,
        r#type: kind,
        timestamp: value::moment(at),
        data,
    };
    serde_json::to_string(&envelope)
        .expect("events consist of texts, numbers and switches, and their members' names are texts")
}

#[cfg(test)]
mod tests;
