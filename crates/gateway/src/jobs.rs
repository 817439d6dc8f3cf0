//! Background work of the gateway: each job runs for as long as the process.

mod node_lease;
mod reply_sender;
mod token_refresh;

use database::Error;

use crate::core::Core;
use crate::service::node::NodeLease;

/// Starts all jobs. They end when the tasks are stopped.
pub(crate) fn start(core: &Core, node: &NodeLease) {
    let tasks = &core.tasks;
    let (all, lease) = (
        tasks.clone(),
        node_lease::run(core.clone(), node.clone(), tasks.clone()),
    );
    tasks.spawn("node lease", async move {
        lease.await;
        // Whether the number was lost or given back: without it this process can make nothing.
        all.begin_stop();
    });
    let sender = reply_sender::run(core.clone(), tasks.clone());
    tasks.spawn("replies", sender);
    tasks.spawn_until_stop("tokens", token_refresh::run(core.clone()));
}

/// Does everything that is due now, and waits for it; how many things that were.
pub(crate) async fn drain(core: &Core) -> Result<usize, Error> {
    let refreshed = token_refresh::drain(core).await?;
    Ok(refreshed + reply_sender::drain(core).await?)
}
