//! Refresh tokens (D5): each is used once and replaced; for ten seconds the old one gives the same new pair again.
//!
//! This is the judgement alone. The caller has proved its client before, holds the grant's lock, and read the clock after
//! it got the lock.

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::domain::client::ReusePolicy;
use crate::domain::grant::{Grant, GrantId};

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
    /// Another client's. Nothing of its owner's is touched.
    #[error("the refresh token is unknown")]
    OtherClient,
    #[error("the connection of the refresh token was ended")]
    Revoked,
    #[error("the refresh token has expired")]
    Expired,
    /// Used before; the live pair keeps working.
    #[error("the refresh token was used before")]
    Reused,
    /// Used before, and the client's policy is to end the connection then.
    #[error("the refresh token was used before")]
    ReusedFatally,
}

/// Judges the use of a refresh token at `now`.
pub(crate) fn judge_refresh<'t>(
    grant: &Grant,
    token: &'t RefreshToken,
    client_id: &str,
    policy: ReusePolicy,
    now: Timestamp,
) -> Result<RefreshVerdict<'t>, RefreshRefusal> {
    if grant.client_id != client_id {
        return Err(RefreshRefusal::OtherClient);
    }
    if !grant.is_live() {
        return Err(RefreshRefusal::Revoked);
    }
    if now > token.expires_at {
        return Err(RefreshRefusal::Expired);
    }
    match &token.state {
        RefreshState::Head => Ok(RefreshVerdict::Rotate),
        RefreshState::Rotated {
            rotated_at,
            successor,
        } if !successor.is_used && now.duration_since(*rotated_at) <= GRACE_PERIOD => {
            Ok(RefreshVerdict::Repeat(successor))
        }
        RefreshState::Rotated { .. } => Err(match policy {
            ReusePolicy::Deny => RefreshRefusal::Reused,
            ReusePolicy::Revoke => RefreshRefusal::ReusedFatally,
        }),
    }
}
