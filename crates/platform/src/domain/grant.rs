//! A pro's grant to a client for one business (protocol §0, "connection"): born with a code, alive once the code was
//! exchanged, until revoked. Here are its states and the judgement of a code exchange (§2.2).
//!
//! What a refresh token may do is in `refresh.rs`.

use jiff::{SignedDuration, Timestamp};
use protocol::access_token::AccessClaims;
use protocol::id::{AccountId, BusinessId, PartnerId};
use protocol::pkce::{CodeChallenge, PkceError};
use protocol::scope::Scopes;
use thiserror::Error;

use crate::domain::client::ClientKind;
use crate::domain::redirect_uri::{Redirect, RedirectMismatch, RedirectUri};

/// How long a code is good; at this very age it still is (protocol §2.1).
pub(crate) const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// How long after its use a code may come again from its own client without ending what it gave.
pub(crate) const REPLAY_TOLERANCE: SignedDuration = SignedDuration::from_secs(10);

/// How much time has passed between two moments, in the whole microseconds in which moments are stored.
pub(crate) fn elapsed(since: Timestamp, now: Timestamp) -> SignedDuration {
    SignedDuration::from_micros(now.as_microsecond() - since.as_microsecond())
}

/// A grant's number. It has the shape of the protocol's ids but never leaves the platform's own interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GrantId(i64);

impl GrantId {
    /// The id with this number, if it is positive.
    pub(crate) const fn from_i64(number: i64) -> Option<Self> {
        if number > 0 { Some(Self(number)) } else { None }
    }

    /// The number.
    pub(crate) const fn get(self) -> i64 {
        self.0
    }
}

/// A grant as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) grant_id: GrantId,
    /// hex(SHA-256(code)), which access tokens carry as `SrcAuthCode`.
    pub(crate) code_hash: String,
    pub(crate) client_id: String,
    pub(crate) partner_id: PartnerId,
    pub(crate) kind: ClientKind,
    pub(crate) business_id: BusinessId,
    pub(crate) account_id: AccountId,
    pub(crate) scopes: Scopes,
    pub(crate) created_at: Timestamp,
    pub(crate) state: GrantState,
}

/// Where a grant stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GrantState {
    /// Its code waits for the client.
    Offered(CodeOffer),
    /// Its code was exchanged: tokens work, and deliveries go out if the client is a production one.
    Live {
        /// When.
        exchanged_at: Timestamp,
    },
    /// Over, for ever.
    Revoked,
}

/// What a code is bound to, beside the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeOffer {
    pub(crate) redirect: Redirect,
    pub(crate) code_challenge: Option<CodeChallenge>,
    /// The last moment at which it is good.
    pub(crate) expires_at: Timestamp,
}

/// A grant that the connect page is about to make.
#[derive(Clone, Debug)]
pub(crate) struct NewGrant {
    pub(crate) grant_id: GrantId,
    pub(crate) code_hash: String,
    pub(crate) client_id: String,
    pub(crate) partner_id: PartnerId,
    pub(crate) kind: ClientKind,
    pub(crate) business_id: BusinessId,
    pub(crate) account_id: AccountId,
    pub(crate) scopes: Scopes,
    pub(crate) offer: CodeOffer,
    pub(crate) created_at: Timestamp,
}

/// Why a grant was ended, as it is kept for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RevocationReason {
    /// The partner called the disconnect endpoint (protocol §2.4).
    DisconnectedByClient,
    /// The pro ended it on the Services page.
    DisconnectedByPro,
    /// The operator ended it.
    DisconnectedByOperator,
    /// The client revoked its refresh token (RFC 7009).
    RevokedByClient,
    /// Its code came again, late or from another client.
    CodeReplayed,
    /// A used refresh token came again, and the client's policy is to revoke.
    RefreshTokenReused,
    /// The pro asked for another code before this one was exchanged.
    Superseded,
    /// The pro connected again, and the client's setting lets that replace the connection (D3).
    Replaced,
    /// Every refresh token ran out, and the pro connected again.
    Expired,
}

impl RevocationReason {
    /// The word in the store, in events and in the audit.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::DisconnectedByClient => "disconnected_by_client",
            Self::DisconnectedByPro => "disconnected_by_pro",
            Self::DisconnectedByOperator => "disconnected_by_operator",
            Self::RevokedByClient => "revoked_by_client",
            Self::CodeReplayed => "code_replayed",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::Superseded => "superseded",
            Self::Replaced => "replaced",
            Self::Expired => "expired",
        }
    }
}

impl Grant {
    /// Whether its code was exchanged and it was not ended since.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, GrantState::Live { .. })
    }

    /// Whether an access token that names this grant says of it what is true.
    pub(crate) fn agrees_with(&self, claims: &AccessClaims) -> bool {
        self.code_hash == claims.src_auth_code
            && self.client_id == claims.client_id
            && self.business_id == claims.business_pk
            && claims.account_id == Some(self.account_id)
            && self.scopes.same_as(&claims.scopes)
    }
}

/// What a client presents to exchange a code. That the client is who it says was proved before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodePresentation<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) registered: &'a [RedirectUri],
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) code_verifier: Option<&'a str>,
}

/// Why a code gives nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum CodeRefusal {
    /// Nobody's, or another client's and not used yet: then it stays as it is.
    #[error("the code is unknown")]
    Unknown,
    #[error("the code has expired")]
    Expired,
    /// Its grant was ended.
    #[error("the code is not valid any more")]
    Revoked,
    /// Used before. What it gave is untouched.
    #[error("the code was used before")]
    Repeated,
    /// Used before, and so late or by such a client that what it gave must end.
    #[error("the code was used before")]
    Replayed,
    #[error(transparent)]
    Redirect(#[from] RedirectMismatch),
    #[error("the parameter code_verifier is missing")]
    VerifierMissing,
    /// RFC 9700 §2.1.1: a verifier without a challenge is a sign that the challenge was cut off on its way.
    #[error("there is a code_verifier, and yet the connect request had no code_challenge")]
    VerifierUnasked,
    #[error(transparent)]
    Verifier(#[from] PkceError),
}

/// Judges a code exchange at `now`. `Ok`: the grant becomes live. A refusal other than [`CodeRefusal::Replayed`] changes
/// nothing, so that the right client can still use the code.
pub(crate) fn judge_exchange(
    grant: &Grant,
    presented: CodePresentation<'_>,
    now: Timestamp,
) -> Result<(), CodeRefusal> {
    let own = grant.client_id == presented.client_id;
    let offer = match &grant.state {
        GrantState::Revoked => return Err(CodeRefusal::Revoked),
        GrantState::Live { exchanged_at } => {
            let soon = elapsed(*exchanged_at, now) <= REPLAY_TOLERANCE;
            return Err(if own && soon {
                CodeRefusal::Repeated
            } else {
                CodeRefusal::Replayed
            });
        }
        GrantState::Offered(_) if !own => return Err(CodeRefusal::Unknown),
        GrantState::Offered(offer) => offer,
    };
    if elapsed(offer.expires_at, now).is_positive() {
        return Err(CodeRefusal::Expired);
    }
    offer
        .redirect
        .accepts(presented.redirect_uri, presented.registered)?;
    match (&offer.code_challenge, presented.code_verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(CodeRefusal::VerifierUnasked),
        (Some(_), None) => Err(CodeRefusal::VerifierMissing),
        (Some(challenge), Some(verifier)) => Ok(challenge.verify(verifier)?),
    }
}

#[cfg(test)]
mod tests {
    use protocol::scope::Scope;

    use super::*;

    const START: Timestamp = Timestamp::constant(1_700_000_000, 0);
    const REDIRECT_URI: &str = "https://crm.example/callback";

    fn after(microseconds: i64) -> Timestamp {
        START + SignedDuration::from_micros(microseconds)
    }

    fn verifier() -> String {
        "v".repeat(43)
    }

    fn grant(state: GrantState) -> Grant {
        Grant {
            grant_id: GrantId::from_i64(1).unwrap(),
            code_hash: "ab".repeat(32),
            client_id: "own".to_owned(),
            partner_id: PartnerId::from_i64(2).unwrap(),
            kind: ClientKind::Production,
            business_id: BusinessId::from_i64(3).unwrap(),
            account_id: AccountId::from_i64(4).unwrap(),
            scopes: Scopes::from_iter([Scope::Messages]),
            created_at: START,
            state,
        }
    }

    fn offered(code_challenge: Option<CodeChallenge>) -> Grant {
        grant(GrantState::Offered(CodeOffer {
            redirect: Redirect {
                asked: Some(REDIRECT_URI.to_owned()),
                location_hash: None,
            },
            code_challenge,
            expires_at: START + CODE_LIFETIME,
        }))
    }

    fn present(client_id: &str) -> CodePresentation<'_> {
        CodePresentation {
            client_id,
            registered: &[],
            redirect_uri: Some(REDIRECT_URI),
            code_verifier: None,
        }
    }

    #[test]
    fn a_code_is_good_for_five_minutes_to_the_microsecond() {
        for (microseconds, expected) in [
            (0, Ok(())),
            (299_999_999, Ok(())),
            (300_000_000, Ok(())),
            (300_000_001, Err(CodeRefusal::Expired)),
            (300_001_000, Err(CodeRefusal::Expired)),
        ] {
            let answer = judge_exchange(&offered(None), present("own"), after(microseconds));
            assert_eq!(answer, expected, "{microseconds}");
        }
    }

    #[test]
    fn a_used_code_ends_what_it_gave_when_it_comes_late_or_from_elsewhere() {
        let used = grant(GrantState::Live {
            exchanged_at: START,
        });
        for (client_id, microseconds, expected) in [
            ("own", 0, CodeRefusal::Repeated),
            ("own", 10_000_000, CodeRefusal::Repeated),
            ("own", 10_000_001, CodeRefusal::Replayed),
            ("other", 0, CodeRefusal::Replayed),
            ("other", 3_600_000_000, CodeRefusal::Replayed),
        ] {
            let answer = judge_exchange(&used, present(client_id), after(microseconds));
            assert_eq!(answer, Err(expected), "{client_id} {microseconds}");
        }
    }

    #[test]
    fn another_client_learns_nothing_of_an_unused_code_and_leaves_it_usable() {
        for microseconds in [0, 300_000_001] {
            let answer = judge_exchange(&offered(None), present("other"), after(microseconds));
            assert_eq!(answer, Err(CodeRefusal::Unknown));
        }
    }

    #[test]
    fn the_code_of_a_revoked_grant_gives_nothing() {
        let answer = judge_exchange(&grant(GrantState::Revoked), present("own"), START);
        assert_eq!(answer, Err(CodeRefusal::Revoked));
    }

    #[test]
    fn redirect_uri_and_verifier_must_fit() {
        let challenge = CodeChallenge::of(&verifier()).unwrap();
        let (right, wrong) = (verifier(), "w".repeat(43));
        let judge = |grant: &Grant, redirect_uri, code_verifier| {
            let presented = CodePresentation {
                redirect_uri,
                code_verifier,
                ..present("own")
            };
            judge_exchange(grant, presented, START)
        };
        let uri = Some(REDIRECT_URI);
        let with = offered(Some(challenge));
        assert_eq!(judge(&with, uri, Some(&right)), Ok(()));
        assert_eq!(
            judge(&with, uri, Some(&wrong)),
            Err(PkceError::Mismatch.into())
        );
        assert_eq!(
            judge(&with, uri, Some("short")),
            Err(PkceError::MalformedVerifier.into())
        );
        assert_eq!(judge(&with, uri, None), Err(CodeRefusal::VerifierMissing));
        let without = offered(None);
        assert_eq!(
            judge(&without, uri, Some(&right)),
            Err(CodeRefusal::VerifierUnasked)
        );
        assert_eq!(
            judge(&without, None, None),
            Err(RedirectMismatch::Missing.into())
        );
        assert_eq!(
            judge(&without, Some("https://evil.example/"), None),
            Err(RedirectMismatch::Different.into())
        );
    }
}
