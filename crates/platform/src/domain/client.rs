//! An OAuth client of a partner: what it is registered for. Its secret exists as a hash only, and not here.

use jiff::Timestamp;
use protocol::id::PartnerId;
use protocol::scope::Scopes;
use thiserror::Error;

use crate::domain::redirect_uri::RedirectUri;

pub(crate) use crate::domain::client_words::{ClientKind, ClientProfile, ReusePolicy};

/// The longest client id, in characters.
const LONGEST_ID: usize = 200;

/// A client as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) client_id: String,
    pub(crate) partner_id: PartnerId,
    pub(crate) kind: ClientKind,
    /// Compared character for character, in the order of registration.
    pub(crate) redirect_uris: Vec<RedirectUri>,
    /// What it may ask a pro for.
    pub(crate) scopes: Scopes,
    pub(crate) profile: ClientProfile,
    pub(crate) reuse_policy: ReusePolicy,
    /// Whether connecting again replaces a live connection instead of being refused (D3).
    pub(crate) reconnect_replaces: bool,
    /// A limit of its own; without one the platform's holds (protocol §3.4).
    pub(crate) limit: Option<ClientLimit>,
    pub(crate) created_at: Timestamp,
}

impl Client {
    /// Whether it may ask for tokens at all. One from which every scope was taken away may not: `UNAUTHORIZED_CLIENT`.
    pub(crate) fn may_use_grants(&self) -> bool {
        !self.scopes.is_empty()
    }

    /// Whether this text, character for character, is one of its redirect URIs.
    pub(crate) fn has_registered(&self, redirect_uri: &str) -> bool {
        self.redirect_uris
            .iter()
            .any(|registered| registered.as_str() == redirect_uri)
    }
}

/// How often a client may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientLimit {
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
}

/// Why a text cannot be the id of a new client. Each message completes the sentence "this member …".
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum ClientIdError {
    #[error("must have 1 to {LONGEST_ID} characters")]
    Length,
    #[error("must consist of A-Z a-z 0-9 - and _, so that every way to encode it gives the same")]
    Character,
}

/// Whether a new client may have this id. Ids with a space, `+` or `%` exist elsewhere; ours read the same raw and
/// form-decoded, so that no two clients can be mistaken for each other.
pub(crate) fn check_new_client_id(client_id: &str) -> Result<(), ClientIdError> {
    if client_id.is_empty() || client_id.chars().count() > LONGEST_ID {
        return Err(ClientIdError::Length);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if client_id.bytes().all(plain) {
        Ok(())
    } else {
        Err(ClientIdError::Character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_client_id_reads_the_same_raw_and_decoded() {
        assert_eq!(check_new_client_id("Acme-CRM_1"), Ok(()));
        for text in ["a b", "a+b", "a%20b", "a:b", "é", "a/b", "a="] {
            assert_eq!(
                check_new_client_id(text),
                Err(ClientIdError::Character),
                "{text}"
            );
        }
        assert_eq!(check_new_client_id(""), Err(ClientIdError::Length));
        assert_eq!(
            check_new_client_id(&"a".repeat(201)),
            Err(ClientIdError::Length)
        );
    }
}
