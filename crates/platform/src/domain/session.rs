//! A pro who is logged in: for how long.

use base::SecretHash;
use jiff::{SignedDuration, Timestamp};
use protocol::id::AccountId;

/// A log-in ends when it was not used for this long.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(12);

/// A log-in ends this long after it began, however much it was used.
pub(crate) const LONGEST_LOGIN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A use is noted only if the last one is noted this long ago: otherwise every page view would be a write.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A log-in as it is stored. The cookie exists as a hash only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) session_hash: SecretHash,
    pub(crate) account_id: AccountId,
    pub(crate) created_at: Timestamp,
    pub(crate) used_at: Timestamp,
}

impl Session {
    /// A log-in that begins now.
    pub(crate) fn begin(session_hash: SecretHash, account_id: AccountId, now: Timestamp) -> Self {
        Self {
            session_hash,
            account_id,
            created_at: now,
            used_at: now,
        }
    }

    /// The last moment at which it is good.
    pub(crate) fn expires_at(&self) -> Timestamp {
        let later = |time: Timestamp, by| time.saturating_add(by).unwrap_or(Timestamp::MAX);
        later(self.used_at, LONGEST_PAUSE).min(later(self.created_at, LONGEST_LOGIN))
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        now > self.expires_at()
    }

    /// The same, used now; `None` where that is not worth noting.
    pub(crate) fn used(&self, now: Timestamp) -> Option<Self> {
        let due = now.duration_since(self.used_at) >= NOTED_EVERY;
        due.then(|| Self {
            used_at: now,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::constant(1_700_000_000, 0);

    fn session() -> Session {
        let account_id = AccountId::from_i64(1).unwrap();
        Session::begin(SecretHash::of("cookie"), account_id, START)
    }

    #[test]
    fn a_login_ends_twelve_hours_after_its_last_use() {
        let session = session();
        assert!(!session.is_over(START + LONGEST_PAUSE));
        assert!(session.is_over(START + LONGEST_PAUSE + SignedDuration::from_micros(1)));
        let used = session.used(START + LONGEST_PAUSE).unwrap();
        assert!(!used.is_over(START + LONGEST_PAUSE * 2));
    }

    #[test]
    fn a_login_ends_after_thirty_days_of_use() {
        let (mut session, mut now) = (session(), START);
        while !session.is_over(now) {
            session = session.used(now).unwrap_or(session);
            now += SignedDuration::from_hours(6);
        }
        assert_eq!(now, START + LONGEST_LOGIN + SignedDuration::from_hours(6));
    }

    #[test]
    fn a_use_is_noted_once_a_minute() {
        assert_eq!(session().used(START + SignedDuration::from_secs(59)), None);
        assert!(
            session()
                .used(START + SignedDuration::from_secs(60))
                .is_some()
        );
    }
}
