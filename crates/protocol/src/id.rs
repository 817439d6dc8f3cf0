//! Identifiers: one type per kind of thing, decimal digits in a JSON string on the wire, a positive `i64` inside (§1).
//!
//! An id tells when its thing was made (§1 D1). [`compose`] is the arithmetic; the maker that keeps the last time and the
//! sequence is stateful and therefore lives in `base`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::ser::{Serialize, Serializer};

/// The moment from which ids count nanoseconds: 2008-01-01T00:00:00Z, as Unix nanoseconds (§1 D1).
pub const ID_EPOCH_UNIX_NANOSECONDS: i64 = 1_199_145_600 * 1_000_000_000;

/// How many low bits of an id carry the node and the sequence instead of time.
pub const LOW_BITS: u32 = 10;

/// Nodes are numbered `0..NODES`: six of the low bits.
pub const NODES: u8 = 64;

/// Sequence numbers within one node and one tick of 1,024 ns are `0..SEQUENCES`: four of the low bits.
pub const SEQUENCES: u8 = 16;

const LOW_MASK: i64 = (1 << LOW_BITS) - 1;

/// The low bits for a node and a sequence number; what does not fit is cut off.
///
/// ```
/// assert_eq!(protocol::id::low_bits(1, 2), 0b00_0001_0010);
/// ```
pub const fn low_bits(node: u8, sequence: u8) -> u16 {
    ((node % NODES) as u16) << 4 | (sequence % SEQUENCES) as u16
}

/// An id from a time (Unix nanoseconds) and [`low_bits`]. The result is positive whatever the clock says: a time before
/// the id epoch counts as the first tick after it.
///
/// ```
/// use protocol::id::{compose, low_bits};
/// assert_eq!(compose(1_579_643_093_950_742_534, low_bits(0, 6)), 380_497_493_950_742_534);
/// ```
pub const fn compose(unix_nanoseconds: i64, low_bits: u16) -> i64 {
    let since_epoch = unix_nanoseconds.saturating_sub(ID_EPOCH_UNIX_NANOSECONDS);
    let first_tick = 1 << LOW_BITS;
    let at_least_one_tick = if since_epoch < first_tick {
        first_tick
    } else {
        since_epoch
    };
    (at_least_one_tick & !LOW_MASK) | (low_bits as i64 & LOW_MASK)
}

/// Why a text is not an id. Each message completes the sentence "this member …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("must not be empty")]
    Empty,
    /// Something other than the ASCII digits occurs: a sign, a space, a letter.
    #[error("must be an id in decimal digits")]
    NotDigits,
    /// The number is zero or is written with leading zeros.
    #[error("must be an id without leading zeros")]
    LeadingZero,
    /// The number does not fit into a positive `i64`.
    #[error("must be an id of at most 19 digits, up to 9223372036854775807")]
    TooLarge,
}

fn parse_digits(text: &str) -> Result<i64, IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IdError::NotDigits);
    }
    if text.starts_with('0') {
        return Err(IdError::LeadingZero);
    }
    text.parse().map_err(|_| IdError::TooLarge)
}

fn made_at(value: i64) -> Timestamp {
    let unix = i128::from(ID_EPOCH_UNIX_NANOSECONDS) + i128::from(value);
    // The largest id is in the year 2300, far inside a timestamp's range.
    Timestamp::from_nanosecond(unix).unwrap_or(Timestamp::MAX)
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = i64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an id: decimal digits in a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<i64, E> {
        parse_digits(text).map_err(E::custom)
    }
}

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Reads decimal digits: no sign, no space, no leading zero, at most 9223372036854775807.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                parse_digits(text).map(Self)
            }

            /// The id with this number, if it is positive.
            pub const fn from_i64(value: i64) -> Option<Self> {
                if value > 0 { Some(Self(value)) } else { None }
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }

            /// When the thing was made, as its id tells (§1 D1): exact to 1,024 ns.
            pub fn created_at(self) -> Timestamp {
                made_at(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = deserializer.deserialize_str(IdVisitor)?;
                Self::from_i64(value).ok_or_else(|| D::Error::custom(IdError::LeadingZero))
            }
        }
    )+};
}

ids! {
    /// A lead: a customer's request that reached one business.
    LeadId;
    /// A customer's request.
    RequestId;
    /// A customer.
    CustomerId;
    /// A business, one listing of a pro. `businessID`, `business_pk` and `serviceID` on the wire (§0).
    BusinessId;
    /// A pro's account.
    AccountId;
    /// A kind of work that a business does.
    CategoryId;
    /// A message of a conversation about a lead.
    MessageId;
    /// A review of a business.
    ReviewId;
    /// A supply partner.
    PartnerId;
    /// One lead, message, update or review on its way to one partner endpoint.
    DeliveryId;
    /// A job that sends a partner again what died in a span of time (§8.4).
    ReplayId;
    /// A time when deliveries to a partner waited because of its endpoint (§4.5).
    ImpairmentId;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_sample_lead_was_made_when_its_timestamp_says() {
        let id = LeadId::parse("380497493950742534").unwrap();
        assert_eq!(
            id.created_at().to_string(),
            "2020-01-21T21:44:53.950742534Z"
        );
    }

    #[test]
    fn what_is_not_an_id_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", IdError::Empty),
            ("0", IdError::LeadingZero),
            ("007", IdError::LeadingZero),
            ("-1", IdError::NotDigits),
            ("+1", IdError::NotDigits),
            (" 1", IdError::NotDigits),
            ("1 ", IdError::NotDigits),
            ("1e3", IdError::NotDigits),
            ("١", IdError::NotDigits),
            ("9223372036854775808", IdError::TooLarge),
            ("99999999999999999999999", IdError::TooLarge),
        ] {
            assert_eq!(LeadId::parse(text), Err(reason), "{text:?}");
        }
        assert_eq!(LeadId::from_i64(0), None);
        assert_eq!(LeadId::from_i64(-5), None);
    }

    #[test]
    fn an_id_is_a_string_in_json_and_never_a_number() {
        let id = BusinessId::parse("9223372036854775807").unwrap();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, r#""9223372036854775807""#);
        assert_eq!(serde_json::from_str::<BusinessId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<BusinessId>("5").is_err());
        assert!(serde_json::from_str::<BusinessId>(r#""05""#).is_err());
    }

    #[test]
    fn a_clock_before_the_epoch_still_makes_a_positive_id() {
        assert_eq!(compose(0, 0), 1024);
        assert_eq!(compose(i64::MIN, low_bits(63, 15)), 2047);
    }

    proptest! {
        #[test]
        fn every_positive_number_survives_the_wire(value in 1..=i64::MAX) {
            let id = MessageId::from_i64(value).unwrap();
            prop_assert_eq!(MessageId::parse(&id.to_string()), Ok(id));
        }

        #[test]
        fn an_id_remembers_its_tick_and_keeps_nodes_apart(
            nanoseconds in ID_EPOCH_UNIX_NANOSECONDS + 1024..=4_000_000_000_000_000_000,
            (node, other_node) in (0..NODES, 0..NODES),
            sequence in 0..SEQUENCES,
        ) {
            let value = compose(nanoseconds, low_bits(node, sequence));
            let made_at = LeadId::from_i64(value).unwrap().created_at().as_nanosecond();
            prop_assert!((made_at - i128::from(nanoseconds)).abs() < 1024);
            let other = compose(nanoseconds, low_bits(other_node, sequence));
            prop_assert_eq!(value == other, node == other_node);
        }

        #[test]
        fn later_ticks_make_larger_ids(
            earlier in ID_EPOCH_UNIX_NANOSECONDS + 1024..=4_000_000_000_000_000_000,
            ahead in 1024_i64..1_000_000_000,
            (low, other_low) in (0..1024_u16, 0..1024_u16),
        ) {
            prop_assert!(compose(earlier, low) < compose(earlier + ahead, other_low));
        }
    }
}
