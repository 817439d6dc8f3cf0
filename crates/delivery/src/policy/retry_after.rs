//! The `Retry-After` header (RFC 9110 §10.2.3): seconds, or a date in one of three forms.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The longest wait that an endpoint can ask for (protocol §4.5).
pub const LONGEST: Duration = Duration::from_hours(24);

/// The shortest: a date that is just ahead would otherwise have it asked again at once.
const SHORTEST: Duration = Duration::from_secs(1);

/// How long the endpoint asks to be left alone, at most [`LONGEST`]. `None` if the header cannot be read or asks for
/// no wait at all: then the schedule decides, so that a mistaken `0` does not make us call again and again.
pub fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds is as long as can be.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let left: SignedDuration = parse_date(value)?.duration_since(now);
        Duration::try_from(left).ok()?
    };
    (wait > Duration::ZERO).then_some(wait.clamp(SHORTEST, LONGEST))
}

fn parse_date(value: &str) -> Option<Timestamp> {
    if let Ok(moment) = rfc2822::DateTimeParser::new().parse_timestamp(value) {
        return Some(moment);
    }
    // The two obsolete forms, which a recipient has to read: RFC 850's and asctime's.
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|format| DateTime::strptime(format, value).ok())
        .and_then(|civil| TimeZone::UTC.to_timestamp(civil).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_all_three_forms_of_dates_are_read() {
        let now: Timestamp = "2026-11-06T08:49:07Z".parse().unwrap();
        for (value, seconds) in [
            ("120", Some(120)),
            (" 1 ", Some(1)),
            ("0", None),
            ("86401", Some(86_400)),
            ("99999999999999999999999999", Some(86_400)),
            ("Fri, 06 Nov 2026 08:49:37 GMT", Some(30)),
            ("Friday, 06-Nov-26 08:49:37 GMT", Some(30)),
            ("Fri Nov  6 08:49:37 2026", Some(30)),
            ("Fri, 06 Nov 2026 08:49:07 GMT", None),
            ("Fri, 06 Nov 2020 08:49:37 GMT", None),
            ("Fri, 06 Nov 2099 08:49:37 GMT", Some(86_400)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(
                parse(value, now),
                seconds.map(Duration::from_secs),
                "{value}"
            );
        }
    }
}
