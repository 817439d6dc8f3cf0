//! Arithmetic of times that cannot fail: what does not fit becomes the last moment there is.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// `span` after `moment`.
pub(crate) fn after(moment: Timestamp, span: Duration) -> Timestamp {
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
    moment.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// `span` before `moment`.
pub(crate) fn before(moment: Timestamp, span: Duration) -> Timestamp {
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
    moment.saturating_sub(span).unwrap_or(Timestamp::MIN)
}

/// How long `moment` is past; nothing if it is to come.
pub(crate) fn since(moment: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(moment)).unwrap_or(Duration::ZERO)
}

/// How long until `moment`; nothing if it is past.
pub(crate) fn until(moment: Timestamp, now: Timestamp) -> Duration {
    since(now, moment)
}

/// Microseconds for a column.
pub(crate) fn microseconds(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
