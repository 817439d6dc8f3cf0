//! Reading stored bodies for events: whatever is not there, or not what it should be, is simply not told.

use jiff::Timestamp;
use serde::{Serialize as _, Serializer};
use serde_json::{Map, Value};

/// When a body arrived, and how many under its id did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// When.
    pub at: Timestamp,
    /// 1 for the first body under its id.
    pub revision: usize,
}

/// A time as events have it: RFC 3339 in UTC, as exact as it is stored.
pub(super) fn moment(at: Timestamp) -> String {
    let stored = Timestamp::from_microsecond(at.as_microsecond());
    stored.unwrap_or(at).to_string()
}

/// The text of a member.
pub(super) fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str()
}

/// The text of a member of a member.
pub(super) fn inner_text<'a>(
    members: &'a Map<String, Value>,
    outer: &str,
    name: &str,
) -> Option<&'a str> {
    text(object(members, outer)?, name)
}

/// The members of a member.
pub(super) fn object<'a>(
    members: &'a Map<String, Value>,
    name: &str,
) -> Option<&'a Map<String, Value>> {
    members.get(name)?.as_object()
}

/// A time as events have it, for serde.
pub(super) fn as_moment<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment(*at))
}

/// A time as events have it or `null`, for serde.
#[expect(
    clippy::ref_option,
    reason = "serde calls it with a reference to the member"
)]
pub(super) fn as_optional_moment<S: Serializer>(
    at: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    at.map(moment).serialize(serializer)
}
