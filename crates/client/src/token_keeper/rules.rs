//! When a token is good, when it is to be replaced, and when to ask again: pure, tested as tables.

use std::time::Duration;

use base::SecretHash;
use jiff::{SignedDuration, Timestamp};

use crate::token_store::{IssuedTokens, ReconnectReason, StoredTokens};

/// How long before its end a token is replaced.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// A token that ends sooner is not handed out: it could end on its way to the platform.
const SHORTEST_USE: SignedDuration = SignedDuration::from_secs(2);

/// How long a refresh token lives (§2.2).
const REFRESH_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(720);

/// How long the platform gives the same answer to the same refresh token (§2.2 D5).
const GRACE_PERIOD: Duration = Duration::from_secs(10);

/// How long to wait before the second, third and fourth try inside the grace period.
const WAITS: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// What the stored tokens are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The access token can be used, and nothing is to be done.
    Fresh,
    /// The access token can be used, but is to be replaced.
    Due,
    /// The access token has ended; the refresh token is good for another.
    Dead,
    /// The access token has ended, and the refresh token is known to be useless.
    Lost(ReconnectReason),
}

/// What a caller wants of a refresh.
#[derive(Debug)]
pub(super) enum Wanted {
    /// A token whose end is not near.
    Fresh,
    /// Any live token but the one with this hash, which the platform has refused.
    OtherThan(SecretHash),
}

/// Whether a token that was issued at `issued_at` is to be replaced: from one minute before its end, or from the middle
/// of its life if it lives for less than two minutes.
pub fn refresh_due(now: Timestamp, issued_at: Timestamp, expires_at: Timestamp) -> bool {
    let half = expires_at.duration_since(issued_at) / 2;
    expires_at.duration_since(now) <= AHEAD.min(half)
}

/// Whether the access token can still be handed out.
pub(super) fn usable(tokens: &IssuedTokens, now: Timestamp) -> bool {
    tokens.expires_at.duration_since(now) > SHORTEST_USE
}

/// Whether the platform no longer takes the refresh token because of its age.
pub(super) fn refresh_token_expired(tokens: &IssuedTokens, now: Timestamp) -> bool {
    now.duration_since(tokens.issued_at) >= REFRESH_TOKEN_LIFETIME
}

pub(super) fn judge(stored: &StoredTokens, now: Timestamp) -> Judgement {
    let tokens = &stored.tokens;
    match (usable(tokens, now), stored.reconnect) {
        (true, Some(_)) => Judgement::Fresh,
        (true, None) if !refresh_due(now, tokens.issued_at, tokens.expires_at) => Judgement::Fresh,
        (true, None) => Judgement::Due,
        (false, Some(reason)) => Judgement::Lost(reason),
        (false, None) => Judgement::Dead,
    }
}

impl Wanted {
    /// Whether the stored token is what is wanted, so that no refresh is needed.
    pub(super) fn is_met_by(&self, stored: &StoredTokens, now: Timestamp) -> bool {
        match self {
            Self::Fresh => judge(stored, now) == Judgement::Fresh,
            Self::OtherThan(_) => self.can_do_with(stored, now),
        }
    }

    /// Whether the stored token will do while somebody else is refreshing it.
    pub(super) fn can_do_with(&self, stored: &StoredTokens, now: Timestamp) -> bool {
        let refused = match self {
            Self::Fresh => false,
            Self::OtherThan(hash) => hash.matches(stored.tokens.access_token.expose()),
        };
        usable(&stored.tokens, now) && !refused
    }
}

/// How long to wait before asking again with the same refresh token, when `asked_again` tries after the first have been
/// made and `elapsed` has passed since it; `None` if the grace period would be over.
pub(super) fn next_wait(asked_again: usize, elapsed: Duration) -> Option<Duration> {
    let wait = *WAITS.get(asked_again)?;
    (elapsed + wait < GRACE_PERIOD).then_some(wait)
}

#[cfg(test)]
mod tests {
    use base::Secret;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn stored(lifetime: i64, reconnect: Option<ReconnectReason>) -> StoredTokens {
        StoredTokens {
            version: 1,
            tokens: IssuedTokens {
                access_token: Secret::new("access"),
                expires_at: at(lifetime),
                refresh_token: Secret::new("refresh"),
                issued_at: at(0),
            },
            reconnect,
        }
    }

    #[test]
    fn a_token_is_replaced_a_minute_ahead_or_in_the_middle_of_a_short_life() {
        for (lifetime, now, due) in [
            (3_600, 0, false),
            (3_600, 3_539, false),
            (3_600, 3_540, true),
            (3_600, 3_600, true),
            (3_600, 9_999, true),
            (60, 29, false),
            (60, 30, true),
            (0, 0, true),
        ] {
            assert_eq!(
                refresh_due(at(now), at(0), at(lifetime)),
                due,
                "{lifetime} {now}"
            );
        }
    }

    #[test]
    fn a_stored_pair_is_judged_by_its_end_and_its_mark() {
        let mark = Some(ReconnectReason::GrantRefused);
        for (now, reconnect, judgement) in [
            (0, None, Judgement::Fresh),
            (3_540, None, Judgement::Due),
            (3_597, None, Judgement::Due),
            (3_598, None, Judgement::Dead),
            (3_597, mark, Judgement::Fresh),
            (3_598, mark, Judgement::Lost(ReconnectReason::GrantRefused)),
        ] {
            assert_eq!(
                judge(&stored(3_600, reconnect), at(now)),
                judgement,
                "{now}"
            );
        }
    }

    #[test]
    fn a_refresh_token_lives_for_720_hours() {
        let tokens = stored(3_600, None).tokens;
        assert!(!refresh_token_expired(&tokens, at(720 * 3_600 - 1)));
        assert!(refresh_token_expired(&tokens, at(720 * 3_600)));
    }

    #[test]
    fn a_refused_token_is_never_what_is_wanted() {
        let stored = stored(3_600, None);
        let refused = Wanted::OtherThan(Secret::new("access").hash());
        assert!(!refused.is_met_by(&stored, at(0)));
        let another = Wanted::OtherThan(Secret::new("older").hash());
        assert!(another.is_met_by(&stored, at(3_540)));
        assert!(!another.is_met_by(&stored, at(3_600)));
        assert!(!Wanted::Fresh.is_met_by(&stored, at(3_540)));
        assert!(Wanted::Fresh.can_do_with(&stored, at(3_540)));
    }

    #[test]
    fn all_tries_fall_into_the_grace_period() {
        for (asked_again, elapsed, wait) in [
            (0, 0, Some(500)),
            (1, 500, Some(1_000)),
            (2, 1_500, Some(2_000)),
            (3, 3_500, None),
            (0, 3_000, Some(500)),
            (1, 6_500, Some(1_000)),
            (2, 10_500, None),
            (1, 9_000, None),
        ] {
            let elapsed = Duration::from_millis(elapsed);
            let wait = wait.map(Duration::from_millis);
            assert_eq!(
                next_wait(asked_again, elapsed),
                wait,
                "{asked_again} {elapsed:?}"
            );
        }
    }
}
