//! Connections as people see and end them.

use client::ReconnectReason;
use database::{Error, Op, Tx};
use jiff::Timestamp;
use protocol::id::BusinessId;

use super::announce::Announcer;
use super::call::CallError;
use super::connection_events::{self, Turn};
use super::reply_events;
use super::tokens::ConnectionId;
use crate::core::Core;
use crate::domain::purge::purge_due_at;
use crate::store;
use crate::store::connection::{ConnectionRow, Ending};

/// The newest connection of each business, the newest first, older than `before`.
pub(crate) async fn list(
    core: &Core,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<ConnectionRow>, Error> {
    store::connection::list(&mut core.db.scanner(), before, rows).await
}

/// The newest connection of a business.
pub(crate) async fn find(
    core: &Core,
    business_id: BusinessId,
) -> Result<Option<ConnectionRow>, Error> {
    store::connection::find_newest(&mut core.db.reader(), business_id).await
}

/// Whether calls for a business can be made.
pub(crate) async fn is_connected(core: &Core, business_id: BusinessId) -> Result<bool, Error> {
    let live = store::connection::find_live(&mut core.db.reader(), business_id).await?;
    Ok(live.is_some_and(|row| row.state == "connected"))
}

/// The connection to make calls for a business with.
pub(crate) async fn usable(
    core: &Core,
    business_id: BusinessId,
) -> Result<ConnectionId, CallError> {
    let newest = find(core, business_id).await?;
    let newest = newest.ok_or(CallError::UnknownBusiness)?;
    match reconnect_reason(&newest) {
        _ if newest.ended_at.is_some() => Err(CallError::NotConnected),
        Some(reason) => Err(CallError::ReconnectNeeded(reason)),
        None => Ok(ConnectionId(newest.connection_id)),
    }
}

/// Why the pro has to connect again, if that is so.
pub(crate) fn reconnect_reason(row: &ConnectionRow) -> Option<ReconnectReason> {
    let stored = row
        .reason
        .as_deref()
        .filter(|_| row.state == "reconnect_needed");
    stored.and_then(ReconnectReason::parse)
}

/// Ends the connection of a business, at the platform first: if that cannot be asked, nothing changes. A connection that
/// has ended already stays as it is.
pub(crate) async fn disconnect(
    core: &Core,
    business_id: BusinessId,
) -> Result<ConnectionRow, CallError> {
    let found = find(core, business_id).await?;
    let found = found.ok_or(CallError::UnknownBusiness)?;
    if found.ended_at.is_some() {
        return Ok(found);
    }
    match core.platform.disconnect(business_id).await {
        Ok(_) => {}
        // The platform has no such business any more, so there is nothing left to end there.
        Err(error) if error.is_not_found() => {}
        Err(error) => return Err(error.into()),
    }
    let now = core.clock.now();
    let operation = Disconnect {
        connection_id: found.connection_id,
        business_id,
        announcer: core.announcer.clone(),
        now,
    };
    core.db.write(operation).await?;
    core.announcer.wake();
    core.replies.notify_one();
    tracing::info!(
        business.id = business_id.get(),
        connection.id = found.connection_id,
        "a business was disconnected"
    );
    let ended = find(core, business_id).await?;
    ended.ok_or(CallError::UnknownBusiness)
}

struct Disconnect {
    connection_id: i64,
    business_id: BusinessId,
    announcer: Announcer,
    now: Timestamp,
}

impl Op for Disconnect {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        let ending = Ending {
            reason: "disconnected",
            now: self.now,
            purge_due_at: Some(purge_due_at(self.now)),
        };
        // If the pro has connected again in the meantime, this connection has ended, and the new one has nothing to do
        // with what was asked.
        if !store::connection::end(tx, self.connection_id, ending).await? {
            return Ok(());
        }
        let ended =
            store::reply::fail_waiting(tx, self.business_id, "disconnected", self.now).await?;
        let log = self.announcer.open(tx, self.now).await?;
        for reply in &ended {
            reply_events::reply(tx, &log, reply).await?;
        }
        connection_events::connection(tx, &log, self.connection_id, Turn::Ended).await
    }
}
