//! The envelope of the claims. Nothing inside it is looked at before its signature was.

use data_encoding::BASE64URL_NOPAD;

use crate::hashing::{hmac_sha256, is_hmac_sha256};

use super::claims::{AccessClaims, ClaimsError};

/// The longest token that is looked at, in bytes.
pub const LONGEST_TOKEN: usize = 4 * 1024;

/// Why a token is not believed. Outsiders are told none of this but `INVALID_TOKEN`.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`LONGEST_TOKEN`].
    #[error("the token is longer than {LONGEST_TOKEN} bytes")]
    TooLong,
    /// Not three parts, or a part is not in its one canonical form.
    #[error("the token does not have the form K.P.S")]
    Malformed,
    /// Signed by a key that is not known, or no longer.
    #[error("the token was signed by the unknown key {0}")]
    UnknownKey(u32),
    /// Not signed by the key that it names.
    #[error("the token's signature is wrong")]
    WrongSignature,
    /// Signed, but not claims: a key has been used for something else.
    #[error("the token's claims cannot be read")]
    Claims(#[from] ClaimsError),
}

/// Makes a token; the same arguments make the same bytes.
pub fn sign(key_number: u32, key: &[u8], claims: &AccessClaims) -> String {
    let payload = BASE64URL_NOPAD.encode(claims.to_json().as_bytes());
    let signed = format!("{key_number}.{payload}");
    let signature = BASE64URL_NOPAD.encode(&hmac_sha256(key, &[signed.as_bytes()]));
    format!("{signed}.{signature}")
}

/// Checks form and signature, and only then reads the claims. Expiry is [`AccessClaims::is_expired`].
pub fn verify<K: AsRef<[u8]>>(
    token: &str,
    key: impl FnOnce(u32) -> Option<K>,
) -> Result<AccessClaims, TokenError> {
    let parts = Parts::split(token)?;
    let key = key(parts.key_number).ok_or(TokenError::UnknownKey(parts.key_number))?;
    let signature = decode(parts.signature)?;
    let payload = decode(parts.payload)?;
    if !is_hmac_sha256(key.as_ref(), &[parts.signed.as_bytes()], &signature) {
        return Err(TokenError::WrongSignature);
    }
    Ok(AccessClaims::from_json(&payload)?)
}

/// Reads the claims of a token without believing them: for tools that show what a token says, never for access.
pub fn decode_without_verifying(token: &str) -> Result<AccessClaims, TokenError> {
    let parts = Parts::split(token)?;
    decode(parts.signature)?;
    Ok(AccessClaims::from_json(&decode(parts.payload)?)?)
}

struct Parts<'t> {
    key_number: u32,
    payload: &'t str,
    signature: &'t str,
    /// Everything before the signature's dot.
    signed: &'t str,
}

impl<'t> Parts<'t> {
    fn split(token: &'t str) -> Result<Self, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (number, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let key_number = number.parse().map_err(|_| TokenError::Malformed)?;
        // `parse` also takes "+1" and "01", and one key must have one name.
        if number != u32::to_string(&key_number) {
            return Err(TokenError::Malformed);
        }
        Ok(Self {
            key_number,
            payload,
            signature,
            signed,
        })
    }
}

/// This decoder refuses padding, foreign characters and stray trailing bits, so that a token has one spelling only.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    BASE64URL_NOPAD
        .decode(part.as_bytes())
        .map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::id::{AccountId, BusinessId};
    use crate::scope::{Scope, Scopes};

    const KEY: &[u8] = b"a key of thirty-two bytes, about";

    fn claims() -> AccessClaims {
        AccessClaims {
            business_pk: BusinessId::parse("286900112233445504").unwrap(),
            client_id: "client-1".to_owned(),
            scopes: Scopes::from_iter([Scope::Messages, Scope::Targeting]),
            expires_at: "2021-10-14T02:59:29.8220056Z".parse().unwrap(),
            src_auth_code: "ab".repeat(32),
            account_id: AccountId::from_i64(398_122_320_116_506_633),
        }
    }

    fn key_one(number: u32) -> Option<&'static [u8]> {
        (number == 1).then_some(KEY)
    }

    fn payload_of(token: &str) -> String {
        let payload = token.split('.').nth(1).unwrap();
        String::from_utf8(BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
    }

    fn token_of(json: &str) -> String {
        let signed = format!("1.{}", BASE64URL_NOPAD.encode(json.as_bytes()));
        let signature = hmac_sha256(KEY, &[signed.as_bytes()]);
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
    }

    #[test]
    fn the_claims_have_the_documented_members_in_order() {
        let token = sign(1, KEY, &claims());
        assert_eq!(
            payload_of(&token),
            format!(
                r#"{{"BusinessPK":286900112233445504,"ClientID":"client-1","Scope":["messages","targeting"],"ExpiresAt":"2021-10-14T02:59:29.822005600Z","SrcAuthCode":"{}","AccountID":398122320116506633}}"#,
                "ab".repeat(32)
            )
        );
        assert_eq!(token, sign(1, KEY, &claims()));
        assert!(token.starts_with("1."));
    }

    #[test]
    fn what_was_signed_is_believed() {
        assert_eq!(verify(&sign(1, KEY, &claims()), key_one).unwrap(), claims());
    }

    #[test]
    fn another_key_or_key_number_is_not_believed() {
        let token = sign(2, KEY, &claims());
        assert!(matches!(
            verify(&token, key_one),
            Err(TokenError::UnknownKey(2))
        ));
        let token = sign(1, b"another key", &claims());
        assert!(matches!(
            verify(&token, key_one),
            Err(TokenError::WrongSignature)
        ));
        let renumbered = sign(2, KEY, &claims()).replacen("2.", "1.", 1);
        assert!(matches!(
            verify(&renumbered, key_one),
            Err(TokenError::WrongSignature)
        ));
    }

    #[test]
    fn a_token_has_one_spelling() {
        let token = sign(1, KEY, &claims());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        for other in [
            String::new(),
            "...".to_owned(),
            format!("0{token}"),
            format!("+{token}"),
            format!(" {token}"),
            format!("{token}="),
            format!("{token}\n"),
            format!("{token}."),
            format!("{signed}.."),
            format!("x{token}"),
            signed.to_owned(),
            token.replacen("1.", "1.=", 1),
        ] {
            assert!(
                matches!(verify(&other, key_one), Err(TokenError::Malformed)),
                "{other:?}"
            );
        }
        // 32 bytes leave two stray bits in the last character: all but one of its four spellings are refused.
        let (head, last) = signature.split_at(signature.len() - 1);
        let spellings = ('A'..='Z').filter(|letter| !last.starts_with(*letter));
        for letter in spellings {
            assert!(verify(&format!("{signed}.{head}{letter}"), key_one).is_err());
        }
        assert!(matches!(
            verify(&"1".repeat(4_097), key_one),
            Err(TokenError::TooLong)
        ));
    }

    #[test]
    fn signed_bytes_that_are_no_claims_are_refused() {
        for json in ["", "{}", "[1]", r#"{"BusinessPK":"5"}"#, &"[".repeat(1_000)] {
            assert!(matches!(
                verify(&token_of(json), key_one),
                Err(TokenError::Claims(_))
            ));
        }
        let negative = sign(1, KEY, &claims());
        let negative = token_of(&payload_of(&negative).replace("286900112233445504", "-5"));
        assert!(matches!(
            verify(&negative, key_one),
            Err(TokenError::Claims(_))
        ));
    }

    #[test]
    fn both_documented_shapes_are_decoded() {
        // The original's SrcAuthCode: hex of the sixteen bytes of the code, then the SHA-256 of nothing.
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let older = format!(
            r#"{{"BusinessPK":314200112233445521,"ClientID":"EXAMPLE INTERNAL","Scope":[],"ExpiresAt":"2021-10-14T02:45:06.286507918Z","SrcAuthCode":"{}{nothing}"}}"#,
            "0c".repeat(16)
        );
        let token = format!("1.{}.AAAA", BASE64URL_NOPAD.encode(older.as_bytes()));
        let decoded = decode_without_verifying(&token).unwrap();
        assert_eq!(decoded.account_id, None);
        assert!(decoded.scopes.is_empty());
        assert_eq!(decoded.src_auth_code.len(), 96);
        assert_eq!(decoded.to_json(), older);
        assert!(verify(&token, key_one).is_err());

        let newer = sign(7, KEY, &claims());
        assert_eq!(decode_without_verifying(&newer).unwrap(), claims());
    }

    #[test]
    fn a_token_expires_to_the_nanosecond() {
        let claims = claims();
        let last: Timestamp = "2021-10-14T02:59:29.822005599Z".parse().unwrap();
        assert!(!claims.is_expired(last));
        assert!(claims.is_expired(claims.expires_at));
    }

    proptest! {
        #[test]
        fn whatever_is_signed_comes_back(
            business in 1..=i64::MAX,
            client_id in ".{0,60}",
            nanoseconds in 0..4_000_000_000_000_000_000_i128,
            account in proptest::option::of(1..=i64::MAX),
        ) {
            let claims = AccessClaims {
                business_pk: BusinessId::from_i64(business).unwrap(),
                client_id,
                expires_at: Timestamp::from_nanosecond(nanoseconds).unwrap(),
                account_id: account.and_then(AccountId::from_i64),
                ..claims()
            };
            prop_assert_eq!(verify(&sign(1, KEY, &claims), key_one).unwrap(), claims);
        }

        #[test]
        fn a_token_with_one_byte_changed_is_not_believed(index: prop::sample::Index, byte in 0x21..0x7f_u8) {
            let token = sign(1, KEY, &claims());
            let mut bytes = token.into_bytes();
            let at = index.index(bytes.len());
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            prop_assert!(verify(&String::from_utf8(bytes).unwrap(), key_one).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(token in ".*") {
            let _ = verify(&token, key_one);
            let _ = decode_without_verifying(&token);
        }
    }
}
