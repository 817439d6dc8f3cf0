//! Times on the wire: a count since the Unix epoch, as decimal digits in a JSON string (§1, §4.4).
//!
//! Inside, time is [`jiff::Timestamp`]; these types remember which unit a member has.

use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

/// Why a text is not a time. Each message completes the sentence "this member …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// Something other than ASCII digits, or nothing at all.
    #[error("must be a count since 1970-01-01 in decimal digits")]
    NotDigits,
    /// Later than the year 9999.
    #[error("must be a time before the year 10000")]
    OutOfRange,
}

fn parse_count(text: &str) -> Result<i64, TimestampError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TimestampError::NotDigits);
    }
    text.parse().map_err(|_| TimestampError::OutOfRange)
}

macro_rules! counts {
    ($($(#[doc = $doc:literal])+ $name:ident: $from:ident, $count:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Timestamp);

        impl $name {
            /// Reads decimal digits.
            pub fn parse(text: &str) -> Result<Self, TimestampError> {
                let count = parse_count(text)?;
                Timestamp::$from(count).map(Self).map_err(|_| TimestampError::OutOfRange)
            }

            /// This moment; what is finer than the unit, or before 1970, is dropped.
            pub fn from_timestamp(timestamp: Timestamp) -> Self {
                let count = timestamp.$count().max(0);
                Self(Timestamp::$from(count).unwrap_or(Timestamp::UNIX_EPOCH))
            }

            /// The moment.
            pub const fn timestamp(self) -> Timestamp {
                self.0
            }

            /// The count since the Unix epoch, in this type's unit.
            pub fn get(self) -> i64 {
                self.0.$count()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.get().fmt(formatter)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(D::Error::custom)
            }
        }
    )+};
}

counts! {
    /// Whole seconds since 1970 (`createTimestamp` of leads and messages, §1).
    UnixSeconds: from_second, as_second;
    /// Whole milliseconds since 1970 (`createTime` and `modifyTime` of reviews, §4.4).
    UnixMilliseconds: from_millisecond, as_millisecond;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_milliseconds_keep_their_unit() {
        let seconds = UnixSeconds::parse("1498760294").unwrap();
        assert_eq!(seconds.timestamp().to_string(), "2017-06-29T18:18:14Z");
        let milliseconds = UnixMilliseconds::parse("1498760294123").unwrap();
        assert_eq!(
            milliseconds.timestamp().to_string(),
            "2017-06-29T18:18:14.123Z"
        );
        assert_eq!(
            serde_json::to_string(&(seconds, milliseconds)).unwrap(),
            r#"["1498760294","1498760294123"]"#
        );
    }

    #[test]
    fn what_is_finer_than_the_unit_is_dropped() {
        let moment: Timestamp = "2020-01-21T21:44:53.950742534Z".parse().unwrap();
        assert_eq!(UnixSeconds::from_timestamp(moment).get(), 1_579_643_093);
        assert_eq!(
            UnixMilliseconds::from_timestamp(moment).get(),
            1_579_643_093_950
        );
        assert_eq!(UnixSeconds::from_timestamp(Timestamp::MIN).get(), 0);
    }

    #[test]
    fn what_is_not_a_count_is_refused() {
        for text in ["", "-1", "1.5", "2020-01-01", " 1"] {
            assert_eq!(
                UnixSeconds::parse(text),
                Err(TimestampError::NotDigits),
                "{text}"
            );
        }
        for text in ["999999999999", "99999999999999999999"] {
            assert_eq!(UnixSeconds::parse(text), Err(TimestampError::OutOfRange));
        }
    }
}
