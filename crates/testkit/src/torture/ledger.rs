//! What clients were told is done: it must have arrived in the end, in this order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// One thing that happened to a lead, as its receivers can tell it from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The lead itself.
    Lead,
    /// A customer's message, by its id.
    Message(String),
    /// A new price, which no other lead has.
    Price(String),
}

/// An event that the platform has acknowledged.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// What.
    pub event: Event,
    /// When the answer came.
    pub at: Timestamp,
}

/// A lead that the platform has acknowledged, with what happened to it since, in order.
#[derive(Clone, Debug)]
pub struct AcceptedLead {
    /// Its id.
    pub lead_id: String,
    /// The business that it reached, by its place in the market.
    pub business: usize,
    /// The lead first.
    pub events: Vec<Accepted>,
}

/// Everything that was acknowledged. Clones are the same ledger.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<Vec<AcceptedLead>>>);

impl Ledger {
    /// Adds a lead and what happened to it.
    pub fn add(&self, lead: AcceptedLead) {
        self.entries().push(lead);
    }

    /// All that is in it.
    pub fn leads(&self) -> Vec<AcceptedLead> {
        self.entries().clone()
    }

    /// How many leads.
    pub fn count(&self) -> usize {
        self.entries().len()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<AcceptedLead>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
