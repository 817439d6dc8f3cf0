//! Wrong credentials: after the tenth within a minute the next wrong ones are told to wait.
//!
//! Nobody is locked out by it. The credentials are checked always, and right ones pass always; only the answer to wrong
//! ones turns from 401 into 429. Count by the caller's address and by the account that was tried.

use std::time::Duration;

use base::Clock;
use jiff::Timestamp;

use super::keyed::{CAPACITY, Counter, Keyed};
use super::retry_after::RetryAfter;

const ALLOWED: u32 = 10;
const WINDOW: Duration = Duration::from_mins(1);

/// The failures of one key within a minute.
#[derive(Clone, Copy, Debug)]
struct Failures {
    since: Timestamp,
    count: u32,
}

impl Failures {
    fn none(now: Timestamp) -> Self {
        Self {
            since: now,
            count: 0,
        }
    }

    fn seconds_left(&self, now: Timestamp) -> f64 {
        WINDOW.as_secs_f64() - now.duration_since(self.since).as_secs_f64()
    }

    fn count(&mut self, now: Timestamp) -> Option<RetryAfter> {
        if self.is_idle(now) {
            *self = Self::none(now);
        }
        self.count = self.count.saturating_add(1);
        let exceeded = self.count > ALLOWED;
        exceeded.then(|| RetryAfter::from_seconds(self.seconds_left(now)))
    }
}

impl Counter for Failures {
    fn is_idle(&self, now: Timestamp) -> bool {
        self.count == 0 || self.seconds_left(now) <= 0.0
    }

    fn touched(&self) -> Timestamp {
        self.since
    }
}

/// Counts failed credentials by key.
#[derive(Debug)]
pub struct FailureLimiter {
    clock: Clock,
    failures: Keyed<Failures>,
}

impl FailureLimiter {
    /// Nobody has failed yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            failures: Keyed::new(CAPACITY),
        }
    }

    /// Counts a failure under each of the keys (the source, the account). `Ok`: answer as usual, with 401. `Err`: one of
    /// them has failed too often, answer 429 instead. Keys of different kinds need different prefixes.
    pub fn record_failure(&self, keys: &[&str]) -> Result<(), RetryAfter> {
        let now = self.clock.now();
        let waits = keys.iter().map(|key| {
            let none = || Failures::none(now);
            self.failures
                .with(key, now, none, |failures| failures.count(now))
        });
        // Every key is counted, not only those before the first that is exceeded.
        match waits.fold(None, Option::max) {
            Some(wait) => Err(wait),
            None => Ok(()),
        }
    }

    /// The account's owner has shown the right credentials: its failures are forgotten. Not for sources, which could
    /// clear themselves with an account of their own.
    pub fn record_success(&self, account_key: &str) {
        self.failures.forget(account_key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_failure_within_a_minute_is_told_to_wait() {
        let clock = Clock::manual(Timestamp::from_second(1_700_000_000).unwrap());
        let limiter = FailureLimiter::new(clock.clone());
        let fail = || limiter.record_failure(&["address 1.1.1.1", "account a"]);
        for _ in 0..10 {
            assert_eq!(fail(), Ok(()));
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(fail(), Err(RetryAfter(50)));
        // Each of the two keys alone is exceeded as well, a third is not.
        assert!(limiter.record_failure(&["address 1.1.1.1"]).is_err());
        assert!(
            limiter
                .record_failure(&["address 2.2.2.2", "account a"])
                .is_err()
        );
        assert_eq!(limiter.record_failure(&["address 2.2.2.2"]), Ok(()));
        clock.advance(Duration::from_secs(50));
        assert_eq!(fail(), Ok(()));
    }

    #[test]
    fn success_clears_the_account_and_not_the_source() {
        let clock = Clock::manual(Timestamp::from_second(1_700_000_000).unwrap());
        let limiter = FailureLimiter::new(clock);
        for _ in 0..11 {
            let _ = limiter.record_failure(&["address 1.1.1.1", "account a"]);
        }
        limiter.record_success("account a");
        assert_eq!(limiter.record_failure(&["account a"]), Ok(()));
        assert!(limiter.record_failure(&["address 1.1.1.1"]).is_err());
    }
}
