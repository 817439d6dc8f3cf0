//! Which endpoints an operation recorded something for, so that the engine can be woken for these alone.

use std::sync::{Arc, Mutex, PoisonError};

use crate::id::EndpointId;

/// Collects endpoints within an operation, for [`Waker::wake_for`](crate::Waker::wake_for) after its commit. Clones are the
/// same collection.
///
/// An operation that is run again, or rolled back, leaves names here of endpoints that got nothing: looking at those in
/// vain does no harm.
#[derive(Clone, Debug, Default)]
pub struct Touched(Arc<Mutex<Vec<EndpointId>>>);

impl Touched {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn add(&self, endpoint: EndpointId) {
        let mut endpoints = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !endpoints.contains(&endpoint) {
            endpoints.push(endpoint);
        }
    }

    /// All that were added.
    pub fn take(&self) -> Vec<EndpointId> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_is_named_once() {
        let touched = Touched::new();
        let within_an_operation = touched.clone();
        for number in [3, 1, 3] {
            within_an_operation.add(EndpointId::new(number));
        }
        assert_eq!(touched.take(), [3, 1].map(EndpointId::new));
        assert_eq!(touched.take(), []);
    }
}
