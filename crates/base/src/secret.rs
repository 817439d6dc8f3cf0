//! Secrets: the plain form, which never prints, and the hash, which is all that is stored of one we only compare.

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A password, token or key in plain text. It is wiped when dropped and shows nothing in logs.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a plain text as a secret.
    pub fn new(plain: impl Into<String>) -> Self {
        Self(Zeroizing::new(plain.into()))
    }

    /// The plain text, for the one place that must send or compare it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What may be stored of this secret.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// SHA-256 of a random secret, in hexadecimal. People's passwords go through [`crate::Passwords`] instead: they can
/// be guessed, random secrets cannot.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SecretHash(String);

impl SecretHash {
    /// The hash of a plain secret.
    pub fn of(plain: &str) -> Self {
        Self(HEXLOWER.encode(&Sha256::digest(plain.as_bytes())))
    }

    /// A hash as it was stored.
    pub fn from_stored(hexadecimal: String) -> Self {
        Self(hexadecimal)
    }

    /// The text that is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `plain` is the secret, in a time that does not tell how much of it was right.
    pub fn matches(&self, plain: &str) -> bool {
        Self::of(plain).0.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_matches_its_secret_alone() {
        let hash = Secret::new("s3cret").hash();
        assert!(hash.matches("s3cret"));
        assert!(!hash.matches("s3cret\n"));
        assert!(!hash.matches(""));
    }

    #[test]
    fn neither_form_prints_what_it_holds() {
        let secret = Secret::new("marked");
        let printed = format!("{secret:?} {:?}", secret.hash());
        assert_eq!(printed, "Secret(…) SecretHash(…)");
    }
}
