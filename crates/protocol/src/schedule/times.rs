//! The line of times: "3:00 PM", "Morning (9am - 12pm)", "Early Morning (before 9am), Late Afternoon (3pm - 6pm)".

use std::fmt;

use jiff::civil::Time;

/// A time of day that suits a customer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ScheduleTime {
    /// This very time.
    Exact(Time),
    /// Some time in a range that is open at one end at most.
    Range {
        /// What the range is called, such as "Late Afternoon".
        name: Option<String>,
        /// Not before this.
        from: Option<Time>,
        /// Not after this.
        until: Option<Time>,
    },
}

/// Prints as `18:00`, `Morning (09:00-12:00)` or `Early Morning (-09:00)`.
impl fmt::Display for ScheduleTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(time) => formatter.write_str(&clock(*time)),
            Self::Range { name, from, until } => {
                let from = from.map(clock).unwrap_or_default();
                let until = until.map(clock).unwrap_or_default();
                match name {
                    Some(name) => write!(formatter, "{name} ({from}-{until})"),
                    None => write!(formatter, "{from}-{until}"),
                }
            }
        }
    }
}

fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// All times of the line, if there is at least one and nothing else.
pub(super) fn read(line: &str) -> Option<Vec<ScheduleTime>> {
    line.split(',').map(read_item).collect()
}

fn read_item(item: &str) -> Option<ScheduleTime> {
    let item = item.trim();
    let Some((name, rest)) = item.split_once('(') else {
        return read_clock(item)
            .map(ScheduleTime::Exact)
            .or_else(|| read_range(None, item));
    };
    let name = name.trim();
    let is_name = name
        .chars()
        .all(|character| character.is_alphabetic() || matches!(character, ' ' | '-'));
    if name.is_empty() || !is_name {
        return None;
    }
    read_range(Some(name.to_owned()), rest.strip_suffix(')')?)
}

fn read_range(name: Option<String>, bounds: &str) -> Option<ScheduleTime> {
    let bounds = bounds.trim();
    let (from, until) = if let Some(until) = after_word(bounds, "before") {
        (None, Some(read_clock(until)?))
    } else if let Some(from) = after_word(bounds, "after") {
        (Some(read_clock(from)?), None)
    } else {
        let (from, until) = bounds.split_once(['-', '–'])?;
        (Some(read_clock(from)?), Some(read_clock(until)?))
    };
    Some(ScheduleTime::Range { name, from, until })
}

fn after_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (first, rest) = text.split_once(' ')?;
    first.eq_ignore_ascii_case(word).then_some(rest)
}

/// "9am", "9 AM", "12:30pm": hours 1 to 12 and a half of the day.
fn read_clock(text: &str) -> Option<Time> {
    let text = text.trim().to_ascii_lowercase();
    let (digits, is_afternoon) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(digits), _) => (digits, false),
        (_, Some(digits)) => (digits, true),
        _ => return None,
    };
    let (hour, minute) = match digits.trim_end().split_once(':') {
        Some((hour, minute)) if minute.len() == 2 => (read_number(hour)?, read_number(minute)?),
        Some(_) => return None,
        None => (read_number(digits.trim_end())?, 0),
    };
    if !(1..=12).contains(&hour) {
        return None;
    }
    let hour = hour % 12 + if is_afternoon { 12 } else { 0 };
    Time::new(hour, minute, 0, 0).ok()
}

fn read_number(text: &str) -> Option<i8> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Option<String> {
        let times: Vec<String> = read(line)?.iter().map(ToString::to_string).collect();
        Some(times.join(", "))
    }

    #[test]
    fn times_are_read_in_every_documented_form() {
        for (line, expected) in [
            ("3:00 PM", "15:00"),
            ("12:00 AM", "00:00"),
            ("12:30pm", "12:30"),
            ("Morning (9am - 12pm)", "Morning (09:00-12:00)"),
            (
                "Early Morning (before 9am), Morning (9am - 12pm), Afternoon (12pm - 3pm), Late Afternoon (3pm - 6pm)",
                "Early Morning (-09:00), Morning (09:00-12:00), Afternoon (12:00-15:00), Late Afternoon (15:00-18:00)",
            ),
            ("Evening (after 6pm)", "Evening (18:00-)"),
            ("9am – 12pm", "09:00-12:00"),
            ("3:00 PM, 4:00 PM", "15:00, 16:00"),
        ] {
            assert_eq!(shown(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for line in [
            "",
            "any",
            "15:00",
            "13 PM",
            "0am",
            "9:5am",
            "9:60am",
            "9:00:00 am",
            "Morning",
            "Morning ()",
            "(9am - 12pm)",
            "Morning (9am - 12pm",
            "Morning (9am)",
            "9am,",
            "+9am",
            "<b> (9am - 12pm)",
        ] {
            assert_eq!(shown(line), None, "{line}");
        }
    }
}
