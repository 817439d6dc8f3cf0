//! The delivery engine: takes what was [recorded](crate::record) to its endpoints, at least once and in order.
//!
//! # Who takes part
//! - Whoever records a delivery, in the transaction of its cause, and [wakes](Waker::wake) the engine after the commit.
//! - The **engine**, one per process. It owns *shards* of endpoints by leases in the database, looks for the heads of
//!   their lanes (`pick`), makes attempts as tasks of its own (`attempt`) and stores what came of them (`settle`).
//! - The **directory**, asked before each attempt where it goes.
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
//! - An endpoint that is slow or dead takes at most its own places (8) and its own rows; others do not notice.
//!
//! # Failures
//! - *The process dies*, anywhere: its deliveries are pending as before. Another process takes its shards when the
//!   leases have run out, one of the same name does at once. What was on its way is sent again.
//! - *The process is frozen or cut off from the database* and continues: a request begins only if the lease outlasts its
//!   deadline by a margin for differing clocks, and an outcome is stored only if owner, epoch and number of the attempt
//!   are still the expected ones. A process that freezes between that check and the request can send late; the stable id
//!   is for that.
//! - *The database is away*: no lease is renewed, so nothing is sent. Outcomes that are not stored yet are kept and
//!   stored when it returns within the lease.
//! - *The clock jumps ahead* (a sandbox moves it): leases look run out, are renewed first, and work goes on.
//!
//! Time is the process's [`Clock`], for leases too; see [`Settings::clock_margin`].

mod attempt;
mod board;
mod lease;
mod pick;
mod request;
mod settle;
mod tools;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, Entropy, Outgoing};
use database::{Db, Error};
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::directory::Directory;
use crate::settings::Settings;
use crate::store::endpoint;
use crate::waker::Waker;
use attempt::attempt;
use board::{Board, Finish, Ticket};
use lease::Leases;
use pick::pick;
use tools::{LeaseEnd, Tools};

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

/// What changes while the engine works.
struct Worker {
    leases: Leases,
    board: Board,
    tasks: JoinSet<()>,
    /// How attempts report their end; bounded by the attempts that may be on their way.
    reports: UnboundedSender<(Ticket, Finish)>,
    ended: UnboundedReceiver<(Ticket, Finish)>,
}

/// What one step did.
struct Step {
    started: usize,
    in_flight: usize,
}

impl<D: Directory> Engine<D> {
    /// An engine that does nothing until [`Engine::run`] or [`Engine::drain`].
    pub fn new(parts: Parts<D>) -> Self {
        let lease = LeaseEnd::default();
        let length = parts.settings.lease();
        let (reports, ended) = mpsc::unbounded_channel();
        let worker = Worker {
            leases: Leases::new(&parts.settings.owner, length, lease.clone()),
            board: Board::default(),
            tasks: JoinSet::new(),
            reports,
            ended,
        };
        let tools = Tools {
            db: parts.db,
            clock: parts.clock,
            entropy: parts.entropy,
            outgoing: parts.outgoing,
            directory: Arc::new(parts.directory),
            waker: parts.waker,
            settings: parts.settings,
            lease,
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
        let mut wakes = self.tools.waker.listen();
        while !stopping.is_cancelled() {
            wakes.reset();
            if let Err(error) = self.step().await {
                tracing::warn!(%error, "the delivery engine could not look for work");
            }
            tokio::select! {
                () = wakes.next() => {}
                () = self.tools.clock.sleep(self.poll()) => {}
                () = stopping.cancelled() => {}
            }
        }
        if let Err(error) = self.stop().await {
            tracing::warn!(%error, "the delivery engine's shards were not given up; they run out");
        }
    }

    /// Does everything that is due now, and waits until nothing is on its way: for tests, which move the clock and drain
    /// again, and for tools that deliver once and end.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn drain(&self) -> Result<(), Error> {
        let mut wakes = self.tools.waker.listen();
        loop {
            wakes.reset();
            let step = self.step().await?;
            if step.in_flight > 0 {
                // Each attempt wakes the engine when it is over.
                wakes.next().await;
            } else if step.started == 0 {
                return Ok(());
            }
        }
    }

    /// Waits for what is on its way and gives the shards up. [`Engine::run`] does it at its end.
    ///
    /// # Errors
    /// If the database fails; the leases run out by themselves then.
    pub async fn stop(&self) -> Result<(), Error> {
        let mut worker = self.worker.lock().await;
        while let Some(joined) = worker.tasks.join_next().await {
            note_panic(joined);
        }
        worker.note_ends();
        worker.leases.leave(&self.tools.db).await
    }

    /// When there is something to do next, on any process: a retry, or a probe of a held endpoint. It may be past.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let due = endpoint::all_due(&mut self.tools.db.reader()).await?;
        Ok(due.into_iter().min())
    }

    /// Begins what may begin now.
    async fn step(&self) -> Result<Step, Error> {
        let mut worker = self.worker.lock().await;
        worker.note_ends();
        let tools = &self.tools;
        let now = tools.clock.now();
        let Worker { leases, board, .. } = &mut *worker;
        leases.keep(&tools.db, now, board).await?;
        let mut tickets = Vec::new();
        if tools.may_send() {
            let mut reader = tools.db.reader();
            tickets = pick(&mut reader, &tools.settings, leases, board, now).await?;
        }
        let started = tickets.len();
        for ticket in tickets {
            worker.begin(Arc::clone(tools), ticket);
        }
        Ok(Step {
            started,
            in_flight: worker.board.in_flight(),
        })
    }

    /// The poll's interval, up to a quarter longer or shorter, so that processes do not look all at once.
    fn poll(&self) -> Duration {
        let poll = self.tools.settings.poll;
        let spread = u64::try_from(poll.as_micros() / 2).unwrap_or(u64::MAX);
        poll * 3 / 4 + Duration::from_micros(self.tools.entropy.below(spread))
    }
}

impl Worker {
    fn begin<D: Directory>(&mut self, tools: Arc<Tools<D>>, ticket: Ticket) {
        self.board.begin(&ticket);
        let report = Report {
            ticket: ticket.clone(),
            finish: Finish::Settled,
            reports: self.reports.clone(),
            waker: tools.waker.clone(),
        };
        self.tasks.spawn(async move {
            let finish = attempt(tools, ticket).await;
            report.send(finish);
        });
    }

    fn note_ends(&mut self) {
        while let Ok((ticket, finish)) = self.ended.try_recv() {
            self.board.end(&ticket, finish);
        }
        while let Some(joined) = self.tasks.try_join_next() {
            note_panic(joined);
        }
    }
}

fn note_panic(joined: Result<(), JoinError>) {
    if let Err(error) = joined {
        tracing::error!(%error, "an attempt panicked; the delivery stays pending");
    }
}

/// Reports that an attempt is over and wakes the engine, even if it panicked.
struct Report {
    ticket: Ticket,
    finish: Finish,
    reports: UnboundedSender<(Ticket, Finish)>,
    waker: Waker,
}

impl Report {
    fn send(mut self, finish: Finish) {
        self.finish = finish;
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        // Nobody listens any more if the engine was dropped.
        let _unheard = self.reports.send((self.ticket.clone(), self.finish));
        self.waker.wake();
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
