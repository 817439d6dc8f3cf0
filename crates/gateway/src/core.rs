//! What every use case of the gateway works with. One value per process, shared by all requests.

use std::sync::Arc;

use base::{Clock, Entropy, IdMaker, Keyring, Passwords, Tasks};
use client::Client;
use database::Db;
use tokio::sync::Notify;
use web::probes::Counters;

use crate::service::announce::Announcer;
use crate::service::tokens::Keeper;
use crate::settings::Settings;

/// The gateway's tools. Clones are cheap and share everything.
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
    /// The platform's API, as our client.
    pub(crate) platform: Client,
    /// Keeps the tokens of all connections fresh.
    pub(crate) keeper: Keeper,
    /// Tells what happens, and wakes whoever waits for it after the commit.
    pub(crate) announcer: Announcer,
    /// Wakes the sender of replies after a commit that made work for it.
    pub(crate) replies: Notify,
    /// This process's name in leases.
    pub(crate) owner: String,
    /// Where background work belongs.
    pub(crate) tasks: Tasks,
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
