//! Sample bodies of the wire, for tests here and in other crates (feature `fixtures`): the shapes that the source's samples
//! and real senders use, with ids, names and words of our own.

use crate::json::parse;
use crate::lead::Lead;
use crate::lead_update::LeadUpdate;
use crate::message::CustomerMessage;
use crate::review::ReviewEvent;

/// A lead with an address, a phone number and no price yet.
pub const LEAD: &str = include_str!("fixtures/lead.json");
/// A lead as `create-lead` answers it: the estimate is a sentence, and there is no kind, detail or address.
pub const CREATED_LEAD: &str = include_str!("fixtures/created_lead.json");
/// A lead as it was seen in the wild: empty address lines, two lines of schedule without year or length, a unit price.
pub const REAL_LEAD: &str = include_str!("fixtures/real_lead.json");
/// A lead with every optional member.
pub const LEAD_WITH_EVERYTHING: &str = include_str!("fixtures/lead_with_everything.json");
/// A customer's message.
pub const MESSAGE: &str = include_str!("fixtures/message.json");
/// A lead update.
pub const LEAD_UPDATE: &str = include_str!("fixtures/lead_update.json");
/// A lead update with the trailing comma of the source's sample: not JSON (§4.3).
pub const LEAD_UPDATE_WITH_TRAILING_COMMA: &str =
    include_str!("fixtures/lead_update_with_trailing_comma.txt");
/// A review with every optional member.
pub const REVIEW: &str = include_str!("fixtures/review.json");

macro_rules! parsed {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ident = $text:ident;)+) => {$(
        $(#[doc = $doc])+
        ///
        /// # Panics
        /// Never: a test reads every fixture.
        #[must_use]
        pub fn $name() -> $type {
            let body = parse($text.as_bytes()).expect("the fixture is JSON");
            $type::parse(&body).expect("the fixture has the shape that its name says")
        }
    )+};
}

parsed! {
    /// [`LEAD`], read.
    lead: Lead = LEAD;
    /// [`CREATED_LEAD`], read.
    created_lead: Lead = CREATED_LEAD;
    /// [`REAL_LEAD`], read.
    real_lead: Lead = REAL_LEAD;
    /// [`LEAD_WITH_EVERYTHING`], read.
    lead_with_everything: Lead = LEAD_WITH_EVERYTHING;
    /// [`MESSAGE`], read.
    message: CustomerMessage = MESSAGE;
    /// [`LEAD_UPDATE`], read.
    lead_update: LeadUpdate = LEAD_UPDATE;
    /// [`REVIEW`], read.
    review: ReviewEvent = REVIEW;
}
