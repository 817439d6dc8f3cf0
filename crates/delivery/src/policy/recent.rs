//! How an endpoint fared lately: counts of its outcomes in the last minute, for a breaker that opens by rate.

use jiff::Timestamp;

/// Outcomes are remembered for so many seconds.
pub const SECONDS: i64 = 60;

/// So many outcomes must be known before their share of failures says anything.
pub const ENOUGH: u32 = 20;

/// The outcomes of the last [`SECONDS`].
#[derive(Clone, Debug)]
pub struct Recent {
    /// One for each second, at its number modulo [`SECONDS`].
    counts: Vec<Count>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    second: i64,
    all: u32,
    failed: u32,
}

/// What a minute came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Outcomes that said whether somebody is there.
    pub all: u32,
    /// Failures of the endpoint among them.
    pub failed: u32,
}

impl Tally {
    /// With one outcome more.
    #[must_use]
    pub fn and(self, failed: bool) -> Self {
        Self {
            all: self.all.saturating_add(1),
            failed: self.failed.saturating_add(u32::from(failed)),
        }
    }

    /// Half of at least [`ENOUGH`] outcomes are failures.
    pub fn is_failing(self) -> bool {
        self.all >= ENOUGH && self.failed.saturating_mul(2) >= self.all
    }
}

impl Recent {
    /// Nothing is known.
    pub const fn new() -> Self {
        Self { counts: Vec::new() }
    }

    /// Notes an outcome.
    pub fn note(&mut self, failed: bool, now: Timestamp) {
        let second = now.as_second();
        if self.counts.is_empty() {
            // Not before the first outcome: most endpoints are quiet most of the time.
            let length = usize::try_from(SECONDS).unwrap_or_default();
            self.counts.resize(length, Count::default());
        }
        let index = usize::try_from(second.rem_euclid(SECONDS)).unwrap_or_default();
        let Some(count) = self.counts.get_mut(index) else {
            return;
        };
        if count.second != second {
            *count = Count {
                second,
                ..Count::default()
            };
        }
        count.all = count.all.saturating_add(1);
        count.failed = count.failed.saturating_add(u32::from(failed));
    }

    /// What the last minute came to. The future, which a clock that was set back leaves behind, does not count.
    pub fn tally(&self, now: Timestamp) -> Tally {
        let now = now.as_second();
        let mut tally = Tally::default();
        for count in &self.counts {
            if (now - SECONDS + 1..=now).contains(&count.second) {
                tally.all = tally.all.saturating_add(count.all);
                tally.failed = tally.failed.saturating_add(count.failed);
            }
        }
        tally
    }

    /// Forgets everything: what was before a hold says nothing about what comes after it.
    pub fn clear(&mut self) {
        self.counts.clear();
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + number).unwrap()
    }

    #[test]
    fn half_of_twenty_in_a_minute_is_failing_and_less_is_not() {
        let mut recent = Recent::new();
        for number in 0..19 {
            recent.note(number % 2 == 0, second(number));
        }
        assert!(!recent.tally(second(19)).is_failing(), "19 are too few");
        recent.note(false, second(19));
        assert_eq!(
            recent.tally(second(19)),
            Tally {
                all: 20,
                failed: 10
            }
        );
        assert!(recent.tally(second(19)).is_failing());
        recent.note(false, second(19));
        assert!(!recent.tally(second(19)).is_failing(), "10 of 21");
    }

    #[test]
    fn what_is_older_than_a_minute_is_forgotten() {
        let mut recent = Recent::new();
        recent.note(true, second(0));
        recent.note(false, second(30));
        assert_eq!(recent.tally(second(59)).all, 2);
        assert_eq!(recent.tally(second(60)), Tally { all: 1, failed: 0 });
        assert_eq!(recent.tally(second(90)), Tally::default());
        // The same place in the ring, a minute later.
        recent.note(false, second(60));
        assert_eq!(recent.tally(second(60)), Tally { all: 2, failed: 0 });
        recent.clear();
        assert_eq!(recent.tally(second(60)), Tally::default());
    }

    #[test]
    fn a_clock_that_is_set_back_sees_none_of_its_future() {
        let mut recent = Recent::new();
        recent.note(true, second(100));
        assert_eq!(recent.tally(second(50)), Tally::default());
    }
}
