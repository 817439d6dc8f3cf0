//! Whether and why a partner's deliveries wait, in words: what is the matter, and what to do about it.
//!
//! The operator and the partner are told the same state, and each what it can do.

use delivery::{EndpointView, Hold, HoldReason, Load};
use jiff::Timestamp;

use crate::domain::outlook::spoken;

/// What is the matter with an endpoint; where there are several reasons, the most lasting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Nothing.
    Well,
    /// The operator holds it.
    Paused,
    /// It answered 410.
    Gone,
    /// It was never set.
    NoEndpoint,
    /// It takes nothing at the moment.
    Held(Hold),
}

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Operator,
    Partner,
}

/// How it stands with an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Health {
    pub(crate) condition: Condition,
    pub(crate) endpoint: EndpointView,
    pub(crate) load: Load,
    pub(crate) as_of: Timestamp,
}

impl Health {
    /// Judges what is the matter.
    pub(crate) fn judge(
        endpoint: EndpointView,
        has_endpoint: bool,
        load: Load,
        as_of: Timestamp,
    ) -> Self {
        let condition = match (endpoint.paused, endpoint.gone, endpoint.hold) {
            (true, _, _) => Condition::Paused,
            (_, true, _) => Condition::Gone,
            _ if !has_endpoint => Condition::NoEndpoint,
            (_, _, Some(hold)) => Condition::Held(hold),
            _ => Condition::Well,
        };
        Self {
            condition,
            endpoint,
            load,
            as_of,
        }
    }

    /// The word for programs.
    pub(crate) fn word(&self) -> &'static str {
        match self.condition {
            Condition::Well => "ok",
            Condition::Paused => "paused",
            Condition::Gone => "gone",
            Condition::NoEndpoint => "no_endpoint",
            Condition::Held(hold) => hold.reason.as_str(),
        }
    }

    /// What is the matter, in a sentence. Times are told beside it.
    pub(crate) fn sentence(&self) -> &'static str {
        match self.condition {
            Condition::Well => "Deliveries go out.",
            Condition::Paused => {
                "The operator has paused the deliveries. What happens meanwhile is recorded and waits."
            }
            Condition::Gone => {
                "The endpoint answered 410 (gone). Everything waits until the endpoint is set again."
            }
            Condition::NoEndpoint => {
                "Nobody has said where deliveries go. Everything waits until the endpoint is set."
            }
            Condition::Held(hold) => match hold.reason {
                HoldReason::Failing => {
                    "The endpoint fails: it does not answer, or with a status that says nothing about what it was sent. \
                     Everything waits; one delivery at a time finds out whether that is over, and then all the others \
                     follow by themselves."
                }
                HoldReason::Credentials => {
                    "The endpoint refuses the user name and password (401 or 403). Everything waits; one delivery at a \
                     time finds out whether that is over, and then all the others follow by themselves."
                }
                HoldReason::Busy => {
                    "The endpoint asked for time (Retry-After). Everything waits that long, and then follows by itself."
                }
            },
        }
    }

    /// What to do about it, the most urgent first.
    pub(crate) fn what_to_do(&self, reader: Reader) -> Vec<String> {
        let mut steps = Vec::new();
        steps.extend(self.about_condition(reader).map(str::to_owned));
        steps.extend(self.about_kinds(reader));
        steps.extend(self.about_dead(reader));
        steps
    }

    fn about_condition(&self, reader: Reader) -> Option<&'static str> {
        let to = |operator, partner| {
            Some(match reader {
                Reader::Operator => operator,
                Reader::Partner => partner,
            })
        };
        match self.condition {
            Condition::Well => None,
            Condition::Paused => to(
                "Let the partner's deliveries go on (resume) once they may.",
                "Ask the operator why, and when they may go on.",
            ),
            Condition::Gone | Condition::NoEndpoint => to(
                "Ask the partner where it receives, and set its endpoints.",
                "Tell the operator where you receive now.",
            ),
            Condition::Held(hold) => match hold.reason {
                HoldReason::Busy => None,
                HoldReason::Credentials => to(
                    "Ask the partner for the user name and password that it takes, and set its endpoints.",
                    "Accept the user name and password that you gave the operator, or give it the right ones.",
                ),
                HoldReason::Failing => to(
                    "Tell the partner. The attempts of a pending delivery show what its endpoint answers.",
                    "Mend the endpoint. The attempts of your pending deliveries show what it answered.",
                ),
            },
        }
    }

    fn about_kinds(&self, reader: Reader) -> Option<String> {
        if self.endpoint.kinds_off.is_empty() {
            return None;
        }
        let kinds: Vec<String> = self
            .endpoint
            .kinds_off
            .iter()
            .map(|kind| spoken(kind))
            .collect();
        let kinds = kinds.join(", ");
        Some(match reader {
            Reader::Operator => format!(
                "The endpoint answered 405 to: {kinds}. It is sent none of these until its endpoints are set again."
            ),
            Reader::Partner => format!(
                "Your endpoint answered 405 to: {kinds}. Tell the operator if you want them after all."
            ),
        })
    }

    fn about_dead(&self, reader: Reader) -> Option<String> {
        let dead = self.load.dead;
        let count = match (dead.number, dead.has_more) {
            (0, _) => return None,
            (1, _) => "1 delivery is dead".to_owned(),
            (number, false) => format!("{number} deliveries are dead"),
            (number, true) => format!("More than {number} deliveries are dead"),
        };
        Some(match reader {
            Reader::Operator => {
                format!("{count}. A replay sends them again once the cause is mended.")
            }
            Reader::Partner => {
                format!("{count}. Ask the operator to replay them once the cause is mended.")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use delivery::Counted;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn well() -> EndpointView {
        EndpointView::default()
    }

    fn held(reason: HoldReason) -> EndpointView {
        EndpointView {
            hold: Some(Hold {
                reason,
                since: at(1),
                probes: 3,
                probe_at: at(60),
            }),
            ..well()
        }
    }

    fn judge(endpoint: EndpointView) -> Health {
        Health::judge(endpoint, true, Load::default(), at(10))
    }

    #[test]
    fn the_most_lasting_reason_is_told() {
        let worst = EndpointView {
            paused: true,
            gone: true,
            ..held(HoldReason::Failing)
        };
        let gone = EndpointView {
            paused: false,
            ..worst.clone()
        };
        for (endpoint, has_endpoint, word) in [
            (worst, false, "paused"),
            (gone, false, "gone"),
            (held(HoldReason::Busy), false, "no_endpoint"),
            (held(HoldReason::Failing), true, "failing"),
            (held(HoldReason::Credentials), true, "credentials"),
            (held(HoldReason::Busy), true, "busy"),
            (well(), true, "ok"),
        ] {
            let health = Health::judge(endpoint, has_endpoint, Load::default(), at(10));
            assert_eq!(health.word(), word);
        }
    }

    #[test]
    fn whoever_can_mend_it_is_told_how() {
        let health = judge(held(HoldReason::Credentials));
        assert!(health.what_to_do(Reader::Operator)[0].contains("set its endpoints"));
        assert!(health.what_to_do(Reader::Partner)[0].contains("user name and password"));
        for reader in [Reader::Operator, Reader::Partner] {
            assert!(judge(well()).what_to_do(reader).is_empty());
            assert!(judge(held(HoldReason::Busy)).what_to_do(reader).is_empty());
            assert_eq!(judge(held(HoldReason::Failing)).what_to_do(reader).len(), 1);
        }
    }

    #[test]
    fn kinds_that_are_off_and_dead_deliveries_are_told_even_if_all_goes_well() {
        let endpoint = EndpointView {
            kinds_off: vec!["lead_update".to_owned(), "review".to_owned()],
            ..well()
        };
        for (number, has_more, words) in [
            (1, false, "1 delivery is dead."),
            (7, false, "7 deliveries are dead."),
            (10_000, true, "More than 10000 deliveries are dead."),
        ] {
            let load = Load {
                dead: Counted { number, has_more },
                ..Load::default()
            };
            let health = Health::judge(endpoint.clone(), true, load, at(10));
            assert_eq!(health.word(), "ok");
            let steps = health.what_to_do(Reader::Operator);
            assert!(steps[0].contains("lead update, review"), "{steps:?}");
            assert!(steps[1].starts_with(words), "{steps:?}");
        }
    }
}
