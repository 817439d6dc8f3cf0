//! The feed of events that the marketplace follows. Its numbers have no gaps and come in the order of commits
//! (`store/event.rs`), so "what came after number N" misses nothing.

use std::time::Duration;

use database::Error;
use jiff::{SignedDuration, Timestamp};

use crate::core::Core;
use crate::store::event::{self, Event};

/// How often a waiting reader looks. Events come from every node, so looking is the only way that always works.
const LOOK: Duration = Duration::from_millis(250);

/// The longest wait for an event, in seconds.
pub(crate) const LONGEST_WAIT: u32 = 30;

/// At most `limit` events after number `after`; waits up to `wait_seconds` for the first of them.
pub(crate) async fn wait_after(
    core: &Core,
    after: i64,
    limit: i64,
    wait_seconds: u32,
) -> Result<Vec<Event>, Error> {
    let wait = SignedDuration::from_secs(wait_seconds.min(LONGEST_WAIT).into());
    let end = core
        .clock
        .now()
        .saturating_add(wait)
        .unwrap_or(Timestamp::MAX);
    loop {
        let events = event::list(&mut core.db.reader(), after, limit).await?;
        if !events.is_empty() || core.clock.now() >= end {
            return Ok(events);
        }
        core.clock.sleep(LOOK).await;
    }
}
