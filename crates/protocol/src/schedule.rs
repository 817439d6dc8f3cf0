//! When a customer wants the work done: up to three labelled lines of text (§4.1), read as far as they can be.
//!
//! Reading never fails: the text is the truth, and whoever shows a schedule shows the text where
//! [`Schedule::is_understood`] is false.

mod dates;
mod length;
mod times;
mod windows;

pub use dates::ScheduleDate;
pub use times::ScheduleTime;
pub use windows::{ScheduleWindow, Windows};

/// A schedule as it came, and what could be read of it.
///
/// ```
/// use protocol::schedule::Schedule;
/// let schedule = Schedule::read("Date: Tue, May 05 2020\nTime: 6:00 PM\nLength: 3.5 hours");
/// assert_eq!(schedule.dates()[0].to_string(), "2020-05-05");
/// assert_eq!(schedule.length_minutes(), Some(210));
/// assert!(schedule.is_understood());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    dates: Vec<ScheduleDate>,
    dates_line: String,
    times: Vec<ScheduleTime>,
    times_line: String,
    length_minutes: Option<u32>,
    unread: Vec<String>,
}

impl Schedule {
    /// Reads a schedule.
    pub fn read(text: &str) -> Self {
        let mut schedule = Self {
            text: text.to_owned(),
            dates: Vec::new(),
            dates_line: String::new(),
            times: Vec::new(),
            times_line: String::new(),
            length_minutes: None,
            unread: Vec::new(),
        };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        for line in lines {
            if schedule.read_line(line).is_none() {
                schedule.unread.push(line.to_owned());
            }
        }
        schedule
    }

    /// The text as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The days that the customer named, in the order named.
    pub fn dates(&self) -> &[ScheduleDate] {
        &self.dates
    }

    /// The times of day that suit the customer, in the order named.
    pub fn times(&self) -> &[ScheduleTime] {
        &self.times
    }

    /// How long the work is to take, in minutes.
    pub fn length_minutes(&self) -> Option<u32> {
        self.length_minutes
    }

    /// Whether every line was read in full, so that nothing is lost if the text is not shown.
    pub fn is_understood(&self) -> bool {
        self.unread.is_empty()
    }

    /// The lines that were not read, without the space around them.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    fn read_line(&mut self, line: &str) -> Option<()> {
        let (label, rest) = line.split_once(':')?;
        match label.trim().to_ascii_lowercase().as_str() {
            "date" | "dates" if self.dates.is_empty() => {
                self.dates = dates::read(rest)?;
                line.clone_into(&mut self.dates_line);
            }
            "time" | "times" if self.times.is_empty() => {
                self.times = times::read(rest)?;
                line.clone_into(&mut self.times_line);
            }
            "length" if self.length_minutes.is_none() => {
                self.length_minutes = Some(length::read(rest)?);
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_real_schedule_is_read() {
        let schedule = Schedule::read(
            "Dates: May 13, May 14, Jun 19\nTimes: Morning (9am - 12pm), Afternoon (12pm - 3pm)",
        );
        assert!(schedule.is_understood());
        let dates: Vec<String> = schedule.dates().iter().map(ToString::to_string).collect();
        assert_eq!(dates, ["05-13", "05-14", "06-19"]);
        let times: Vec<String> = schedule.times().iter().map(ToString::to_string).collect();
        assert_eq!(times, ["Morning (09:00-12:00)", "Afternoon (12:00-15:00)"]);
        assert_eq!(schedule.length_minutes(), None);
    }

    #[test]
    fn anything_else_is_kept_and_marked() {
        for text in [
            "as soon as possible",
            "Date: whenever\nTime: 6:00 PM",
            "Date: May 5\nDate: May 6",
            "Dates: May 13\nTimes: Morning (9am - 12pm)\nThe dates are flexible",
            "Date:",
            "Length: long",
        ] {
            let schedule = Schedule::read(text);
            assert!(!schedule.is_understood(), "{text}");
            assert_eq!(schedule.text(), text);
        }
        let partly = Schedule::read("Date: whenever\nTime: 6:00 PM");
        assert_eq!((partly.dates().len(), partly.times().len()), (0, 1));
        assert_eq!(partly.unread(), ["Date: whenever"]);
    }

    #[test]
    fn line_endings_labels_and_space_do_not_matter() {
        let plain = Schedule::read("Dates: Apr 10\nTimes: 3:00 PM\nLength: 4 hours");
        let other = Schedule::read(" dates :Apr 10 \r\nTIME: 3:00 pm\r\n\r\nlength:4 hours\n");
        assert_eq!(plain.dates(), other.dates());
        assert_eq!(plain.times(), other.times());
        assert_eq!(plain.length_minutes(), other.length_minutes());
        assert!(plain.is_understood() && other.is_understood());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).*") {
            let schedule = Schedule::read(&text);
            prop_assert_eq!(schedule.text(), text);
        }

        #[test]
        fn no_text_like_a_schedule_makes_it_panic(
            dates in "[A-Za-z]{0,4}[ ,]{0,2}[0-9]{0,12}[ ,]{0,2}[0-9]{0,12}",
            times in r"[A-Za-z ]{0,6}\(?[0-9:]{0,8}(am|PM)?[ –-]{0,3}[0-9:]{0,8}(am|PM)?\)?",
            length in r"[0-9.]{0,14} ?(hours|h|minutes)?",
        ) {
            let text = format!("Dates: {dates}\nTimes: {times}\nLength: {length}");
            let schedule = Schedule::read(&text);
            prop_assert_eq!(schedule.text(), text);
        }
    }
}
