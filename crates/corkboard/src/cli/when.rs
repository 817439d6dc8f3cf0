//! A moment as people write it: `2h` (ago), or a time of RFC 3339.

use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// So long before now.
    Ago(SignedDuration),
    /// This one.
    At(Timestamp),
}

impl When {
    /// The moment, seen from `now`.
    pub(crate) fn seen_from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(span) => now.saturating_sub(span).unwrap_or(Timestamp::MIN),
            Self::At(at) => at,
        }
    }
}

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at));
        }
        let span: Span = text.parse().map_err(|_| EXPECTED)?;
        // Of the length of a day there is no doubt here; months and years differ.
        let days = SpanRelativeTo::days_are_24_hours();
        match span.to_duration(days) {
            Ok(span) if !span.is_negative() => Ok(Self::Ago(span)),
            _ => Err(EXPECTED),
        }
    }
}

const EXPECTED: &str =
    "expected how long ago, such as `2h`, `90m` or `3d`, or a time such as `2026-01-31T09:30:00Z`";

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds_ago(text: &str) -> i64 {
        match text.parse().unwrap() {
            When::Ago(span) => span.as_secs(),
            When::At(at) => panic!("{at}"),
        }
    }

    #[test]
    fn a_span_is_counted_back_from_now() {
        for (text, seconds) in [
            ("90s", 90),
            ("90m", 5_400),
            ("2h", 7_200),
            ("1h30m", 5_400),
            ("1h 30m", 5_400),
            ("3d", 259_200),
            ("1w", 604_800),
            ("2 hours", 7_200),
            ("0s", 0),
        ] {
            assert_eq!(seconds_ago(text), seconds, "{text}");
        }
        let now: Timestamp = "2026-01-31T09:30:00Z".parse().unwrap();
        let when: When = "2h".parse().unwrap();
        assert_eq!(when.seen_from(now).to_string(), "2026-01-31T07:30:00Z");
    }

    #[test]
    fn a_time_is_itself_in_any_offset() {
        let when: When = "2026-01-31T10:30:00+01:00".parse().unwrap();
        let at = when.seen_from(Timestamp::UNIX_EPOCH);
        assert_eq!(at.to_string(), "2026-01-31T09:30:00Z");
    }

    #[test]
    fn what_is_neither_is_explained() {
        for text in ["", "soon", "2", "-2h", "1month", "1y", "2026-01-31", "noon"] {
            assert_eq!(text.parse::<When>(), Err(EXPECTED), "{text}");
        }
    }
}
