//! Removes old deliveries to forwards, in small batches, so that the tables of history stay small.

use std::time::Duration;

use delivery::retention::{self, Policy};

use crate::core::Core;

/// How long after a look the next one follows.
const INTERVAL: Duration = Duration::from_mins(10);

/// Trims from time to time, for ever.
pub(crate) async fn run(core: Core) {
    loop {
        match retention::trim(&core.db, &Policy::default(), core.clock.now()).await {
            Ok(trimmed) if trimmed.rows() == 0 => {}
            Ok(trimmed) => {
                tracing::debug!(history.rows = trimmed.rows(), "removed old deliveries");
            }
            Err(error) => {
                tracing::warn!(%error, "old deliveries were not removed; the next look goes on");
            }
        }
        core.clock.sleep(INTERVAL).await;
    }
}
