//! What an attempt changes in the database, in one transaction: the attempt, the delivery, its lane, its endpoint.

use std::sync::Arc;

use database::{Error, Op, Tx};
use jiff::Timestamp;

use crate::directory::{Change, Directory, EndpointChange};
use crate::engine::ticket::{Stored, Ticket};
use crate::model::Ending;
use crate::moment;
use crate::policy::breaker::{Breaker, Happened};
use crate::policy::classify::OutcomeClass;
use crate::policy::decide::{Death, Decision, Progress, decide};
use crate::store::attempt::NewAttempt;
use crate::store::outcome::Outcome;
use crate::store::pending::{Expected, Head, Pending, Rescheduled};
use crate::store::{attempt, endpoint, lane, outcome, pending};

/// A request that was made, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Attempted {
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Timestamp,
    pub(crate) class: OutcomeClass,
    pub(crate) status: Option<u32>,
    pub(crate) error: Option<String>,
    pub(crate) answer: Option<String>,
}

/// Why a delivery ends without a request.
#[derive(Clone, Debug)]
pub(crate) enum Unsent {
    /// The directory does not want it any more.
    Off(String),
    /// The endpoint does not take its kind.
    KindOff,
}

/// Whether the transaction found what it expected.
#[derive(Debug)]
pub(crate) enum Settled {
    /// It is stored.
    Stored(Box<Stored>),
    /// Somebody else has the delivery by now, or it was cancelled: nothing of it was changed.
    Fenced,
}

/// Stores what came of an attempt.
pub(crate) struct SettleAttempt<D> {
    /// Told if the endpoint changes.
    pub(crate) directory: Arc<D>,
    pub(crate) ticket: Ticket,
    pub(crate) owner: String,
    pub(crate) attempted: Attempted,
    /// Whether an endpoint may leave this kind out.
    pub(crate) optional: bool,
    /// For the jitter.
    pub(crate) chance: u64,
}

/// Ends a delivery for which no request is made.
pub(crate) struct SettleUnsent {
    pub(crate) ticket: Ticket,
    pub(crate) owner: String,
    pub(crate) unsent: Unsent,
    pub(crate) now: Timestamp,
}

impl<D: Directory> Op for SettleAttempt<D> {
    type Out = Settled;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Settled, Error> {
        let addressee = &self.ticket.addressee;
        lane::lock(tx, addressee.endpoint_id, addressee.conversation_id).await?;
        let expected = expected(&self.ticket, &self.owner);
        let Some(delivery) = pending::lock_expected(tx, &expected).await? else {
            self.remember_cancelled(tx).await?;
            return Ok(Settled::Fenced);
        };
        self.insert_attempt(tx).await?;
        let (class, role) = (self.attempted.class, self.ticket.role);
        let decision = decide(class, role, delivery.progress, self.optional, self.chance);
        let endpoint = self.tell_endpoint(tx, decision).await?;
        let head = match decision {
            Decision::Delivered => self.finish(tx, &delivery, Ending::Delivered, None).await?,
            Decision::Dead(death) => {
                let reason = self.reason(death);
                self.finish(tx, &delivery, Ending::Dead, Some(&reason))
                    .await?
            }
            Decision::Retry { after, progress } => {
                let next = moment::after(self.attempted.ended_at, after);
                Some(self.reschedule(tx, &delivery, next, progress).await?)
            }
            Decision::Wait => {
                // Behind the heads that come until then: the next probe is another's, if there is one.
                let next = endpoint.as_ref().and_then(probe_at);
                let next = next.unwrap_or(self.attempted.ended_at);
                let progress = delivery.progress;
                Some(self.reschedule(tx, &delivery, next, progress).await?)
            }
        };
        Ok(Settled::Stored(Box::new(Stored {
            outcome: Some(class),
            endpoint,
            head,
        })))
    }
}

impl<D> Clone for SettleAttempt<D> {
    fn clone(&self) -> Self {
        Self {
            directory: Arc::clone(&self.directory),
            ticket: self.ticket.clone(),
            owner: self.owner.clone(),
            attempted: self.attempted.clone(),
            optional: self.optional,
            chance: self.chance,
        }
    }
}

impl<D: Directory> SettleAttempt<D> {
    fn reason(&self, death: Death) -> String {
        match &self.attempted.error {
            Some(error) => format!("{death}; the last time: {error}"),
            None => death.to_string(),
        }
    }

    async fn insert_attempt<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        let attempted = &self.attempted;
        let new = NewAttempt {
            attempt: self.ticket.attempts + 1,
            started_at: attempted.started_at,
            ended_at: attempted.ended_at,
            class: attempted.class.as_str(),
            status: attempted.status,
            error: attempted.error.as_deref(),
            answer: attempted.answer.as_deref(),
        };
        let addressee = &self.ticket.addressee;
        attempt::insert(tx, addressee.endpoint_id, addressee.delivery_id, &new).await
    }

    /// A request that was on its way when its delivery was cancelled stays on record.
    async fn remember_cancelled<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        let addressee = &self.ticket.addressee;
        let (delivery, endpoint) = (addressee.delivery_id, addressee.endpoint_id);
        if outcome::count_cancelled(tx, delivery, endpoint, self.ticket.attempts).await? {
            self.insert_attempt(tx).await?;
        }
        Ok(())
    }

    async fn reschedule<T: Tx>(
        &self,
        tx: &mut T,
        delivery: &Pending,
        next_attempt_at: Timestamp,
        progress: Progress,
    ) -> Result<Head, Error> {
        let attempted = &self.attempted;
        let next = Rescheduled {
            next_attempt_at,
            progress,
            attempted_at: attempted.started_at,
            status: attempted.status,
            error: attempted.error.as_deref(),
        };
        pending::reschedule(tx, delivery, &next).await?;
        Ok(Head {
            delivery_id: delivery.delivery_id,
            conversation_id: delivery.conversation_id,
            business_id: delivery.business_id,
            kind: delivery.kind.clone(),
            attempts: delivery.attempts + 1,
            created_at: delivery.created_at,
            due_at: next_attempt_at,
        })
    }

    async fn finish<T: Tx>(
        &self,
        tx: &mut T,
        delivery: &Pending,
        ending: Ending,
        reason: Option<&str>,
    ) -> Result<Option<Head>, Error> {
        let outcome = Outcome {
            ending,
            finished_at: self.attempted.ended_at,
            attempts: delivery.attempts + 1,
            first_attempt_at: delivery
                .first_attempt_at
                .or(Some(self.attempted.started_at)),
            last_status: self.attempted.status,
            last_error: reason,
        };
        finish(tx, delivery, &outcome).await
    }

    /// Stores what the attempt says of the endpoint; answers how that stands now. Its row is locked only if something
    /// changes, which is rare.
    async fn tell_endpoint<T: Tx>(
        &self,
        tx: &mut T,
        decision: Decision,
    ) -> Result<Option<endpoint::Endpoint>, Error> {
        let id = self.ticket.addressee.endpoint_id;
        let Some(seen) = endpoint::find(tx, id).await? else {
            return Ok(None);
        };
        if self.told(seen.clone(), decision) == seen {
            return Ok(Some(seen));
        }
        let locked = endpoint::lock(tx, id).await?;
        let told = self.told(locked.clone(), decision);
        if told != locked {
            endpoint::save(tx, &told).await?;
            self.follow_up(tx, &locked, &told).await?;
        }
        Ok(Some(told))
    }

    /// What follows from a change of the endpoint.
    async fn follow_up<T: Tx>(
        &self,
        tx: &mut T,
        before: &endpoint::Endpoint,
        after: &endpoint::Endpoint,
    ) -> Result<(), Error> {
        let at = self.attempted.ended_at;
        for change in changes(before, after) {
            tracing::info!(
                endpoint.id = after.id.get(),
                endpoint.change = ?change,
                class = self.attempted.class.as_str(),
                "an endpoint's state changed"
            );
            if matches!(change, Change::Recovered { .. }) {
                pending::hasten_held(tx, after.id, at).await?;
            }
            let change = EndpointChange {
                endpoint_id: after.id,
                change,
                at,
            };
            self.directory.endpoint_changed(tx, &change).await?;
        }
        Ok(())
    }

    fn told(&self, mut endpoint: endpoint::Endpoint, decision: Decision) -> endpoint::Endpoint {
        let class = self.attempted.class;
        if endpoint.version != self.ticket.version {
            // Released by hand meanwhile: the answer is about the settings of before.
            return endpoint;
        }
        endpoint.breaker = endpoint.breaker.after(Happened {
            class,
            role: self.ticket.role,
            recent: self.ticket.recent,
            at: self.attempted.ended_at,
            chance: self.chance,
        });
        endpoint.gone |= class == OutcomeClass::Gone;
        let kind = &self.ticket.addressee.kind;
        if decision == Decision::Dead(Death::KindOff) && !endpoint.has_off(kind) {
            endpoint.kinds_off.push(kind.clone());
        }
        endpoint
    }
}

impl Op for SettleUnsent {
    type Out = Settled;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Settled, Error> {
        let addressee = &self.ticket.addressee;
        lane::lock(tx, addressee.endpoint_id, addressee.conversation_id).await?;
        let expected = expected(&self.ticket, &self.owner);
        let Some(delivery) = pending::lock_expected(tx, &expected).await? else {
            return Ok(Settled::Fenced);
        };
        let death = Death::KindOff.to_string();
        let (ending, reason) = match &self.unsent {
            Unsent::Off(reason) => (Ending::Cancelled, reason),
            Unsent::KindOff => (Ending::Dead, &death),
        };
        let outcome = Outcome {
            ending,
            finished_at: self.now,
            attempts: delivery.attempts,
            first_attempt_at: delivery.first_attempt_at,
            last_status: delivery.last_status,
            last_error: Some(reason),
        };
        let head = finish(tx, &delivery, &outcome).await?;
        Ok(Settled::Stored(Box::new(Stored {
            outcome: None,
            endpoint: None,
            head,
        })))
    }
}

/// What others are told about the difference. A count of failures is the engine's own.
fn changes(before: &endpoint::Endpoint, after: &endpoint::Endpoint) -> Vec<Change> {
    let mut changes = Vec::new();
    match (before.breaker, after.breaker) {
        (Breaker::Closed { .. }, Breaker::Held(hold)) => changes.push(Change::Held(hold.reason)),
        (Breaker::Held(old), Breaker::Held(new)) if old.reason != new.reason => {
            changes.push(Change::Held(new.reason));
        }
        (Breaker::Held(hold), Breaker::Closed { .. }) => {
            changes.push(Change::Recovered { since: hold.since });
        }
        _ => {}
    }
    if after.gone && !before.gone {
        changes.push(Change::Gone);
    }
    let new_kinds = after.kinds_off.iter().filter(|kind| !before.has_off(kind));
    changes.extend(new_kinds.cloned().map(Change::KindOff));
    changes
}

fn probe_at(endpoint: &endpoint::Endpoint) -> Option<Timestamp> {
    match endpoint.breaker {
        Breaker::Closed { .. } => None,
        Breaker::Held(hold) => Some(hold.probe_at),
    }
}

/// What an attempt relies on.
pub(crate) fn expected<'a>(ticket: &Ticket, owner: &'a str) -> Expected<'a> {
    Expected {
        delivery_id: ticket.addressee.delivery_id,
        endpoint_id: ticket.addressee.endpoint_id,
        attempts: ticket.attempts,
        owner,
        epoch: ticket.epoch,
    }
}

/// Moves a delivery of a locked lane to the finished ones, and lets the next of its lane go, which it returns.
async fn finish<T: Tx>(
    tx: &mut T,
    delivery: &Pending,
    result: &Outcome<'_>,
) -> Result<Option<Head>, Error> {
    pending::delete(tx, delivery).await?;
    outcome::insert(tx, delivery, result).await?;
    lane::crown(tx, delivery.endpoint_id, delivery.conversation_id).await
}
