//! When a failed delivery is tried again (protocol §4.5): the published table, and its jitter.

use std::time::Duration;

/// How long after each failure the next attempt follows. The first attempt is made at once, and after the last of
/// these delays [`REPEATED_DELAY`] is used again and again.
pub const DELAYS: [Duration; 13] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_mins(1),
    Duration::from_mins(2),
    Duration::from_mins(5),
    Duration::from_mins(10),
    Duration::from_mins(20),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(4),
];

/// The delay after all of [`DELAYS`] were used.
pub const REPEATED_DELAY: Duration = Duration::from_hours(6);

/// A delivery is dead when the next delay would end later than this after its first attempt. Time during which its
/// endpoint was held does not count.
pub const LIMIT: Duration = Duration::from_hours(72);

/// Delays up to this one vary by [`SHORT_JITTER_PERCENT`], longer ones by [`LONG_JITTER_PERCENT`].
pub const LONGEST_SHORT_DELAY: Duration = Duration::from_mins(1);
/// By how much a short delay varies, up and down.
pub const SHORT_JITTER_PERCENT: u32 = 10;
/// By how much a long delay varies, up and down.
pub const LONG_JITTER_PERCENT: u32 = 20;

/// The delay after `failures` failed attempts (at least one), without jitter.
pub fn delay_after(failures: u32) -> Duration {
    let index = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    DELAYS.get(index).copied().unwrap_or(REPEATED_DELAY)
}

/// `delay`, longer or shorter by up to its jitter. `chance` is any random number.
pub fn jittered(delay: Duration, chance: u64) -> Duration {
    let percent = if delay <= LONGEST_SHORT_DELAY {
        SHORT_JITTER_PERCENT
    } else {
        LONG_JITTER_PERCENT
    };
    let spread = delay * percent / 100;
    let width = u64::try_from(spread.as_micros() * 2 + 1).unwrap_or(u64::MAX);
    delay.saturating_sub(spread) + Duration::from_micros(chance % width)
}

/// The jittered delay after `failures` failed attempts that cost `waited` between them; `None` if that would pass
/// [`LIMIT`]: the delivery is dead.
pub fn next_delay(failures: u32, waited: Duration, chance: u64) -> Option<Duration> {
    let delay = jittered(delay_after(failures), chance);
    (waited + delay <= LIMIT).then_some(delay)
}

/// The published table: when each attempt is made, counted from the first, without jitter.
pub fn planned_attempts() -> Vec<Duration> {
    let mut moments = vec![Duration::ZERO];
    let mut moment = Duration::ZERO;
    for failures in 1.. {
        moment += delay_after(failures);
        if moment > LIMIT {
            break;
        }
        moments.push(moment);
    }
    moments
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_is_the_protocols() {
        let seconds: Vec<u64> = planned_attempts().iter().map(Duration::as_secs).collect();
        let first = [
            0, 1, 4, 14, 44, 104, 224, 524, 1_124, 2_324, 4_124, 7_724, 14_924, 29_324,
        ];
        assert_eq!(seconds.iter().take(14).copied().collect::<Vec<_>>(), first);
        assert!(
            seconds[13..]
                .windows(2)
                .all(|pair| pair[1] - pair[0] == 6 * 3_600)
        );
        assert_eq!(seconds.len(), 24);
        assert_eq!(seconds[23], 245_324);
    }

    proptest! {
        #[test]
        fn a_delay_stays_within_its_jitter(failures in 1..60_u32, chance in any::<u64>()) {
            let delay = delay_after(failures);
            let percent = if delay <= Duration::from_mins(1) { 10 } else { 20 };
            let jittered = jittered(delay, chance);
            prop_assert!(jittered >= delay * (100 - percent) / 100);
            prop_assert!(jittered <= delay * (100 + percent) / 100);
        }

        #[test]
        fn whatever_the_rolls_a_delivery_is_tried_for_most_of_72_hours_and_never_longer(
            chances in proptest::collection::vec(any::<u64>(), 40),
        ) {
            let (mut waited, mut failures) = (Duration::ZERO, 1);
            for chance in chances {
                let Some(delay) = next_delay(failures, waited, chance) else { break };
                waited += delay;
                failures += 1;
            }
            prop_assert!(waited <= LIMIT);
            prop_assert!(waited + REPEATED_DELAY * 6 / 5 > LIMIT);
            prop_assert!((20..=30).contains(&failures), "{failures} attempts");
        }
    }
}
