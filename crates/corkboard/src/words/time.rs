//! Times as people read them: when, how long ago, how long it took. Always in UTC, as the logs.

use jiff::{SignedDuration, Timestamp};

/// `2026-01-31 09:30:00`.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2026-01-31`.
pub(crate) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// `09:30:00.123`.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    at.strftime("%H:%M:%S%.3f").to_string()
}

/// `2 h ago`, `in 26 s`, `just now`, `now`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let distance = at.duration_since(now);
    if distance.abs() < SignedDuration::from_secs(1) {
        if distance.is_negative() {
            "just now".to_owned()
        } else {
            "now".to_owned()
        }
    } else if distance.is_negative() {
        format!("{} ago", span(-distance))
    } else {
        format!("in {}", span(distance))
    }
}

/// A length in its two largest units, such as `1 h 5 min`; small ones to the millisecond.
pub(crate) fn span(length: SignedDuration) -> String {
    let milliseconds = length.as_millis().max(0);
    let seconds = milliseconds / 1_000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..10 => format!("{}.{} s", seconds, milliseconds % 1_000 / 100),
        10..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

fn two(large: i128, large_unit: &str, small: i128, small_unit: &str) -> String {
    // Ten minutes and a second are ten minutes.
    if small == 0 || large >= 10 {
        format!("{large} {large_unit}")
    } else {
        format!("{large} {large_unit} {small} {small_unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    #[test]
    fn a_length_has_the_units_that_matter() {
        for (milliseconds, words) in [
            (0, "0 ms"),
            (-5, "0 ms"),
            (999, "999 ms"),
            (1_000, "1.0 s"),
            (9_949, "9.9 s"),
            (26_000, "26 s"),
            (60_000, "1 min"),
            (61_500, "1 min 1 s"),
            (900_000, "15 min"),
            (3_900_000, "1 h 5 min"),
            (86_400_000, "1 d"),
            (90_000_000, "1 d 1 h"),
            (2_592_000_000, "30 d"),
        ] {
            let length = SignedDuration::from_millis(milliseconds);
            assert_eq!(span(length), words, "{milliseconds}");
        }
    }

    #[test]
    fn a_moment_is_past_now_or_to_come() {
        let now = at(1_769_851_800_123);
        assert_eq!(relative(now, now), "now");
        assert_eq!(relative(at(1_769_851_799_500), now), "just now");
        assert_eq!(relative(at(1_769_851_774_123), now), "26 s ago");
        assert_eq!(relative(at(1_769_859_000_123), now), "in 2 h");
        assert_eq!(moment(now), "2026-01-31 09:30:00");
        assert_eq!(day(now), "2026-01-31");
        assert_eq!(time_of_day(now), "09:30:00.123");
    }
}
