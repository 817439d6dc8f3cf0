//! The engine's one thread of thought: what it owns, knows and has on its way, and the step that it takes again and again.

use std::sync::Arc;
use std::time::Duration;

use database::Error;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::{JoinError, JoinSet};

use crate::directory::Directory;
use crate::engine::attempt::{attempt, rest};
use crate::engine::lease::Leases;
use crate::engine::look::Look;
use crate::engine::neighbours::tell_left;
use crate::engine::roster::Roster;
use crate::engine::ticket::{Finish, Ticket};
use crate::engine::tools::{LeaseEnd, Tools};
use crate::moment;
use crate::settings::Settings;
use crate::waker::{Asked, Waker};

/// What changes while the engine works.
pub(crate) struct Worker {
    pub(crate) leases: Leases,
    pub(crate) roster: Roster,
    tasks: JoinSet<()>,
    /// How attempts report their end; bounded by the attempts that may be on their way.
    reports: UnboundedSender<(Ticket, Finish)>,
    ended: UnboundedReceiver<(Ticket, Finish)>,
    /// When to look everywhere, by the monotonic clock.
    poll_at: Duration,
}

/// What one step did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) started: usize,
    pub(crate) in_flight: usize,
    /// How long there is nothing to do, if nobody wakes the engine.
    pub(crate) pause: Duration,
}

impl Worker {
    pub(crate) fn new(settings: &Settings, lease: LeaseEnd) -> Self {
        let (reports, ended) = mpsc::unbounded_channel();
        Self {
            leases: Leases::new(settings, lease),
            roster: Roster::default(),
            tasks: JoinSet::new(),
            reports,
            ended,
            poll_at: Duration::ZERO,
        }
    }

    /// Begins what may begin now.
    pub(crate) async fn step<D: Directory>(
        &mut self,
        tools: &Arc<Tools<D>>,
    ) -> Result<Step, Error> {
        let tickets = self.decide(tools).await?;
        let started = tickets.len();
        for ticket in tickets {
            self.begin(Arc::clone(tools), ticket);
        }
        Ok(Step {
            started,
            in_flight: self.roster.in_flight(),
            pause: self.pause(tools),
        })
    }

    /// Which attempts are to begin now. They count as begun: each has to be [ended](Self::end).
    pub(crate) async fn decide<D>(&mut self, tools: &Tools<D>) -> Result<Vec<Ticket>, Error> {
        self.note_ends(tools);
        let asked = self.asked(tools);
        let everywhere = asked.everywhere;
        let decided = self.try_decide(tools, asked).await;
        if decided.is_err() {
            // What was asked or read may be lost; the next step makes up for it.
            self.poll_at = Duration::ZERO;
        } else if everywhere && self.poll_at <= tools.clock.monotonic() {
            self.poll_at = tools.clock.monotonic() + poll(tools);
        }
        decided
    }

    /// Where to look: where we were asked to, and everywhere from time to time.
    fn asked<D>(&self, tools: &Tools<D>) -> Asked {
        let mut asked = tools.waker.take();
        asked.everywhere |= tools.clock.monotonic() >= self.poll_at;
        asked
    }

    async fn try_decide<D>(
        &mut self,
        tools: &Tools<D>,
        mut asked: Asked,
    ) -> Result<Vec<Ticket>, Error> {
        if asked.shards {
            self.leases.hurry();
        }
        let busy = self.roster.busy_shards();
        asked.everywhere |= self.leases.keep(&tools.db, &tools.clock, busy).await?;
        let now = tools.clock.now();
        let mut look = Look {
            reader: tools.db.reader(),
            settings: &tools.settings,
            leases: &self.leases,
            now,
        };
        let foreign = look.look(&mut self.roster, asked).await?;
        tools.teller.name(foreign);
        if !tools.may_send() {
            return Ok(Vec::new());
        }
        self.roster.fire(now);
        let mut tickets = Vec::new();
        loop {
            let before = tickets.len();
            if let Err(error) = look.read_waiting(&mut self.roster, &mut tickets).await {
                if tickets.is_empty() {
                    return Err(error);
                }
                // Those count as begun, so they must be.
                tracing::warn!(%error, "the delivery engine could not see all of its work");
                self.poll_at = Duration::ZERO;
                return Ok(tickets);
            }
            let leases = &self.leases;
            let may_begin = |shard, epoch| leases.may_begin(shard, epoch);
            tickets.extend(self.roster.pick(&tools.settings, may_begin, now));
            if tickets.len() == before {
                return Ok(tickets);
            }
        }
    }

    /// How long nothing is due.
    fn pause<D>(&self, tools: &Tools<D>) -> Duration {
        let now = tools.clock.now();
        let poll = self.poll_at.saturating_sub(tools.clock.monotonic());
        let renewal = self.leases.renewal_in(&tools.clock);
        // What was due already and did not begin has a reason, which a wake or a poll ends.
        let timer = self.roster.next_timer().filter(|at| *at > now);
        let timer = timer.map_or(poll, |at| moment::until(at, now));
        poll.min(renewal).min(timer)
    }

    fn begin<D: Directory>(&mut self, tools: Arc<Tools<D>>, ticket: Ticket) {
        let report = Report {
            ticket: ticket.clone(),
            finish: rest(&tools.clock),
            reports: self.reports.clone(),
            waker: tools.waker.clone(),
        };
        self.tasks.spawn(async move {
            let finish = attempt(tools, ticket).await;
            report.send(finish);
        });
    }

    fn note_ends<D>(&mut self, tools: &Tools<D>) {
        while let Ok((ticket, finish)) = self.ended.try_recv() {
            self.end(tools, &ticket, finish);
        }
        while let Some(joined) = self.tasks.try_join_next() {
            note_panic(joined);
        }
    }

    /// Notes that an attempt is over.
    pub(crate) fn end<D>(&mut self, tools: &Tools<D>, ticket: &Ticket, finish: Finish) {
        let now = tools.clock.now();
        self.roster.ended(ticket, finish, &tools.settings, now);
    }

    /// Waits until one of the attempts on their way is over.
    pub(crate) async fn await_end<D>(&mut self, tools: &Tools<D>) {
        if let Some((ticket, finish)) = self.ended.recv().await {
            self.end(tools, &ticket, finish);
        }
    }

    /// Waits for what is on its way and gives the shards up.
    pub(crate) async fn stop<D>(&mut self, tools: &Tools<D>) -> Result<(), Error> {
        while let Some(joined) = self.tasks.join_next().await {
            note_panic(joined);
        }
        self.note_ends(tools);
        self.leases.leave(&tools.db).await?;
        tell_left(&tools.db).await;
        Ok(())
    }
}

/// The poll's interval, up to a quarter longer or shorter, so that processes do not look all at once.
fn poll<D>(tools: &Tools<D>) -> Duration {
    let poll = tools.settings.poll;
    let spread = u64::try_from(poll.as_micros() / 2).unwrap_or(u64::MAX);
    poll * 3 / 4 + Duration::from_micros(tools.entropy.below(spread))
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
        let _unheard = self
            .reports
            .send((self.ticket.clone(), self.finish.clone()));
        self.waker.nudge();
    }
}
