//! One attempt, from the directory's answer to the stored outcome. It holds no transaction while it waits for others.

use std::sync::Arc;
use std::time::Duration;

use base::faults::{self, Point};
use base::outgoing::{Answer, OutgoingError};
use database::Error;
use jiff::Timestamp;

use crate::directory::{Destination, Directory, Target};
use crate::engine::board::{Finish, Ticket};
use crate::engine::request;
use crate::engine::settle::{Attempted, SettleAttempt, SettleUnsent, Settled, Unsent};
use crate::engine::tools::Tools;
use crate::moment;
use crate::policy::breaker::Breaker;
use crate::policy::classify::{Observed, OutcomeClass, classify};
use crate::policy::decide::Role;
use crate::policy::retry_after;
use crate::store::pending::{Expected, Pending};
use crate::store::{endpoint, pending};

/// How long an endpoint is left alone when the directory or the database could not say where to send.
const REST: Duration = Duration::from_secs(5);
/// How long to wait before an outcome is stored again that could not be.
const STORE_AGAIN: Duration = Duration::from_millis(500);
/// How much of an answer's body is kept, in bytes (protocol §4.5).
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
            Finish::RestUntil(moment::after(tools.clock.now(), REST))
        }
    }
}

async fn try_attempt<D: Directory>(tools: &Tools<D>, ticket: &Ticket) -> Result<Finish, Error> {
    let destination = match tools.directory.target(&ticket.addressee).await {
        Ok(Target::Send(destination)) => *destination,
        Ok(Target::Off(reason)) => return end_unsent(tools, ticket, Unsent::Off(reason)).await,
        Ok(Target::Hold) => return Ok(rest(tools)),
        Err(error) => {
            let endpoint = ticket.addressee.endpoint_id.get();
            tracing::warn!(endpoint.id = endpoint, %error, "the directory did not answer");
            return Ok(rest(tools));
        }
    };
    let delivery = match confirm(tools, ticket).await? {
        Confirmed::Send(delivery) => delivery,
        Confirmed::KindOff => return end_unsent(tools, ticket, Unsent::KindOff).await,
        Confirmed::No => return Ok(Finish::Settled),
    };
    if !tools.may_send() {
        return Ok(Finish::Settled);
    }
    let attempted = send(tools, destination, delivery).await;
    metrics::counter!("delivery_attempts_total", "class" => attempted.class.as_str()).increment(1);
    faults::pass(Point::AfterAnswerBeforeOutcome);
    store(tools, ticket, attempted).await
}

fn rest<D>(tools: &Tools<D>) -> Finish {
    Finish::RestUntil(moment::after(tools.clock.now(), REST))
}

/// What the last look into the database says.
enum Confirmed {
    Send(Box<Pending>),
    KindOff,
    No,
}

/// The last look before a request: the delivery is still pending (protocol D6) and still ours, and its endpoint was not
/// stopped meanwhile.
async fn confirm<D>(tools: &Tools<D>, ticket: &Ticket) -> Result<Confirmed, Error> {
    let mut reader = tools.db.reader();
    let id = ticket.addressee.endpoint_id;
    let Some(endpoint) = endpoint::find(&mut reader, id).await? else {
        return Ok(Confirmed::No);
    };
    let is_held = matches!(endpoint.breaker, Breaker::Held(_));
    let is_stopped = endpoint.paused || endpoint.gone || endpoint.version != ticket.version;
    if is_stopped || is_held != (ticket.role == Role::Probe) {
        return Ok(Confirmed::No);
    }
    let expected = Expected {
        delivery_id: ticket.addressee.delivery_id,
        endpoint_id: id,
        attempts: ticket.attempts,
        owner: &tools.settings.owner,
        epoch: ticket.epoch,
    };
    let Some(delivery) = pending::confirm(&mut reader, &expected).await? else {
        return Ok(Confirmed::No);
    };
    Ok(if endpoint.has_off(&delivery.kind) {
        Confirmed::KindOff
    } else {
        Confirmed::Send(Box::new(delivery))
    })
}

async fn end_unsent<D>(tools: &Tools<D>, ticket: &Ticket, unsent: Unsent) -> Result<Finish, Error> {
    let settle = SettleUnsent {
        ticket: ticket.clone(),
        owner: tools.settings.owner.clone(),
        unsent,
        now: tools.clock.now(),
    };
    tools.db.write(settle).await?;
    Ok(Finish::Settled)
}

/// Sends the request. Whatever happens is something that was observed.
async fn send<D>(tools: &Tools<D>, destination: Destination, delivery: Box<Pending>) -> Attempted {
    let started_at = tools.clock.now();
    let deadline = tools.settings.deadline;
    let Pending {
        delivery_id, body, ..
    } = *delivery;
    let result = match request::build(destination, delivery_id, body, started_at, deadline) {
        Ok(request) => {
            let sending = tools.outgoing.send(request);
            faults::while_waiting(Point::AfterRequestWritten, sending).await
        }
        Err(error) => Err(OutgoingError::Refused(error.to_string())),
    };
    let ended_at = tools.clock.now();
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
        .get(reqwest::header::RETRY_AFTER)
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
async fn store<D: Directory>(
    tools: &Tools<D>,
    ticket: &Ticket,
    attempted: Attempted,
) -> Result<Finish, Error> {
    let settle = SettleAttempt {
        directory: Arc::clone(&tools.directory),
        ticket: ticket.clone(),
        owner: tools.settings.owner.clone(),
        optional: tools
            .settings
            .optional_kinds
            .contains(&ticket.addressee.kind),
        attempted,
        chance: u64::from_be_bytes(tools.entropy.bytes()),
    };
    loop {
        match tools.db.write(settle.clone()).await {
            Ok(settled) => {
                note_fenced(ticket, settled);
                return Ok(Finish::Settled);
            }
            Err(error) if tools.clock.now() >= tools.lease.get() => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "an outcome could not be stored; trying again");
                tools.clock.sleep(STORE_AGAIN).await;
            }
        }
    }
}

fn note_fenced(ticket: &Ticket, settled: Settled) {
    if settled == Settled::Fenced {
        metrics::counter!("delivery_fenced_writes_total").increment(1);
        tracing::info!(
            delivery.id = ticket.addressee.delivery_id.get(),
            "an outcome came too late: the delivery was cancelled or has another sender"
        );
    }
}
