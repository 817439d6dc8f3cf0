//! Refresh tokens (D5): each is used once and replaced; for ten seconds the old one gives the same new pair again.
//!
//! This is the judgement alone. The caller has proved its client before, holds the grant's lock, and read the clock after
//! it got the lock.

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::domain::client::ReusePolicy;
use crate::domain::grant::{Grant, GrantId, elapsed};

/// How long an access token is good; at this very age it is not any more (protocol §2.2).
pub(crate) const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// How long a refresh token is good; at this very age it still is (protocol §2.2).
pub(crate) const REFRESH_LIFETIME: SignedDuration = SignedDuration::from_hours(720);

/// How long after its use a refresh token gives the same pair again; at this very age it still does (D5).
pub(crate) const GRACE_PERIOD: SignedDuration = SignedDuration::from_secs(10);

/// A refresh token as it is stored: under its hash, which is not part of this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    pub(crate) grant_id: GrantId,
    pub(crate) issued_at: Timestamp,
    /// The last moment at which it is good.
    pub(crate) expires_at: Timestamp,
    pub(crate) access: IssuedAccess,
    pub(crate) state: RefreshState,
}

impl RefreshToken {
    /// Whether it has run out.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        elapsed(self.expires_at, now).is_positive()
    }
}

/// The access token that was issued beside a refresh token: with the grant, all that is needed to sign it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IssuedAccess {
    pub(crate) key_number: u32,
    pub(crate) expires_at: Timestamp,
}

/// Where a refresh token stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefreshState {
    /// The newest of its grant.
    Head,
    /// It was used, and another took its place.
    Rotated {
        /// When it was used first. A repetition does not move this.
        rotated_at: Timestamp,
        /// What took its place.
        successor: Successor,
    },
}

/// What took a refresh token's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Successor {
    /// The new token, sealed so that only the holder of the old one can open it.
    pub(crate) sealed: String,
    /// The access token that was issued beside it.
    pub(crate) access: IssuedAccess,
    /// Whether it was used in its turn: then its holder has it, and nobody needs it told again.
    pub(crate) is_used: bool,
}

/// What a good refresh token gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefreshVerdict<'t> {
    /// A new pair.
    Rotate,
    /// The pair that its first use gave.
    Repeat(&'t Successor),
}

/// Why a refresh token gives nothing.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum RefreshRefusal {
    /// Nobody's, or another client's: then nothing of its owner's is touched.
    #[error("the refresh_token is unknown")]
    Unknown,
    #[error("the connection of the refresh_token was ended")]
    Revoked,
    #[error("the refresh_token has expired")]
    Expired,
    /// More was asked for than the pro granted.
    #[error("the parameter scope asks for more than the pro granted")]
    InsufficientScope,
    /// Used before; the live pair keeps working.
    #[error("the refresh_token was used before")]
    Reused,
    /// Used before, and the client's policy is to end the connection then.
    #[error("the refresh_token was used before")]
    ReusedFatally,
}

/// Judges the use of a refresh token at `now`.
pub(crate) fn judge_refresh<'t>(
    grant: &Grant,
    token: &'t RefreshToken,
    policy: ReusePolicy,
    now: Timestamp,
) -> Result<RefreshVerdict<'t>, RefreshRefusal> {
    if !grant.is_live() {
        return Err(RefreshRefusal::Revoked);
    }
    if token.is_expired(now) {
        return Err(RefreshRefusal::Expired);
    }
    match &token.state {
        RefreshState::Head => Ok(RefreshVerdict::Rotate),
        RefreshState::Rotated {
            rotated_at,
            successor,
        } if !successor.is_used && elapsed(*rotated_at, now) <= GRACE_PERIOD => {
            Ok(RefreshVerdict::Repeat(successor))
        }
        RefreshState::Rotated { .. } => Err(match policy {
            ReusePolicy::Deny => RefreshRefusal::Reused,
            ReusePolicy::Revoke => RefreshRefusal::ReusedFatally,
        }),
    }
}

#[cfg(test)]
mod tests {
    use protocol::id::{AccountId, BusinessId, PartnerId};
    use protocol::scope::{Scope, Scopes};

    use super::*;
    use crate::domain::client::ClientKind;
    use crate::domain::grant::GrantState;

    const START: Timestamp = Timestamp::constant(1_700_000_000, 0);
    const ACCESS: IssuedAccess = IssuedAccess {
        key_number: 1,
        expires_at: START,
    };

    fn after(microseconds: i64) -> Timestamp {
        START + SignedDuration::from_micros(microseconds)
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

    fn live() -> Grant {
        grant(GrantState::Live {
            exchanged_at: START,
        })
    }

    fn token(state: RefreshState) -> RefreshToken {
        RefreshToken {
            grant_id: GrantId::from_i64(1).unwrap(),
            issued_at: START,
            expires_at: START + REFRESH_LIFETIME,
            access: ACCESS,
            state,
        }
    }

    fn rotated(is_used: bool) -> RefreshToken {
        token(RefreshState::Rotated {
            rotated_at: START,
            successor: Successor {
                sealed: "sealed".to_owned(),
                access: ACCESS,
                is_used,
            },
        })
    }

    /// The verdict as a word.
    fn judge(
        token: &RefreshToken,
        policy: ReusePolicy,
        microseconds: i64,
    ) -> Result<&'static str, RefreshRefusal> {
        judge_refresh(&live(), token, policy, after(microseconds)).map(|verdict| match verdict {
            RefreshVerdict::Rotate => "rotate",
            RefreshVerdict::Repeat(_) => "repeat",
        })
    }

    #[test]
    fn the_head_rotates_for_720_hours_to_the_microsecond() {
        let hours_720 = 720 * 3_600 * 1_000_000;
        for (microseconds, expected) in [
            (0, Ok("rotate")),
            (hours_720, Ok("rotate")),
            (hours_720 + 1, Err(RefreshRefusal::Expired)),
        ] {
            let answer = judge(&token(RefreshState::Head), ReusePolicy::Deny, microseconds);
            assert_eq!(answer, expected, "{microseconds}");
        }
    }

    #[test]
    fn a_used_token_repeats_for_ten_seconds_to_the_microsecond() {
        use ReusePolicy::{Deny, Revoke};
        let (reused, fatally) = (RefreshRefusal::Reused, RefreshRefusal::ReusedFatally);
        for (is_used, policy, microseconds, expected) in [
            (false, Deny, 0, Ok("repeat")),
            (false, Deny, 9_000_000, Ok("repeat")),
            (false, Revoke, 10_000_000, Ok("repeat")),
            (false, Deny, 10_000_001, Err(reused)),
            (false, Revoke, 10_000_001, Err(fatally)),
            (true, Deny, 0, Err(reused)),
            (true, Deny, 9_000_000, Err(reused)),
            (true, Revoke, 1, Err(fatally)),
            (true, Deny, 60_000_000, Err(reused)),
        ] {
            let answer = judge(&rotated(is_used), policy, microseconds);
            assert_eq!(answer, expected, "{is_used} {policy:?} {microseconds}");
        }
    }

    #[test]
    fn nothing_of_a_grant_that_is_not_live_gives_a_pair() {
        for state in [RefreshState::Head, rotated(false).state] {
            let (grant, token) = (grant(GrantState::Revoked), token(state));
            let answer = judge_refresh(&grant, &token, ReusePolicy::Revoke, START);
            assert_eq!(answer, Err(RefreshRefusal::Revoked));
        }
    }

    #[test]
    fn expiry_comes_before_reuse() {
        let old = RefreshToken {
            expires_at: after(5_000_000),
            ..rotated(false)
        };
        assert_eq!(judge(&old, ReusePolicy::Revoke, 5_000_000), Ok("repeat"));
        let late = judge(&old, ReusePolicy::Revoke, 5_000_001);
        assert_eq!(late, Err(RefreshRefusal::Expired));
    }
}
