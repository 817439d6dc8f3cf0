//! Background work of the platform besides deliveries: each job runs for as long as the process.

pub(crate) mod impairments;
pub(crate) mod sweep;

use base::Tasks;
use database::Error;
use node::NodeLease;

use crate::core::Core;

/// Starts all jobs. They end when the tasks are stopped.
pub(crate) fn start(core: &Core, lease: &NodeLease, tasks: &Tasks) {
    node::keep(&core.db, &core.clock, lease, tasks);
    tasks.spawn_until_stop("sweep", sweep::run(core.clone()));
    tasks.spawn_until_stop("impairments", impairments::run(core.clone()));
}

/// Does what they do, once.
pub(crate) async fn run_once(core: &Core) -> Result<(), Error> {
    impairments::look_once(core).await?;
    sweep::sweep_once(core).await.map(drop)
}
