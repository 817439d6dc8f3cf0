//! What becomes of history: it goes when it is old enough, in small batches, so that nobody waits for it.
//!
//! A delivery that is over is kept for a while with its attempts, a dead one much longer, because somebody may still want
//! to send it. With the last row of a lane its counter goes, too. A batch locks the lanes of what it removes before it
//! looks at them, and passes over lanes that somebody holds: [`record`](crate::record) takes its sequence number under the
//! same lock, so a counter never begins anew while a row with one of its numbers is there.
//!
//! What is pending is never removed. Of its attempts, if there are hundreds, the first and the last ones stay.
//!
//! An id that is recorded again after its delivery went is a new delivery: whoever repeats a cause does so within days.

use std::time::Duration;

use database::{Db, Error, Op, Tx};
use jiff::Timestamp;

use crate::moment;
use crate::store::retention::{self as store, Aged, History};

/// So many deliveries go in one transaction.
const BATCH: i64 = 500;

/// About so many attempts go with them.
const BATCH_ATTEMPTS: u64 = 2_000;

/// So many batches of each kind go in one call; the next call goes on.
const BATCHES: u32 = 100;

const DAY: Duration = Duration::from_hours(24);

/// How long history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What was delivered or cancelled, from that moment on.
    pub finished: Duration,
    /// What is dead, from that moment on. Until then it can be tried again by hand.
    pub dead: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            finished: DAY * 30,
            dead: DAY * 365,
        }
    }
}

/// What a call of [`trim`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Finished deliveries.
    pub deliveries: u64,
    /// Attempts, of these deliveries and of others that had very many.
    pub attempts: u64,
    /// Lanes in which nothing was left.
    pub lanes: u64,
}

impl Trimmed {
    /// All rows.
    pub fn rows(&self) -> u64 {
        self.deliveries + self.attempts + self.lanes
    }

    fn add(&mut self, other: Self) {
        self.deliveries += other.deliveries;
        self.attempts += other.attempts;
        self.lanes += other.lanes;
    }
}

/// Removes what is older than the policy keeps, in batches of their own transactions. Call it from time to time: a call
/// ends after so many batches, and any number of processes may call it at once.
pub async fn trim(db: &Db, policy: &Policy, now: Timestamp) -> Result<Trimmed, Error> {
    let mut trimmed = Trimmed::default();
    // First, so that no delivery that goes has more attempts than a transaction should remove.
    for _ in 0..BATCHES {
        let attempts = db.write(ThinAttempts).await?;
        trimmed.attempts += attempts;
        if attempts < u64::try_from(BATCH).unwrap_or(u64::MAX) {
            break;
        }
    }
    for (history, kept) in [
        (History::Finished, policy.finished),
        (History::Dead, policy.dead),
    ] {
        let before = moment::before(now, kept);
        for _ in 0..BATCHES {
            let batch = db.write(TrimBatch { history, before }).await?;
            trimmed.add(batch);
            if batch.deliveries == 0 {
                break;
            }
        }
    }
    Ok(trimmed)
}

/// Removes some old deliveries, their attempts, and the lanes that are empty then.
struct TrimBatch {
    history: History,
    before: Timestamp,
}

impl Op for TrimBatch {
    type Out = Trimmed;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Trimmed, Error> {
        let aged = store::lock_aged(tx, self.history, self.before, BATCH).await?;
        let aged = within_bounds(aged);
        if aged.is_empty() {
            return Ok(Trimmed::default());
        }
        let removed = store::delete_outcomes(tx, self.history, self.before, &aged).await?;
        Ok(Trimmed {
            deliveries: u64::try_from(removed.len()).unwrap_or(u64::MAX),
            attempts: store::delete_attempts(tx, &removed).await?,
            lanes: store::delete_empty_lanes(tx, &removed).await?,
        })
    }
}

/// As many of the deliveries as have few enough attempts altogether; one at least.
fn within_bounds(aged: Vec<Aged>) -> Vec<Aged> {
    let mut attempts = 0;
    aged.into_iter()
        .enumerate()
        .take_while(|(index, one)| {
            attempts += u64::from(one.attempts);
            *index == 0 || attempts <= BATCH_ATTEMPTS
        })
        .map(|(_, one)| one)
        .collect()
}

/// Removes some attempts from the middle of very long rows of them.
struct ThinAttempts;

impl Op for ThinAttempts {
    type Out = u64;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<u64, Error> {
        store::thin_attempts(tx, BATCH).await
    }
}

#[cfg(test)]
mod tests {
    use protocol::id::DeliveryId;

    use super::*;
    use crate::id::{ConversationId, EndpointId};

    fn tried(attempts: u32) -> Aged {
        Aged {
            delivery_id: DeliveryId::from_i64(1).unwrap(),
            endpoint_id: EndpointId::new(1),
            conversation_id: ConversationId::new(1),
            attempts,
        }
    }

    #[test]
    fn a_batch_takes_one_delivery_at_least_and_not_many_more_attempts_than_it_may() {
        for (attempts, taken) in [
            (vec![], 0),
            (vec![1; 500], 500),
            (vec![5_000], 1),
            (vec![5_000, 1], 1),
            (vec![1_000, 1_000, 1], 2),
            (vec![26; 500], 76),
        ] {
            let aged = attempts.into_iter().map(tried).collect();
            assert_eq!(within_bounds(aged).len(), taken);
        }
    }
}
