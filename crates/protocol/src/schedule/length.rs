//! The line with the length: "3.5 hours", "30 minutes", "1 hour 30 minutes".

/// Nobody works longer at a stretch; what is more is not a length.
const LONGEST_MINUTES: u32 = 100_000;

/// The length in minutes, rounded down, if the line says nothing else.
pub(super) fn read(line: &str) -> Option<u32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (pairs, rest) = words.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    let mut minutes: u32 = 0;
    for [number, unit] in pairs {
        minutes = minutes.checked_add(read_part(number, minutes_in(unit)?)?)?;
    }
    (1..=LONGEST_MINUTES).contains(&minutes).then_some(minutes)
}

fn minutes_in(unit: &str) -> Option<u32> {
    match unit.to_ascii_lowercase().as_str() {
        "hour" | "hours" | "hr" | "hrs" | "h" => Some(60),
        "minute" | "minutes" | "min" | "mins" | "m" => Some(1),
        _ => None,
    }
}

fn read_part(number: &str, minutes_in_unit: u32) -> Option<u32> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let hundredths = match fraction.len() {
        1 => read_digits(fraction)? * 10,
        2 => read_digits(fraction)?,
        _ => return None,
    };
    let whole_minutes = read_digits(whole)?.checked_mul(minutes_in_unit)?;
    whole_minutes.checked_add(hundredths * minutes_in_unit / 100)
}

fn read_digits(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read() {
        for (line, minutes) in [
            ("3.5 hours", 210),
            ("4 hours", 240),
            ("1 hour", 60),
            ("0.25 hours", 15),
            ("30 minutes", 30),
            ("1 hour 30 minutes", 90),
            ("2 hrs", 120),
        ] {
            assert_eq!(read(line), Some(minutes), "{line}");
        }
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for line in [
            "",
            "long",
            "3.5",
            "hours",
            "3.5 days",
            "3.555 hours",
            ".5 hours",
            "3. hours",
            "-1 hours",
            "0 hours",
            "99999999999 hours",
            "4294967295 hours",
            "4294967295 minutes 1 minute",
            "1 hour 30",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
