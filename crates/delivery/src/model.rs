//! What callers hand over and get to see: new deliveries, states, views of deliveries, attempts and endpoints.

use jiff::Timestamp;
use protocol::id::{BusinessId, DeliveryId};

use crate::id::{ConversationId, EndpointId};
use crate::policy::breaker::Hold;

/// A delivery to be recorded, in the transaction of whatever causes it.
#[derive(Clone, Copy)]
pub struct NewDelivery<'a> {
    /// Its id, and the `webhook-id` of every attempt. Recording the same id again changes nothing.
    pub delivery_id: DeliveryId,
    /// Where to.
    pub endpoint_id: EndpointId,
    /// What it is ordered within: behind everything recorded before it for the same endpoint and conversation.
    pub conversation_id: ConversationId,
    /// Whose it is.
    pub business_id: BusinessId,
    /// `lead`, `message`, `lead_update` or `review`; the engine only compares it.
    pub kind: &'a str,
    /// The bytes that every attempt sends: JSON.
    pub body: &'a str,
    /// Now. It is due at once.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for NewDelivery<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The body is personal.
        formatter
            .debug_struct("NewDelivery")
            .field("delivery_id", &self.delivery_id)
            .field("endpoint_id", &self.endpoint_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What [`record`](crate::record) did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is pending now.
    New,
    /// A delivery with this id was there already, pending or finished; nothing was changed.
    Existing,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The endpoint has it.
    Delivered,
    /// It was tried in vain. It is kept and can be tried again by hand.
    Dead,
    /// It was no longer wanted.
    Cancelled,
}

impl Ending {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Delivered, Self::Dead, Self::Cancelled];

    /// The word that is stored.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Where a delivery stands (protocol §8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It will be tried, or tried again.
    Pending,
    /// It is over.
    Finished(Ending),
}

impl State {
    /// All states.
    pub const ALL: [Self; 4] = [
        Self::Pending,
        Self::Finished(Ending::Delivered),
        Self::Finished(Ending::Dead),
        Self::Finished(Ending::Cancelled),
    ];

    /// The word of the operator API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Finished(ending) => ending.as_str(),
        }
    }

    /// The state that a word of the operator API means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A delivery as an operator sees it: without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryView {
    /// Its id.
    pub delivery_id: DeliveryId,
    /// Where to.
    pub endpoint_id: EndpointId,
    /// What it is ordered within.
    pub conversation_id: ConversationId,
    /// Whose it is.
    pub business_id: BusinessId,
    /// As it was recorded.
    pub kind: String,
    /// Where it stands.
    pub state: State,
    /// Requests made so far.
    pub attempts: u32,
    /// When it is tried next, at the earliest; `None` once it is finished.
    pub next_attempt_at: Option<Timestamp>,
    /// The status of the last answer.
    pub last_status: Option<u32>,
    /// What was wrong the last time, or why it ended.
    pub last_error: Option<String>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Whether the bytes that are sent are still there: until it is delivered.
    pub keeps_body: bool,
}

/// One request that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptView {
    /// Counted from 1.
    pub attempt: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over.
    pub ended_at: Timestamp,
    /// See [`OutcomeClass::as_str`](crate::policy::classify::OutcomeClass::as_str).
    pub class: String,
    /// The answer's status.
    pub status: Option<u32>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// At most 4 KiB of the answer's body. It was written by others: escape it where it is shown.
    pub answer: Option<String>,
}

/// A delivery with its attempts, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryDetails {
    /// The delivery.
    pub delivery: DeliveryView,
    /// Its attempts.
    pub attempts: Vec<AttemptView>,
}

/// An endpoint as an operator and its partner see it. The default is one in order, which nothing was recorded for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointView {
    /// Stopped by hand.
    pub paused: bool,
    /// It answered 410; everything waits until its settings change.
    pub gone: bool,
    /// Kinds that it answered with 405.
    pub kinds_off: Vec<String>,
    /// Impaired: since when and why its deliveries wait, and when the next probe is due.
    pub hold: Option<Hold>,
    /// How much it gets.
    pub limits: Limits,
}

/// How much an endpoint gets, where it differs from the engine's [`Settings`](crate::Settings).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many turns it gets where others get one, when places are short. At least 1.
    pub weight: u32,
    /// Requests on their way to it at the same time, at most.
    pub max_in_flight: Option<u32>,
    /// How many deliveries that have waited long may begin in a second.
    pub backlog_per_second: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            weight: 1,
            max_in_flight: None,
            backlog_per_second: None,
        }
    }
}
