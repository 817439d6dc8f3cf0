//! Deliveries as the operator sees them, and trying one again by hand. How they are delivered is the crate `delivery`'s.

use database::{Error, Op, Tx};
use delivery::{DeliveryDetails, Filter, Page, Retried};
use protocol::id::DeliveryId;
use serde_json::json;

use crate::core::Core;
use crate::service::operator_audit;

/// One page of deliveries, newest first.
pub(crate) async fn list(core: &Core, filter: &Filter, limit: usize) -> Result<Page, Error> {
    delivery::list(&mut core.db.scanner(), filter, limit).await
}

/// A delivery with its attempts.
pub(crate) async fn find(
    core: &Core,
    delivery_id: DeliveryId,
) -> Result<Option<DeliveryDetails>, Error> {
    delivery::find(&mut core.db.reader(), delivery_id).await
}

/// Makes a delivery due now, unless it was delivered.
pub(crate) async fn retry(core: &Core, delivery_id: DeliveryId) -> Result<Retried, Error> {
    let op = Retry {
        core: core.clone(),
        delivery_id,
    };
    let retried = core.db.write(op).await?;
    core.deliveries.wake();
    Ok(retried)
}

struct Retry {
    core: Core,
    delivery_id: DeliveryId,
}

impl Op for Retry {
    type Out = Retried;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Retried, Error> {
        let retried = delivery::retry(tx, self.delivery_id, self.core.clock.now()).await?;
        if matches!(retried, Retried::Hastened | Retried::Revived) {
            let detail = json!({"delivery_id": self.delivery_id});
            operator_audit::record(tx, &self.core, "delivery.retried", None, &detail).await?;
        }
        Ok(retried)
    }
}
