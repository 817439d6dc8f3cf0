//! Token buckets: so many requests a second, and so many at once.

use base::Clock;
use jiff::Timestamp;

use super::keyed::{CAPACITY, Counter, Keyed};
use super::retry_after::RetryAfter;

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second in the long run; at least 1 is taken.
    pub per_second: u32,
    /// Requests at once after a pause; at least 1 is taken.
    pub burst: u32,
}

impl Default for Rate {
    /// 100 a second, 300 at once (§3.4).
    fn default() -> Self {
        Self {
            per_second: 100,
            burst: 300,
        }
    }
}

/// One token bucket: pure, time is an argument.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    at: Timestamp,
}

impl Bucket {
    fn full(rate: Rate, now: Timestamp) -> Self {
        Self {
            rate,
            tokens: f64::from(rate.burst.max(1)),
            at: now,
        }
    }

    fn tokens_at(&self, now: Timestamp) -> f64 {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        let refilled = self.tokens + passed * f64::from(self.rate.per_second.max(1));
        refilled.min(f64::from(self.rate.burst.max(1)))
    }

    /// Takes a token, or says how long to wait for one.
    fn take(&mut self, rate: Rate, now: Timestamp) -> Result<(), RetryAfter> {
        self.rate = rate;
        let tokens = self.tokens_at(now);
        self.at = self.at.max(now);
        if tokens >= 1.0 {
            self.tokens = tokens - 1.0;
            return Ok(());
        }
        self.tokens = tokens;
        let missing = (1.0 - tokens) / f64::from(rate.per_second.max(1));
        Err(RetryAfter::from_seconds(missing))
    }
}

impl Counter for Bucket {
    fn is_idle(&self, now: Timestamp) -> bool {
        self.tokens_at(now) >= f64::from(self.rate.burst.max(1))
    }

    fn touched(&self) -> Timestamp {
        self.at
    }
}

/// A token bucket for each key: a client, a partner.
#[derive(Debug)]
pub struct RateLimiter {
    clock: Clock,
    buckets: Keyed<Bucket>,
}

impl RateLimiter {
    /// All buckets full.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            buckets: Keyed::new(CAPACITY),
        }
    }

    /// Counts a request of `key`, whose limit is `rate`.
    pub fn take(&self, key: &str, rate: Rate) -> Result<(), RetryAfter> {
        let now = self.clock.now();
        let full = || Bucket::full(rate, now);
        self.buckets
            .with(key, now, full, |bucket| bucket.take(rate, now))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RATE: Rate = Rate {
        per_second: 2,
        burst: 3,
    };

    fn clock() -> Clock {
        Clock::manual(Timestamp::from_second(1_700_000_000).unwrap())
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let clock = clock();
        let limiter = RateLimiter::new(clock.clone());
        // Milliseconds that pass, then what the next request meets.
        let table = [
            (0, Ok(())),
            (0, Ok(())),
            (0, Ok(())),
            (0, Err(RetryAfter(1))),
            (400, Err(RetryAfter(1))),
            (100, Ok(())),
            (0, Err(RetryAfter(1))),
            (60_000, Ok(())),
            (0, Ok(())),
            (0, Ok(())),
            (0, Err(RetryAfter(1))),
        ];
        for (step, (pause, expected)) in table.into_iter().enumerate() {
            clock.advance(Duration::from_millis(pause));
            assert_eq!(limiter.take("client", RATE), expected, "step {step}");
        }
        assert_eq!(limiter.take("other", RATE), Ok(()));
    }

    #[test]
    fn a_limit_of_nothing_is_one_a_second() {
        let limiter = RateLimiter::new(clock());
        let none = Rate {
            per_second: 0,
            burst: 0,
        };
        assert_eq!(limiter.take("client", none), Ok(()));
        assert_eq!(limiter.take("client", none), Err(RetryAfter(1)));
    }

    #[test]
    fn a_flood_of_keys_stays_within_the_capacity_and_spares_the_recent() {
        let clock = clock();
        let buckets = Keyed::new(100);
        for key in 0..1_000 {
            clock.advance(Duration::from_millis(1));
            let now = clock.now();
            let full = || Bucket::full(RATE, now);
            let taken = buckets.with(&key.to_string(), now, full, |bucket| bucket.take(RATE, now));
            assert_eq!(taken, Ok(()));
            assert!(buckets.len() <= 100);
        }
        let now = clock.now();
        let known = |key: &str| {
            let known = buckets.with(key, now, || Bucket::full(RATE, now), |bucket| bucket.tokens);
            known < 3.0
        };
        assert!(known("999"));
        assert!(!known("0"));
    }
}
