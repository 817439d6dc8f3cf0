//! What every use case of the platform works with. One value per process, shared by all requests.

use std::sync::Arc;

use base::{Clock, Entropy, IdMaker, Keyring, Passwords};
use database::Db;
use web::limits::{FailureLimiter, RateLimiter};
use web::probes::Counters;

use crate::settings::Settings;

/// The platform's tools. Clones are cheap and share everything.
#[derive(Clone, Debug)]
pub(crate) struct Core {
    inner: Arc<Tools>,
}

/// The tools by name; see [`Core`].
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) ids: IdMaker,
    pub(crate) keys: Keyring,
    pub(crate) passwords: Passwords,
    pub(crate) settings: Settings,
    /// Wrong credentials of every kind, counted by source and by account.
    pub(crate) failures: FailureLimiter,
    /// Requests of clients and partners.
    pub(crate) requests: RateLimiter,
    /// Wakes the delivery engine after a commit that made work for it.
    pub(crate) deliveries: delivery::Waker,
    /// What `/metrics` tells.
    pub(crate) counters: Counters,
}

impl Core {
    pub(crate) fn new(tools: Tools) -> Self {
        Self {
            inner: Arc::new(tools),
        }
    }
}

impl std::ops::Deref for Core {
    type Target = Tools;

    fn deref(&self) -> &Tools {
        &self.inner
    }
}
