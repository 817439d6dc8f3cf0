//! What becomes of a delivery next if nobody does anything, and what it waits for: judged from where it stands and from
//! the endpoint that it goes to.

use delivery::{DeliveryView, Ending, EndpointView, Forerunner, Hold, HoldReason, State};
use jiff::Timestamp;
use protocol::id::DeliveryId;

/// What a delivery waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// For nothing: it is over.
    Over(Ending),
    /// For the operator.
    Paused,
    /// For new settings of the endpoint, which answered 410.
    Gone,
    /// For settings: the partner has none yet.
    NoEndpoint,
    /// For another delivery of its lane.
    Behind {
        /// The next of the lane.
        delivery_id: DeliveryId,
        /// What it is.
        kind: String,
    },
    /// For its turn, in which it ends: the endpoint answered 405 to its kind.
    KindOff,
    /// For a probe that succeeds: the endpoint as a whole does not take anything.
    Held(Hold),
    /// For its time.
    Attempt(Timestamp),
}

/// Judges what comes next. `has_endpoint`: the partner has told where it receives.
pub(crate) fn outlook(
    delivery: &DeliveryView,
    forerunner: Option<Forerunner>,
    endpoint: &EndpointView,
    has_endpoint: bool,
) -> Outlook {
    if let State::Finished(ending) = delivery.state {
        return Outlook::Over(ending);
    }
    if endpoint.paused {
        return Outlook::Paused;
    }
    if endpoint.gone {
        return Outlook::Gone;
    }
    if !has_endpoint {
        return Outlook::NoEndpoint;
    }
    if let Some(Forerunner { delivery_id, kind }) = forerunner {
        return Outlook::Behind { delivery_id, kind };
    }
    if endpoint.kinds_off.contains(&delivery.kind) {
        return Outlook::KindOff;
    }
    match endpoint.hold {
        Some(hold) => Outlook::Held(hold),
        None => Outlook::Attempt(delivery.next_attempt_at.unwrap_or(delivery.created_at)),
    }
}

impl Outlook {
    /// The word for programs.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Over(_) => "nothing",
            Self::Paused => "resume",
            Self::Gone | Self::NoEndpoint => "settings",
            Self::Behind { .. } => "forerunner",
            Self::KindOff => "end",
            Self::Held(_) => "probe",
            Self::Attempt(_) => "attempt",
        }
    }

    /// When it comes, if that is known.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Held(hold) => Some(hold.probe_at),
            Self::Attempt(at) => Some(*at),
            _ => None,
        }
    }

    /// The delivery that comes first, if that is what it waits for.
    pub(crate) fn forerunner(&self) -> Option<DeliveryId> {
        match self {
            Self::Behind { delivery_id, .. } => Some(*delivery_id),
            _ => None,
        }
    }

    /// A sentence for people. Times are told beside it.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Over(Ending::Delivered) => "It was delivered.".to_owned(),
            Self::Over(Ending::Dead) => {
                "It is tried again only if the operator retries or replays it.".to_owned()
            }
            Self::Over(Ending::Cancelled) => {
                "It was called off, and is tried again only if the operator retries it.".to_owned()
            }
            Self::Paused => {
                "It waits until the operator lets the partner's deliveries go on.".to_owned()
            }
            Self::Gone => {
                "It waits until the endpoint is set again: the endpoint answered 410 (gone)."
                    .to_owned()
            }
            Self::NoEndpoint => "It waits until the partner's endpoint is set.".to_owned(),
            Self::Behind { delivery_id, kind } => {
                format!(
                    "It waits for the {} {delivery_id}, which goes first.",
                    spoken(kind)
                )
            }
            Self::KindOff => {
                "It ends with its next turn: the endpoint takes none of its kind (405).".to_owned()
            }
            Self::Held(hold) => held(hold.reason).to_owned(),
            Self::Attempt(_) => "It is tried again.".to_owned(),
        }
    }
}

fn held(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::Failing => {
            "It waits until a probe succeeds: the endpoint fails, whatever it is sent."
        }
        HoldReason::Credentials => {
            "It waits until a probe succeeds: the endpoint refuses the user name and password (401 or 403)."
        }
        HoldReason::Busy => "It waits as long as the endpoint asked for (Retry-After).",
    }
}

/// A kind as people say it.
pub(crate) fn spoken(kind: &str) -> String {
    kind.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use delivery::{ConversationId, EndpointId};
    use protocol::id::BusinessId;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn delivery(state: State) -> DeliveryView {
        DeliveryView {
            delivery_id: DeliveryId::from_i64(11).unwrap(),
            endpoint_id: EndpointId::new(1),
            conversation_id: ConversationId::new(2),
            business_id: BusinessId::from_i64(3).unwrap(),
            kind: "lead_update".to_owned(),
            state,
            attempts: 1,
            next_attempt_at: Some(at(60)),
            last_status: None,
            last_error: None,
            created_at: at(0),
            finished_at: None,
            keeps_body: true,
        }
    }

    fn well() -> EndpointView {
        EndpointView::default()
    }

    fn first() -> Forerunner {
        Forerunner {
            delivery_id: DeliveryId::from_i64(10).unwrap(),
            kind: "lead".to_owned(),
        }
    }

    #[test]
    fn the_most_lasting_reason_is_told() {
        let hold = Hold {
            reason: HoldReason::Failing,
            since: at(1),
            probes: 2,
            probe_at: at(30),
        };
        let worst = EndpointView {
            paused: true,
            gone: true,
            kinds_off: vec!["lead_update".to_owned()],
            hold: Some(hold),
            ..EndpointView::default()
        };
        let pending = delivery(State::Pending);
        let judge = |endpoint: &EndpointView, forerunner, has_endpoint| {
            outlook(&pending, forerunner, endpoint, has_endpoint)
        };
        assert_eq!(judge(&worst, Some(first()), false), Outlook::Paused);
        let gone = EndpointView {
            paused: false,
            ..worst
        };
        assert_eq!(judge(&gone, Some(first()), false), Outlook::Gone);
        let held = EndpointView {
            gone: false,
            ..gone
        };
        assert_eq!(judge(&held, Some(first()), false), Outlook::NoEndpoint);
        assert_eq!(judge(&held, Some(first()), true).word(), "forerunner");
        assert_eq!(judge(&held, None, true), Outlook::KindOff);
        let held = EndpointView {
            kinds_off: vec!["review".to_owned()],
            ..held
        };
        let probe = judge(&held, None, true);
        assert_eq!((probe.word(), probe.at()), ("probe", Some(at(30))));
        let attempt = judge(&well(), None, true);
        assert_eq!((attempt.word(), attempt.at()), ("attempt", Some(at(60))));
    }

    #[test]
    fn what_is_over_waits_for_nothing() {
        for ending in [Ending::Delivered, Ending::Dead, Ending::Cancelled] {
            let over = delivery(State::Finished(ending));
            let outlook = outlook(&over, None, &well(), false);
            assert_eq!((outlook.word(), outlook.at()), ("nothing", None));
        }
    }

    #[test]
    fn a_forerunner_is_named() {
        let judged = outlook(&delivery(State::Pending), Some(first()), &well(), true);
        assert_eq!(judged.forerunner(), DeliveryId::from_i64(10));
        assert_eq!(
            judged.sentence(),
            "It waits for the lead 10, which goes first."
        );
    }
}
