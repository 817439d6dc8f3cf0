//! SHA-256 and HMAC-SHA256, as the token format, codes, PKCE and webhook signatures need them.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

type HmacSha256 = Hmac<Sha256>;

/// SHA-256 of these bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// HMAC-SHA256 over the concatenation of the parts.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    keyed(key, parts).finalize().into_bytes().into()
}

/// Whether this is the HMAC-SHA256 over the concatenation of the parts; takes the same time wherever it differs.
pub(crate) fn is_hmac_sha256(key: &[u8], parts: &[&[u8]], expected: &[u8]) -> bool {
    keyed(key, parts).verify_slice(expected).is_ok()
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> HmacSha256 {
    let mut mac = HmacSha256::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    #[test]
    fn the_second_test_case_of_rfc_4231_holds() {
        let mac = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            HEXLOWER.encode(&mac),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(is_hmac_sha256(
            b"Jefe",
            &[b"what do ya want for nothing?"],
            &mac
        ));
        assert!(!is_hmac_sha256(
            b"Jefe",
            &[b"what do ya want for nothing?"],
            &mac[..31]
        ));
        assert!(!is_hmac_sha256(
            b"jefe",
            &[b"what do ya want for nothing?"],
            &mac
        ));
    }
}
