//! What is chosen from a few words when a client is registered: its kind, its profile, its policy on reuse.

use thiserror::Error;

macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// The word in the store and on the wire.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the word.
            pub(crate) fn parse(word: &str) -> Result<Self, WordError> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(WordError(concat!("must be one of:", $(" ", $word,)+))),
                }
            }
        }
    )+};
}

/// A word that is none of those which may stand here. The message completes the sentence "this member …".
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub(crate) struct WordError(&'static str);

words! {
    /// Whether a client's connections are real (protocol §0).
    ClientKind {
        /// Its connections receive deliveries.
        Production = "production",
        /// For trying out: nothing is ever sent to it, and nothing that it sends has an effect.
        Test = "test",
    }
    /// How closely a client must follow the source at the token endpoint (protocol §2.2).
    ClientProfile {
        /// It must send `token_type`, as the source says.
        Strict = "strict",
        /// It may leave `token_type` out.
        Lenient = "lenient",
    }
    /// What becomes of a connection when a refresh token is used again after the grace period (D5).
    ReusePolicy {
        /// The request is refused and the live pair keeps working: cutting a partner off loses leads.
        Deny = "deny",
        /// The connection ends.
        Revoke = "revoke",
    }
}

impl ClientKind {
    /// Whether what such a client does is done (protocol §3.1): a test client's requests are validated, and that is all.
    pub(crate) const fn has_effect(self) -> bool {
        match self {
            Self::Production => true,
            Self::Test => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_and_others_are_refused() {
        for kind in [ClientKind::Production, ClientKind::Test] {
            assert_eq!(ClientKind::parse(kind.as_str()), Ok(kind));
        }
        let error = ClientProfile::parse("loose").unwrap_err();
        assert_eq!(error.to_string(), "must be one of: strict lenient");
        assert_eq!(ReusePolicy::parse("revoke"), Ok(ReusePolicy::Revoke));
    }
}
