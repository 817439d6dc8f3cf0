//! What follows from impairments that last: the operator is told of a wish for time that does not end, targeting is paused
//! where the operator wants that and freed again, and the gauges are set.
//!
//! Every process does it; each step is a transaction that finds nothing to do where another one was faster.

use std::time::Duration;

use database::Error;

use crate::core::Core;
use crate::domain::impairment::{Impairment, Reason};
use crate::service::{impairment, targeting_pause};
use crate::store::{impairment as impairments, targeting_pause as pauses};

/// How long after a look the next one follows.
const INTERVAL: Duration = Duration::from_secs(10);

/// Looks from time to time, for ever.
pub(crate) async fn run(core: Core) {
    loop {
        if let Err(error) = look_once(&core).await {
            tracing::warn!(%error, "impairments were not looked after; the next look goes on");
        }
        core.clock.sleep(INTERVAL).await;
    }
}

/// Does what is due now.
pub(crate) async fn look_once(core: &Core) -> Result<(), Error> {
    let open = impairments::list_open(&mut core.db.reader()).await?;
    impairment::tell_lasting(core, &open).await?;
    // First who need not be held back any more: another impairment may be why they are to be held back again.
    let freed = targeting_pause::free_needless(core).await?;
    let paused = match core.settings.pause_targeting_after {
        Some(after) => targeting_pause::pause_lasting(core, &open, after).await?,
        None => 0,
    };
    if freed + paused > 0 {
        tracing::info!(
            targeting.paused = paused,
            targeting.resumed = freed,
            "the targeting of businesses changed with their partners' endpoints"
        );
    }
    let standing = pauses::count_standing(&mut core.db.reader()).await?;
    set_gauges(&open, standing);
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody has as many partners or businesses as a float cannot count"
)]
fn set_gauges(open: &[Impairment], paused: i64) {
    for reason in Reason::ALL {
        let told = |one: &&Impairment| one.is_told() && one.reason == reason;
        let count = open.iter().filter(told).count();
        metrics::gauge!("impairments_open", "reason" => reason.as_str()).set(count as f64);
    }
    metrics::gauge!("targeting_pauses").set(paused as f64);
}
