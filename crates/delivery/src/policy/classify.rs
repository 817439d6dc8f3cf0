//! What an answer, or the lack of one, says: about this delivery, or about the endpoint as a whole.

use std::time::Duration;

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// An answer with this status, and the wait that its `Retry-After` asks for.
    Answer {
        /// The status code.
        status: u16,
        /// See [`retry_after`](crate::policy::retry_after::parse).
        retry_after: Option<Duration>,
    },
    /// No connection, no answer in time, or a connection that broke.
    NoAnswer,
}

/// The classes that outcomes fall into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeClass {
    /// 2xx.
    Delivered,
    /// No answer, 5xx, 408, 425, or 429 without a usable `Retry-After`: the endpoint is in trouble.
    Endpoint,
    /// 429 or 503 with `Retry-After`: the endpoint asks for this much time.
    Busy(Duration),
    /// 401, 403: our credentials are not taken.
    Credentials,
    /// 400, 404, 409, 413, 422 and 3xx: this delivery is not taken, as it is.
    Refused,
    /// Any other status: not for this delivery alone, perhaps, and not for the endpoint as a whole.
    Unexpected,
    /// 405: on an update or a review it means that the endpoint takes none.
    MethodNotAllowed,
    /// 410: the endpoint wants nothing any more.
    Gone,
}

impl OutcomeClass {
    /// The word that is stored and counted.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Endpoint => "endpoint",
            Self::Busy(_) => "busy",
            Self::Credentials => "credentials",
            Self::Refused => "refused",
            Self::Unexpected => "unexpected",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Gone => "gone",
        }
    }
}

/// The class of what was observed.
pub fn classify(observed: Observed) -> OutcomeClass {
    let Observed::Answer {
        status,
        retry_after,
    } = observed
    else {
        return OutcomeClass::Endpoint;
    };
    match (status, retry_after) {
        (200..=299, _) => OutcomeClass::Delivered,
        (429 | 503, Some(wait)) => OutcomeClass::Busy(wait),
        (408 | 425 | 429 | 500..=599, _) => OutcomeClass::Endpoint,
        (401 | 403, _) => OutcomeClass::Credentials,
        (300..=399 | 400 | 404 | 409 | 413 | 422, _) => OutcomeClass::Refused,
        (405, _) => OutcomeClass::MethodNotAllowed,
        (410, _) => OutcomeClass::Gone,
        _ => OutcomeClass::Unexpected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_class() {
        let minute = Duration::from_mins(1);
        for (status, retry_after, class) in [
            (200, None, OutcomeClass::Delivered),
            (202, None, OutcomeClass::Delivered),
            (299, Some(minute), OutcomeClass::Delivered),
            (301, None, OutcomeClass::Refused),
            (400, None, OutcomeClass::Refused),
            (400, Some(minute), OutcomeClass::Refused),
            (401, None, OutcomeClass::Credentials),
            (403, None, OutcomeClass::Credentials),
            (404, None, OutcomeClass::Refused),
            (405, None, OutcomeClass::MethodNotAllowed),
            (408, None, OutcomeClass::Endpoint),
            (409, None, OutcomeClass::Refused),
            (410, None, OutcomeClass::Gone),
            (413, None, OutcomeClass::Refused),
            (415, None, OutcomeClass::Unexpected),
            (422, None, OutcomeClass::Refused),
            (425, None, OutcomeClass::Endpoint),
            (429, None, OutcomeClass::Endpoint),
            (429, Some(minute), OutcomeClass::Busy(minute)),
            (500, Some(minute), OutcomeClass::Endpoint),
            (503, None, OutcomeClass::Endpoint),
            (503, Some(minute), OutcomeClass::Busy(minute)),
            (599, None, OutcomeClass::Endpoint),
            (101, None, OutcomeClass::Unexpected),
            (999, None, OutcomeClass::Unexpected),
        ] {
            assert_eq!(
                classify(Observed::Answer {
                    status,
                    retry_after
                }),
                class,
                "{status}"
            );
        }
        assert_eq!(classify(Observed::NoAnswer), OutcomeClass::Endpoint);
    }
}
