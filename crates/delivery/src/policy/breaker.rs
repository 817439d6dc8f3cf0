//! Whether an endpoint is tried at full speed or by one probe at a time (protocol §4.5).
//!
//! An answer of the endpoint as a whole (no answer, 5xx, 401, 429 …) moves this; an answer about one delivery closes
//! the breaker, since somebody is there who judges deliveries.

use std::time::Duration;

use jiff::Timestamp;

use crate::moment;
use crate::policy::classify::OutcomeClass;
use crate::policy::decide::Role;
use crate::policy::recent::Tally;
use crate::policy::schedule::jittered;

/// So many failures of the endpoint in a row hold it.
pub const FAILURES_IN_A_ROW: u32 = 5;

/// The delays before the first probes.
const FIRST_PROBES: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(15),
    Duration::from_secs(30),
];

/// Why an endpoint is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldReason {
    /// [`FAILURES_IN_A_ROW`], or half of the last minute's outcomes ([`Tally::is_failing`]).
    Failing,
    /// It answered 401 or 403.
    Credentials,
    /// It asked for time (`Retry-After`).
    Busy,
}

impl HoldReason {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Credentials => "credentials",
            Self::Busy => "busy",
        }
    }

    /// The reason of a stored word.
    pub(crate) fn from_stored(word: &str) -> Option<Self> {
        [Self::Failing, Self::Credentials, Self::Busy]
            .into_iter()
            .find(|reason| reason.as_str() == word)
    }
}

/// An endpoint that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Why, as of the last probe.
    pub reason: HoldReason,
    /// Since when.
    pub since: Timestamp,
    /// Probes that failed.
    pub probes: u32,
    /// When the next probe may be made.
    pub probe_at: Timestamp,
}

/// The state of one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// Deliveries go out.
    Closed {
        /// Failures of the endpoint since its last answer.
        failures: u32,
    },
    /// Deliveries wait; one at a time probes.
    Held(Hold),
}

/// An outcome, and when it came.
#[derive(Clone, Copy, Debug)]
pub struct Happened {
    /// What it says.
    pub class: OutcomeClass,
    /// What the attempt was for.
    pub role: Role,
    /// How the endpoint fared in the minute before.
    pub recent: Tally,
    /// When the attempt ended.
    pub at: Timestamp,
    /// Any random number, for the jitter.
    pub chance: u64,
}

impl Breaker {
    /// The state after an attempt.
    #[must_use]
    pub fn after(self, happened: Happened) -> Self {
        let Happened {
            class,
            role,
            at: now,
            chance,
            ..
        } = happened;
        match (self, role) {
            (Self::Closed { failures }, _) => after_while_closed(failures, happened),
            (Self::Held(hold), Role::Probe) => after_probe(hold, class, now, chance),
            // It was on its way when the hold began, so its success proves nothing; a wish for time does.
            (Self::Held(hold), Role::Regular) => match class {
                OutcomeClass::Busy(wait) => Self::Held(Hold {
                    probe_at: hold.probe_at.max(moment::after(now, wait)),
                    ..hold
                }),
                _ => self,
            },
        }
    }
}

fn after_while_closed(failures: u32, happened: Happened) -> Breaker {
    let Happened { class, at: now, .. } = happened;
    let held = |reason, wait| {
        Breaker::Held(Hold {
            reason,
            since: now,
            probes: 0,
            probe_at: moment::after(now, wait),
        })
    };
    let first_probe = probe_delay(0, Duration::ZERO, happened.chance);
    match class {
        OutcomeClass::Endpoint => {
            let failures = failures.saturating_add(1);
            if failures >= FAILURES_IN_A_ROW || happened.recent.and(true).is_failing() {
                held(HoldReason::Failing, first_probe)
            } else {
                Breaker::Closed { failures }
            }
        }
        OutcomeClass::Credentials => held(HoldReason::Credentials, first_probe),
        OutcomeClass::Busy(wait) => held(HoldReason::Busy, wait),
        _ => Breaker::Closed { failures: 0 },
    }
}

fn after_probe(hold: Hold, class: OutcomeClass, now: Timestamp, chance: u64) -> Breaker {
    let probes = hold.probes.saturating_add(1);
    let delay = probe_delay(probes, moment::since(hold.since, now), chance);
    let (reason, wait) = match class {
        OutcomeClass::Endpoint => (HoldReason::Failing, delay),
        OutcomeClass::Credentials => (HoldReason::Credentials, delay),
        OutcomeClass::Busy(wait) => (HoldReason::Busy, wait),
        _ => return Breaker::Closed { failures: 0 },
    };
    Breaker::Held(Hold {
        reason,
        probes,
        probe_at: moment::after(now, wait),
        ..hold
    })
}

/// How long after the failure that began the hold, or after the last probe, the next probe follows.
pub fn probe_delay(probes: u32, held_for: Duration, chance: u64) -> Duration {
    let first = usize::try_from(probes)
        .ok()
        .and_then(|index| FIRST_PROBES.get(index));
    let delay = match first {
        Some(delay) => *delay,
        None if held_for < Duration::from_hours(1) => Duration::from_secs(30),
        None if held_for < Duration::from_hours(24) => Duration::from_mins(1),
        None => Duration::from_mins(5),
    };
    jittered(delay, chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const MINUTE: Duration = Duration::from_mins(1);
    const CLOSED: Breaker = Breaker::Closed { failures: 0 };

    fn held(reason: HoldReason) -> Breaker {
        Breaker::Held(Hold {
            reason,
            since: NOW,
            probes: 0,
            probe_at: NOW,
        })
    }

    fn happened(class: OutcomeClass, role: Role) -> Happened {
        Happened {
            class,
            role,
            recent: Tally::default(),
            at: NOW,
            chance: 0,
        }
    }

    fn reason_after(before: Breaker, class: OutcomeClass, role: Role) -> Option<HoldReason> {
        match before.after(happened(class, role)) {
            Breaker::Held(hold) => Some(hold.reason),
            Breaker::Closed { .. } => None,
        }
    }

    #[test]
    fn five_failures_in_a_row_hold_the_endpoint_and_an_answer_in_between_does_not() {
        let mut breaker = CLOSED;
        for failures in 1..5 {
            breaker = breaker.after(happened(OutcomeClass::Endpoint, Role::Regular));
            assert_eq!(breaker, Breaker::Closed { failures });
        }
        for class in [
            OutcomeClass::Delivered,
            OutcomeClass::Refused,
            OutcomeClass::Unexpected,
        ] {
            assert_eq!(breaker.after(happened(class, Role::Regular)), CLOSED);
        }
        let reason = reason_after(breaker, OutcomeClass::Endpoint, Role::Regular);
        assert_eq!(reason, Some(HoldReason::Failing));
    }

    #[test]
    fn half_of_a_minutes_outcomes_hold_the_endpoint_although_it_answers_in_between() {
        let failing = |all, failed| {
            let recent = Tally { all, failed };
            let happened = happened(OutcomeClass::Endpoint, Role::Regular);
            CLOSED.after(Happened { recent, ..happened })
        };
        assert_eq!(failing(18, 9), Breaker::Closed { failures: 1 });
        assert!(matches!(failing(19, 9), Breaker::Held(_)));
        assert_eq!(failing(21, 9), Breaker::Closed { failures: 1 });
    }

    #[test]
    fn refused_credentials_and_a_wish_for_time_hold_at_once() {
        let reason = reason_after(CLOSED, OutcomeClass::Credentials, Role::Regular);
        assert_eq!(reason, Some(HoldReason::Credentials));
        let Breaker::Held(hold) = CLOSED.after(happened(OutcomeClass::Busy(MINUTE), Role::Regular))
        else {
            panic!("it is held");
        };
        assert_eq!(
            (hold.reason, hold.probe_at.as_second()),
            (HoldReason::Busy, 60)
        );
    }

    #[test]
    fn only_a_probe_ends_a_hold() {
        let hold = held(HoldReason::Credentials);
        assert_eq!(
            hold.after(happened(OutcomeClass::Delivered, Role::Regular)),
            hold
        );
        assert_eq!(
            hold.after(happened(OutcomeClass::Delivered, Role::Probe)),
            CLOSED
        );
        assert_eq!(
            hold.after(happened(OutcomeClass::Refused, Role::Probe)),
            CLOSED
        );
        for (class, reason) in [
            (OutcomeClass::Endpoint, HoldReason::Failing),
            (OutcomeClass::Credentials, HoldReason::Credentials),
            (OutcomeClass::Busy(MINUTE), HoldReason::Busy),
        ] {
            assert_eq!(reason_after(hold, class, Role::Probe), Some(reason));
        }
    }

    #[test]
    fn probes_slow_down() {
        let hour = Duration::from_hours(1);
        for (probes, held_for, seconds) in [
            (0, Duration::ZERO, 1),
            (1, MINUTE, 2),
            (2, MINUTE, 5),
            (3, MINUTE, 10),
            (4, MINUTE, 15),
            (5, MINUTE, 30),
            (6, MINUTE, 30),
            (100, hour, 60),
            (2_000, hour * 24, 300),
        ] {
            let nominal = Duration::from_secs(seconds);
            let delay = probe_delay(probes, held_for, 7);
            assert!(
                delay >= nominal * 4 / 5 && delay <= nominal * 6 / 5,
                "{probes}"
            );
        }
    }
}
