//! HTTP Basic credentials as real clients send them (§1): with or without padding, sometimes with a newline inside,
//! sometimes form-encoded first (RFC 6749 §2.3.1) and sometimes not.
//!
//! Comparing them with what is stored, in constant time, is the task of whoever holds the hashes.

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD};
use percent_encoding::percent_decode_str;

/// The longest header value that is looked at, in bytes.
const LONGEST_HEADER: usize = 8 * 1024;

/// Why a header holds no credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BasicError {
    /// There is no `Authorization` header.
    #[error("the Authorization header is missing")]
    Missing,
    /// Another scheme than Basic.
    #[error("the Authorization header must use the scheme Basic")]
    OtherScheme,
    /// What follows `Basic` is not base64.
    #[error("the Authorization header must hold base64 after Basic")]
    NotBase64,
    /// What was encoded is not text, or has control characters in it.
    #[error("the credentials in the Authorization header must be printable UTF-8")]
    NotText,
    /// What was encoded has no colon.
    #[error("the credentials in the Authorization header must be a name, a colon and a secret")]
    NoColon,
}

/// A name and a secret in the clear. `Debug` hides the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    name: String,
    secret: String,
}

impl Credentials {
    /// These credentials.
    pub fn new(name: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            secret: secret.into(),
        }
    }

    /// The client's id, or the user's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The secret, in the clear.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The value of the header that carries these credentials, raw.
    ///
    /// ```
    /// use protocol::basic_credentials::Credentials;
    /// // RFC 7617 §2.
    /// let header = Credentials::new("Aladdin", "open sesame").to_header();
    /// assert_eq!(header, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    /// ```
    pub fn to_header(&self) -> String {
        let pair = format!("{}:{}", self.name, self.secret);
        format!("Basic {}", BASE64.encode(pair.as_bytes()))
    }

    fn form_decoded(&self) -> Option<Self> {
        Some(Self {
            name: form_decode(&self.name)?,
            secret: form_decode(&self.secret)?,
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What one header may mean. Nobody can tell a raw `+` from a form-encoded space, so both readings are kept, and both are
/// to be tried always, so that time does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicCredentials {
    raw: Credentials,
    form_decoded: Credentials,
}

impl BasicCredentials {
    /// Reads the value of an `Authorization` header.
    pub fn parse(header: Option<&str>) -> Result<Self, BasicError> {
        let header = header.ok_or(BasicError::Missing)?;
        let (scheme, encoded) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(BasicError::OtherScheme);
        }
        let decoded = decode_base64(encoded.trim())?;
        let text = String::from_utf8(decoded).map_err(|_| BasicError::NotText)?;
        let pair = without_trailing_newline(&text);
        if pair.chars().any(char::is_control) {
            return Err(BasicError::NotText);
        }
        let (name, secret) = pair.split_once(':').ok_or(BasicError::NoColon)?;
        let raw = Credentials::new(name, secret);
        let form_decoded = raw.form_decoded().unwrap_or_else(|| raw.clone());
        Ok(Self { raw, form_decoded })
    }

    /// The pair as it stands in the header.
    pub fn raw(&self) -> &Credentials {
        &self.raw
    }

    /// The pair with both halves form-decoded; the raw pair again if they cannot be.
    pub fn form_decoded(&self) -> &Credentials {
        &self.form_decoded
    }

    /// Both readings, the raw one first.
    pub fn candidates(&self) -> [&Credentials; 2] {
        [&self.raw, &self.form_decoded]
    }
}

fn decode_base64(encoded: &str) -> Result<Vec<u8>, BasicError> {
    if encoded.len() > LONGEST_HEADER {
        return Err(BasicError::NotBase64);
    }
    let standard = encoded
        .trim_end_matches('=')
        .replace('-', "+")
        .replace('_', "/");
    BASE64_NOPAD
        .decode(standard.as_bytes())
        .map_err(|_| BasicError::NotBase64)
}

/// `echo id:secret | base64` encodes a newline too, and so did whoever made the source's sample.
fn without_trailing_newline(text: &str) -> &str {
    let Some(line) = text.strip_suffix('\n') else {
        return text;
    };
    line.strip_suffix('\r').unwrap_or(line)
}

fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    let printable = !decoded.chars().any(char::is_control);
    printable.then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(header: &str) -> BasicCredentials {
        BasicCredentials::parse(Some(header)).unwrap()
    }

    fn header_of(pair: &[u8]) -> String {
        format!("Basic {}", BASE64.encode(pair))
    }

    #[test]
    fn the_documented_sample_header_is_read() {
        let read = read("Basic VEhVTUJUQUNLIElOVEVSTkFMOlp4UnFMbnZZQUMzSERqVFlkem9sdFEK=");
        let expected = Credentials::new("THUMBTACK INTERNAL", "ZxRqLnvYAC3HDjTYdzoltQ");
        assert_eq!(read.candidates(), [&expected, &expected]);
    }

    #[test]
    fn padding_alphabet_and_case_of_the_scheme_do_not_matter() {
        let expected = Credentials::new("id", "a?>b");
        for encoded in [
            "aWQ6YT8+Yg==",
            "aWQ6YT8-Yg",
            "aWQ6YT8+Yg=",
            "aWQ6YT8+Yg===",
            "aWQ6YT8+Yg",
        ] {
            for scheme in ["Basic", "basic", "BASIC ", " Basic"] {
                assert_eq!(*read(&format!("{scheme} {encoded}")).raw(), expected);
            }
        }
    }

    #[test]
    fn exactly_one_trailing_newline_is_dropped() {
        for ending in ["", "\n", "\r\n"] {
            let header = header_of(format!("id:secret{ending}").as_bytes());
            assert_eq!(read(&header).raw().secret(), "secret");
        }
        let twice = header_of(b"id:secret\n\n");
        assert_eq!(
            BasicCredentials::parse(Some(&twice)),
            Err(BasicError::NotText)
        );
    }

    #[test]
    fn both_readings_of_an_encoded_pair_are_offered() {
        let read = read(&header_of(b"a+b%2Fc:x%3Ay+z%"));
        assert_eq!(*read.raw(), Credentials::new("a+b%2Fc", "x%3Ay+z%"));
        assert_eq!(*read.form_decoded(), Credentials::new("a b/c", "x:y z%"));
    }

    #[test]
    fn a_pair_that_decodes_to_no_text_is_offered_raw() {
        for pair in ["id:%FF", "id:%00"] {
            let read = read(&header_of(pair.as_bytes()));
            assert_eq!(read.form_decoded(), read.raw());
        }
    }

    #[test]
    fn the_secret_may_hold_colons_and_either_half_may_be_empty() {
        assert_eq!(
            *read(&header_of(b"a:b:c")).raw(),
            Credentials::new("a", "b:c")
        );
        assert_eq!(*read(&header_of(b":")).raw(), Credentials::new("", ""));
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        assert_eq!(BasicCredentials::parse(None), Err(BasicError::Missing));
        for (header, error) in [
            ("", BasicError::OtherScheme),
            ("Bearer abc", BasicError::OtherScheme),
            ("Basic", BasicError::NoColon),
            ("Basic %%%", BasicError::NotBase64),
            ("Basic aWQ6c2VjcmV0aWQ6c", BasicError::NotBase64),
            ("Basic aWQ=", BasicError::NoColon),
            ("Basic //8=", BasicError::NotText),
            ("Basic AAA6AA==", BasicError::NotText),
        ] {
            assert_eq!(
                BasicCredentials::parse(Some(header)),
                Err(error),
                "{header}"
            );
        }
        let long = format!("Basic {}", "A".repeat(LONGEST_HEADER + 1));
        assert_eq!(
            BasicCredentials::parse(Some(&long)),
            Err(BasicError::NotBase64)
        );
    }

    #[test]
    fn the_secret_is_never_shown() {
        let shown = format!("{:?}", read(&header_of(b"id:hunter2")));
        assert!(
            shown.contains("id") && !shown.contains("hunter2"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(name in "[^:\\pC]{0,40}", secret in "[^\\pC]{0,40}") {
            let credentials = Credentials::new(name, secret);
            let read = read(&credentials.to_header());
            prop_assert_eq!(read.raw(), &credentials);
        }

        #[test]
        fn no_header_makes_it_panic(header in ".*", pair in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = BasicCredentials::parse(Some(&header));
            let _ = BasicCredentials::parse(Some(&header_of(&pair)));
        }
    }
}
