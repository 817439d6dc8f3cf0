//! Tells of messages whose lead did not come within a minute.

use std::time::Duration;

use database::Error;

use crate::core::Core;
use crate::service::waiting_messages;

/// How often to look.
const INTERVAL: Duration = Duration::from_secs(5);

/// Tells from time to time, for ever.
pub(crate) async fn run(core: Core) {
    loop {
        if let Err(error) = drain(&core).await {
            tracing::warn!(%error, "messages that wait for their lead cannot be told of");
        }
        core.clock.sleep(INTERVAL).await;
    }
}

/// Tells what has waited long enough; how many messages that were.
pub(crate) async fn drain(core: &Core) -> Result<usize, Error> {
    let mut told = 0;
    loop {
        let now_told = waiting_messages::tell_overdue(core).await?;
        if now_told == 0 {
            return Ok(told);
        }
        told += now_told;
    }
}
