//! Makes ids (protocol §1, D1): they sort by time, and several nodes never make the same one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

use crate::clock::Clock;

/// 2008-01-01T00:00:00Z in Unix seconds: where ids start to count (D1).
const EPOCH_SECOND: i64 = 1_199_145_600;

/// Nodes are numbered 0 to 63: six of the ten low bits.
pub const NODES: u16 = 64;

/// Ids that one node can make within a tick of 1,024 ns; more of them borrow from the next tick.
const SEQUENCE_BITS: u32 = 4;
const LOW_BITS: u32 = 10;

/// Makes ids for one node. Clones share the sequence.
#[derive(Clone)]
pub struct IdMaker {
    clock: Clock,
    node: u16,
    /// The last tick and sequence given out, as `tick << SEQUENCE_BITS | sequence`.
    last: Arc<AtomicI64>,
}

impl IdMaker {
    /// A maker for node number `node`, of which only the low six bits count.
    pub fn new(clock: Clock, node: u16) -> Self {
        Self {
            clock,
            node: node % NODES,
            last: Arc::new(AtomicI64::new(0)),
        }
    }

    /// A new id: greater than every other that this maker gave out.
    pub fn next_id(&self) -> i64 {
        let now = ticks(self.clock.now()) << SEQUENCE_BITS;
        let next = |last: i64| now.max(last + 1);
        let previous = self.last.update(Ordering::Relaxed, Ordering::Relaxed, next);
        let value = next(previous);
        let (tick, sequence) = (value >> SEQUENCE_BITS, value & 0xF);
        (tick << LOW_BITS) | (i64::from(self.node) << SEQUENCE_BITS) | sequence
    }
}

/// Ticks of 1,024 ns since the epoch of ids; the first one for any time before it.
fn ticks(moment: Timestamp) -> i64 {
    let since = moment.as_nanosecond() - i128::from(EPOCH_SECOND) * 1_000_000_000;
    i64::try_from(since >> LOW_BITS)
        .unwrap_or(i64::MAX >> LOW_BITS)
        .max(1)
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
    use super::*;

    #[test]
    fn ids_look_like_the_sources_and_tell_their_time() {
        let moment = Timestamp::from_nanosecond(1_579_643_093_950_742_534).unwrap();
        let id = IdMaker::new(Clock::manual(moment), 0).next_id();
        // The source's lead 380497493950742534, but for the low ten bits.
        assert_eq!(id >> LOW_BITS, 380_497_493_950_742_534 >> LOW_BITS);
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
