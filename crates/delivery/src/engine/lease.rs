//! Which shards are ours, until when, and sharing them fairly with the other processes.
//!
//! Each process may have `ceil(256 / processes)` shards; one that has more gives some up, one that has fewer takes what is
//! free or has run out. A shard with something on its way is given up when that is over: until then nothing new begins
//! in it. A process counts as alive as long as a lease lasts after it was seen.
//!
//! Leases are counted in the *database's* time, which is the same for all, and judged here by the *monotonic* clock, from
//! the moment before the renewal was asked for: whatever anybody sets a system's clock to, no two processes believe that
//! a shard is theirs. (A manual clock is both, so that tests decide when a lease runs out.)

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use base::Clock;
use base::faults::{self, Point};
use database::{Db, Error, Op, Tx};
use jiff::Timestamp;

use crate::engine::tools::LeaseEnd;
use crate::id::SHARDS;
use crate::moment;
use crate::settings::Settings;
use crate::store::shard::{Held, Wanted};
use crate::store::{node, shard, time};

/// Processes that were not seen for so many leases are forgotten.
const FORGET_AFTER: u32 = 20;

/// The shards of this process.
pub(crate) struct Leases {
    owner: String,
    length: Duration,
    renewal: Duration,
    end: LeaseEnd,
    epochs: HashMap<i64, i64>,
    /// Those that others should have, as soon as nothing of theirs is on its way.
    leaving: HashSet<i64>,
    renew_at: Duration,
    joined: bool,
    /// Another process took this one's name: it has the shards, and this one has to be started again.
    displaced: bool,
}

impl Leases {
    /// None yet.
    pub(crate) fn new(settings: &Settings, end: LeaseEnd) -> Self {
        Self {
            owner: settings.owner.clone(),
            length: settings.lease(),
            renewal: settings.renewal(),
            end,
            epochs: HashMap::new(),
            leaving: HashSet::new(),
            renew_at: Duration::ZERO,
            joined: false,
            displaced: false,
        }
    }

    /// The epoch in which we own the shard, as far as we know.
    pub(crate) fn epoch(&self, shard: i64) -> Option<i64> {
        self.epochs.get(&shard).copied()
    }

    /// Whether something may begin in the shard.
    pub(crate) fn may_begin(&self, shard: i64, epoch: i64) -> bool {
        self.epoch(shard) == Some(epoch) && !self.leaving.contains(&shard)
    }

    /// How long until the next renewal, if there will be one.
    pub(crate) fn renewal_in(&self, clock: &Clock) -> Duration {
        if self.displaced {
            Duration::MAX
        } else {
            self.renew_at.saturating_sub(clock.monotonic())
        }
    }

    /// Has the next [`keep`](Self::keep) renew, whether it is time or not: shards may be free.
    pub(crate) fn hurry(&mut self) {
        self.renew_at = Duration::ZERO;
    }

    /// Renews the leases if it is time. Whether the shards may be others than before. `busy`: shards with something on
    /// its way.
    pub(crate) async fn keep(
        &mut self,
        db: &Db,
        clock: &Clock,
        busy: HashSet<i64>,
    ) -> Result<bool, Error> {
        let start = clock.monotonic();
        if self.displaced || (self.joined && start < self.renew_at) {
            return Ok(false);
        }
        let round = Round {
            owner: self.owner.clone(),
            length: self.length,
            manual_now: clock.is_manual().then(|| clock.now()),
            joins: !self.joined,
            busy,
            known: self.epochs.clone(),
        };
        let Some(kept) = db.write(round).await? else {
            tracing::error!(
                owner = self.owner,
                "another process has this one's name; it delivers nothing until it is started again under its own"
            );
            self.displaced = true;
            self.epochs.clear();
            self.end.set(Duration::ZERO);
            return Ok(true);
        };
        let epochs: HashMap<i64, i64> = kept
            .held
            .iter()
            .map(|held| (held.shard, held.epoch))
            .collect();
        self.leaving = kept.leaving;
        let changed = epochs != self.epochs;
        if kept.held.len() > self.epochs.len() {
            faults::pass(Point::InTakeOver);
        }
        if kept.taken > 0 {
            metrics::counter!("delivery_shards_taken_total").increment(kept.taken);
            tracing::debug!(shards = kept.taken, "took shards");
        }
        self.epochs = epochs;
        self.joined = true;
        self.renew_at = start + self.renewal;
        // Only now: until the renewal is stored, nothing may be sent on the strength of it.
        self.end.set(start + self.length);
        Ok(changed)
    }

    /// Gives everything up, so that others can go on at once.
    pub(crate) async fn leave(&mut self, db: &Db) -> Result<(), Error> {
        self.end.set(Duration::ZERO);
        self.epochs.clear();
        self.leaving.clear();
        if self.displaced {
            return Ok(());
        }
        self.renew_at = Duration::ZERO;
        self.joined = false;
        let owner = self.owner.clone();
        db.write(Leave { owner }).await
    }
}

/// One renewal.
struct Round {
    owner: String,
    length: Duration,
    /// The time, if it is not the database's that counts.
    manual_now: Option<Timestamp>,
    joins: bool,
    /// Shards that cannot be given up now, since something of theirs is on its way.
    busy: HashSet<i64>,
    /// The epochs in which shards are ours, as far as we know.
    known: HashMap<i64, i64>,
}

/// What a renewal came to.
struct Kept {
    held: Vec<Held>,
    leaving: HashSet<i64>,
    taken: u64,
}

impl Op for Round {
    /// Nothing, if another process has our name.
    type Out = Option<Kept>;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Option<Kept>, Error> {
        let now = match self.manual_now {
            Some(now) => now,
            None => time::now(tx).await?,
        };
        let until = moment::after(now, self.length);
        if self.joins {
            shard::adopt(tx, &self.owner, until).await?;
        }
        let alive_after = moment::before(now, self.length);
        let forget_before = moment::before(now, self.length * FORGET_AFTER);
        let nodes = node::report(tx, &self.owner, now, alive_after, forget_before).await?;
        let fair = usize::try_from((SHARDS + nodes.max(1) - 1) / nodes.max(1)).unwrap_or(1);
        let mut held = shard::renew(tx, &self.owner, until).await?;
        // Nobody but who joins under our name changes the epoch of a shard of ours. (One that we do not know of was taken
        // in a round whose answer was lost.)
        let is_anothers = |held: &Held| {
            let known = self.known.get(&held.shard);
            known.is_some_and(|epoch| *epoch != held.epoch)
        };
        if !self.joins && held.iter().any(is_anothers) {
            return Ok(None);
        }
        held.sort_unstable_by_key(|held| held.shard);
        let (mut held, leaving) = self.give_up(tx, held, fair).await?;
        let missing = fair.saturating_sub(held.len());
        let mut taken = 0;
        if missing > 0 {
            let wanted = Wanted {
                until,
                now,
                latest: moment::after(until, self.length),
                count: i64::try_from(missing).unwrap_or(SHARDS),
            };
            let more = shard::take(tx, &self.owner, &wanted).await?;
            taken = u64::try_from(more.len()).unwrap_or(u64::MAX);
            held.extend(more);
        }
        Ok(Some(Kept {
            held,
            leaving,
            taken,
        }))
    }
}

impl Round {
    /// Gives up what is more than the fair share: idle shards now, and of the busy ones it says which.
    async fn give_up<T: Tx>(
        &self,
        tx: &mut T,
        held: Vec<Held>,
        fair: usize,
    ) -> Result<(Vec<Held>, HashSet<i64>), Error> {
        let mut excess = held.len().saturating_sub(fair);
        let mut kept = Vec::with_capacity(held.len());
        for one in held {
            if excess > 0 && !self.busy.contains(&one.shard) {
                shard::release(tx, &self.owner, one.shard).await?;
                excess -= 1;
            } else {
                kept.push(one);
            }
        }
        let leaving = kept.iter().rev().take(excess).map(|held| held.shard);
        let leaving = leaving.collect();
        Ok((kept, leaving))
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
