//! Makes ids (protocol §1, D1): they sort by time, and several nodes never make the same one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use protocol::id::{SEQUENCES, compose, low_bits};

use crate::clock::Clock;

/// Makes ids for one node. Clones share the sequence.
#[derive(Clone)]
pub struct IdMaker {
    clock: Clock,
    node: u8,
    /// The last tick and sequence given out, as `tick * SEQUENCES + sequence`.
    last: Arc<AtomicI64>,
}

/// What the time part of an id counts.
const NANOSECONDS_PER_TICK: i64 = 1_024;

impl IdMaker {
    /// A maker for node number `node`, of which only the low six bits count (`protocol::id::NODES`).
    pub fn new(clock: Clock, node: u8) -> Self {
        Self {
            clock,
            node,
            last: Arc::new(AtomicI64::new(0)),
        }
    }

    /// A new id: greater than every other that this maker gave out. Of those that one tick cannot hold, the rest borrow
    /// from the next.
    pub fn next_id(&self) -> i64 {
        let nanoseconds = i64::try_from(self.clock.now().as_nanosecond()).unwrap_or(i64::MAX);
        let now = nanoseconds / NANOSECONDS_PER_TICK * i64::from(SEQUENCES);
        let next = |last: i64| now.max(last + 1);
        let previous = self.last.update(Ordering::Relaxed, Ordering::Relaxed, next);
        let value = next(previous);
        let (tick, sequence) = (value / i64::from(SEQUENCES), value % i64::from(SEQUENCES));
        let sequence = u8::try_from(sequence).unwrap_or_default();
        compose(tick * NANOSECONDS_PER_TICK, low_bits(self.node, sequence))
    }
}

impl fmt::Debug for IdMaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IdMaker")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn ids_look_like_the_sources_and_tell_their_time() {
        let moment = Timestamp::from_nanosecond(1_579_643_093_950_742_534).unwrap();
        let id = IdMaker::new(Clock::manual(moment), 0).next_id();
        // The source's lead 380497493950742534, but for the low bits.
        assert_eq!(id / 2_048, 380_497_493_950_742_534 / 2_048);
        assert_eq!(id.to_string().len(), 18);
    }

    #[test]
    fn ids_of_one_tick_rise_and_two_nodes_never_meet() {
        let clock = Clock::manual(Timestamp::from_second(1_700_000_000).unwrap());
        let makers = [IdMaker::new(clock.clone(), 1), IdMaker::new(clock, 2)];
        let ids = makers.map(|maker| (0..1_000).map(|_| maker.next_id()).collect::<Vec<_>>());
        for ids in &ids {
            assert!(ids.is_sorted_by(|a, b| a < b));
        }
        assert!(ids[0].iter().all(|id| !ids[1].contains(id)));
    }
}
