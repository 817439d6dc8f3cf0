//! Deliveries of a forward as its owner sees them, and trying them again by hand. How they are delivered is the crate
//! `delivery`'s.

use database::{Error, Op, Tx};
use delivery::{DeliveryDetails, EndpointId, Filter, Page, Retried};
use jiff::Timestamp;
use protocol::id::DeliveryId;

use super::forward_control::lock;
use super::forwards::ForwardError;
use crate::core::Core;
use crate::store;

/// One page of a forward's deliveries, newest first.
pub(crate) async fn list(
    core: &Core,
    forward_id: i64,
    filter: Filter,
    limit: usize,
) -> Result<Page, ForwardError> {
    prove(core, forward_id).await?;
    let filter = Filter {
        endpoint_id: Some(EndpointId::new(forward_id)),
        ..filter
    };
    Ok(delivery::list(&mut core.db.scanner(), &filter, limit).await?)
}

/// A delivery of a forward with its attempts.
pub(crate) async fn find(
    core: &Core,
    forward_id: i64,
    delivery_id: DeliveryId,
) -> Result<Option<DeliveryDetails>, ForwardError> {
    prove(core, forward_id).await?;
    let found = delivery::find(&mut core.db.reader(), delivery_id).await?;
    Ok(found.filter(|found| found.delivery.endpoint_id.get() == forward_id))
}

/// Makes a delivery of a forward due now, unless it was delivered.
pub(crate) async fn retry(
    core: &Core,
    forward_id: i64,
    delivery_id: DeliveryId,
) -> Result<Retried, ForwardError> {
    if find(core, forward_id, delivery_id).await?.is_none() {
        return Ok(Retried::Unknown);
    }
    let operation = Retry {
        forward_id,
        delivery_id,
        now: core.clock.now(),
    };
    let retried = core.db.write(operation).await?;
    core.announcer.wake();
    Ok(retried)
}

/// Sends again what died since then; how many deliveries that are.
pub(crate) async fn replay(
    core: &Core,
    forward_id: i64,
    since: Timestamp,
) -> Result<u64, ForwardError> {
    prove(core, forward_id).await?;
    let (endpoint_id, now) = (EndpointId::new(forward_id), core.clock.now());
    let replayed = delivery::replay_since(&core.db, endpoint_id, since, now).await?;
    core.announcer.wake();
    Ok(replayed)
}

async fn prove(core: &Core, forward_id: i64) -> Result<(), ForwardError> {
    let found = store::forward::find(&mut core.db.reader(), forward_id).await?;
    found.map(drop).ok_or(ForwardError::Unknown)
}

struct Retry {
    forward_id: i64,
    delivery_id: DeliveryId,
    now: Timestamp,
}

impl Op for Retry {
    type Out = Retried;
    type Error = ForwardError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Retried, ForwardError> {
        lock(tx, self.forward_id).await?;
        let retried: Result<Retried, Error> = delivery::retry(tx, self.delivery_id, self.now).await;
        Ok(retried?)
    }
}
