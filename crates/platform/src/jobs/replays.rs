//! Goes on with the replays of the endpoints that this process sends to, for as long as it runs.

use std::time::Duration;

use jiff::SignedDuration;

use crate::core::Core;

/// How often to look for replays that began on another process, and for shards that came to this one.
const INTERVAL: SignedDuration = SignedDuration::from_millis(500);
/// How long to rest when the database did not answer.
const REST: Duration = Duration::from_secs(5);

/// Advances, for ever, what `owner` may advance.
pub(crate) async fn run(core: Core, owner: String) {
    loop {
        let now = core.clock.now();
        match delivery::replay::advance(&core.db, &owner, now).await {
            Ok(advanced) => {
                if advanced.revived > 0 {
                    core.deliveries.wake();
                }
                let latest = now.saturating_add(INTERVAL).unwrap_or(now);
                let next = advanced.next_due.map_or(latest, |due| due.min(latest));
                core.clock.sleep_until(next).await;
            }
            Err(error) => {
                tracing::warn!(%error, "the replays could not be read; the next look goes on");
                core.clock.sleep(REST).await;
            }
        }
    }
}
