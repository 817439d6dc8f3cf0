//! Lists by the page: `?limit=…&after=…` in, `{"data": […], "next": cursor or null}` out (protocol §8.1).
//!
//! A cursor is the key of the last item that was shown, in a form that invites nobody to count with it. It is checked
//! for its shape only: it gives no access that the list itself would not.

use axum::extract::FromRequestParts;
use data_encoding::BASE64URL_NOPAD;
use http::request::Parts;
use serde::{Serialize, Serializer};

use crate::error::ApiError;

/// How many items a page has unless the caller asks for another number.
pub const DEFAULT_LIMIT: u16 = 50;

/// The most items that a page can have.
pub const LARGEST_LIMIT: u16 = 200;

const VERSION: u8 = 1;

/// Where a page ended: the key of its last item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub i64);

impl Cursor {
    /// The cursor in this text, if it is one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (&VERSION, key) = bytes.split_first()? else {
            return None;
        };
        Some(Self(i64::from_be_bytes(key.try_into().ok()?)))
    }

    /// The text.
    pub fn encode(self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.0.to_be_bytes());
        BASE64URL_NOPAD.encode(&bytes)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

/// Which page of a list is asked for. An extractor; `cursor` means the same as `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// How many items at most: 1 to [`LARGEST_LIMIT`].
    pub limit: u16,
    /// The page begins after this one.
    pub after: Option<Cursor>,
}

impl PageQuery {
    /// Reads `limit`, `after` and `cursor` out of a query; what else stands there is the list's own.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let mut page = Self {
            limit: DEFAULT_LIMIT,
            after: None,
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "limit" => {
                    let limit = value.parse().ok();
                    let limit = limit.filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
                    page.limit = limit.ok_or_else(|| {
                        ApiError::bad_request(format!(
                            "The parameter limit must be a number from 1 to {LARGEST_LIMIT}."
                        ))
                    })?;
                }
                "after" | "cursor" if !value.is_empty() => {
                    let cursor = Cursor::parse(&value).ok_or_else(|| {
                        ApiError::bad_request(format!(
                            "The parameter {name} must be the `next` of an earlier page."
                        ))
                    })?;
                    page.after = Some(cursor);
                }
                _ => {}
            }
        }
        Ok(page)
    }

    /// How many rows to ask the store for: one more than the page has, to see whether there is a next one.
    pub fn rows(self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Makes the page of up to [`rows`](Self::rows) rows in their order; `key` is what the store orders them by.
    pub fn listing<T>(self, mut rows: Vec<T>, key: impl Fn(&T) -> i64) -> Listing<T> {
        let limit = usize::from(self.limit);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        Listing {
            next: last.map(|row| Cursor(key(row))),
            data: rows,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for PageQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

/// One page of a list.
#[derive(Clone, Debug, Serialize)]
pub struct Listing<T> {
    /// The items.
    pub data: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next: Option<Cursor>,
}

impl<T> Listing<T> {
    /// The same page with every item turned into what is shown of it.
    pub fn map<U>(self, show: impl FnMut(T) -> U) -> Listing<U> {
        Listing {
            data: self.data.into_iter().map(show).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_wire_and_a_forged_one_is_refused_by_name() {
        for key in [0, 1, -1, i64::MIN, i64::MAX] {
            assert_eq!(Cursor::parse(&Cursor(key).encode()), Some(Cursor(key)));
        }
        let other_version = BASE64URL_NOPAD.encode(&[2, 0, 0, 0, 0, 0, 0, 0, 1]);
        let long = "A".repeat(10_000);
        for text in ["x", "%00", "AQ", "AQAAAAAAAAAB=", &other_version, &long] {
            let error = PageQuery::parse(&format!("after={text}")).unwrap_err();
            assert!(error.description().contains("after"), "{text}");
        }
    }

    #[test]
    fn limits_outside_the_range_are_refused() {
        assert_eq!(PageQuery::parse("x=1").unwrap().limit, DEFAULT_LIMIT);
        assert_eq!(PageQuery::parse("limit=200").unwrap().limit, 200);
        for text in ["0", "201", "-1", "ten", "", "99999999999999"] {
            let error = PageQuery::parse(&format!("limit={text}")).unwrap_err();
            assert!(error.description().contains("limit"), "{text}");
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        let page = PageQuery::parse("limit=2").unwrap();
        let written =
            |rows: Vec<i64>| serde_json::to_string(&page.listing(rows, |&row| row)).unwrap();
        assert_eq!(written(vec![]), r#"{"data":[],"next":null}"#);
        assert_eq!(written(vec![1, 2]), r#"{"data":[1,2],"next":null}"#);
        assert_eq!(
            written(vec![1, 2, 3]),
            format!(r#"{{"data":[1,2],"next":"{}"}}"#, Cursor(2).encode())
        );
    }
}
