//! What the parts of one engine share.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base::{Clock, Entropy, Outgoing};
use database::Db;
use jiff::Timestamp;

use crate::moment;
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
}

impl<D> Tools<D> {
    /// Whether a request that begins now is over before anybody else may send for the same shard.
    pub(crate) fn may_send(&self) -> bool {
        let end = moment::after(self.clock.now(), self.settings.needed_lease());
        end <= self.lease.get()
    }
}

/// When the leases of this process end: set by whoever renews, read by every attempt.
#[derive(Clone, Default)]
pub(crate) struct LeaseEnd(Arc<AtomicI64>);

impl LeaseEnd {
    pub(crate) fn set(&self, end: Timestamp) {
        self.0.store(end.as_microsecond(), Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MIN)
    }
}
