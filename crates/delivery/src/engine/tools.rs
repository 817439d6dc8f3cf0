//! What the parts of one engine share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock, Entropy, Outgoing};
use database::Db;

use crate::engine::neighbours::Teller;
use crate::settings::Settings;
use crate::waker::Waker;

/// The engine's tools, shared with every attempt.
pub(crate) struct Tools<D> {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) outgoing: Outgoing,
    /// Operations take it with them.
    pub(crate) directory: Arc<D>,
    pub(crate) waker: Waker,
    pub(crate) settings: Settings,
    pub(crate) lease: LeaseEnd,
    pub(crate) teller: Teller,
}

impl<D> Tools<D> {
    /// Whether a request that begins now is over before anybody else may send for the same shard.
    pub(crate) fn may_send(&self) -> bool {
        self.clock.monotonic() + self.settings.needed_lease() <= self.lease.get()
    }

    /// Whether the leases have run out, as far as this process knows.
    pub(crate) fn has_lost_its_lease(&self) -> bool {
        self.clock.monotonic() >= self.lease.get()
    }
}

/// When the leases of this process end, by its own [monotonic](Clock::monotonic) clock: set by whoever renews, read by
/// every attempt.
#[derive(Clone, Default)]
pub(crate) struct LeaseEnd(Arc<AtomicU64>);

impl LeaseEnd {
    pub(crate) fn set(&self, end: Duration) {
        let microseconds = u64::try_from(end.as_micros()).unwrap_or(u64::MAX);
        self.0.store(microseconds, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst))
    }
}
