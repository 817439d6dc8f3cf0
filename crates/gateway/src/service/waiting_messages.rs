//! Messages whose lead does not come: it was refused, or made before the business was connected. After a minute they are
//! told without it, because somebody waits for an answer.

use database::{Error, Op, Tx};
use jiff::{SignedDuration, Timestamp};
use protocol::id::MessageId;

use super::announce::Announcer;
use super::arrival_events;
use crate::core::Core;
use crate::store;

/// The minute that is the lead's (protocol §4.5): a platform repeats it several times within.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// So many are told in one transaction.
const BATCH: i64 = 50;

/// Tells of a batch of messages that have waited long enough; how many those were.
pub(crate) async fn tell_overdue(core: &Core) -> Result<usize, Error> {
    let now = core.clock.now();
    let since = now.saturating_sub(PATIENCE).unwrap_or(Timestamp::MIN);
    let overdue = store::waiting_message::since(&mut core.db.reader(), since, BATCH).await?;
    if overdue.is_empty() {
        return Ok(0);
    }
    let count = overdue.len();
    let operation = Tell {
        overdue,
        announcer: core.announcer.clone(),
        now,
    };
    core.db.write(operation).await?;
    core.announcer.wake();
    Ok(count)
}

struct Tell {
    overdue: Vec<MessageId>,
    announcer: Announcer,
    now: Timestamp,
}

impl Op for Tell {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        let log = self.announcer.open(tx, self.now).await?;
        for message_id in &self.overdue {
            arrival_events::waiting_message(tx, &log, *message_id).await?;
        }
        Ok(())
    }
}
