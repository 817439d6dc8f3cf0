//! Background work of the platform besides deliveries: each job runs for as long as the process.

pub(crate) mod node_lease;
pub(crate) mod sweep;

use base::Tasks;

use crate::core::Core;
use crate::service::node::NodeLease;

/// Starts all jobs. They end when the tasks are stopped.
pub(crate) fn start(core: &Core, node: &NodeLease, tasks: &Tasks) {
    let (all, lease) = (
        tasks.clone(),
        node_lease::run(core.clone(), node.clone(), tasks.clone()),
    );
    tasks.spawn("node lease", async move {
        lease.await;
        // Whether the number was lost or given back: without it this process can make nothing.
        all.begin_stop();
    });
    tasks.spawn_until_stop("sweep", sweep::run(core.clone()));
}
