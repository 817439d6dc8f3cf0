//! Phone numbers: text that is kept as it came (§4.1), with what can be dialled beside it where that is certain.
//!
//! A number without a country code is taken for one of the North American plan, because the marketplace is there.

use serde::Serialize;

/// Country codes and numbers have at most this many digits together (ITU-T E.164).
const LONGEST_INTERNATIONAL: usize = 15;
const SHORTEST_INTERNATIONAL: usize = 8;
const LONGEST_EXTENSION: usize = 8;

/// The area codes whose calls the callee pays for.
const TOLL_FREE: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

/// What kind of number a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneKind {
    /// A number of the North American plan.
    UsNumber,
    /// One of them that is free for the caller: a business's, or a proxy's; it takes no text messages as a rule.
    TollFree,
    /// A number with a country code other than 1.
    International,
    /// Whatever it is, it needs an extension: it can be called by hand and takes no text messages.
    WithExtension,
    /// Not a number that can be dialled as it is written.
    Unreadable,
}

/// A phone number as it came, and what could be read of it. Serializes as an object of these members.
///
/// ```
/// use protocol::phone::{Phone, PhoneKind};
/// let phone = Phone::read("(415) 555-0132 ext. 7");
/// assert_eq!(phone.kind, PhoneKind::WithExtension);
/// assert_eq!(phone.e164.as_deref(), Some("+14155550132"));
/// assert_eq!(phone.extension.as_deref(), Some("7"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Phone {
    /// The text as it came.
    pub text: String,
    /// What kind it is.
    pub kind: PhoneKind,
    /// The number to dial, `+` and digits, if that is certain.
    pub e164: Option<String>,
    /// The extension to ask for, in digits.
    pub extension: Option<String>,
}

impl Phone {
    /// Reads a number in any of the ways that people write it.
    pub fn read(text: &str) -> Self {
        let read = read(text);
        Self {
            text: text.to_owned(),
            kind: read
                .as_ref()
                .map_or(PhoneKind::Unreadable, |read| read.kind),
            e164: read.as_ref().map(|read| read.e164.clone()),
            extension: read.and_then(|read| read.extension),
        }
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The number is personal.
        formatter.debug_tuple("Phone").field(&self.kind).finish()
    }
}

struct Read {
    kind: PhoneKind,
    e164: String,
    extension: Option<String>,
}

fn read(text: &str) -> Option<Read> {
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_prefix("tel:").unwrap_or(&text);
    let is_tail =
        |character: char| character.is_ascii_alphabetic() || matches!(character, '#' | ',' | ';');
    let (number, extension) = match text.find(is_tail).and_then(|at| text.split_at_checked(at)) {
        Some((number, tail)) => (number, Some(read_extension(tail)?)),
        None => (text, None),
    };
    let (kind, e164) = read_number(number)?;
    let kind = extension
        .as_ref()
        .map_or(kind, |_| PhoneKind::WithExtension);
    Some(Read {
        kind,
        e164,
        extension,
    })
}

/// "x7", "ext. 7", "extension 7", "#7", ",7", ";ext=7".
fn read_extension(tail: &str) -> Option<String> {
    let tail = tail.trim_start_matches([',', ';', ' ']);
    let words = ["extension", "ext", "x", "#"];
    let digits = words
        .iter()
        .find_map(|word| tail.strip_prefix(word))
        .unwrap_or(tail)
        .trim_start_matches(['.', ':', '=', '#', ' ']);
    let is_extension = (1..=LONGEST_EXTENSION).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_extension.then(|| digits.to_owned())
}

fn read_number(text: &str) -> Option<(PhoneKind, String)> {
    let text = text.trim();
    let (has_country_code, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let is_separator = |character: char| {
        matches!(
            character,
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '–'
        )
    };
    let digits: String = rest.chars().filter(|c| !is_separator(*c)).collect();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match (has_country_code, digits.strip_prefix('1')) {
        // Ten digits that begin with a 1 are refused further down: no area code does.
        (false, Some(national)) if digits.len() == 11 => north_american(national),
        (false, _) => north_american(&digits),
        (true, Some(national)) => north_american(national),
        // "+44 (0)20 …": the zero is not dialled from abroad, so the digits alone would be wrong.
        (true, None) if rest.contains("(0)") || digits.starts_with('0') => None,
        (true, None) => (SHORTEST_INTERNATIONAL..=LONGEST_INTERNATIONAL)
            .contains(&digits.len())
            .then(|| (PhoneKind::International, format!("+{digits}"))),
    }
}

/// Ten digits: an area code, an exchange, and four more. Neither of the first two begins with 0 or 1, or is such as 411;
/// no area code has a 9 in its middle.
fn north_american(digits: &str) -> Option<(PhoneKind, String)> {
    if digits.len() != 10 {
        return None;
    }
    let (area, rest) = digits.split_at_checked(3)?;
    let exchange = rest.get(..3)?;
    let is_code = |code: &str| !code.starts_with(['0', '1']) && !code.ends_with("11");
    if !is_code(area) || !is_code(exchange) || area.get(1..2) == Some("9") {
        return None;
    }
    let kind = if TOLL_FREE.contains(&area) {
        PhoneKind::TollFree
    } else {
        PhoneKind::UsNumber
    };
    Some((kind, format!("+1{digits}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_however_they_are_written() {
        for text in [
            "4155550132",
            "415-555-0132",
            "(415) 555-0132",
            "415.555.0132",
            "+1 415 555 0132",
            "1-415-555-0132",
            " tel:+1-415-555-0132 ",
            "415/555–0132",
        ] {
            let phone = Phone::read(text);
            assert_eq!(phone.kind, PhoneKind::UsNumber, "{text}");
            assert_eq!(phone.e164.as_deref(), Some("+14155550132"), "{text}");
            assert_eq!(phone.text, text);
        }
    }

    #[test]
    fn every_kind_is_told() {
        for (text, kind, e164) in [
            ("(800) 555-0132", PhoneKind::TollFree, "+18005550132"),
            ("888 555 0132", PhoneKind::TollFree, "+18885550132"),
            (
                "+44 20 7946 0958",
                PhoneKind::International,
                "+442079460958",
            ),
            (
                "+52 55 1234 5678",
                PhoneKind::International,
                "+525512345678",
            ),
        ] {
            let phone = Phone::read(text);
            assert_eq!((phone.kind, phone.e164.as_deref()), (kind, Some(e164)));
            assert_eq!(phone.extension, None);
        }
    }

    #[test]
    fn an_extension_is_found_behind_its_sign() {
        for tail in [
            " x7",
            "x7",
            " ext 7",
            " ext. 7",
            " Extension: 7",
            " #7",
            ",7",
            ";ext=7",
            ", ext 7",
        ] {
            let phone = Phone::read(&format!("415-555-0132{tail}"));
            assert_eq!(phone.kind, PhoneKind::WithExtension, "{tail}");
            assert_eq!(phone.e164.as_deref(), Some("+14155550132"));
            assert_eq!(phone.extension.as_deref(), Some("7"));
        }
        let toll_free = Phone::read("800-555-0132 x12345678");
        assert_eq!(toll_free.kind, PhoneKind::WithExtension);
    }

    #[test]
    fn what_is_not_certain_is_not_guessed() {
        for text in [
            "",
            "call me",
            "1234567890",
            "5550100123",
            "415555013",
            "41555501321",
            "415-155-0132",
            "415-411-0132",
            "911-555-0132",
            "495-555-0132",
            "+1 415 555",
            "+44 (0)20 7946 0958",
            "+0 20 7946 0958",
            "+4420",
            "+1234567890123456",
            "011 44 20 7946 0958",
            "415-555-0132 x",
            "415-555-0132 x123456789",
            "415-555-0132 or 415-555-0133",
            "415-555-0132+1",
            "４１５5550132",
        ] {
            let phone = Phone::read(text);
            assert_eq!(phone.kind, PhoneKind::Unreadable, "{text}");
            assert_eq!((phone.e164, phone.extension), (None, None), "{text}");
        }
    }

    #[test]
    fn the_number_is_in_no_debug_text() {
        assert_eq!(
            format!("{:?}", Phone::read("4155550132")),
            "Phone(UsNumber)"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).*") {
            prop_assert_eq!(Phone::read(&text).text, text);
        }

        #[test]
        fn no_text_like_a_number_makes_it_panic(text in r"(tel:)?\+?[0-9 ().–-]{0,20}([x#,;]|ext)?[.=: ]?[0-9]{0,10}") {
            let phone = Phone::read(&text);
            if let Some(e164) = phone.e164 {
                prop_assert!(e164.len() <= LONGEST_INTERNATIONAL + 1);
                prop_assert!(e164.bytes().skip(1).all(|byte| byte.is_ascii_digit()));
            }
        }
    }
}
