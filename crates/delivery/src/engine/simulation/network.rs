//! The simulated network: how endpoints answer, and how long that takes.

use std::collections::HashMap;
use std::time::Duration;

use base::Entropy;
use base::outgoing::{Answer, OutgoingError};
use http::header::{HeaderMap, HeaderValue, RETRY_AFTER};

use crate::directory::Addressee;
use crate::id::EndpointId;

/// How an endpoint behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// It answers 200 within 20 to 80 ms.
    Healthy,
    /// It answers with this status.
    Answers(u16),
    /// It asks for so many seconds.
    Busy(u32),
    /// It takes the request and does not answer in time, though it may well have understood it.
    Silent,
    /// Nobody is there.
    Unreachable,
    /// It answers 200 or 503, as a coin falls.
    Flaky,
}

/// What a request comes to.
pub(crate) struct Reply {
    pub(crate) result: Result<Answer, OutgoingError>,
    pub(crate) after: Duration,
    /// Whether the endpoint saw the request.
    pub(crate) arrived: bool,
}

/// All endpoints.
#[derive(Default)]
pub(crate) struct Network {
    behaviours: HashMap<EndpointId, Behaviour>,
}

impl Network {
    /// The endpoint behaves like this from now on. At first each is healthy.
    pub(crate) fn set(&mut self, endpoint: EndpointId, behaviour: Behaviour) {
        self.behaviours.insert(endpoint, behaviour);
    }

    /// Every endpoint is healthy again.
    pub(crate) fn heal(&mut self) {
        self.behaviours.clear();
    }

    pub(crate) fn answer(&self, addressee: &Addressee, dice: &Entropy) -> Reply {
        let behaviour = self.behaviours.get(&addressee.endpoint_id);
        let quick = Duration::from_millis(20 + dice.below(61));
        match behaviour.copied().unwrap_or(Behaviour::Healthy) {
            Behaviour::Healthy => answered(200, None, quick),
            Behaviour::Answers(status) => answered(status, None, quick),
            Behaviour::Busy(seconds) => answered(503, Some(seconds), quick),
            Behaviour::Flaky if dice.below(2) == 0 => answered(200, None, quick),
            Behaviour::Flaky => answered(503, None, quick),
            Behaviour::Silent => {
                let deadline = Duration::from_secs(15);
                Reply {
                    result: Err(OutgoingError::TimedOut(deadline)),
                    after: deadline,
                    arrived: true,
                }
            }
            Behaviour::Unreachable => Reply {
                result: Err(OutgoingError::Connect("nobody is there".to_owned())),
                after: quick,
                arrived: false,
            },
        }
    }
}

fn answered(status: u16, retry_after: Option<u32>, after: Duration) -> Reply {
    let mut headers = HeaderMap::new();
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Reply {
        result: Ok(Answer {
            status,
            headers,
            body: Vec::new(),
        }),
        after,
        arrived: true,
    }
}
