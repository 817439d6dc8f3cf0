//! What the guide for operators and partners says of the schedule is what the engine does.

use std::time::Duration;

use delivery::policy::schedule::{delay_after, planned_attempts};

const GUIDE: &str = include_str!("../../../../docs/guides/when-deliveries-fail.md");

/// `1 h 8 min 44 s`.
fn spoken(span: Duration) -> String {
    let mut seconds = span.as_secs();
    let mut parts = Vec::new();
    for (length, unit) in [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")] {
        if seconds >= length {
            parts.push(format!("{} {unit}", seconds / length));
            seconds %= length;
        }
    }
    if parts.is_empty() {
        return "0 s".to_owned();
    }
    parts.join(" ")
}

#[test]
fn the_guide_has_the_schedule_row_by_row() {
    let rows: Vec<&str> = GUIDE
        .lines()
        .skip_while(|line| !line.starts_with("| attempt | follows |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    let planned = planned_attempts();
    assert_eq!(rows.len(), planned.len());
    for (row, (number, moment)) in rows.iter().zip((1_u32..).zip(planned)) {
        let follows = match number {
            1 => "at once".to_owned(),
            _ => format!("{} later", spoken(delay_after(number - 1))),
        };
        assert_eq!(
            *row,
            format!("| {number} | {follows} | {} |", spoken(moment))
        );
    }
}
