//! Background work of the gateway: each job runs for as long as the process.

mod history;
mod reply_sender;
mod token_refresh;
mod waiting_messages;

use database::Error;
use node::NodeLease;

use crate::core::Core;

/// Starts all jobs. They end when the tasks are stopped.
pub(crate) fn start(core: &Core, lease: &NodeLease) {
    let tasks = &core.tasks;
    node::keep(&core.db, &core.clock, lease, tasks);
    let sender = reply_sender::run(core.clone(), tasks.clone());
    tasks.spawn("replies", sender);
    tasks.spawn_until_stop("tokens", token_refresh::run(core.clone()));
    tasks.spawn_until_stop("history", history::run(core.clone()));
    tasks.spawn_until_stop("waiting messages", waiting_messages::run(core.clone()));
}

/// Does everything that is due now, and waits for it; how many things that were.
pub(crate) async fn drain(core: &Core) -> Result<usize, Error> {
    let refreshed = token_refresh::drain(core).await?;
    let sent = reply_sender::drain(core).await?;
    Ok(refreshed + sent + waiting_messages::drain(core).await?)
}
