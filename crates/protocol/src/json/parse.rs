//! From bytes to a value: UTF-8, depth, duplicate members and trailing bytes are checked while reading (§1).
//!
//! The depth is checked before each step down, so that a body of a thousand brackets is refused at the 33rd and the stack
//! never grows with the input.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The largest body, in bytes (§1). The HTTP face that collects a body enforces it.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// How many arrays and objects may be open at once (§1).
pub const NESTING_LIMIT: usize = 32;

/// The longest part of a member's name that an error repeats.
const SHOWN_CHARACTERS: usize = 64;

/// Why some bytes are not acceptable JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} column {column}: {fault}")]
pub struct JsonError {
    /// What is wrong.
    pub fault: JsonFault,
    /// The line, counted from 1.
    pub line: usize,
    /// The byte within the line, counted from 1; 0 at the end of the line before.
    pub column: usize,
}

/// What is wrong with some bytes that should be JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Nothing but white space.
    #[error("the body is empty")]
    Empty,
    /// Not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// More than [`NESTING_LIMIT`] levels.
    #[error("nested more than {NESTING_LIMIT} levels deep")]
    TooDeep,
    /// An object names a member twice.
    #[error("the member {0:?} occurs twice in one object")]
    DuplicateMember(String),
    /// Not JSON, in the parser's words.
    #[error("{0}")]
    Syntax(String),
}

/// Reads one JSON value. The caller has limited the length to [`BODY_LIMIT`].
///
/// ```
/// use protocol::json::parse;
/// assert_eq!(parse(br#"{"text": "Hello"}"#).unwrap()["text"], "Hello");
/// assert_eq!(
///     parse(b"{\"a\": 1,\n \"a\": 2}").unwrap_err().to_string(),
///     r#"line 2 column 4: the member "a" occurs twice in one object"#
/// );
/// ```
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| error_at(bytes, error.valid_up_to(), JsonFault::NotUtf8))?;
    if text.trim_ascii().is_empty() {
        return Err(error_at(bytes, 0, JsonFault::Empty));
    }
    let fault = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Level {
        depth: 0,
        fault: &fault,
    }
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value))
    .map_err(|error| JsonError {
        line: error.line(),
        column: error.column(),
        fault: fault
            .take()
            .unwrap_or_else(|| JsonFault::Syntax(without_position(&error))),
    })
}

fn error_at(bytes: &[u8], offset: usize, fault: JsonFault) -> JsonError {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let lines = before.split(|&byte| byte == b'\n');
    let column = lines.clone().next_back().map_or(0, <[u8]>::len) + 1;
    JsonError {
        fault,
        line: lines.count(),
        column,
    }
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}

/// Reads a value with so many arrays and objects open around it. The parser's own errors are only text, so what this
/// reader refuses is left in `fault`.
#[derive(Clone, Copy)]
struct Level<'f> {
    depth: usize,
    fault: &'f RefCell<Option<JsonFault>>,
}

impl Level<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == NESTING_LIMIT {
            return Err(self.refuse(JsonFault::TooDeep));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    fn refuse<E: serde::de::Error>(self, fault: JsonFault) -> E {
        let error = E::custom(&fault);
        self.fault.replace(Some(fault));
        error
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let level = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(level)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let level = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                let shown = name.chars().take(SHOWN_CHARACTERS).collect();
                return Err(self.refuse(JsonFault::DuplicateMember(shown)));
            }
            object.insert(name, members.next_value_seed(level)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(text: &str) -> JsonFault {
        parse(text.as_bytes()).unwrap_err().fault
    }

    #[test]
    fn thirty_two_levels_are_read_and_thirty_three_are_not() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(NESTING_LIMIT).as_bytes()).is_ok());
        assert_eq!(fault(&nested(NESTING_LIMIT + 1)), JsonFault::TooDeep);
        assert_eq!(fault(&nested(10_000)), JsonFault::TooDeep);
        assert_eq!(fault(&"[".repeat(5_000)), JsonFault::TooDeep);
        assert_eq!(fault(&r#"{"a":"#.repeat(5_000)), JsonFault::TooDeep);
    }

    #[test]
    fn duplicate_members_are_refused_at_any_depth() {
        assert_eq!(
            fault(r#"{"a":{"b":1,"b":1}}"#),
            JsonFault::DuplicateMember("b".into())
        );
        assert_eq!(
            fault(r#"{"a":1,"\u0061":2}"#),
            JsonFault::DuplicateMember("a".into())
        );
        assert!(parse(br#"{"a":{"b":1},"b":1}"#).is_ok());
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        let error = parse(b"{\n\"a\": 1,\n}").unwrap_err();
        assert_eq!((error.line, error.column), (3, 1));
        assert_eq!(error.to_string(), "line 3 column 1: trailing comma");
        for text in [
            "{} x",
            "1e400",
            "NaN",
            "{'a':1}",
            "[1,]",
            "\"\u{1}\"",
            "\u{feff}{}",
            "nul",
        ] {
            assert!(matches!(fault(text), JsonFault::Syntax(_)), "{text}");
        }
        assert_eq!(fault(" \n"), JsonFault::Empty);
        assert_eq!(fault(""), JsonFault::Empty);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_with_their_place() {
        let error = parse(b"{\n\"a\": \"\xff\"}").unwrap_err();
        assert_eq!(error.fault, JsonFault::NotUtf8);
        assert_eq!((error.line, error.column), (2, 7));
    }

    #[test]
    fn members_keep_their_order_and_numbers_their_value() {
        let text = r#"{"z":-1,"a":[1.5,18446744073709551615,true,null],"m":{"k":"\ud83d\ude00"}}"#;
        let value = parse(text.as_bytes()).unwrap();
        assert_eq!(
            value.to_string(),
            r#"{"z":-1,"a":[1.5,18446744073709551615,true,null],"m":{"k":"😀"}}"#
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_text_like_json_makes_it_panic(text in r#"[\[\]{}:,"\\a0-9eE.+\-\n]{0,100}"#) {
            let _ = parse(text.as_bytes());
        }
    }
}
