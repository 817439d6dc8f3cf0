//! How fast an endpoint that was held is filled again: one request at a time, then two, four and so on.

use crate::policy::classify::OutcomeClass;

/// How many requests may be on their way to an endpoint that recovers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ramp(Option<u32>);

impl Ramp {
    /// No limit but the endpoint's own.
    pub const DONE: Self = Self(None);
    /// A hold has just ended.
    pub const START: Self = Self(Some(1));

    /// At most so many requests, where `most` is what the endpoint gets in good times.
    pub fn limit(self, most: usize) -> usize {
        match self.0 {
            None => most,
            Some(limit) => most.min(usize::try_from(limit).unwrap_or(usize::MAX)),
        }
    }

    /// After an outcome: each answer makes room for one more, so that a round of them doubles the limit, until it is `most`;
    /// a failure of the endpoint halves it.
    #[must_use]
    pub fn after(self, class: OutcomeClass, most: usize) -> Self {
        let Some(limit) = self.0 else {
            return self;
        };
        let limit = match class {
            OutcomeClass::Delivered
            | OutcomeClass::Refused
            | OutcomeClass::Unexpected
            | OutcomeClass::MethodNotAllowed => limit.saturating_add(1),
            _ => (limit / 2).max(1),
        };
        let is_done = usize::try_from(limit).is_ok_and(|limit| limit >= most);
        Self((!is_done).then_some(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_of_answers_doubles_what_may_be_on_its_way() {
        let mut ramp = Ramp::START;
        let mut limits = Vec::new();
        for _ in 0..5 {
            let limit = ramp.limit(8);
            limits.push(limit);
            for _ in 0..limit {
                ramp = ramp.after(OutcomeClass::Delivered, 8);
            }
        }
        assert_eq!(limits, [1, 2, 4, 8, 8]);
        assert_eq!(ramp, Ramp::DONE);
    }

    #[test]
    fn a_failure_halves_it_and_never_stops_it() {
        let four = Ramp(Some(4));
        assert_eq!(four.after(OutcomeClass::Endpoint, 8).limit(8), 2);
        assert_eq!(Ramp::START.after(OutcomeClass::Endpoint, 8), Ramp::START);
        assert_eq!(Ramp::DONE.after(OutcomeClass::Endpoint, 8), Ramp::DONE);
    }

    #[test]
    fn an_endpoint_that_takes_one_at_a_time_is_done_at_once() {
        assert_eq!(Ramp::START.limit(1), 1);
        assert_eq!(Ramp::START.after(OutcomeClass::Delivered, 1), Ramp::DONE);
    }
}
