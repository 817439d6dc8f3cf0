//! What becomes of a reply after an attempt to send it (protocol §6): a pure function, tested as a table.
//!
//! A reply is `queued` until the platform has it (`sent`), will not have it (`failed`), or may have it without having
//! said so (`uncertain`: a person decides). One that may have been sent is never called failed, and is sent again by
//! itself only where the platform tells a repetition by its key.

use jiff::{SignedDuration, Timestamp};

/// How long a reply is tried.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// How long to wait after an attempt that came to nothing; the last again and again.
const WAITS: [SignedDuration; 8] = [
    SignedDuration::from_secs(1),
    SignedDuration::from_secs(3),
    SignedDuration::from_secs(10),
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(10),
];

/// How far a reply got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyState {
    Queued,
    Sent,
    Uncertain,
    Failed,
}

impl ReplyState {
    /// The word in the database and on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Uncertain => "uncertain",
            Self::Failed => "failed",
        }
    }
}

/// What one attempt came to. Reasons are for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The platform has it.
    Delivered,
    /// The platform certainly does not have it, and may take it later, though not before the time that it named.
    NotYet {
        reason: String,
        not_before: Option<Timestamp>,
    },
    /// The platform answered that it will not have it. One that knows the key would have said so if it had it already.
    Refused { reason: String },
    /// There was nobody to ask: the business is not connected.
    NotAsked { reason: String },
    /// Nobody knows whether the platform has it.
    Unknown { reason: String },
}

/// What was known of the reply before the attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effort {
    /// When it was made, or a person had it sent again.
    pub(crate) queued_at: Timestamp,
    /// How often it was tried, this attempt included.
    pub(crate) attempts: i64,
    /// Whether an earlier attempt may have succeeded.
    pub(crate) maybe_sent: bool,
    /// Whether the platform tells a repetition by its key.
    pub(crate) repeats_are_harmless: bool,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Sent,
    Retry {
        at: Timestamp,
        reason: String,
        maybe_sent: bool,
    },
    Uncertain {
        reason: String,
    },
    Failed {
        reason: String,
    },
}

/// What becomes of a reply whose attempt ended at `now`.
pub(crate) fn judge(outcome: Outcome, effort: Effort, now: Timestamp) -> Verdict {
    match outcome {
        Outcome::Delivered => Verdict::Sent,
        Outcome::Refused { reason } => Verdict::Failed { reason },
        Outcome::NotAsked { reason } => end(reason, effort.maybe_sent),
        Outcome::NotYet { reason, not_before } => again(reason, effort, now, not_before),
        Outcome::Unknown { reason } if !effort.repeats_are_harmless => {
            Verdict::Uncertain { reason }
        }
        Outcome::Unknown { reason } => {
            let effort = Effort {
                maybe_sent: true,
                ..effort
            };
            again(reason, effort, now, None)
        }
    }
}

fn again(reason: String, effort: Effort, now: Timestamp, not_before: Option<Timestamp>) -> Verdict {
    let last = later(effort.queued_at, PATIENCE);
    if now >= last {
        let reason = format!("given up after 24 hours: {reason}");
        return end(reason, effort.maybe_sent);
    }
    let wait = wait_after(effort.attempts);
    let at = later(now, wait).max(not_before.unwrap_or(now));
    Verdict::Retry {
        at: at.min(last),
        reason,
        maybe_sent: effort.maybe_sent,
    }
}

fn end(reason: String, maybe_sent: bool) -> Verdict {
    if maybe_sent {
        Verdict::Uncertain { reason }
    } else {
        Verdict::Failed { reason }
    }
}

/// How long to wait after so many attempts.
fn wait_after(attempts: i64) -> SignedDuration {
    let made = usize::try_from(attempts.max(1)).unwrap_or(WAITS.len());
    WAITS[made.min(WAITS.len()) - 1]
}

fn later(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn effort(maybe_sent: bool, repeats_are_harmless: bool) -> Effort {
        Effort {
            queued_at: at(0),
            attempts: 1,
            maybe_sent,
            repeats_are_harmless,
        }
    }

    fn not_yet(not_before: Option<i64>) -> Outcome {
        Outcome::NotYet {
            reason: "busy".to_owned(),
            not_before: not_before.map(at),
        }
    }

    fn retry(second: i64, maybe_sent: bool) -> Verdict {
        Verdict::Retry {
            at: at(second),
            reason: "busy".to_owned(),
            maybe_sent,
        }
    }

    #[test]
    fn attempts_come_by_the_schedule_whenever_the_first_was_made() {
        for start in [0, 3_600] {
            let waits = (1..=10).map(|attempts| {
                let effort = Effort {
                    attempts,
                    ..effort(false, true)
                };
                let Verdict::Retry { at, .. } = judge(not_yet(None), effort, at(start)) else {
                    panic!("it is tried again");
                };
                at.as_second() - start
            });
            let waits: Vec<i64> = waits.collect();
            assert_eq!(waits, [1, 3, 10, 30, 60, 120, 300, 600, 600, 600]);
        }
    }

    #[test]
    fn what_the_platform_asks_for_is_honoured_up_to_the_last_attempt() {
        for (not_before, next) in [(7, 7), (0, 1), (DAY + 5, DAY)] {
            let verdict = judge(not_yet(Some(not_before)), effort(false, true), at(0));
            assert_eq!(verdict, retry(next, false));
        }
    }

    #[test]
    fn after_a_day_it_is_given_up_and_called_failed_only_if_it_was_never_in_doubt() {
        let reason = "given up after 24 hours: busy".to_owned();
        let now = at(DAY);
        let failed = judge(not_yet(None), effort(false, true), now);
        assert_eq!(
            failed,
            Verdict::Failed {
                reason: reason.clone()
            }
        );
        let uncertain = judge(not_yet(None), effort(true, true), now);
        assert_eq!(uncertain, Verdict::Uncertain { reason });
    }

    #[test]
    fn every_outcome_has_its_verdict() {
        let busy = || "busy".to_owned();
        let unknown = || Outcome::Unknown { reason: busy() };
        let refused = || Outcome::Refused { reason: busy() };
        let not_asked = || Outcome::NotAsked { reason: busy() };
        let failed = Verdict::Failed { reason: busy() };
        let uncertain = Verdict::Uncertain { reason: busy() };
        for (outcome, maybe_sent, repeats_are_harmless, verdict) in [
            (Outcome::Delivered, false, false, Verdict::Sent),
            (Outcome::Delivered, true, true, Verdict::Sent),
            (unknown(), false, false, uncertain.clone()),
            (unknown(), false, true, retry(1, true)),
            (not_yet(None), true, true, retry(1, true)),
            (refused(), false, false, failed.clone()),
            (refused(), true, true, failed.clone()),
            (not_asked(), false, true, failed),
            (not_asked(), true, true, uncertain),
        ] {
            let case = format!("{outcome:?} {maybe_sent} {repeats_are_harmless}");
            let effort = effort(maybe_sent, repeats_are_harmless);
            assert_eq!(judge(outcome, effort, at(0)), verdict, "{case}");
        }
    }
}
