//! How engines learn that there is work, without waiting for their next poll.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::id::EndpointId;

/// So many endpoints are remembered by name; beyond that, looking at all of them is cheaper.
const MOST_NAMED: usize = 256;

/// Wakes the engine after a commit that made work for it. Clones wake the same engine.
#[derive(Clone, Debug)]
pub struct Waker {
    calls: watch::Sender<u64>,
    asked: Arc<Mutex<Asked>>,
}

/// Where the engine was asked to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Everywhere.
    pub(crate) everywhere: bool,
    /// At these: something was recorded here.
    pub(crate) endpoints: HashSet<EndpointId>,
    /// At these, if they are ours: another process said so, and nobody is to be told again.
    pub(crate) heard: HashSet<EndpointId>,
    /// At the shards: some may be free.
    pub(crate) shards: bool,
}

impl Waker {
    /// A waker; give clones of it to the engine and to whoever records deliveries.
    pub fn new() -> Self {
        Self {
            calls: watch::Sender::new(0),
            asked: Arc::default(),
        }
    }

    /// Says that there is work, anywhere. Several calls may count as one.
    pub fn wake(&self) {
        self.asked().everywhere = true;
        self.nudge();
    }

    /// Says that there is work for these endpoints: cheaper than [`Waker::wake`], since the engine looks there only.
    pub fn wake_for(&self, endpoints: impl IntoIterator<Item = EndpointId>) {
        let mut asked = self.asked();
        asked.endpoints.extend(endpoints);
        if asked.endpoints.len() > MOST_NAMED {
            asked.everywhere = true;
            asked.endpoints.clear();
        }
        let is_asked = asked.everywhere || !asked.endpoints.is_empty();
        drop(asked);
        if is_asked {
            self.nudge();
        }
    }

    /// As [`Waker::wake_for`], for what another process said.
    pub(crate) fn hear_of(&self, endpoints: impl IntoIterator<Item = EndpointId>) {
        let mut asked = self.asked();
        asked.heard.extend(endpoints);
        if asked.heard.len() > MOST_NAMED {
            asked.everywhere = true;
            asked.heard.clear();
        }
        drop(asked);
        self.nudge();
    }

    /// Has the engine look whether shards are free.
    pub(crate) fn wake_for_shards(&self) {
        self.asked().shards = true;
        self.nudge();
    }

    /// Has the engine take a step, without looking anywhere.
    pub(crate) fn nudge(&self) {
        self.calls
            .send_modify(|calls| *calls = calls.wrapping_add(1));
    }

    /// Where it was asked to look since the last time this was asked.
    pub(crate) fn take(&self) -> Asked {
        std::mem::take(&mut *self.asked())
    }

    /// Sees every call from now on.
    pub(crate) fn listen(&self) -> Wakes {
        Wakes(self.calls.subscribe())
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        // Nothing panics while it is locked, and a set of ids cannot be left half changed.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Waker {
    fn default() -> Self {
        Self::new()
    }
}

/// One listener's view of the calls.
pub(crate) struct Wakes(watch::Receiver<u64>);

impl Wakes {
    /// Forgets earlier calls. To be done before looking for work, so that a call meanwhile is not missed.
    pub(crate) fn reset(&mut self) {
        self.0.borrow_and_update();
    }

    /// Waits for a call since the last reset.
    pub(crate) async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            // The engine holds a waker itself, so this does not happen while anybody waits.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_is_told_once() {
        let waker = Waker::new();
        waker.wake_for([EndpointId::new(1), EndpointId::new(2)]);
        waker.wake_for([EndpointId::new(2)]);
        let asked = waker.take();
        assert_eq!((asked.everywhere, asked.endpoints.len()), (false, 2));
        assert_eq!(waker.take(), Asked::default());
        waker.wake();
        assert!(waker.take().everywhere);
    }

    #[test]
    fn too_many_names_are_everywhere() {
        let waker = Waker::new();
        waker.wake_for((0..=256).map(EndpointId::new));
        let asked = waker.take();
        assert_eq!((asked.everywhere, asked.endpoints.len()), (true, 0));
    }
}
