//! Keeps a number for as long as the process lives.

use base::{Clock, Tasks};
use database::Db;

use crate::lease::{NodeLease, RENEWAL, release, renew};

/// Renews the lease in the background until the process stops, and gives it back then. If the number was lost to another
/// process, this one stops: both would make the same ids.
pub fn keep(db: &Db, clock: &Clock, lease: &NodeLease, tasks: &Tasks) {
    let work = run(db.clone(), clock.clone(), lease.clone(), tasks.clone());
    tasks.spawn("node lease", work);
}

async fn run(db: Db, clock: Clock, lease: NodeLease, tasks: Tasks) {
    loop {
        let pause = clock.sleep(RENEWAL);
        if tasks.stopping().run_until_cancelled(pause).await.is_none() {
            break;
        }
        match renew(&db, &clock, &lease).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::error!(
                    node.number = lease.number(),
                    "the node number was lost to another process: this one stops"
                );
                tasks.begin_stop();
                return;
            }
            // Nothing is stored while the database is away, so no id is used either.
            Err(error) => tracing::warn!(%error, "the node number could not be renewed"),
        }
    }
    if let Err(error) = release(&db, lease).await {
        tracing::warn!(%error, "the node number stays taken for a minute");
    }
}
