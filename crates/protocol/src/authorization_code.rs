//! Authorization codes (§2.1): what a pro's confirmation gives a client, once, for five minutes.
//!
//! Storing, expiry and single use are the platform's; here are only the form and the handle under which one is stored.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use crate::hashing::sha256;

/// Random bytes in a code.
pub const CODE_BYTES: usize = 16;

/// A code in the clear, ours or presented by a client. It is a secret: `Debug` hides it, stores keep [`Self::handle`].
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationCode(String);

impl AuthorizationCode {
    /// The code made of these random bytes: 22 characters of base64url without padding.
    ///
    /// ```
    /// use protocol::authorization_code::AuthorizationCode;
    /// assert_eq!(AuthorizationCode::from_random([0; 16]).as_str().len(), 22);
    /// ```
    pub fn from_random(bytes: [u8; CODE_BYTES]) -> Self {
        Self(BASE64URL_NOPAD.encode(&bytes))
    }

    /// What a client presented, if it has the form of a code.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        (bytes.len() == CODE_BYTES).then(|| Self(text.to_owned()))
    }

    /// The code, to be sent to the client.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name under which the code is kept: hex of its SHA-256. Access tokens carry it as `SrcAuthCode` (§2.2 D4).
    pub fn handle(&self) -> String {
        HEXLOWER.encode(&sha256(self.0.as_bytes()))
    }
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AuthorizationCode(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_has_not_the_form_of_a_code_is_refused() {
        for text in [
            "",
            "short",
            "AAAAAAAAAAAAAAAAAAAAAB",
            "AAAAAAAAAAAAAAAAAAAAAA==",
            "AAAAAAAAAAAAAAAAAAAA+A",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(AuthorizationCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_handle_is_the_hash_of_the_text_and_nothing_else_is_shown() {
        let code = AuthorizationCode::from_random([0; 16]);
        assert_eq!(code.as_str(), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(
            code.handle(),
            HEXLOWER.encode(&sha256(b"AAAAAAAAAAAAAAAAAAAAAA"))
        );
        assert!(!format!("{code:?}").contains("AAAA"));
    }

    proptest! {
        #[test]
        fn every_code_is_recognised(bytes: [u8; CODE_BYTES]) {
            let code = AuthorizationCode::from_random(bytes);
            prop_assert_eq!(AuthorizationCode::parse(code.as_str()), Some(code));
        }
    }
}
