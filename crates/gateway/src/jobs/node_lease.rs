//! Keeps the number under which this process makes ids (`service/node.rs`).

use base::Tasks;

use crate::core::Core;
use crate::service::node::{self, NodeLease, RENEWAL};

/// Renews the lease until the process stops, and gives it back then. Returns earlier only when the number was lost to
/// another process: then this one must stop, since both would make the same ids.
pub(crate) async fn run(core: Core, lease: NodeLease, tasks: Tasks) {
    loop {
        let pause = core.clock.sleep(RENEWAL);
        if tasks.stopping().run_until_cancelled(pause).await.is_none() {
            break;
        }
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
    if let Err(error) = node::release(&core.db, lease).await {
        tracing::warn!(%error, "the node number stays taken for a minute");
    }
}
