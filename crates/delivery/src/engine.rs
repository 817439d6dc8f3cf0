//! The delivery engine: takes what was [recorded](crate::record) to its endpoints, at least once and in order.
//!
//! # Who takes part
//! - Whoever records a delivery, in the transaction of its cause, and [wakes](Waker::wake_for) the engine after the commit.
//! - The **engine**, one per process. Its **worker** takes one step after the other: it renews the *leases* of the shards of
//!   endpoints that are ours (`lease`), reads what there is to do (`look`) into the **desks** of the endpoints (`desk`, all of
//!   them together the `roster`), and decides which attempts begin. Nothing is written to claim them.
//! - Attempts are tasks of their own (`attempt`). Each takes a last look at the database, sends, and stores what came of it
//!   in one transaction (`settle`), which also tells the next head of its lane: that one follows at once.
//! - **Replays** ([`replay`]) go on beside the steps, which wait for none of it.
//! - The **directory**, asked before each attempt where it goes, and told when an endpoint changes.
//! - The policies (`policy`), pure functions that say what an answer means for the delivery and for the endpoint.
//!
//! # States
//! A **delivery** is *pending* (a row in `delivery_pending`) until it is *delivered*, *dead* or *cancelled* (a row in
//! `delivery_outcome`). There is no state "being sent": what is on its way is known to the memory of one process, so a
//! crash leaves nothing behind that would have to be mended.
//!
//! A **lane** is (endpoint, conversation). Its pending delivery with the smallest sequence is the *head*, marked in the
//! row, and the only one that may be sent. Whoever adds to a lane or takes from it locks the lane's row first; so the
//! mark is right whatever happens at the same time, and looking for work never steps over rows that wait.
//!
//! An **endpoint** is open, *held* (failing, refusing our credentials, or asking for time: one probe at a time, nobody's
//! attempts are burned), *paused* by hand or *gone* (410). Nothing is dropped in any of these states. A probe is made
//! with the head that was not tried for longest, not always with the same: one lead that is answered 403 for a reason of
//! its own would otherwise hold all others for ever.
//!
//! A **shard** has at most one owner at a time, in an epoch that rises with each new owner.
//!
//! # Guarantees
//! - What is recorded is attempted until it is delivered, dead (72 hours of attempts, or three refusals) or cancelled.
//!   Dead ones keep their bytes and can be sent again by hand.
//! - Within a lane nothing is sent before its forerunner is finished. A lead that is sent again by hand goes before
//!   those of its messages that are still pending.
//! - After a cancellation is committed no attempt of it begins: the last look before a request is at the database.
//! - At least once: `webhook-id` and the body are the same on every attempt, so that receivers can drop repeats.
//! - An endpoint that is slow or dead takes at most its own places (8), less the scarcer places are, and its own rows;
//!   others do not notice. What waits behind it is in no memory but the database's.
//! - What falls due now does not queue behind what has waited for long: the backlog gets at most half of an endpoint's
//!   places and of all places, and not more than its rate. Endpoints take turns, each according to its weight.
//! - An endpoint that recovers is filled slowly: one request at a time, then two, four and so on.
//!
//! # Failures
//! - *The process dies*, anywhere: its deliveries are pending as before. Another process takes its shards when the
//!   leases have run out, one of the same name does at once. What was on its way is sent again.
//! - *The process is frozen or cut off from the database* and continues: a request begins only if the lease outlasts its
//!   deadline by a margin, and an outcome is stored only if owner, epoch and number of the attempt are still the expected
//!   ones. A process that freezes between that check and the request can send late; the stable id is for that.
//! - *Two processes have one name*: the later has the shards. The earlier finds out at its next renewal, says so in the log,
//!   and sends nothing until it is started again.
//! - *The database is away*: no lease is renewed, so nothing is sent. Outcomes that are not stored yet are kept and
//!   stored when it returns within the lease.
//! - *A clock jumps*: leases are counted in the database's time and judged by the monotonic clock, so nobody believes to
//!   own what is another's. Schedules follow the process's [`Clock`]: after a jump ahead, what falls due is due; after one
//!   back, it waits for so much longer.

mod attempt;
mod desk;
mod lease;
mod look;
mod neighbours;
mod request;
mod roster;
mod settle;
#[cfg(test)]
mod simulation;
mod ticket;
mod tools;
mod window;
mod worker;

use std::fmt;
use std::sync::Arc;

use base::{Clock, Entropy, Outgoing};
use database::{Db, Error};
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::directory::Directory;
use crate::moment;
use crate::replay;
use crate::settings::Settings;
use crate::store::endpoint;
use crate::waker::Waker;
use neighbours::Teller;
use tools::{LeaseEnd, Tools};
use worker::Worker;

/// What an engine is made of.
#[derive(Debug)]
pub struct Parts<D> {
    /// The database with the deliveries.
    pub db: Db,
    /// Time, for schedules and leases.
    pub clock: Clock,
    /// Randomness, for jitter.
    pub entropy: Entropy,
    /// Sends the requests.
    pub outgoing: Outgoing,
    /// Knows where they go.
    pub directory: D,
    /// Wakes this engine.
    pub waker: Waker,
    /// How it works.
    pub settings: Settings,
}

/// The engine of one process. Clones are the same engine. When the last one is dropped, attempts on their way are
/// abandoned as by a crash; [`Engine::run`] ends more politely.
pub struct Engine<D> {
    tools: Arc<Tools<D>>,
    /// Not among the tools: attempts share those, and would keep themselves alive.
    worker: Arc<Mutex<Worker>>,
}

impl<D: Directory> Engine<D> {
    /// An engine that does nothing until [`Engine::run`] or [`Engine::drain`].
    pub fn new(parts: Parts<D>) -> Self {
        let lease = LeaseEnd::default();
        let worker = Worker::new(&parts.settings, lease.clone());
        let tools = Tools {
            db: parts.db,
            clock: parts.clock,
            entropy: parts.entropy,
            outgoing: parts.outgoing,
            directory: Arc::new(parts.directory),
            waker: parts.waker,
            settings: parts.settings,
            lease,
            teller: Teller::new(),
        };
        Self {
            tools: Arc::new(tools),
            worker: Arc::new(Mutex::new(worker)),
        }
    }

    /// Wakes the engine, as its [`Waker`] does.
    pub fn wake(&self) {
        self.tools.waker.wake();
    }

    /// Works until `stopping` is cancelled. Then begins nothing more, waits for what is on its way (no longer than a
    /// request's deadline) and gives the shards up, so that other processes go on at once.
    pub async fn run(&self, stopping: CancellationToken) {
        let Tools {
            db,
            clock,
            waker,
            teller,
            ..
        } = &*self.tools;
        tokio::select! {
            () = self.work(&stopping) => {}
            () = teller.run(db) => {}
            () = self.replay() => {}
            () = neighbours::listen(db, clock, waker) => {}
        }
        if let Err(error) = self.stop().await {
            tracing::warn!(%error, "the delivery engine's shards were not given up; they run out");
        }
    }

    async fn work(&self, stopping: &CancellationToken) {
        let mut wakes = self.tools.waker.listen();
        while !stopping.is_cancelled() {
            wakes.reset();
            let step = self.worker.lock().await.step(&self.tools).await;
            let pause = match step {
                Ok(step) => step.pause,
                Err(error) => {
                    tracing::warn!(%error, "the delivery engine could not look for work");
                    self.tools.settings.poll
                }
            };
            tokio::select! {
                () = wakes.next() => {}
                () = self.tools.clock.sleep(pause) => {}
                () = stopping.cancelled() => {}
            }
        }
    }

    /// Goes on with the replays of our endpoints, for ever: beside the steps, which wait for none of it.
    async fn replay(&self) {
        let Tools {
            db,
            clock,
            waker,
            settings,
            ..
        } = &*self.tools;
        loop {
            let now = clock.now();
            let mut next = moment::after(now, settings.poll);
            match replay::advance(db, &settings.owner, now).await {
                Ok(advanced) => {
                    if advanced.revived > 0 {
                        waker.wake();
                    }
                    next = advanced.next_due.map_or(next, |due| due.min(next));
                }
                Err(error) => tracing::warn!(%error, "replays could not go on; they will"),
            }
            clock.sleep(moment::until(next, now)).await;
        }
    }

    /// Does everything that is due now, and waits until nothing is on its way: for tests, which move the clock and drain
    /// again, and for tools that deliver once and end.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn drain(&self) -> Result<(), Error> {
        loop {
            self.tools.waker.wake();
            let mut worker = self.worker.lock().await;
            let step = worker.step(&self.tools).await?;
            if step.in_flight > 0 {
                worker.await_end(&self.tools).await;
            } else if step.started == 0 {
                let now = self.tools.clock.now();
                let owner = &self.tools.settings.owner;
                let advanced = replay::advance(&self.tools.db, owner, now).await?;
                let is_due = advanced.next_due.is_some_and(|due| due <= now);
                if advanced.revived == 0 && !is_due {
                    return Ok(());
                }
            }
        }
    }

    /// Waits for what is on its way and gives the shards up. [`Engine::run`] does it at its end.
    ///
    /// # Errors
    /// If the database fails; the leases run out by themselves then.
    pub async fn stop(&self) -> Result<(), Error> {
        self.worker.lock().await.stop(&self.tools).await
    }

    /// When there is something to do next, on any process: a retry, or a probe of a held endpoint. It may be past.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let due = endpoint::all_due(&mut self.tools.db.reader()).await?;
        Ok(due.into_iter().min())
    }
}

impl<D> Clone for Engine<D> {
    fn clone(&self) -> Self {
        Self {
            tools: Arc::clone(&self.tools),
            worker: Arc::clone(&self.worker),
        }
    }
}

impl<D> fmt::Debug for Engine<D> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Engine")
            .field("settings", &self.tools.settings)
            .finish_non_exhaustive()
    }
}
