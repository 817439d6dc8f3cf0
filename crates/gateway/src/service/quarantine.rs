//! Looking at bodies that could not be read, and reading them again: as they are after an update of this program, or as a
//! person corrected them.

use database::{Error, Op, Tx};
use jiff::Timestamp;
use protocol::json::Problem;
use serde_json::Value;
use thiserror::Error as ThisError;

use super::announce::Announcer;
use super::receive::{Delivered, store_arrival};
use crate::core::Core;
use crate::domain::arrival::{Arrival, ArrivalKind};
use crate::store;
use crate::store::quarantine::QuarantineRow;

/// Why a body was not read again.
#[derive(Debug, ThisError)]
pub(crate) enum ReprocessError {
    #[error("there is no such body in quarantine")]
    Unknown,
    #[error("the body was processed already")]
    Processed,
    #[error("the body still has problems")]
    Problems(Vec<Problem>),
    #[error("the database failed")]
    Database(#[from] Error),
}

/// Bodies in a state, the newest first.
pub(crate) async fn list(
    core: &Core,
    state: &str,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<QuarantineRow>, Error> {
    store::quarantine::list(&mut core.db.scanner(), state, before, rows).await
}

/// One body.
pub(crate) async fn find(core: &Core, quarantine_id: i64) -> Result<Option<QuarantineRow>, Error> {
    store::quarantine::find(&mut core.db.reader(), quarantine_id).await
}

/// Reads a body again, as it is or as `corrected`, and files it like any that arrives.
pub(crate) async fn reprocess(
    core: &Core,
    quarantine_id: i64,
    corrected: Option<Value>,
) -> Result<(), ReprocessError> {
    let operation = Reprocess {
        quarantine_id,
        corrected: corrected.map(|value| value.to_string()),
        new_id: core.ids.next_id(),
        announcer: core.announcer.clone(),
        now: core.clock.now(),
    };
    core.db.write(operation).await?;
    core.announcer.wake();
    Ok(())
}

struct Reprocess {
    quarantine_id: i64,
    corrected: Option<String>,
    new_id: i64,
    announcer: Announcer,
    now: Timestamp,
}

impl Op for Reprocess {
    type Out = ();
    type Error = ReprocessError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), ReprocessError> {
        let kept = store::quarantine::lock(tx, self.quarantine_id).await?;
        let kept = kept.ok_or(ReprocessError::Unknown)?;
        if kept.state != "open" {
            return Err(ReprocessError::Processed);
        }
        let kind = ArrivalKind::parse(&kept.kind).ok_or(ReprocessError::Unknown)?;
        let body = self.corrected.clone().unwrap_or(kept.body);
        let value: Value = serde_json::from_str(&body).unwrap_or_default();
        let arrival = Arrival::read(kind, &value).map_err(ReprocessError::Problems)?;
        let delivered = Delivered {
            arrival,
            body,
            sender_id: None,
        };
        store::quarantine::mark_processed(tx, self.quarantine_id, self.now).await?;
        store_arrival(tx, &delivered, self.new_id, (&self.announcer, self.now)).await?;
        Ok(())
    }
}
