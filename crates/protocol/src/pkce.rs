//! Proof Key for Code Exchange (RFC 7636), method S256 only (§2.1).

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

use crate::hashing::sha256;

/// Why PKCE parameters are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PkceError {
    /// A method other than S256. Without the parameter RFC 7636 means `plain`, which is refused too.
    #[error("code_challenge_method must be S256")]
    UnsupportedMethod,
    /// A challenge that no SHA-256 makes.
    #[error("code_challenge must be 43 characters of base64url without padding")]
    MalformedChallenge,
    /// A verifier outside the grammar of RFC 7636 §4.1.
    #[error("code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~")]
    MalformedVerifier,
    /// The verifier is not the one that the challenge was made of.
    #[error("code_verifier does not match the code_challenge")]
    Mismatch,
}

/// A challenge, as the connect request carried it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method`.
    pub fn parse(challenge: &str, method: Option<&str>) -> Result<Self, PkceError> {
        if method != Some("S256") {
            return Err(PkceError::UnsupportedMethod);
        }
        Self::from_stored(challenge)
    }

    /// Reads a challenge that was accepted before.
    pub fn from_stored(challenge: &str) -> Result<Self, PkceError> {
        match BASE64URL_NOPAD.decode(challenge.as_bytes()) {
            Ok(hash) if hash.len() == 32 => Ok(Self(challenge.to_owned())),
            _ => Err(PkceError::MalformedChallenge),
        }
    }

    /// The challenge of a verifier, for the side that starts the connection.
    pub fn of(verifier: &str) -> Result<Self, PkceError> {
        check_verifier(verifier)?;
        Ok(Self(BASE64URL_NOPAD.encode(&sha256(verifier.as_bytes()))))
    }

    /// The text of `code_challenge`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks the `code_verifier` of a token request; in constant time once its form is right.
    ///
    /// ```
    /// use protocol::pkce::CodeChallenge;
    /// // RFC 7636, appendix B.
    /// let challenge =
    ///     CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Some("S256")).unwrap();
    /// assert!(challenge.verify("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").is_ok());
    /// ```
    pub fn verify(&self, verifier: &str) -> Result<(), PkceError> {
        let made = Self::of(verifier)?;
        let same = made.0.as_bytes().ct_eq(self.0.as_bytes());
        bool::from(same).then_some(()).ok_or(PkceError::Mismatch)
    }
}

/// A verifier of these random bytes, for the side that starts the connection.
pub fn verifier_from_random(bytes: [u8; 32]) -> String {
    BASE64URL_NOPAD.encode(&bytes)
}

fn check_verifier(verifier: &str) -> Result<(), PkceError> {
    let unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
    well_formed
        .then_some(())
        .ok_or(PkceError::MalformedVerifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_verifier_that_made_the_challenge_passes() {
        let verifier = verifier_from_random([7; 32]);
        let challenge = CodeChallenge::of(&verifier).unwrap();
        assert_eq!(challenge.verify(&verifier), Ok(()));
        let other = verifier_from_random([8; 32]);
        assert_eq!(challenge.verify(&other), Err(PkceError::Mismatch));
        assert_eq!(
            challenge.verify(challenge.as_str()),
            Err(PkceError::Mismatch)
        );
    }

    #[test]
    fn the_forms_are_checked() {
        let challenge = CodeChallenge::of(&"v".repeat(43)).unwrap();
        for method in [None, Some("plain"), Some("s256"), Some("")] {
            assert_eq!(
                CodeChallenge::parse(challenge.as_str(), method),
                Err(PkceError::UnsupportedMethod)
            );
        }
        let too_long = "A".repeat(44);
        for text in ["", "abc", too_long.as_str(), &"=".repeat(43)] {
            assert_eq!(
                CodeChallenge::parse(text, Some("S256")),
                Err(PkceError::MalformedChallenge)
            );
        }
        for verifier in [
            "v".repeat(42),
            "v".repeat(129),
            "é".repeat(43),
            " ".repeat(43),
        ] {
            assert_eq!(
                challenge.verify(&verifier),
                Err(PkceError::MalformedVerifier)
            );
        }
        assert!(
            challenge
                .verify(&"v".repeat(128))
                .is_err_and(|error| error == PkceError::Mismatch)
        );
    }
}
