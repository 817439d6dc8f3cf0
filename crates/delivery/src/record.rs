//! How deliveries come to be, and how they are called off: within the transaction of whatever causes it.

use database::{Error, Tx};
use jiff::Timestamp;
use protocol::id::BusinessId;

use crate::id::EndpointId;
use crate::model::{Ending, NewDelivery, Recorded};
use crate::store::outcome::Outcome;
use crate::store::{endpoint, lane, outcome, pending};

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

/// Cancels pending deliveries, and says how many. Once the transaction is committed no attempt of them begins; one that
/// is on its way ends without consequence.
pub async fn cancel<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    called: Called,
    reason: &str,
    now: Timestamp,
) -> Result<u64, Error> {
    let business = match called {
        Called::Business(business) => Some(business),
        Called::Everything => None,
    };
    let mut count = 0;
    for conversation in pending::lanes(tx, endpoint, business).await? {
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
