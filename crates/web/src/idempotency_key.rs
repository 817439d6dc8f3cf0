//! The header `Idempotency-Key`, by which a caller marks a request and its repetitions as one (protocol §3.1, §8.1).
//! What is done with it is the side's affair.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

use crate::error::ApiError;

const HEADER: &str = "idempotency-key";

/// The longest key, in characters.
const LONGEST: usize = 255;

/// The key of a request, if it has one. An extractor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl IdempotencyKey {
    /// Reads the header: one only, 1 to 255 printable ASCII characters without spaces.
    pub fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut values = headers.get_all(HEADER).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return if headers.contains_key(HEADER) {
                Err(ApiError::bad_request(
                    "The header Idempotency-Key is given twice.",
                ))
            } else {
                Ok(Self(None))
            };
        };
        let key = value.to_str().unwrap_or_default();
        let well_formed =
            (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if well_formed {
            Ok(Self(Some(key.to_owned())))
        } else {
            Err(ApiError::bad_request(format!(
                "The header Idempotency-Key must have 1 to {LONGEST} printable ASCII characters without spaces."
            )))
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::read(&parts.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, ApiError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, http::HeaderValue::from_bytes(value).unwrap());
        }
        IdempotencyKey::read(&headers).map(|key| key.0)
    }

    #[test]
    fn a_request_may_have_one_key_or_none() {
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[b"\"r-42\""]).unwrap().as_deref(), Some("\"r-42\""));
        let long = [b'x'; LONGEST + 1];
        let odd: [&[&[u8]]; 5] = [&[b""], &[b"a b"], &[b"\xff"], &[&long], &[b"a", b"a"]];
        for values in odd {
            assert!(read(values).is_err(), "{values:?}");
        }
    }
}
