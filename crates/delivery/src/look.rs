//! What operators and partners look at: deliveries, their attempts, and the state of endpoints.

use database::{Error, Read};
use jiff::Timestamp;
use protocol::id::DeliveryId;

use crate::id::EndpointId;
use crate::model::{DeliveryDetails, DeliveryView, EndpointView};
use crate::policy::breaker::Breaker;
pub use crate::store::page::{Filter, Forerunner};
use crate::store::{attempt, endpoint, page, pending};

/// How far [`load`] counts: people need to know that it is much, not how much more.
const COUNTED: u64 = 10_000;

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

/// As [`find`], of those to one endpoint: the others look as if there were none.
pub async fn find_of<R: Read>(
    read: &mut R,
    endpoint: EndpointId,
    delivery: DeliveryId,
) -> Result<Option<DeliveryDetails>, Error> {
    let found = find(read, delivery).await?;
    Ok(found.filter(|found| found.delivery.endpoint_id == endpoint))
}

/// The bytes that every attempt of a delivery sends, if they are still kept; `None` of an unknown one, too. They are
/// personal: whoever reads them is to be recorded.
pub async fn body<R: Read>(read: &mut R, delivery: DeliveryId) -> Result<Option<String>, Error> {
    page::body(read, delivery).await
}

/// What a pending delivery waits for in its lane; `None` if it is the next of its lane, or not pending.
pub async fn forerunner<R: Read>(
    read: &mut R,
    delivery: DeliveryId,
) -> Result<Option<Forerunner>, Error> {
    page::forerunner(read, delivery).await
}

/// How much lies before an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Deliveries that wait for it.
    pub pending: Counted,
    /// When the oldest of them was recorded.
    pub oldest_pending_at: Option<Timestamp>,
    /// Deliveries that died on the way to it.
    pub dead: Counted,
}

/// A number that was counted, but not for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The number.
    pub number: u64,
    /// Whether there are more.
    pub has_more: bool,
}

impl Counted {
    fn new(counted: u64) -> Self {
        Self {
            number: counted.min(COUNTED),
            has_more: counted > COUNTED,
        }
    }
}

/// How much lies before an endpoint.
pub async fn load<R: Read>(read: &mut R, endpoint: EndpointId) -> Result<Load, Error> {
    let (pending, dead) = page::counts(read, endpoint, COUNTED + 1).await?;
    let oldest_pending_at = match pending {
        0 => None,
        _ => page::oldest_pending(read, endpoint).await?,
    };
    Ok(Load {
        pending: Counted::new(pending),
        oldest_pending_at,
        dead: Counted::new(dead),
    })
}

/// How many deliveries to an endpoint are pending.
pub async fn pending_count<R: Read>(read: &mut R, endpoint: EndpointId) -> Result<u64, Error> {
    pending::count(read, endpoint).await
}

/// Whether and why an endpoint's deliveries wait. An endpoint that nothing was recorded for is in order.
pub async fn endpoint<R: Read>(read: &mut R, endpoint: EndpointId) -> Result<EndpointView, Error> {
    let Some(found) = endpoint::find(read, endpoint).await? else {
        return Ok(EndpointView::default());
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
