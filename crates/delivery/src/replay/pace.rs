//! How fast a replay goes: so many deliveries a second, and never more than one second's worth at once.

use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use crate::moment;

/// What a second's worth is counted in.
const SECOND: Duration = Duration::from_secs(1);

/// So soon after an advance that used up its room the next one is worth its transaction.
const TICK: Duration = Duration::from_millis(100);

/// Deliveries a second, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(u32);

/// A number that is no rate. The message completes the sentence "this member …".
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "must be a whole number from 1 to {} (deliveries a second)",
    Rate::FASTEST
)]
pub struct RateError;

impl Rate {
    /// The most that can be asked for.
    pub const FASTEST: u32 = 1_000;

    /// A rate of 1 to [`Rate::FASTEST`] a second.
    pub fn new(per_second: u64) -> Result<Self, RateError> {
        match u32::try_from(per_second) {
            Ok(rate) if (1..=Self::FASTEST).contains(&rate) => Ok(Self(rate)),
            _ => Err(RateError),
        }
    }

    /// Deliveries a second.
    pub const fn per_second(self) -> u32 {
        self.0
    }

    /// The time between two deliveries.
    fn interval(self) -> Duration {
        Duration::from_micros(1_000_000 / u64::from(self.0))
    }
}

impl Default for Rate {
    /// What an endpoint that is well takes without noticing.
    fn default() -> Self {
        Self(100)
    }
}

/// Where a replay is on its way through time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) rate: Rate,
    /// From when on the next is allowed. What lies further back than a second is forgotten.
    pub(crate) next_at: Timestamp,
}

impl Pace {
    /// A pace with a second's worth of room.
    pub(crate) fn starting(rate: Rate, now: Timestamp) -> Self {
        let next_at = moment::before(now, SECOND.saturating_sub(rate.interval()));
        Self { rate, next_at }
    }

    /// How many are allowed now.
    pub(crate) fn room(self, now: Timestamp) -> u64 {
        let from = self.from(now);
        if from > now {
            return 0;
        }
        let intervals = moment::since(from, now).as_micros() / self.rate.interval().as_micros();
        let room = u64::try_from(intervals).unwrap_or(u64::MAX);
        room.saturating_add(1).min(self.rate.0.into())
    }

    /// The pace after so many that there was room for.
    pub(crate) fn spend(self, count: u64, now: Timestamp) -> Self {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            next_at: moment::after(self.from(now), self.rate.interval() * count),
            ..self
        }
    }

    /// When to go on: at once if there is room left, else when it is worth a transaction.
    pub(crate) fn due(self, now: Timestamp) -> Timestamp {
        if self.room(now) > 0 {
            now
        } else {
            self.next_at.max(moment::after(now, TICK))
        }
    }

    fn from(self, now: Timestamp) -> Timestamp {
        Self::starting(self.rate, now).next_at.max(self.next_at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn rate(per_second: u64) -> Rate {
        Rate::new(per_second).unwrap()
    }

    fn later(milliseconds: u64) -> Timestamp {
        moment::after(NOW, Duration::from_millis(milliseconds))
    }

    #[test]
    fn a_rate_is_between_one_and_a_thousand() {
        for per_second in [0, 1_001, u64::MAX] {
            assert_eq!(Rate::new(per_second), Err(RateError), "{per_second}");
        }
        assert_eq!(rate(1).per_second(), 1);
        assert_eq!(rate(1_000).per_second(), 1_000);
    }

    #[test]
    fn a_seconds_worth_goes_at_once_and_then_one_per_interval() {
        let pace = Pace::starting(rate(10), NOW);
        assert_eq!(pace.room(NOW), 10);
        let spent = pace.spend(10, NOW);
        assert_eq!(spent.room(NOW), 0);
        assert_eq!(spent.room(later(99)), 0);
        assert_eq!(spent.room(later(100)), 1);
        assert_eq!(spent.room(later(350)), 3);
        assert_eq!(pace.spend(4, NOW).room(NOW), 6);
    }

    #[test]
    fn an_hour_of_absence_allows_no_more_than_a_second_does() {
        let spent = Pace::starting(rate(10), NOW).spend(10, NOW);
        assert_eq!(spent.room(later(3_600_000)), 10);
        let again = spent.spend(10, later(3_600_000));
        assert_eq!(again.room(later(3_600_000)), 0);
    }

    #[test]
    fn one_a_second_is_one_a_second() {
        let pace = Pace::starting(rate(1), NOW);
        assert_eq!(pace.room(NOW), 1);
        let spent = pace.spend(1, NOW);
        assert_eq!((spent.room(later(999)), spent.room(later(1_000))), (0, 1));
        assert_eq!(spent.due(NOW), later(1_000));
    }

    #[test]
    fn small_portions_are_gathered_and_what_is_left_is_due_at_once() {
        let pace = Pace::starting(rate(1_000), NOW);
        assert_eq!(pace.spend(200, NOW).due(NOW), NOW);
        assert_eq!(pace.spend(1_000, NOW).due(NOW), later(100));
    }

    proptest! {
        #[test]
        fn no_span_of_time_sees_more_than_its_share_and_a_seconds_worth(
            per_second in 1..=1_000_u64,
            steps in proptest::collection::vec((0..3_000_u64, 0..300_u64), 1..60),
        ) {
            let mut pace = Pace::starting(rate(per_second), NOW);
            let (mut passed, mut count) = (0, 0);
            for (wait, wanted) in steps {
                passed += wait;
                let taken = wanted.min(pace.room(later(passed)));
                pace = pace.spend(taken, later(passed));
                count += taken;
                // A tenth of a percent for intervals that do not divide a second.
                let share = per_second * passed / 1_000;
                prop_assert!(count <= share + share / 500 + per_second + 1, "{count} after {passed} ms");
            }
        }
    }
}
