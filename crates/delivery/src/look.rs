//! What operators and partners look at: deliveries, their attempts, and the state of endpoints.

use database::{Error, Read};
use protocol::id::DeliveryId;

use crate::id::EndpointId;
use crate::model::{DeliveryDetails, DeliveryView, EndpointView, Limits};
use crate::policy::breaker::Breaker;
pub use crate::store::page::Filter;
use crate::store::{attempt, endpoint, page, pending};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The deliveries, newest first.
    pub deliveries: Vec<DeliveryView>,
    /// Where the next page begins ([`Filter::after`]); `None` if this one is the last.
    pub next: Option<DeliveryId>,
}

/// Lists deliveries, newest first, `limit` on a page.
pub async fn list<R: Read>(read: &mut R, filter: &Filter, limit: usize) -> Result<Page, Error> {
    let mut deliveries = page::list(read, filter, limit.saturating_add(1)).await?;
    let has_more = deliveries.len() > limit;
    deliveries.truncate(limit);
    let next = if has_more {
        deliveries.last().map(|last| last.delivery_id)
    } else {
        None
    };
    Ok(Page { deliveries, next })
}

/// One delivery with its attempts.
pub async fn find<R: Read>(
    read: &mut R,
    delivery: DeliveryId,
) -> Result<Option<DeliveryDetails>, Error> {
    let Some(delivery) = page::find(read, delivery).await? else {
        return Ok(None);
    };
    let attempts = attempt::list(read, delivery.endpoint_id, delivery.delivery_id).await?;
    Ok(Some(DeliveryDetails { delivery, attempts }))
}

/// How many deliveries to an endpoint are pending.
pub async fn pending_count<R: Read>(read: &mut R, endpoint: EndpointId) -> Result<u64, Error> {
    pending::count(read, endpoint).await
}

/// Whether and why an endpoint's deliveries wait. An endpoint that nothing was recorded for is in order.
pub async fn endpoint<R: Read>(read: &mut R, endpoint: EndpointId) -> Result<EndpointView, Error> {
    let Some(found) = endpoint::find(read, endpoint).await? else {
        return Ok(EndpointView {
            paused: false,
            gone: false,
            kinds_off: Vec::new(),
            hold: None,
            limits: Limits::default(),
        });
    };
    Ok(EndpointView {
        paused: found.paused,
        gone: found.gone,
        kinds_off: found.kinds_off,
        hold: match found.breaker {
            Breaker::Closed { .. } => None,
            Breaker::Held(hold) => Some(hold),
        },
        limits: found.limits,
    })
}
