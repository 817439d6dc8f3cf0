//! Signatures of deliveries, after the Standard Webhooks specification (§4.5): HMAC-SHA256 over `id.timestamp.body`.
//!
//! Checked in constant time, with several secrets at once while one is being replaced.

use std::fmt;

use data_encoding::BASE64;

use crate::hashing::{hmac_sha256, is_hmac_sha256};

/// The header with the delivery's stable id.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time of the attempt, in Unix seconds.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signatures, separated by spaces.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// How far the timestamp may be from the receiver's clock, in seconds, unless the receiver wants it otherwise.
pub const DEFAULT_TOLERANCE_SECONDS: u64 = 300;

const SECRET_PREFIX: &str = "whsec_";
const SIGNATURE_PREFIX: &str = "v1,";
const SHORTEST_SECRET: usize = 16;
const LONGEST_SECRET: usize = 512;

/// Why a text is not a signing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// What follows `whsec_` is not base64.
    #[error("must be base64 after whsec_")]
    NotBase64,
    /// Too short to be a secret, or absurdly long.
    #[error("must have {SHORTEST_SECRET} to {LONGEST_SECRET} bytes")]
    Length,
}

/// A secret that sender and receiver share. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

impl SigningSecret {
    /// Reads `whsec_` and base64, or any other text as the bytes that it is.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let bytes = match text.strip_prefix(SECRET_PREFIX) {
            Some(encoded) => BASE64
                .decode(encoded.as_bytes())
                .map_err(|_| SecretError::NotBase64)?,
            None => text.as_bytes().to_vec(),
        };
        if !(SHORTEST_SECRET..=LONGEST_SECRET).contains(&bytes.len()) {
            return Err(SecretError::Length);
        }
        Ok(Self(bytes))
    }

    /// A secret of these random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }

    /// The text to hand out, `whsec_` and base64.
    pub fn to_text(&self) -> String {
        format!("{SECRET_PREFIX}{}", BASE64.encode(&self.0))
    }

    /// The signature of one attempt, `v1,` and base64. The time is in Unix seconds.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let head = signed_head(id, &timestamp.to_string());
        let mac = hmac_sha256(&self.0, &[head.as_bytes(), body]);
        format!("{SIGNATURE_PREFIX}{}", BASE64.encode(&mac))
    }

    fn made(&self, signature: &[u8], head: &str, body: &[u8]) -> bool {
        is_hmac_sha256(&self.0, &[head.as_bytes(), body], signature)
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret(hidden)")
    }
}

/// The signatures of one attempt by several secrets, for the header: an old and a new secret while receivers change over.
pub fn sign_with_all(secrets: &[SigningSecret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| secret.sign(id, timestamp, body))
        .collect();
    signatures.join(" ")
}

/// The three headers of an attempt, as they came.
#[derive(Debug, Clone, Copy)]
pub struct SignedHeaders<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`.
    pub timestamp: &'a str,
    /// `webhook-signature`.
    pub signature: &'a str,
}

/// Why an attempt is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The timestamp is not Unix seconds.
    #[error("webhook-timestamp must be Unix seconds")]
    MalformedTimestamp,
    /// The timestamp is too old: perhaps a replay.
    #[error("webhook-timestamp is too old")]
    TooOld,
    /// The timestamp is too far ahead.
    #[error("webhook-timestamp is in the future")]
    TooNew,
    /// No signature was made by any of the secrets.
    #[error("no webhook-signature matches")]
    NoMatch,
}

/// Checks an attempt against the secrets that are in force; one match is enough. Times are in seconds.
pub fn verify(
    secrets: &[SigningSecret],
    headers: SignedHeaders<'_>,
    body: &[u8],
    now: i64,
    tolerance: u64,
) -> Result<(), SignatureError> {
    let timestamp: i64 = headers
        .timestamp
        .parse()
        .map_err(|_| SignatureError::MalformedTimestamp)?;
    if now.abs_diff(timestamp) > tolerance {
        return Err(if timestamp < now {
            SignatureError::TooOld
        } else {
            SignatureError::TooNew
        });
    }
    let head = signed_head(headers.id, headers.timestamp);
    let matches = headers
        .signature
        .split(' ')
        .filter_map(|signature| signature.strip_prefix(SIGNATURE_PREFIX))
        .filter_map(|encoded| BASE64.decode(encoded.as_bytes()).ok())
        .any(|signature| {
            secrets
                .iter()
                .any(|secret| secret.made(&signature, &head, body))
        });
    matches.then_some(()).ok_or(SignatureError::NoMatch)
}

fn signed_head(id: &str, timestamp: &str) -> String {
    format!("{id}.{timestamp}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;
    const BODY: &[u8] = br#"{"leadID":"5"}"#;

    fn secret(byte: u8) -> SigningSecret {
        SigningSecret::from_random([byte; 32])
    }

    fn check(
        secrets: &[SigningSecret],
        id: &str,
        timestamp: &str,
        signature: &str,
    ) -> Result<(), SignatureError> {
        let headers = SignedHeaders {
            id,
            timestamp,
            signature,
        };
        verify(secrets, headers, BODY, NOW, DEFAULT_TOLERANCE_SECONDS)
    }

    #[test]
    fn what_was_signed_is_believed_and_nothing_else() {
        let signature = secret(1).sign("77", NOW, BODY);
        assert!(signature.starts_with("v1,"));
        let now = NOW.to_string();
        assert_eq!(check(&[secret(1)], "77", &now, &signature), Ok(()));
        let no_match = Err(SignatureError::NoMatch);
        assert_eq!(check(&[secret(1)], "78", &now, &signature), no_match);
        assert_eq!(check(&[secret(2)], "77", &now, &signature), no_match);
        assert_eq!(check(&[], "77", &now, &signature), no_match);
        assert_eq!(
            check(&[secret(1)], "77", &(NOW + 1).to_string(), &signature),
            no_match
        );
        for other in [
            "",
            "v1,",
            "v1",
            "v2,AAAA",
            "v1,%%%",
            &signature.replace("v1,", "v1a,"),
        ] {
            assert_eq!(check(&[secret(1)], "77", &now, other), no_match, "{other}");
        }
    }

    #[test]
    fn old_and_new_secrets_are_good_together() {
        let both = [secret(1), secret(2)];
        let now = NOW.to_string();
        let header = sign_with_all(&both, "77", NOW, BODY);
        for one in &both {
            assert_eq!(
                check(std::slice::from_ref(one), "77", &now, &header),
                Ok(())
            );
        }
        let only_new = secret(2).sign("77", NOW, BODY);
        assert_eq!(check(&both, "77", &now, &only_new), Ok(()));
    }

    #[test]
    fn a_timestamp_outside_the_tolerance_is_refused() {
        for (timestamp, verdict) in [
            (NOW - 300, Ok(())),
            (NOW + 300, Ok(())),
            (NOW - 301, Err(SignatureError::TooOld)),
            (NOW + 301, Err(SignatureError::TooNew)),
            (i64::MIN, Err(SignatureError::TooOld)),
        ] {
            let signature = secret(1).sign("77", timestamp, BODY);
            assert_eq!(
                check(&[secret(1)], "77", &timestamp.to_string(), &signature),
                verdict
            );
        }
        let malformed = Err(SignatureError::MalformedTimestamp);
        assert_eq!(check(&[secret(1)], "77", "now", "v1,"), malformed);
    }

    #[test]
    fn the_sample_of_the_guide_is_believed() {
        let guide = include_str!("../../../docs/guides/forward-to-your-crm.md");
        let value = |name: &str| {
            let mut lines = guide.lines().filter_map(|line| line.strip_prefix(name));
            let found = lines.find(|rest| rest.starts_with(' '));
            found.expect("the guide has such a line").trim()
        };
        let headers = SignedHeaders {
            id: value(ID_HEADER),
            timestamp: value(TIMESTAMP_HEADER),
            signature: value(SIGNATURE_HEADER),
        };
        let secret = SigningSecret::parse(value("secret")).unwrap();
        let (body, now) = (value("body").as_bytes(), headers.timestamp.parse().unwrap());
        assert_eq!(verify(&[secret], headers, body, now, 0), Ok(()));
    }

    #[test]
    fn secrets_are_read_in_both_forms_and_never_shown() {
        assert_eq!(SigningSecret::parse(&secret(3).to_text()), Ok(secret(3)));
        let raw = SigningSecret::parse("a raw secret of some length").unwrap();
        assert_eq!(raw.0, b"a raw secret of some length");
        assert_eq!(format!("{raw:?}"), "SigningSecret(hidden)");
        assert_eq!(SigningSecret::parse("whsec_%"), Err(SecretError::NotBase64));
        assert_eq!(SigningSecret::parse("short"), Err(SecretError::Length));
        assert_eq!(
            SigningSecret::parse(&"x".repeat(513)),
            Err(SecretError::Length)
        );
    }
}
