//! Refreshes connections about once a day, so that one which nobody uses does not die after 30 days, and those with
//! replies to send ahead of their token's end, so that answers never wait.

use std::time::Duration;

use database::Error;
use jiff::{SignedDuration, Timestamp};

use crate::core::Core;
use crate::service::tokens::ConnectionId;
use crate::store;

/// How often to look.
const INTERVAL: Duration = Duration::from_mins(1);

/// How long a connection may be left alone.
const UNUSED: SignedDuration = SignedDuration::from_hours(24);

/// Tokens that end within this time are replaced: the keeper does so from a minute ahead.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// Refreshes from time to time, for ever.
pub(crate) async fn run(core: Core) {
    loop {
        if let Err(error) = drain(&core).await {
            tracing::warn!(%error, "the connections that are to be refreshed cannot be read");
        }
        core.clock.sleep(INTERVAL).await;
    }
}

/// Refreshes what is due now; how many connections that were. What fails stays due.
pub(crate) async fn drain(core: &Core) -> Result<usize, Error> {
    let now = core.clock.now();
    let ending_by = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let unused_since = now.saturating_sub(UNUSED).unwrap_or(Timestamp::MIN);
    let mut scanner = core.db.scanner();
    let due = store::connection::due_for_refresh(&mut scanner, ending_by, unused_since).await?;
    let mut refreshed = 0;
    for connection_id in due {
        match core.keeper.access_token(&ConnectionId(connection_id)).await {
            Ok(_) => refreshed += 1,
            Err(error) => tracing::warn!(
                connection.id = connection_id,
                error = &error as &dyn std::error::Error,
                "a connection could not be refreshed"
            ),
        }
    }
    Ok(refreshed)
}
