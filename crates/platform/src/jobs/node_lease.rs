//! Keeps the number under which this process makes ids (`service/node.rs`).

use crate::core::Core;
use crate::service::node::{self, NodeLease, RENEWAL};

/// Renews the lease for as long as the process lives. Returns only when the number was lost to another process: then
/// this one must stop, since both would make the same ids.
pub(crate) async fn run(core: Core, lease: NodeLease) {
    loop {
        core.clock.sleep(RENEWAL).await;
        match node::renew(&core.db, &core.clock, &lease).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::error!(
                    node.number = lease.number(),
                    "the node number was lost to another process"
                );
                return;
            }
            // Nothing is stored while the database is away, so no id is used either.
            Err(error) => tracing::warn!(%error, "the node number could not be renewed"),
        }
    }
}
