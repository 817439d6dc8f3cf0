//! A schedule as a calendar needs it: each day with each time of day, years filled in.
//!
//! Times are those of the place where the work is to be done; a schedule does not name its time zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Timestamp};

use super::{Schedule, ScheduleDate, ScheduleTime};

/// More combinations of days and times than this are not a schedule that a calendar could show.
const MOST_WINDOWS: usize = 100;

/// A day without a year may lie this many days before the lead was made, and otherwise lies after it.
const DAYS_BEFORE: i64 = 30;

/// A day, and from when until when on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleWindow {
    /// The day.
    pub date: Date,
    /// Not before this; `None` if any time from the morning on suits.
    pub start: Option<Time>,
    /// Done by this; `None` if that is open, or not on the same day any more.
    pub end: Option<Time>,
    /// What the customer calls the time, such as "Late Afternoon".
    pub name: Option<String>,
}

/// All windows of a schedule, and what they do not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    /// Every day with every time of day, in the order named.
    pub windows: Vec<ScheduleWindow>,
    /// Whether a year was not in the text and was taken from when the lead was made.
    pub is_year_inferred: bool,
    /// The lines of the text that neither the windows nor the length repeat.
    pub unread: Vec<String>,
}

impl Schedule {
    /// The windows of a schedule that belongs to a lead made at this time.
    ///
    /// ```
    /// use protocol::schedule::Schedule;
    /// let schedule = Schedule::read("Dates: May 13, Jan 3\nTime: 6:00 PM\nLength: 3.5 hours");
    /// let windows = schedule.windows("2025-12-01T10:00:00Z".parse()?).windows;
    /// assert_eq!(windows[0].date.to_string(), "2026-05-13");
    /// assert_eq!(windows[1].date.to_string(), "2026-01-03");
    /// assert_eq!(windows[0].end.map(|end| end.to_string()).as_deref(), Some("21:30:00"));
    /// # Ok::<(), jiff::Error>(())
    /// ```
    pub fn windows(&self, made_at: Timestamp) -> Windows {
        let mut windows = Windows {
            windows: Vec::new(),
            is_year_inferred: false,
            unread: self.unread.clone(),
        };
        if self.dates.len().saturating_mul(self.times.len().max(1)) > MOST_WINDOWS {
            windows.unread.extend(self.lines());
            return windows;
        }
        for date in &self.dates {
            match resolve(*date, made_at) {
                Some(day) => {
                    windows.is_year_inferred |= date.year.is_none();
                    windows.windows.extend(self.on(day));
                }
                // Once, however many of its days are in no calendar.
                None if windows.unread.contains(&self.dates_line) => {}
                None => windows.unread.push(self.dates_line.clone()),
            }
        }
        if self.dates.is_empty() && !self.times.is_empty() {
            windows.unread.push(self.times_line.clone());
        }
        windows
    }

    /// The lines with the dates and the times, as far as there are any.
    fn lines(&self) -> impl Iterator<Item = String> + '_ {
        [&self.dates_line, &self.times_line]
            .into_iter()
            .filter(|line| !line.is_empty())
            .cloned()
    }

    fn on(&self, date: Date) -> Vec<ScheduleWindow> {
        let whole_day = ScheduleWindow {
            date,
            start: None,
            end: None,
            name: None,
        };
        if self.times.is_empty() {
            return vec![whole_day];
        }
        let window = |time: &ScheduleTime| match time {
            ScheduleTime::Exact(start) => ScheduleWindow {
                start: Some(*start),
                end: self.end_of(date, *start),
                ..whole_day.clone()
            },
            ScheduleTime::Range { name, from, until } => ScheduleWindow {
                start: *from,
                // "9pm - 12am" ends on the next day.
                end: until.filter(|until| from.is_none_or(|from| from < *until)),
                name: name.clone(),
                ..whole_day.clone()
            },
        };
        self.times.iter().map(window).collect()
    }

    /// When work of the length that was named ends, if it ends on the same day.
    fn end_of(&self, date: Date, start: Time) -> Option<Time> {
        let length = Span::new().minutes(self.length_minutes?);
        let end = DateTime::from_parts(date, start).checked_add(length).ok()?;
        (end.date() == date).then(|| end.time())
    }
}

/// The day in the calendar. Without a year it is the first such day from a month before the lead was made: customers ask
/// for what is to come, in words that may be some days old when the lead is made.
fn resolve(date: ScheduleDate, made_at: Timestamp) -> Option<Date> {
    if let Some(year) = date.year {
        return date.in_year(year);
    }
    let made_on = jiff::tz::Offset::UTC.to_datetime(made_at).date();
    let earliest = made_on.saturating_sub(Span::new().days(DAYS_BEFORE));
    let years = [earliest.year(), earliest.year().saturating_add(1)];
    let mut days = years.into_iter().filter_map(|year| date.in_year(year));
    days.find(|day| *day >= earliest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, made_at: &str) -> (Vec<String>, Vec<String>) {
        let clock = |time: Option<Time>| time.map_or_else(String::new, |time| time.to_string());
        let windows = Schedule::read(text).windows(made_at.parse().unwrap());
        let show = |window: &ScheduleWindow| {
            let ScheduleWindow {
                date, start, end, ..
            } = window;
            format!("{date} {}-{}", clock(*start), clock(*end)).replace(":00-", "-")
        };
        (windows.windows.iter().map(show).collect(), windows.unread)
    }

    #[test]
    fn every_day_has_every_time() {
        let (windows, unread) = shown(
            "Dates: May 13, Jun 19\nTimes: Morning (9am - 12pm), Evening (after 6pm)",
            "2022-04-28T11:35:12Z",
        );
        assert_eq!(
            windows,
            [
                "2022-05-13 09:00-12:00:00",
                "2022-05-13 18:00-",
                "2022-06-19 09:00-12:00:00",
                "2022-06-19 18:00-",
            ]
        );
        assert!(unread.is_empty());
    }

    #[test]
    fn a_length_ends_an_exact_time_but_not_on_another_day() {
        for (text, window) in [
            (
                "Date: May 5\nTime: 6:00 PM\nLength: 90 minutes",
                "2026-05-05 18:00-19:30:00",
            ),
            (
                "Date: May 5\nTime: 10:00 PM\nLength: 2 hours",
                "2026-05-05 22:00-",
            ),
            ("Date: May 5\nTime: 6:00 PM", "2026-05-05 18:00-"),
            ("Date: May 5\nTime: Night (9pm - 12am)", "2026-05-05 21:00-"),
            (
                "Date: May 5\nTime: Early (before 9am)\nLength: 2 hours",
                "2026-05-05 -09:00:00",
            ),
            ("Date: May 5\nLength: 2 hours", "2026-05-05 -"),
        ] {
            assert_eq!(shown(text, "2026-05-01T00:00:00Z").0, [window], "{text}");
        }
    }

    #[test]
    fn a_missing_year_is_the_one_in_which_the_day_is_to_come() {
        for (day, made_at, date) in [
            ("Jan 3", "2025-12-20T10:00:00Z", "2026-01-03 -"),
            ("Dec 21", "2025-12-20T10:00:00Z", "2025-12-21 -"),
            // In the customer's time zone it is still the 20th.
            ("Dec 20", "2025-12-21T02:00:00Z", "2025-12-20 -"),
            ("Dec 20", "2026-01-05T02:00:00Z", "2025-12-20 -"),
            ("Nov 1", "2025-12-20T10:00:00Z", "2026-11-01 -"),
            ("Feb 29", "2027-11-01T10:00:00Z", "2028-02-29 -"),
            ("Feb 29 2020", "2027-11-01T10:00:00Z", "2020-02-29 -"),
        ] {
            let (windows, unread) = shown(&format!("Date: {day}"), made_at);
            assert_eq!(windows, [date], "{day} {made_at}");
            assert!(unread.is_empty());
        }
    }

    #[test]
    fn what_is_in_no_window_is_said() {
        let made_at = "2025-12-20T10:00:00Z";
        let times_alone = shown("Time: 6:00 PM", made_at);
        assert_eq!(times_alone, (vec![], vec!["Time: 6:00 PM".to_owned()]));
        let no_such_day = shown("Dates: Feb 29, Feb 29, Jan 2", made_at);
        assert_eq!(no_such_day.0, ["2026-01-02 -"]);
        assert_eq!(no_such_day.1, ["Dates: Feb 29, Feb 29, Jan 2"]);
        let (windows, unread) = shown("Date: May 5\nThe dates are flexible", made_at);
        assert_eq!((windows.len(), unread.len()), (1, 1));
        let days = vec!["May 5"; 30].join(", ");
        let times = vec!["3:00 PM"; 30].join(", ");
        let (windows, unread) = shown(&format!("Dates: {days}\nTimes: {times}"), made_at);
        assert_eq!((windows.len(), unread.len()), (0, 2), "too many to be true");
    }

    #[test]
    fn the_ends_of_time_are_no_reason_to_panic() {
        for made_at in [Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH] {
            let schedule = Schedule::read("Dates: Jan 1, Feb 29, Dec 31\nTime: 11:59 PM");
            assert!(schedule.windows(made_at).windows.len() <= 3);
        }
    }

    proptest! {
        #[test]
        fn no_schedule_makes_it_panic(
            days in "((Jan|Feb|Dec) [0-9]{1,2}( [0-9]{4})?(, )?){0,4}",
            times in r"([A-Z][a-z]{0,5} \([0-9]{1,2}(am|pm) - [0-9]{1,2}(am|pm)\)|[0-9]{1,2}:[0-9]{2} (AM|PM))",
            minutes in 0..120_000_u32,
            second in -400_000_000_000_i64..=250_000_000_000,
        ) {
            let made_at = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
            let text = format!("Dates: {days}\nTimes: {times}\nLength: {minutes} minutes");
            let windows = Schedule::read(&text).windows(made_at);
            for window in &windows.windows {
                prop_assert!(window.end.is_none() || window.start < window.end);
            }
        }
    }
}
