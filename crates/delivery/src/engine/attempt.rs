//! One attempt, from the directory's answer to the stored outcome. It holds no transaction while it waits for others.

use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use base::faults::{self, Point};
use base::outgoing::{Answer, OutgoingError};
use database::Error;
use jiff::Timestamp;

use crate::directory::{Directory, Target};
use crate::engine::request::{self, Ready};
use crate::engine::settle::{Attempted, SettleAttempt, SettleUnsent, Settled, Unsent, expected};
use crate::engine::ticket::{Finish, Ticket};
use crate::engine::tools::Tools;
use crate::moment;
use crate::policy::classify::{Observed, OutcomeClass, classify};
use crate::policy::decide::Role;
use crate::policy::retry_after;
use crate::store::pending::{self, Standing};

/// How long an endpoint is left alone when the directory or the database could not say where to send.
const REST: Duration = Duration::from_secs(5);
/// How long to wait before an outcome is stored again that could not be.
const STORE_AGAIN: Duration = Duration::from_millis(500);
/// How much of an answer's body is kept, in bytes (protocol §8.7).
const KEPT_ANSWER: usize = 4 * 1024;

/// Makes one attempt, unless it turns out that it must not be made.
pub(crate) async fn attempt<D: Directory>(tools: Arc<Tools<D>>, ticket: Ticket) -> Finish {
    match try_attempt(&tools, &ticket).await {
        Ok(finish) => finish,
        Err(error) => {
            tracing::warn!(
                delivery.id = ticket.addressee.delivery_id.get(),
                endpoint.id = ticket.addressee.endpoint_id.get(),
                %error,
                "the database did not answer; the delivery stays pending"
            );
            rest(&tools.clock)
        }
    }
}

async fn try_attempt<D: Directory>(tools: &Tools<D>, ticket: &Ticket) -> Result<Finish, Error> {
    let ready = match prepare(tools, ticket).await? {
        Prepared::Ready(ready) => ready,
        Prepared::Over(finish) => return Ok(finish),
    };
    if !tools.may_send() {
        return Ok(Finish::Changed);
    }
    let started_at = tools.clock.now();
    note_start(ticket, started_at);
    let observed = match request::build(*ready, started_at, tools.settings.deadline) {
        Ok(request) => {
            let sending = tools.outgoing.send(request);
            faults::while_waiting(Point::AfterRequestWritten, sending).await
        }
        Err(error) => Err(OutgoingError::Refused(error.to_string())),
    };
    let attempted = observe(observed, started_at, tools.clock.now());
    note_end(ticket, &attempted);
    faults::pass(Point::AfterAnswerBeforeOutcome);
    store(tools, ticket, attempted).await
}

/// The endpoint is left alone for a while.
pub(crate) fn rest(clock: &Clock) -> Finish {
    Finish::RestUntil(moment::after(clock.now(), REST))
}

/// Whether there is something to send.
pub(crate) enum Prepared {
    /// This, where to, and how.
    Ready(Box<Ready>),
    /// There is not, and it is settled already.
    Over(Finish),
}

/// Asks where the delivery goes, and takes the last look at the database.
pub(crate) async fn prepare<D: Directory>(
    tools: &Tools<D>,
    ticket: &Ticket,
) -> Result<Prepared, Error> {
    let destination = match tools.directory.target(&ticket.addressee).await {
        Ok(Target::Send(destination)) => *destination,
        Ok(Target::Off(reason)) => {
            let finish = end_unsent(tools, ticket, Unsent::Off(reason)).await?;
            return Ok(Prepared::Over(finish));
        }
        Ok(Target::Hold) => return Ok(Prepared::Over(rest(&tools.clock))),
        Err(error) => {
            let endpoint = ticket.addressee.endpoint_id.get();
            tracing::warn!(endpoint.id = endpoint, %error, "the directory did not answer");
            return Ok(Prepared::Over(rest(&tools.clock)));
        }
    };
    let expected = expected(ticket, &tools.settings.owner);
    let standing = Standing {
        version: ticket.version,
        is_held: ticket.role == Role::Probe,
    };
    let confirmed = pending::confirm(&mut tools.db.reader(), &expected, &standing).await?;
    Ok(match confirmed {
        None => Prepared::Over(Finish::Changed),
        Some(confirmed) if confirmed.is_off => {
            Prepared::Over(end_unsent(tools, ticket, Unsent::KindOff).await?)
        }
        Some(confirmed) => Prepared::Ready(Box::new(Ready {
            destination,
            delivery: confirmed.delivery,
        })),
    })
}

async fn end_unsent<D>(tools: &Tools<D>, ticket: &Ticket, unsent: Unsent) -> Result<Finish, Error> {
    let settle = SettleUnsent {
        ticket: ticket.clone(),
        owner: tools.settings.owner.clone(),
        unsent,
        now: tools.clock.now(),
    };
    Ok(match tools.db.write(settle).await? {
        Settled::Stored(stored) => Finish::Stored(stored),
        Settled::Fenced => Finish::Changed,
    })
}

/// What came of a request. Whatever happens is something that was observed.
pub(crate) fn observe(
    result: Result<Answer, OutgoingError>,
    started_at: Timestamp,
    ended_at: Timestamp,
) -> Attempted {
    match result {
        Ok(answer) => answered(&answer, started_at, ended_at),
        Err(error) => Attempted {
            started_at,
            ended_at,
            class: classify(Observed::NoAnswer),
            status: None,
            error: Some(error.to_string()),
            answer: None,
        },
    }
}

fn answered(answer: &Answer, started_at: Timestamp, ended_at: Timestamp) -> Attempted {
    let retry_after = answer
        .headers
        .get(http::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after::parse(value, ended_at));
    let class = classify(Observed::Answer {
        status: answer.status,
        retry_after,
    });
    let error = match class {
        OutcomeClass::Delivered => None,
        _ => Some(format!("the endpoint answered {}", answer.status)),
    };
    Attempted {
        started_at,
        ended_at,
        class,
        status: Some(answer.status.into()),
        error,
        answer: excerpt(&answer.body),
    }
}

/// The beginning of an answer as text. NUL characters cannot be stored.
fn excerpt(body: &[u8]) -> Option<String> {
    let kept = body.get(..KEPT_ANSWER).unwrap_or(body);
    let text = String::from_utf8_lossy(kept).replace('\0', "\u{FFFD}");
    (!text.is_empty()).then_some(text)
}

/// Stores the outcome. While the database cannot, it is tried again as long as the lease lasts: otherwise the lane's
/// head would be sent once more.
pub(crate) async fn store<D: Directory>(
    tools: &Tools<D>,
    ticket: &Ticket,
    attempted: Attempted,
) -> Result<Finish, Error> {
    let optional_kinds = &tools.settings.optional_kinds;
    let settle = SettleAttempt {
        directory: Arc::clone(&tools.directory),
        ticket: ticket.clone(),
        owner: tools.settings.owner.clone(),
        optional: optional_kinds.contains(&ticket.addressee.kind),
        attempted,
        chance: u64::from_be_bytes(tools.entropy.bytes()),
    };
    loop {
        match tools.db.write(settle.clone()).await {
            Ok(Settled::Stored(stored)) => return Ok(Finish::Stored(stored)),
            Ok(Settled::Fenced) => {
                note_fenced(ticket);
                return Ok(Finish::Changed);
            }
            Err(error) if tools.has_lost_its_lease() || !may_pass(&error) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "an outcome could not be stored; trying again");
                tools.clock.sleep(STORE_AGAIN).await;
            }
        }
    }
}

/// Whether the database may take later what it does not take now.
fn may_pass(error: &Error) -> bool {
    error.is_unavailable() || error.is_busy()
}

fn note_fenced(ticket: &Ticket) {
    metrics::counter!("delivery_fenced_writes_total").increment(1);
    tracing::info!(
        delivery.id = ticket.addressee.delivery_id.get(),
        "an outcome came too late: the delivery was cancelled or has another sender"
    );
}

fn note_start(ticket: &Ticket, now: Timestamp) {
    if ticket.attempts == 0 {
        let waited = moment::since(ticket.created_at, now).as_secs_f64();
        metrics::histogram!("delivery_first_attempt_delay_seconds").record(waited);
    }
}

fn note_end(ticket: &Ticket, attempted: &Attempted) {
    let class = attempted.class;
    metrics::counter!("delivery_attempts_total", "class" => class.as_str()).increment(1);
    if class == OutcomeClass::Delivered {
        let took = moment::since(ticket.created_at, attempted.ended_at).as_secs_f64();
        metrics::histogram!("delivery_delay_seconds").record(took);
    }
}
