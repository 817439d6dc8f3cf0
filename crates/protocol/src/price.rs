//! Prices: text such as "$26.00" (§4.1), kept as it came, with the amount beside it where it can be read.
//!
//! Not a money type: nothing is ever computed with these.

use serde::{Serialize, Serializer};

/// A price as it came. Any text is one: "More information needed to give an estimate" has been sent as a price.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Price {
    text: String,
    amount: Option<Amount>,
}

/// What a price text says where it says it plainly.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Amount {
    /// US cents.
    pub cents: i64,
    /// What the amount is for one of, as in "$258/hour".
    pub unit: Option<String>,
}

impl Price {
    /// Keeps the text and reads "$26", "$26.00", "$1,234.50" and "$258/hour".
    ///
    /// ```
    /// use protocol::price::Price;
    /// assert_eq!(Price::new("$1,234.50").cents(), Some(123_450));
    /// assert_eq!(Price::new("$258/hour").unit(), Some("hour"));
    /// assert_eq!(Price::new("a lot").cents(), None);
    /// ```
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let amount = read_amount(&text);
        Self { text, amount }
    }

    /// The price of so many US cents, in the protocol's form: 2600 is "$26.00".
    pub fn from_cents(cents: u32) -> Self {
        Self {
            text: format!("${}.{:02}", cents / 100, cents % 100),
            amount: Some(Amount {
                cents: i64::from(cents),
                unit: None,
            }),
        }
    }

    /// The text, exactly as it came.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The amount, if the text says it plainly.
    pub fn amount(&self) -> Option<&Amount> {
        self.amount.as_ref()
    }

    /// The amount in US cents, whatever its unit.
    pub fn cents(&self) -> Option<i64> {
        self.amount.as_ref().map(|amount| amount.cents)
    }

    /// What the amount is for one of.
    pub fn unit(&self) -> Option<&str> {
        self.amount.as_ref()?.unit.as_deref()
    }
}

impl std::fmt::Display for Price {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

const LONGEST_UNIT: usize = 20;

fn read_amount(text: &str) -> Option<Amount> {
    let rest = text.trim().strip_prefix('$')?;
    let (number, unit) = match rest.split_once('/') {
        Some((number, unit)) => (number.trim_end(), Some(read_unit(unit)?)),
        None => (rest, None),
    };
    let (dollars, cents) = match number.split_once('.') {
        Some((dollars, cents)) => (dollars, read_cents(cents)?),
        None => (number, 0),
    };
    let cents = read_dollars(dollars)?
        .checked_mul(100)?
        .checked_add(cents)?;
    Some(Amount { cents, unit })
}

fn read_unit(text: &str) -> Option<String> {
    let unit = text.trim();
    let plain = unit
        .chars()
        .all(|character| character.is_ascii_alphabetic() || character == ' ');
    (plain && !unit.is_empty() && unit.len() <= LONGEST_UNIT).then(|| unit.to_owned())
}

fn read_cents(text: &str) -> Option<i64> {
    (text.len() == 2).then(|| digits(text)).flatten()
}

/// Digits, or groups of three behind a first of one to three.
fn read_dollars(text: &str) -> Option<i64> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let well_grouped =
        rest.is_empty() || (first.len() <= 3 && rest.iter().all(|group| group.len() == 3));
    if !well_grouped || first.is_empty() {
        return None;
    }
    digits(&text.replace(',', ""))
}

fn digits(text: &str) -> Option<i64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_prices_are_read() {
        for (text, cents, unit) in [
            ("$26.00", 2600, None),
            ("$26", 2600, None),
            ("$0.05", 5, None),
            ("$1,234.50", 123_450, None),
            ("$1,234,567", 123_456_700, None),
            ("$1234", 123_400, None),
            ("$258/hour", 25_800, Some("hour")),
            ("$99.50 / square foot", 9_950, Some("square foot")),
            (" $5.00 ", 500, None),
        ] {
            let price = Price::new(text);
            assert_eq!((price.cents(), price.unit()), (Some(cents), unit), "{text}");
            assert_eq!(price.as_str(), text);
        }
    }

    #[test]
    fn anything_else_is_kept_without_an_amount() {
        for text in [
            "More information needed to give an estimate",
            "",
            "$",
            "26.00",
            "$26.0",
            "$26.",
            "$.50",
            "$1,23",
            "$1234,567",
            "$,123",
            "$-5",
            "$5/",
            "$5/<b>",
            "$99999999999999999999",
            "$92233720368547758.08",
            "€5",
        ] {
            let price = Price::new(text);
            assert_eq!(price.amount(), None, "{text}");
            assert_eq!(price.as_str(), text);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            prop_assert_eq!(Price::new(text.clone()).to_string(), text);
        }

        #[test]
        fn no_text_like_a_price_makes_it_panic(text in r"\$?[0-9,.]{0,24}(/[a-z ]{0,24})?") {
            let _ = Price::new(text).cents();
        }

        #[test]
        fn cents_come_back(cents: u32) {
            let price = Price::from_cents(cents);
            prop_assert_eq!(Price::new(price.as_str()), price);
        }
    }
}
