//! When a partner's endpoint is impaired (protocol §4.5): when that begins, what the operator is told of it, and when it
//! is over. Whether deliveries wait, and why, is the delivery engine's knowledge; it comes here as a [`Trouble`].
//!
//! A wish for time (`Retry-After`) is how an endpoint that works says "slower", so it is no impairment until it has
//! [lasted](BUSY_LASTS). A pause by the operator is none either: nothing is wrong with the endpoint, and the operator
//! knows. It does not end one, since nobody tries the endpoint meanwhile.

use jiff::{SignedDuration, Timestamp};
use protocol::id::{ImpairmentId, PartnerId};
use thiserror::Error;

/// How long an endpoint may ask for time until that counts as an impairment.
pub(crate) const BUSY_LASTS: SignedDuration = SignedDuration::from_mins(10);

/// Why deliveries to an endpoint wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Nothing but failures.
    Failing,
    /// It refuses our credentials (401, 403).
    Credentials,
    /// It asks for time.
    Busy,
    /// It answered 410.
    Gone,
}

/// A stored word that is no reason.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected failing, credentials, busy or gone")]
pub(crate) struct UnknownReason;

impl Reason {
    pub(crate) const ALL: [Self; 4] = [Self::Failing, Self::Credentials, Self::Busy, Self::Gone];

    /// The word that is stored and shown.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Credentials => "credentials",
            Self::Busy => "busy",
            Self::Gone => "gone",
        }
    }

    pub(crate) fn parse(word: &str) -> Result<Self, UnknownReason> {
        let mut all = Self::ALL.into_iter();
        all.find(|reason| reason.as_str() == word)
            .ok_or(UnknownReason)
    }
}

/// What ended an impairment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// The endpoint answered a probe.
    Probe,
    /// The operator gave it new settings, which are tried afresh.
    Settings,
}

impl EndedBy {
    /// The word that is stored and shown.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Settings => "settings",
        }
    }

    pub(crate) fn parse(word: &str) -> Result<Self, &'static str> {
        [Self::Probe, Self::Settings]
            .into_iter()
            .find(|by| by.as_str() == word)
            .ok_or("expected probe or settings")
    }
}

/// What the delivery engine says of an endpoint whose deliveries wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) reason: Reason,
    pub(crate) since: Timestamp,
}

/// Where an impairment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImpairmentState {
    Open,
    Over { until: Timestamp, by: EndedBy },
}

/// That an impairment held the targeting of businesses back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PausedTargeting {
    /// Since it held back the first.
    pub(crate) paused_at: Timestamp,
    /// After its end, when it held back none any more.
    pub(crate) resumed_at: Option<Timestamp>,
}

/// A time when deliveries to a partner wait, or waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Impairment {
    pub(crate) impairment_id: ImpairmentId,
    pub(crate) partner_id: PartnerId,
    /// As of the last probe.
    pub(crate) reason: Reason,
    /// What the operator was told, in order, each once: an endpoint that fails now so, now so, tells no news. Nothing while
    /// a wish for time may pass soon.
    pub(crate) told: Vec<Reason>,
    pub(crate) since: Timestamp,
    pub(crate) state: ImpairmentState,
    pub(crate) targeting: Option<PausedTargeting>,
}

impl Impairment {
    /// It begins.
    pub(crate) fn begin(
        impairment_id: ImpairmentId,
        partner_id: PartnerId,
        trouble: Trouble,
        now: Timestamp,
    ) -> Self {
        let begun = Self {
            impairment_id,
            partner_id,
            reason: trouble.reason,
            told: Vec::new(),
            since: trouble.since,
            state: ImpairmentState::Open,
            targeting: None,
        };
        begun.tell(now)
    }

    /// It goes on, perhaps for another reason.
    pub(crate) fn go_on(self, reason: Reason, now: Timestamp) -> Self {
        Self { reason, ..self }.tell(now)
    }

    /// It is over. Nothing is left of one that nobody was told of.
    pub(crate) fn end(self, by: EndedBy, now: Timestamp) -> Option<Self> {
        let state = ImpairmentState::Over { until: now, by };
        self.is_told().then_some(Self { state, ..self })
    }

    /// Whether the operator was told.
    pub(crate) fn is_told(&self) -> bool {
        !self.told.is_empty()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state == ImpairmentState::Open
    }

    /// Whether it has lasted for that time by `now`.
    pub(crate) fn has_lasted(&self, time: SignedDuration, now: Timestamp) -> bool {
        now.duration_since(self.since) >= time
    }

    /// Notes the reason as told, if it is news.
    fn tell(mut self, now: Timestamp) -> Self {
        let counts = self.reason != Reason::Busy || self.has_lasted(BUSY_LASTS, now);
        if counts && !self.told.contains(&self.reason) {
            self.told.push(self.reason);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn begun(reason: Reason) -> Impairment {
        let (impairment_id, partner_id) = (ImpairmentId::from_i64(1), PartnerId::from_i64(2));
        let trouble = Trouble {
            reason,
            since: at(0),
        };
        Impairment::begin(impairment_id.unwrap(), partner_id.unwrap(), trouble, at(0))
    }

    #[test]
    fn a_failure_is_told_at_once_and_a_wish_for_time_when_it_has_lasted() {
        for reason in [Reason::Failing, Reason::Credentials, Reason::Gone] {
            assert_eq!(begun(reason).told, [reason]);
        }
        let busy = begun(Reason::Busy);
        assert!(!busy.is_told());
        let busy = busy.go_on(Reason::Busy, at(599));
        assert!(!busy.is_told());
        assert_eq!(busy.clone().end(EndedBy::Probe, at(599)), None);
        let busy = busy.go_on(Reason::Busy, at(600));
        assert_eq!(busy.told, [Reason::Busy]);
        let over = busy.end(EndedBy::Probe, at(700)).unwrap();
        assert!(!over.is_open());
    }

    #[test]
    fn each_reason_is_told_once() {
        let impairment = begun(Reason::Failing)
            .go_on(Reason::Busy, at(1))
            .go_on(Reason::Credentials, at(2))
            .go_on(Reason::Failing, at(3))
            .go_on(Reason::Credentials, at(4));
        assert_eq!(impairment.told, [Reason::Failing, Reason::Credentials]);
        assert_eq!(impairment.reason, Reason::Credentials);
        assert_eq!(impairment.since, at(0));
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Ok(reason));
        }
        for by in [EndedBy::Probe, EndedBy::Settings] {
            assert_eq!(EndedBy::parse(by.as_str()), Ok(by));
        }
        assert_eq!(Reason::parse("Busy"), Err(UnknownReason));
        assert!(EndedBy::parse("").is_err());
    }
}
