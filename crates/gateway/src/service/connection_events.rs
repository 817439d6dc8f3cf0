//! What is told of connections: made, to be made again, ended.

use database::{Error, Tx};
use protocol::event::{ConnectionEvent, EventType};
use protocol::id::BusinessId;

use super::announce::{About, Log};
use crate::store;

/// How a connection came to stand as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The pro made it; maybe in place of one that stood.
    Made { replaces_another: bool },
    /// Only the pro can mend it.
    ReconnectNeeded,
    /// It is over.
    Ended,
}

impl Turn {
    fn kind(self) -> EventType {
        match self {
            Self::Made { .. } => EventType::ConnectionMade,
            Self::ReconnectNeeded => EventType::ConnectionReconnectNeeded,
            Self::Ended => EventType::ConnectionEnded,
        }
    }
}

/// Tells how a connection stands, which this transaction has just changed.
pub(crate) async fn connection<T: Tx>(
    tx: &mut T,
    log: &Log<'_>,
    connection_id: i64,
    turn: Turn,
) -> Result<(), Error> {
    let row = store::connection::find(tx, connection_id).await?;
    let row = row.ok_or(Error::NoRow)?;
    let business_id = BusinessId::from_i64(row.business_id).ok_or(Error::NoRow)?;
    let event = ConnectionEvent {
        business_id,
        business_name: &row.business_name,
        state: &row.state,
        reason: row.reason.as_deref(),
        scope: row.scopes.split_whitespace().collect(),
        since: row.created_at,
        replaces_another: matches!(
            turn,
            Turn::Made {
                replaces_another: true
            }
        ),
        ended_at: row.ended_at,
        purge_due_at: row.purge_due_at,
    };
    let about = About {
        business_id,
        lead_id: None,
    };
    log.append(tx, turn.kind(), about, &event).await
}
