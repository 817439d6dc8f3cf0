//! What operators do: try again, pause, resume, release. Each works in the caller's transaction, so that the audit line
//! is written with it; wake the engine after the commit. Sending many again is [`replay`](crate::replay).

use database::{Error, Tx};
use jiff::Timestamp;
use protocol::id::DeliveryId;

use crate::id::{ConversationId, EndpointId};
use crate::model::Limits;
use crate::policy::breaker::Breaker;
use crate::store::endpoint::{self, Endpoint};
use crate::store::{lane, outcome, pending};

/// What [`retry`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    /// It was pending, and is due now.
    Hastened,
    /// It was dead or cancelled. It is pending again, due now, with the same id, bytes and place in its lane.
    Revived,
    /// It was delivered, and that is that.
    Delivered,
    /// There is no such delivery.
    Unknown,
}

/// Makes one delivery due now, whatever became of it before, unless it was delivered.
///
/// A revived one goes before what is still pending behind it in its lane: a lead before its messages.
pub async fn retry<T: Tx>(
    tx: &mut T,
    delivery: DeliveryId,
    now: Timestamp,
) -> Result<Retried, Error> {
    if let Some((endpoint, conversation)) = pending::find_lane(tx, delivery).await? {
        lane::lock(tx, endpoint, conversation).await?;
        // It may have ended before the lane was locked.
        if pending::find_lane(tx, delivery).await?.is_some() {
            pending::hasten(tx, delivery, now).await?;
            return Ok(Retried::Hastened);
        }
    }
    let Some((endpoint, conversation)) = outcome::find_lane(tx, delivery).await? else {
        return Ok(Retried::Unknown);
    };
    let revived = revive(tx, endpoint, conversation, delivery, now).await?;
    Ok(if revived {
        Retried::Revived
    } else {
        Retried::Delivered
    })
}

/// Stops an endpoint's deliveries until [`resume`]; what is recorded meanwhile waits.
pub async fn pause<T: Tx>(tx: &mut T, endpoint: EndpointId) -> Result<(), Error> {
    change(tx, endpoint, |endpoint| endpoint.paused = true).await
}

/// Ends a [`pause`].
pub async fn resume<T: Tx>(tx: &mut T, endpoint: EndpointId) -> Result<(), Error> {
    change(tx, endpoint, |endpoint| endpoint.paused = false).await
}

/// Says how much the endpoint gets from now on.
pub async fn limit<T: Tx>(tx: &mut T, endpoint: EndpointId, limits: Limits) -> Result<(), Error> {
    change(tx, endpoint, |_| {}).await?;
    endpoint::set_limits(tx, endpoint, limits).await
}

/// Forgets what the endpoint's answers said of it (failing, gone, kinds off) and makes its deliveries due, oldest first,
/// since its URL or credentials changed. A pause stays.
pub async fn release<T: Tx>(tx: &mut T, endpoint: EndpointId, now: Timestamp) -> Result<(), Error> {
    change(tx, endpoint, |endpoint| {
        endpoint.gone = false;
        endpoint.kinds_off.clear();
        endpoint.breaker = Breaker::Closed { failures: 0 };
    })
    .await?;
    pending::hasten_all(tx, endpoint, now).await
}

async fn change<T: Tx>(
    tx: &mut T,
    id: EndpointId,
    change: impl FnOnce(&mut Endpoint) + Send,
) -> Result<(), Error> {
    endpoint::ensure(tx, id).await?;
    let mut endpoint = endpoint::lock(tx, id).await?;
    change(&mut endpoint);
    endpoint.version += 1;
    endpoint::save(tx, &endpoint).await
}

/// Whether the delivery is pending again; not if it was delivered, or somebody else was faster.
async fn revive<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    conversation: ConversationId,
    delivery: DeliveryId,
    now: Timestamp,
) -> Result<bool, Error> {
    lane::lock(tx, endpoint, conversation).await?;
    let Some(taken) = outcome::take(tx, delivery).await? else {
        return Ok(false);
    };
    pending::revive(tx, &taken, now).await?;
    lane::crown_anew(tx, endpoint, conversation).await?;
    Ok(true)
}
