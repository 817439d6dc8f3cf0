//! How deliveries come to be, and how they are called off: within the transaction of whatever causes it.

use database::{Error, Read, Tx};
use jiff::Timestamp;
use protocol::id::{BusinessId, DeliveryId};

use crate::id::{ConversationId, EndpointId};
use crate::model::{Ending, NewDelivery, Recorded, State};
use crate::store::outcome::Outcome;
use crate::store::{endpoint, lane, outcome, page, pending};

/// Records a delivery, behind all that was recorded before it in its lane. Locks the lane until the transaction ends.
///
/// [Wake](crate::Waker::wake) the engine after the commit.
pub async fn record<T: Tx>(tx: &mut T, new: &NewDelivery<'_>) -> Result<Recorded, Error> {
    let sequence = lane::take_sequence(tx, new.endpoint_id, new.conversation_id).await?;
    if sequence == 1 {
        // The endpoint is there already if any of its lanes is.
        endpoint::ensure(tx, new.endpoint_id).await?;
    }
    let is_new = pending::insert(tx, new, sequence).await?;
    Ok(if is_new {
        Recorded::New
    } else {
        Recorded::Existing
    })
}

/// Which pending deliveries of an endpoint are called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// Those of one business, when it disconnects (protocol D6).
    Business(BusinessId),
    /// All of them.
    Everything,
}

impl Called {
    fn business(self) -> Option<BusinessId> {
        match self {
            Self::Business(business) => Some(business),
            Self::Everything => None,
        }
    }
}

/// What became of one delivery that was to be called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalledOff {
    /// It was pending, and is cancelled now.
    Now,
    /// It had ended before, in this way.
    Before(Ending),
    /// There is no such delivery.
    Unknown,
}

/// Cancels pending deliveries, and says how many. Once the transaction is committed no attempt of them begins; one that
/// is on its way ends without consequence.
pub async fn cancel<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    called: Called,
    reason: &str,
    now: Timestamp,
) -> Result<u64, Error> {
    let lanes = lanes_with_pending(tx, endpoint, called).await?;
    cancel_in_lanes(tx, (endpoint, called), &lanes, reason, now).await
}

/// The lanes in which there is something to [`cancel_in_lanes`]: for whoever cancels much, in several transactions.
pub async fn lanes_with_pending<R: Read>(
    read: &mut R,
    endpoint: EndpointId,
    called: Called,
) -> Result<Vec<ConversationId>, Error> {
    pending::lanes(read, endpoint, called.business()).await
}

/// As [`cancel`], in some lanes of the endpoint only. Lanes are locked in the order in which they are given: that of
/// their ids.
pub async fn cancel_in_lanes<T: Tx>(
    tx: &mut T,
    (endpoint, called): (EndpointId, Called),
    lanes: &[ConversationId],
    reason: &str,
    now: Timestamp,
) -> Result<u64, Error> {
    let business = called.business();
    let mut count = 0;
    for conversation in lanes.iter().copied() {
        lane::lock(tx, endpoint, conversation).await?;
        for delivery in pending::take_lane(tx, endpoint, conversation, business).await? {
            let outcome = Outcome {
                ending: Ending::Cancelled,
                finished_at: now,
                attempts: delivery.attempts,
                first_attempt_at: delivery.first_attempt_at,
                last_status: delivery.last_status,
                last_error: Some(reason),
            };
            outcome::insert(tx, &delivery, &outcome).await?;
            count += 1;
        }
        lane::crown(tx, endpoint, conversation).await?;
    }
    Ok(count)
}

/// Cancels one delivery, if it is pending; the next of its lane goes on.
pub async fn cancel_one<T: Tx>(
    tx: &mut T,
    delivery: DeliveryId,
    reason: &str,
    now: Timestamp,
) -> Result<CalledOff, Error> {
    if let Some((endpoint, conversation)) = pending::find_lane(tx, delivery).await? {
        lane::lock(tx, endpoint, conversation).await?;
        // It may have ended before the lane was locked.
        if outcome::cancel_pending(tx, endpoint, delivery, reason, now).await? {
            lane::crown(tx, endpoint, conversation).await?;
            return Ok(CalledOff::Now);
        }
    }
    match page::find(tx, delivery).await?.map(|view| view.state) {
        None => Ok(CalledOff::Unknown),
        Some(State::Finished(ending)) => Ok(CalledOff::Before(ending)),
        // Somebody revived it between the two looks.
        Some(State::Pending) => Err(Error::Busy),
    }
}
