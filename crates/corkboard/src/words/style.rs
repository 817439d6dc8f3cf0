//! Colours, which the printer leaves out where no terminal shows them, and texts that others wrote, made harmless.

use anstyle::{AnsiColor, Style};

/// What people look for first.
pub(crate) const STRONG: Style = Style::new().bold();
/// What they can skip.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// It went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// It goes on.
pub(crate) const OPEN: Style = AnsiColor::Yellow.on_default();
/// It went wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();

/// `text` in a style.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The style of a delivery's, a replay's or an endpoint's state.
pub(crate) fn of_state(state: &str) -> Style {
    match state {
        "delivered" | "done" | "ok" => GOOD,
        "pending" | "running" | "paused" | "busy" => OPEN,
        "cancelled" => FAINT,
        _ => BAD,
    }
}

/// A text that others wrote, on one line and without anything that a terminal would obey or that would turn its
/// direction.
pub(crate) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for sign in text.chars() {
        if sign.is_control() || turns_or_hides(sign) {
            shown.extend(sign.escape_default());
        } else {
            shown.push(sign);
        }
    }
    shown
}

/// Line and paragraph separators, and marks that change the direction or cannot be seen.
fn turns_or_hides(sign: char) -> bool {
    matches!(
        sign,
        '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// At most `most` signs of a text, and a mark where there were more.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_on_its_line_and_commands_nothing() {
        assert_eq!(harmless("plain ä 日本"), "plain ä 日本");
        assert_eq!(
            harmless("a\u{1b}[2Jb\r\nc\td\u{9b}31m"),
            r"a\u{1b}[2Jb\r\nc\td\u{9b}31m"
        );
        assert_eq!(
            harmless("x\u{202e}y\u{2028}z\u{feff}"),
            r"x\u{202e}y\u{2028}z\u{feff}"
        );
    }

    #[test]
    fn a_long_text_is_cut_between_signs() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöü", 2), "äö…");
        assert_eq!(shortened("", 0), "");
    }
}
