//! The durable delivery engine, used by both sides: leads, messages, updates and reviews on their way to endpoints,
//! at least once, in order within a conversation, and never lost (protocol §4.5).
//!
//! It knows numbers, kinds and bytes; it knows nothing of what is in them, nor whose endpoints they go to. Start reading
//! at [`engine`], whose head says who takes part, which states there are and what is guaranteed.

// What callers say and see.
mod directory;
mod id;
mod model;
mod schema;
mod settings;
mod touched;
mod waker;

// What is decided, and what is stored.
mod moment;
pub mod policy;
mod store;

// What is done.
mod by_hand;
pub mod engine;
mod look;
mod record;
pub mod replay;
pub mod retention;

pub use by_hand::{Retried, limit, pause, release, resume, retry};
pub use directory::{
    Addressee, Change, Destination, Directory, DirectoryError, EndpointChange, Target,
};
pub use engine::{Engine, Parts};
pub use id::{ConversationId, EndpointId};
pub use look::{
    Counted, Filter, Forerunner, Load, Page, body, endpoint, find, find_of, forerunner, list, load,
    pending_count,
};
pub use model::{
    AttemptView, DeliveryDetails, DeliveryView, Ending, EndpointView, Limits, NewDelivery,
    Recorded, State,
};
pub use policy::breaker::{Hold, HoldReason};
pub use record::{
    Called, CalledOff, cancel, cancel_in_lanes, cancel_one, lanes_with_pending, record,
};
pub use schema::MIGRATIONS;
pub use settings::Settings;
pub use touched::Touched;
pub use waker::Waker;
