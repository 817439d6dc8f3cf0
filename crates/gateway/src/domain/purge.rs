//! When a disconnected business's customers' data must be gone: within five business days (protocol §7).
//!
//! Saturdays and Sundays do not count. Federal holidays of the United States would not count either; they are not known
//! here, which only makes the date earlier than it must be.

use jiff::civil::Weekday;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

const BUSINESS_DAYS: u8 = 5;

/// The deadline for a business that was disconnected at `now`: the same time of day in UTC, five business days later.
pub(crate) fn purge_due_at(now: Timestamp) -> Timestamp {
    let mut due = now;
    let mut days = 0;
    while days < BUSINESS_DAYS {
        let Ok(next) = due.checked_add(SignedDuration::from_hours(24)) else {
            return due;
        };
        due = next;
        if is_business_day(due) {
            days += 1;
        }
    }
    due
}

fn is_business_day(moment: Timestamp) -> bool {
    let weekday = Offset::UTC.to_datetime(moment).weekday();
    !matches!(weekday, Weekday::Saturday | Weekday::Sunday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_do_not_count() {
        for (disconnected, due) in [
            // A Monday, a Wednesday, a Friday, a Saturday, a Sunday.
            ("2026-03-02T10:00:00Z", "2026-03-09T10:00:00Z"),
            ("2026-03-04T00:00:00Z", "2026-03-11T00:00:00Z"),
            ("2026-03-06T23:59:59Z", "2026-03-13T23:59:59Z"),
            ("2026-03-07T12:00:00Z", "2026-03-13T12:00:00Z"),
            ("2026-03-08T12:00:00Z", "2026-03-13T12:00:00Z"),
        ] {
            let due: Timestamp = due.parse().unwrap();
            assert_eq!(
                purge_due_at(disconnected.parse().unwrap()),
                due,
                "{disconnected}"
            );
        }
    }

    #[test]
    fn the_end_of_time_is_no_reason_to_panic() {
        assert!(purge_due_at(Timestamp::MAX) <= Timestamp::MAX);
    }
}
