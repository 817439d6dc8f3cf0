//! Removes what has run out: log-ins, open connect pages, first answers, revoked and expired tokens, old deliveries. In
//! small batches, so that nobody waits for it.
//!
//! Three tables grow and are not swept: `event`, because a follower may come back to its cursor after any time; `audit`,
//! which is append-only; and `impairment` with its pauses, a few rows for each outage, which refunds are argued with.

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
    let history = &core.settings.delivery_history;
    let trimmed = delivery::retention::trim(&core.db, history, core.clock.now()).await?;
    Ok(removed + trimmed.rows())
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

#[cfg(test)]
mod tests {
    use database::on_both_databases;

    use super::*;
    use crate::testing::{MIGRATIONS, arrange, core_with};

    /// A delivered and a dead delivery, which ended 36 hours before tests begin, and another one an hour before.
    const HISTORY: &str = "
        INSERT INTO delivery_lane (endpoint_id, conversation_id, next_sequence) VALUES (1, 1, 2), (1, 2, 2), (1, 3, 2);
        INSERT INTO delivery_outcome (endpoint_id, conversation_id, sequence, delivery_id, business_id, kind,
                created_at_us, state, finished_at_us, attempts) VALUES
            (1, 1, 1, 10, 5, 'lead', 0, 'delivered', 1769870400000000, 1),
            (1, 2, 1, 20, 5, 'lead', 0, 'dead', 1769870400000000, 1),
            (1, 3, 1, 30, 5, 'lead', 0, 'delivered', 1769996400000000, 1);
    ";

    on_both_databases!(
        deliveries_go_when_the_operator_says_so,
        MIGRATIONS,
        |db| async move {
            arrange(&db, HISTORY).await;
            let day = Duration::from_hours(24);
            for (finished, dead, removed) in [(2, 2, 0), (1, 2, 2), (1, 1, 2), (1, 1, 0)] {
                let core = core_with(&db, |settings| {
                    settings.delivery_history.finished = day * finished;
                    settings.delivery_history.dead = day * dead;
                });
                // A delivery and its lane.
                assert_eq!(
                    sweep_once(&core).await.unwrap(),
                    removed,
                    "{finished} {dead}"
                );
            }
        }
    );
}
