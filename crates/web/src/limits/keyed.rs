//! A table of counters by key that cannot grow without bound, however many keys an attacker invents.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// How many keys are remembered at most.
pub(super) const CAPACITY: usize = 50_000;

/// A counter of one key.
pub(super) trait Counter {
    /// Whether forgetting it now would change nothing.
    fn is_idle(&self, now: Timestamp) -> bool;
    /// When it last counted something.
    fn touched(&self) -> Timestamp;
}

/// Counters by key.
#[derive(Debug)]
pub(super) struct Keyed<C> {
    counters: Mutex<HashMap<String, C>>,
    capacity: usize,
}

impl<C: Counter> Keyed<C> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            counters: Mutex::default(),
            capacity,
        }
    }

    /// Counts with the key's counter, made by `new` if there is none.
    pub(super) fn with<T>(
        &self,
        key: &str,
        now: Timestamp,
        new: impl FnOnce() -> C,
        count: impl FnOnce(&mut C) -> T,
    ) -> T {
        // A counter is whole at any time, so a panic elsewhere while one was held does not matter.
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = counters.get_mut(key) {
            return count(counter);
        }
        if counters.len() >= self.capacity {
            make_room(&mut counters, self.capacity, now);
        }
        count(counters.entry(key.to_owned()).or_insert_with(new))
    }

    pub(super) fn forget(&self, key: &str) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.remove(key);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.counters.lock().unwrap().len()
    }
}

/// Drops what is idle, and if that does not free half of the table, the longest untouched as well, so that the next
/// time is far away.
fn make_room<C: Counter>(counters: &mut HashMap<String, C>, capacity: usize, now: Timestamp) {
    counters.retain(|_, counter| !counter.is_idle(now));
    let half = capacity / 2;
    if counters.len() <= half {
        return;
    }
    let mut times: Vec<Timestamp> = counters.values().map(Counter::touched).collect();
    let surplus = times.len() - half;
    let (_, &mut newest_dropped, _) = times.select_nth_unstable(surplus - 1);
    let mut left = surplus;
    counters.retain(|_, counter| {
        let dropped = left > 0 && counter.touched() <= newest_dropped;
        left -= usize::from(dropped);
        !dropped
    });
}
