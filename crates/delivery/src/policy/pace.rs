//! How fast old deliveries go out: a token bucket, so that an endpoint that returns from an outage is not run over.

use std::time::Duration;

use jiff::Timestamp;

use crate::moment;

/// When the bucket that fills at some rate is full again: the whole state of a token bucket (GCRA).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace(Timestamp);

impl Pace {
    /// A full bucket.
    pub const FULL: Self = Self(Timestamp::MIN);

    /// Takes a token from a bucket that gets `per_second` of them and holds `burst`; otherwise says when there is one.
    pub fn take(self, per_second: u32, burst: u32, now: Timestamp) -> Result<Self, Timestamp> {
        let interval = Duration::from_secs(1) / per_second.max(1);
        let room = interval * burst.max(1).saturating_sub(1);
        let full_at = self.0.max(now);
        let free_at = moment::before(full_at, room);
        if free_at > now {
            Err(free_at)
        } else {
            Ok(Self(moment::after(full_at, interval)))
        }
    }
}

/// How many tokens a bucket of this rate holds: a tenth of a second's worth may go at once.
pub fn burst(per_second: u32) -> u32 {
    (per_second / 10).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(number: i64) -> Timestamp {
        Timestamp::from_millisecond(number).unwrap()
    }

    #[test]
    fn a_burst_goes_at_once_and_then_the_rate_holds() {
        let now = milliseconds(5_000);
        let mut pace = Pace::FULL;
        for _ in 0..4 {
            pace = pace.take(10, 4, now).unwrap();
        }
        assert_eq!(pace.take(10, 4, now), Err(milliseconds(5_100)));
        let mut taken = 0;
        for tick in 0..1_000 {
            if let Ok(next) = pace.take(10, 4, milliseconds(5_000 + tick * 10)) {
                pace = next;
                taken += 1;
            }
        }
        assert_eq!(
            taken, 99,
            "10 s at ten a second, counted from an empty bucket"
        );
    }

    #[test]
    fn a_rate_or_a_burst_of_nothing_counts_as_one() {
        let now = milliseconds(0);
        let pace = Pace::FULL.take(0, 0, now).unwrap();
        assert_eq!(pace.take(0, 0, now), Err(milliseconds(1_000)));
    }
}
