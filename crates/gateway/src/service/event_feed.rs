//! The log of events as readers follow it. Numbers have no gaps and come in the order of commits (`store/event.rs`), so
//! "what came after number N" misses nothing.

use std::time::Duration;

use database::Error;
use jiff::{SignedDuration, Timestamp};

use crate::core::Core;
use crate::store::event::{self, EventFilter, EventRow};

/// How often a waiting reader looks although nobody called: other processes append, too.
const LOOK: Duration = Duration::from_millis(500);

/// The longest wait for an event, in seconds.
pub(crate) const LONGEST_WAIT: u32 = 30;

/// A piece of the log.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) events: Vec<EventRow>,
    /// Where to go on: nothing that passes the filter lies between.
    pub(crate) next: i64,
}

/// Where the log ends now.
pub(crate) async fn end(core: &Core) -> Result<i64, Error> {
    event::last(&mut core.db.reader()).await
}

/// At most `limit` events after number `after` that pass the filter; waits up to `wait_seconds` for the first of them, not
/// longer than until the gateway stops.
pub(crate) async fn wait_after(
    core: &Core,
    after: i64,
    (filter, limit): (&EventFilter, i64),
    wait_seconds: u32,
) -> Result<Batch, Error> {
    let wait = SignedDuration::from_secs(wait_seconds.min(LONGEST_WAIT).into());
    let end = core.clock.now().saturating_add(wait);
    let end = end.unwrap_or(Timestamp::MAX);
    let mut after = after;
    loop {
        let mut woken = std::pin::pin!(core.announcer.next_wake());
        // Registered before looking, so that what is appended in between is not missed.
        woken.as_mut().enable();
        let batch = read_after(core, after, filter, limit).await?;
        let is_stopping = core.tasks.stopping().is_cancelled();
        if !batch.events.is_empty() || is_stopping || core.clock.now() >= end {
            return Ok(batch);
        }
        after = batch.next;
        tokio::select! {
            () = woken => {}
            () = core.clock.sleep(LOOK) => {}
            () = core.tasks.stopping().cancelled() => {}
        }
    }
}

async fn read_after(
    core: &Core,
    after: i64,
    filter: &EventFilter,
    limit: i64,
) -> Result<Batch, Error> {
    // Whoever is ahead of the log stays there: its cursor is another database's, or forged.
    let until = end(core).await?.max(after);
    if until == after {
        return Ok(Batch {
            events: Vec::new(),
            next: after,
        });
    }
    let events = event::list(&mut core.db.scanner(), (after, until), filter, limit).await?;
    let is_full = i64::try_from(events.len()).is_ok_and(|count| count >= limit);
    let last = events.last().map(|event| event.event_id);
    Ok(Batch {
        next: last.filter(|_| is_full).unwrap_or(until),
        events,
    })
}
