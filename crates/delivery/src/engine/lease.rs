//! Which shards are ours, until when, and sharing them fairly with the other processes.
//!
//! A lease is renewed when a third of it has passed. Each process may have `ceil(256 / processes)` shards; one that has
//! more gives some up that have nothing on its way, one that has fewer takes what is free or has run out. A process
//! counts as alive as long as a lease lasts after it was seen.

use std::collections::HashMap;
use std::time::Duration;

use base::faults::{self, Point};
use database::{Db, Error, Op, Tx};
use jiff::Timestamp;

use crate::engine::board::Board;
use crate::engine::tools::LeaseEnd;
use crate::id::SHARDS;
use crate::moment;
use crate::store::{node, shard};

/// Processes that were not seen for so many leases are forgotten.
const FORGET_AFTER: u32 = 20;

/// The shards of this process.
pub(crate) struct Leases {
    owner: String,
    length: Duration,
    end: LeaseEnd,
    epochs: HashMap<i64, i64>,
    renew_at: Timestamp,
    joined: bool,
}

impl Leases {
    /// None yet.
    pub(crate) fn new(owner: &str, length: Duration, end: LeaseEnd) -> Self {
        Self {
            owner: owner.to_owned(),
            length,
            end,
            epochs: HashMap::new(),
            renew_at: Timestamp::MIN,
            joined: false,
        }
    }

    /// Whether the shard is ours in this epoch, as far as we know.
    pub(crate) fn holds(&self, shard: i64, epoch: i64) -> bool {
        self.epochs.get(&shard) == Some(&epoch)
    }

    /// Renews the leases if a third of them has passed.
    pub(crate) async fn keep(
        &mut self,
        db: &Db,
        now: Timestamp,
        board: &Board,
    ) -> Result<(), Error> {
        if now < self.renew_at {
            return Ok(());
        }
        let until = moment::after(now, self.length);
        let round = Round {
            owner: self.owner.clone(),
            now,
            until,
            alive_after: moment::before(now, self.length),
            forget_before: moment::before(now, self.length * FORGET_AFTER),
            joins: !self.joined,
            idle: (0..SHARDS)
                .filter(|shard| !board.is_shard_busy(*shard))
                .collect(),
        };
        let held = db.write(round).await?;
        if held.len() > self.epochs.len() {
            faults::pass(Point::InTakeOver);
        }
        self.epochs = held
            .into_iter()
            .map(|held| (held.shard, held.epoch))
            .collect();
        self.joined = true;
        self.renew_at = moment::after(now, self.length / 3);
        // Only now: until the renewal is stored, nothing may be sent on the strength of it.
        self.end.set(until);
        Ok(())
    }

    /// Gives everything up, so that others can go on at once.
    pub(crate) async fn leave(&mut self, db: &Db) -> Result<(), Error> {
        self.end.set(Timestamp::UNIX_EPOCH);
        self.epochs.clear();
        self.renew_at = Timestamp::MIN;
        self.joined = false;
        let owner = self.owner.clone();
        db.write(Leave { owner }).await
    }
}

/// One renewal.
struct Round {
    owner: String,
    now: Timestamp,
    until: Timestamp,
    alive_after: Timestamp,
    forget_before: Timestamp,
    joins: bool,
    /// Shards that may be given up, since nothing of theirs is on its way.
    idle: Vec<i64>,
}

impl Op for Round {
    type Out = Vec<shard::Held>;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Vec<shard::Held>, Error> {
        if self.joins {
            shard::adopt(tx, &self.owner, self.until).await?;
        }
        let nodes = node::report(
            tx,
            &self.owner,
            self.now,
            self.alive_after,
            self.forget_before,
        )
        .await?;
        let mut held = shard::renew(tx, &self.owner, self.until).await?;
        let nodes = nodes.max(1);
        let fair = usize::try_from((SHARDS + nodes - 1) / nodes).unwrap_or(1);
        let mut excess = held.len().saturating_sub(fair);
        let mut kept = Vec::with_capacity(held.len());
        for one in held.drain(..) {
            if excess > 0 && self.idle.contains(&one.shard) {
                shard::release(tx, &self.owner, one.shard).await?;
                excess -= 1;
            } else {
                kept.push(one);
            }
        }
        let missing = fair.saturating_sub(kept.len());
        if missing > 0 {
            let missing = i64::try_from(missing).unwrap_or(SHARDS);
            kept.extend(shard::take(tx, &self.owner, self.until, self.now, missing).await?);
        }
        Ok(kept)
    }
}

/// The end of a process.
struct Leave {
    owner: String,
}

impl Op for Leave {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        shard::release_all(tx, &self.owner).await?;
        node::forget(tx, &self.owner).await
    }
}
