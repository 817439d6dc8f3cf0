//! Removes what has run out: log-ins, open connect pages, first answers, revoked and expired tokens. In small batches, so
//! that nobody waits for it.

use std::time::Duration;

use database::{Error, Op, Tx};
use jiff::{SignedDuration, Timestamp};

use crate::core::Core;
use crate::store::expired::{self, Perishable};

/// How long after a sweep the next one begins.
const INTERVAL: Duration = Duration::from_mins(10);

/// So many rows are removed in one transaction.
const BATCH: u32 = 500;

/// So many batches of each kind are removed in one sweep; the next sweep goes on.
const BATCHES: u32 = 100;

/// Sweeps from time to time, for ever.
pub(crate) async fn run(core: Core) {
    loop {
        match sweep_once(&core).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(sweep.rows = count, "removed what had run out"),
            Err(error) => tracing::warn!(%error, "a sweep failed; the next one goes on"),
        }
        core.clock.sleep(INTERVAL).await;
    }
}

/// Removes what has run out by now; answers how many rows that were.
pub(crate) async fn sweep_once(core: &Core) -> Result<u64, Error> {
    let mut removed = 0;
    for kind in Perishable::ALL {
        let before = core
            .clock
            .now()
            .saturating_sub(kept(kind))
            .unwrap_or(Timestamp::MIN);
        for _ in 0..BATCHES {
            let count = core.db.write(Batch { kind, before }).await?;
            removed += count;
            if count < u64::from(BATCH) {
                break;
            }
        }
    }
    Ok(removed)
}

/// How long a row is kept after its time.
const fn kept(kind: Perishable) -> SignedDuration {
    match kind {
        Perishable::Session | Perishable::ConnectRequest | Perishable::RevokedAccess => {
            SignedDuration::from_hours(1)
        }
        // A partner's durable sender may ask again for days.
        Perishable::Answer => SignedDuration::from_hours(7 * 24),
        // So that "expired" can be told from "unknown" for a while.
        Perishable::RefreshToken => SignedDuration::from_hours(30 * 24),
    }
}

struct Batch {
    kind: Perishable,
    before: Timestamp,
}

impl Op for Batch {
    type Out = u64;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<u64, Error> {
        expired::delete(tx, self.kind, self.before, BATCH.into()).await
    }
}
