//! What the token keeper needs of whoever stores tokens: five steps, each of them atomic.
//!
//! The store is shared by every process that serves the same connections. Two things in it keep them apart: the
//! **lease**, so that at most one of them asks the platform at a time, and the **version**, so that one which was too
//! slow for its lease cannot overwrite what came after it. A lost lease costs a needless request; a version is never
//! ignored.

use std::fmt;
use std::hash::Hash;

use base::Secret;
use jiff::{SignedDuration, Timestamp};

use crate::tokens::TokenPair;

/// A pair of tokens with the times that decide when it must be replaced.
#[derive(Clone, Debug)]
pub struct IssuedTokens {
    /// For calls, until `expires_at`.
    pub access_token: Secret,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// For the next refresh.
    pub refresh_token: Secret,
    /// When the pair was issued; the refresh token lives for 720 hours from then (§2.2).
    pub issued_at: Timestamp,
}

impl IssuedTokens {
    /// A pair that was asked for at `asked_at`. That is before the platform issued it, so no token is believed to live
    /// longer than it does.
    pub fn new(pair: TokenPair, asked_at: Timestamp) -> Self {
        let lifetime = SignedDuration::try_from(pair.expires_in).unwrap_or(SignedDuration::MAX);
        Self {
            access_token: pair.access_token,
            expires_at: asked_at.saturating_add(lifetime).unwrap_or(Timestamp::MAX),
            refresh_token: pair.refresh_token,
            issued_at: asked_at,
        }
    }
}

/// What is stored of one connection's tokens.
#[derive(Clone, Debug)]
pub struct StoredTokens {
    /// Grows with every [`TokenStore::save`].
    pub version: i64,
    /// The newest pair.
    pub tokens: IssuedTokens,
    /// Set once the refresh token is known to be useless. The access token may outlive it.
    pub reconnect: Option<ReconnectReason>,
}

/// Why only the pro can revive a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReconnectReason {
    /// The refresh token is 30 days old (§6).
    RefreshTokenExpired,
    /// The platform no longer takes the refresh token: it was used, or the pro disconnected.
    GrantRefused,
}

impl ReconnectReason {
    const ALL: [Self; 2] = [Self::RefreshTokenExpired, Self::GrantRefused];

    /// The name to store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RefreshTokenExpired => "refresh_token_expired",
            Self::GrantRefused => "grant_refused",
        }
    }

    /// The reason with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// The reason in words for people.
impl fmt::Display for ReconnectReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::RefreshTokenExpired => "the connection was not used for 30 days",
            Self::GrantRefused => "the platform ended the connection",
        })
    }
}

/// The sole right to refresh one connection's tokens for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who has it: a random name, one per keeper.
    pub holder: String,
    /// The time at which it is asked for.
    pub now: Timestamp,
    /// When it ends by itself, should its holder die.
    pub until: Timestamp,
}

/// Where the tokens of many connections are. Each method is one atomic step, and what it wrote is durable when it
/// returns: the keeper hands a token out, or lets the old one go, on the strength of that.
pub trait TokenStore: Send + Sync + 'static {
    /// Names a connection; printed in logs, so it must not be a secret.
    type Connection: Clone + Eq + Hash + fmt::Debug + Send + Sync + 'static;
    /// Why the store could not be asked.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The connection's tokens; `None` if there is no such connection or it was disconnected. Must see every
    /// [`save`](Self::save) that has returned, in whichever process.
    fn load(
        &self,
        connection: &Self::Connection,
    ) -> impl Future<Output = Result<Option<StoredTokens>, Self::Error>> + Send;

    /// Takes the lease if nobody has it, if the one who had it let it run out (its `until` is not after `lease.now`), or
    /// if it is the same holder's; and reads the tokens in the same step. `None` if somebody else has the lease, or there
    /// is no such connection. Of several callers at most one succeeds.
    fn try_lease(
        &self,
        connection: &Self::Connection,
        lease: &Lease,
    ) -> impl Future<Output = Result<Option<StoredTokens>, Self::Error>> + Send;

    /// Replaces the tokens if the stored version is still `version`: stores the pair, adds one to the version, removes
    /// the reconnect mark and ends the lease, whoever has it. `false`, and nothing changed, if the version is another or
    /// the connection is gone.
    fn save(
        &self,
        connection: &Self::Connection,
        version: i64,
        tokens: &IssuedTokens,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Marks the connection as one that the pro has to make again, where people look for it, if the stored version is
    /// still `version`; ends the lease, and keeps tokens and version as they are. `false`, and nothing changed, if the
    /// version is another or the connection is gone.
    fn mark_reconnect(
        &self,
        connection: &Self::Connection,
        version: i64,
        reason: ReconnectReason,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Ends the lease if `holder` has it; otherwise does nothing.
    fn release(
        &self,
        connection: &Self::Connection,
        holder: &str,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_comes_back_from_its_stored_name() {
        for reason in ReconnectReason::ALL {
            assert_eq!(ReconnectReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(ReconnectReason::parse("bored"), None);
    }
}
