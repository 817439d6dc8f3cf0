//! Reading the `Authorization` header. Whether what stands there is right is the side's affair.

use axum::extract::FromRequestParts;
use base::Secret;
use http::request::Parts;
use http::{HeaderMap, header};
use protocol::basic_credentials::{BasicCredentials, BasicError};

use crate::error::ApiError;

/// The longest bearer token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 4 * 1024;

/// A bearer token (RFC 6750 §2.1). An extractor; without one the answer is 401 `INVALID_TOKEN`.
#[derive(Clone, Debug)]
pub struct Bearer(pub Secret);

impl Bearer {
    /// The token in the header: the scheme in any case, one header only, at most 4 KiB of the characters that a token may
    /// have.
    pub fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let value = authorization(headers).ok_or_else(ApiError::missing_token)?;
        let (scheme, token) = value.trim().split_once(' ').unwrap_or((value, ""));
        let token = token.trim_start();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let well_formed = scheme.eq_ignore_ascii_case("bearer")
            && (1..=LONGEST_TOKEN).contains(&token.len())
            && token.bytes().all(allowed);
        if well_formed {
            Ok(Self(Secret::new(token)))
        } else {
            Err(ApiError::missing_token())
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::read(&parts.headers)
    }
}

/// Basic credentials, or why there are none. An extractor that never fails: the token endpoint accepts credentials in
/// the body as well, and each endpoint answers in its own style.
#[derive(Clone, Debug)]
pub struct Basic(pub Result<BasicCredentials, BasicError>);

impl Basic {
    /// The credentials in the header.
    pub fn read(headers: &HeaderMap) -> Self {
        if headers.contains_key(header::AUTHORIZATION) {
            // An unreadable or repeated header is there all the same, so it is not missing.
            let value = authorization(headers).unwrap_or_default();
            Self(BasicCredentials::parse(Some(value)))
        } else {
            Self(Err(BasicError::Missing))
        }
    }

    /// The credentials, or 401 `UNAUTHORIZED`.
    pub fn required(&self, realm: &str) -> Result<&BasicCredentials, ApiError> {
        let found = self.0.as_ref();
        found.map_err(|_| ApiError::unauthorized_basic(realm))
    }
}

impl<S: Sync> FromRequestParts<S> for Basic {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::read(&parts.headers))
    }
}

/// The one `Authorization` header; two of them are none, since nobody can tell which one counts.
fn authorization(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let values = values.iter().map(|value| value.parse().unwrap());
        values.map(|value| (header::AUTHORIZATION, value)).collect()
    }

    #[test]
    fn a_token_is_read_whatever_the_case_of_its_scheme() {
        for value in ["Bearer 1.aB-_.c=", "bearer 1.aB-_.c=", "BEARER   1.aB-_.c="] {
            let bearer = Bearer::read(&headers(&[value])).unwrap();
            assert_eq!(bearer.0.expose(), "1.aB-_.c=");
        }
        let long = format!("Bearer {}", "x".repeat(LONGEST_TOKEN + 1));
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Basic x",
            "Bearer a b",
            "Bearerx",
            "Bearer é",
            &long,
        ] {
            assert!(Bearer::read(&headers(&[value])).is_err(), "{value}");
        }
        assert!(Bearer::read(&headers(&[])).is_err());
        assert!(Bearer::read(&headers(&["Bearer a", "Bearer b"])).is_err());
    }

    #[test]
    fn missing_and_malformed_basic_credentials_are_told_apart() {
        let read = |values: &[&str]| Basic::read(&headers(values));
        assert_eq!(read(&[]).0, Err(BasicError::Missing));
        assert_eq!(read(&["Bearer x"]).0, Err(BasicError::OtherScheme));
        assert_eq!(
            read(&["Basic YTpi", "Basic YTpj"]).0,
            Err(BasicError::OtherScheme)
        );
        let found = read(&["basic YTpi"]);
        let found = found.required("leads").unwrap();
        assert_eq!((found.raw().name(), found.raw().secret()), ("a", "b"));
    }
}
