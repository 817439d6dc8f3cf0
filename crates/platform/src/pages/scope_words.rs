//! What each scope means, in plain words for pros.

use protocol::scope::Scope;
use serde::Serialize;

/// A scope as a pro reads it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ScopeWords {
    /// A few words.
    title: &'static str,
    /// What the partner can do with it.
    meaning: &'static str,
}

/// The words for a scope.
pub(super) fn words(scope: Scope) -> ScopeWords {
    let (title, meaning) = match scope {
        Scope::Messages => (
            "Leads and messages",
            "Receive your new leads and your customers' messages, and answer customers in your name.",
        ),
        Scope::Availability => (
            "Availability",
            "Know and keep up to date when you are free to work.",
        ),
        Scope::Bookings => (
            "Bookings",
            "Know and manage the jobs that customers book with you.",
        ),
        Scope::Targeting => (
            "Targeting",
            "Turn on and off whether this business is offered to customers.",
        ),
    };
    ScopeWords { title, meaning }
}
