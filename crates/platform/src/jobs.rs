//! Background work of the platform besides deliveries: each job runs for as long as the process.

pub(crate) mod replays;
pub(crate) mod sweep;

use base::Tasks;
use node::NodeLease;

use crate::core::Core;

/// Starts all jobs. They end when the tasks are stopped.
pub(crate) fn start(core: &Core, lease: &NodeLease, tasks: &Tasks) {
    node::keep(&core.db, &core.clock, lease, tasks);
    tasks.spawn_until_stop(
        "replays",
        replays::run(core.clone(), lease.owner().to_owned()),
    );
    tasks.spawn_until_stop("sweep", sweep::run(core.clone()));
}
