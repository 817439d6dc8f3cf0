//! What becomes of a delivery after an attempt. What becomes of its endpoint is in [`breaker`](super::breaker).

use std::time::Duration;

use crate::policy::classify::OutcomeClass;
use crate::policy::schedule;

/// How many refusals (400, 404 …) make a delivery dead (protocol §4.5).
pub const REFUSALS: u32 = 3;

/// How an attempt came to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It was due.
    Regular,
    /// Its endpoint is held, and this one finds out whether that is over.
    Probe,
}

/// How far a delivery is on its schedule, before the attempt that is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Failed attempts that counted.
    pub steps: u32,
    /// Refusals among them.
    pub refusals: u32,
    /// How long it was made to wait after them, altogether.
    pub waited: Duration,
}

/// Why a delivery is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Death {
    /// It was refused three times.
    #[error("refused {REFUSALS} times")]
    Refused,
    /// It was tried for 72 hours.
    #[error("not delivered within 72 hours of attempts")]
    Exhausted,
    /// 405 to a kind that an endpoint may leave out.
    #[error("the endpoint does not take this kind (405)")]
    KindOff,
}

/// What becomes of the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is delivered.
    Delivered,
    /// It failed; the next attempt follows after this delay, and the progress is now this.
    Retry {
        /// From now.
        after: Duration,
        /// What to store.
        progress: Progress,
    },
    /// It stays as it is, as if not tried: its endpoint is held, busy or gone.
    Wait,
    /// It will not be tried again by itself.
    Dead(Death),
}

/// Judges an attempt. `optional`: endpoints may leave this kind out; `chance`: any random number, for the jitter.
pub fn decide(
    class: OutcomeClass,
    role: Role,
    progress: Progress,
    optional: bool,
    chance: u64,
) -> Decision {
    let refusals = progress.refusals + u32::from(class == OutcomeClass::Refused);
    match (class, role) {
        (OutcomeClass::Delivered, _) => Decision::Delivered,
        (OutcomeClass::Busy(_) | OutcomeClass::Gone, _)
        | (OutcomeClass::Endpoint | OutcomeClass::Credentials, Role::Probe) => Decision::Wait,
        (OutcomeClass::MethodNotAllowed, _) if optional => Decision::Dead(Death::KindOff),
        (OutcomeClass::Refused, _) if refusals >= REFUSALS => Decision::Dead(Death::Refused),
        _ => retry(progress, refusals, chance),
    }
}

fn retry(progress: Progress, refusals: u32, chance: u64) -> Decision {
    let steps = progress.steps.saturating_add(1);
    match schedule::next_delay(steps, progress.waited, chance) {
        Some(after) => Decision::Retry {
            after,
            progress: Progress {
                steps,
                refusals,
                waited: progress.waited + after,
            },
        },
        None => Decision::Dead(Death::Exhausted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Progress = Progress {
        steps: 0,
        refusals: 0,
        waited: Duration::ZERO,
    };
    const MINUTE: Duration = Duration::from_mins(1);

    fn refused(refusals: u32) -> Progress {
        Progress { refusals, ..FRESH }
    }

    fn is_retry(decision: Decision) -> bool {
        matches!(decision, Decision::Retry { progress, .. } if progress.steps == 1)
    }

    #[test]
    fn what_says_nothing_about_the_delivery_leaves_it_as_it_is() {
        for (class, role) in [
            (OutcomeClass::Busy(MINUTE), Role::Regular),
            (OutcomeClass::Busy(MINUTE), Role::Probe),
            (OutcomeClass::Gone, Role::Regular),
            (OutcomeClass::Endpoint, Role::Probe),
            (OutcomeClass::Credentials, Role::Probe),
        ] {
            assert_eq!(
                decide(class, role, FRESH, true, 0),
                Decision::Wait,
                "{class:?}"
            );
        }
    }

    #[test]
    fn the_third_refusal_is_the_last() {
        let judge = |refusals| {
            decide(
                OutcomeClass::Refused,
                Role::Regular,
                refused(refusals),
                false,
                0,
            )
        };
        assert!(is_retry(judge(0)) && is_retry(judge(1)));
        assert_eq!(judge(2), Decision::Dead(Death::Refused));
    }

    #[test]
    fn a_refused_method_ends_only_what_may_be_left_out() {
        let judge = |optional| {
            decide(
                OutcomeClass::MethodNotAllowed,
                Role::Regular,
                FRESH,
                optional,
                0,
            )
        };
        assert_eq!(judge(true), Decision::Dead(Death::KindOff));
        assert!(is_retry(judge(false)));
    }

    #[test]
    fn other_failures_walk_the_schedule_until_72_hours_are_spent() {
        for class in [
            OutcomeClass::Endpoint,
            OutcomeClass::Credentials,
            OutcomeClass::Unexpected,
        ] {
            assert!(is_retry(decide(class, Role::Regular, FRESH, false, 0)));
            let spent = Progress {
                steps: 23,
                refusals: 0,
                waited: Duration::from_hours(68),
            };
            let last = decide(class, Role::Regular, spent, false, 0);
            assert_eq!(last, Decision::Dead(Death::Exhausted));
        }
    }
}
