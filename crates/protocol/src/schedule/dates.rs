//! The line of dates: "Fri Apr 10 2020", "Tue, May 05 2020", "Apr 10, Apr 11, Apr 12".

use std::fmt;

use jiff::civil::Date;

/// A leap year, to judge days without a year by.
const ANY_YEAR: i16 = 2000;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A day, often without its year. Prints as `2020-05-05` or `05-05`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScheduleDate {
    /// The year, if the text has one.
    pub year: Option<i16>,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

impl ScheduleDate {
    fn new(year: Option<i16>, month: i8, day: i8) -> Option<Self> {
        Date::new(year.unwrap_or(ANY_YEAR), month, day).ok()?;
        Some(Self { year, month, day })
    }

    /// The day in the calendar; where the text has no year, in this one. `None` for 29 February of a common year.
    pub fn in_year(self, year: i16) -> Option<Date> {
        Date::new(self.year.unwrap_or(year), self.month, self.day).ok()
    }
}

impl fmt::Display for ScheduleDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(year) = self.year {
            write!(formatter, "{year:04}-")?;
        }
        write!(formatter, "{:02}-{:02}", self.month, self.day)
    }
}

/// All dates of the line, if there is at least one and nothing else. Commas stand both within and between dates, so they
/// count as space.
pub(super) fn read(line: &str) -> Option<Vec<ScheduleDate>> {
    let mut words = line
        .split([' ', ',', '\t'])
        .filter(|word| !word.is_empty())
        .peekable();
    let mut dates = Vec::new();
    while let Some(word) = words.next() {
        let month_word = if position(&WEEKDAYS, word).is_some() {
            words.next()?
        } else {
            word
        };
        let month = position(&MONTHS, month_word)? + 1;
        let day = read_number(words.next()?, 2)?;
        let year = words.next_if(|word| is_year(word));
        let year = year.and_then(|year| read_number(year, 4));
        dates.push(ScheduleDate::new(year, month, i8::try_from(day).ok()?)?);
    }
    (!dates.is_empty()).then_some(dates)
}

/// Where in the table the name stands: abbreviated to three letters or written in full.
fn position(table: &[&str], name: &str) -> Option<i8> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_name =
        (3..=9).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    let index = table.iter().position(|start| name.starts_with(start))?;
    is_name.then(|| i8::try_from(index).ok()).flatten()
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn read_number(word: &str, longest: usize) -> Option<i16> {
    let is_number = word.len() <= longest && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Option<String> {
        let dates: Vec<String> = read(line)?.iter().map(ToString::to_string).collect();
        Some(dates.join(" "))
    }

    #[test]
    fn dates_are_read_in_every_documented_form() {
        for (line, expected) in [
            ("Fri Apr 10 2020", "2020-04-10"),
            ("Tue, May 05 2020", "2020-05-05"),
            ("May 5, 2020", "2020-05-05"),
            ("Apr 10", "04-10"),
            ("Apr 10, Apr 11, Apr 12", "04-10 04-11 04-12"),
            (
                "Tue, May 05 2020, Wed, May 06 2020",
                "2020-05-05 2020-05-06",
            ),
            ("Wednesday September 2", "09-02"),
            ("Sept. 2", "09-02"),
            ("Feb 29", "02-29"),
        ] {
            assert_eq!(shown(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for line in [
            "",
            ",",
            "Apr",
            "Apr Apr",
            "10 Apr",
            "Apr 31",
            "Apr 0",
            "Feb 29 2021",
            "Tue",
            "Tue, Wed, May 5",
            "Apr 10 20",
            "Apr 10 99999",
            "May 5 or later",
            "Märch 3",
            "Apr +5",
        ] {
            assert_eq!(shown(line), None, "{line}");
        }
    }

    #[test]
    fn a_day_without_a_year_is_found_in_a_given_one() {
        let leap_day = read("Feb 29").unwrap()[0];
        assert_eq!(leap_day.in_year(2023), None);
        assert_eq!(leap_day.in_year(2024), Some(Date::constant(2024, 2, 29)));
        let dated = read("May 5 2020").unwrap()[0];
        assert_eq!(dated.in_year(2024), Some(Date::constant(2020, 5, 5)));
    }
}
