//! How engines learn that there is work, without waiting for their next poll.

use tokio::sync::watch;

/// Wakes the engine after a commit that made work for it. Clones wake the same engine.
#[derive(Clone, Debug)]
pub struct Waker {
    calls: watch::Sender<u64>,
}

impl Waker {
    /// A waker; give clones of it to the engine and to whoever records deliveries.
    pub fn new() -> Self {
        Self {
            calls: watch::Sender::new(0),
        }
    }

    /// Says that there is work. Cheap, and several calls may count as one.
    pub fn wake(&self) {
        self.calls
            .send_modify(|calls| *calls = calls.wrapping_add(1));
    }

    /// Sees every call from now on.
    pub(crate) fn listen(&self) -> Wakes {
        Wakes(self.calls.subscribe())
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
