//! What is done with a forward that stands: rotate its secret, pause, resume, test.

use database::{Op, Tx};
use delivery::{ConversationId, EndpointId, NewDelivery};
use jiff::{SignedDuration, Timestamp};
use protocol::event::{TEST_PING, test_ping};
use protocol::id::{BusinessId, DeliveryId};

use super::forward_secrets::{NewSecret, new_secret};
use super::forwards::{self, ForwardError, Profile, WithSecret};
use crate::core::Core;
use crate::domain::forward::MOST_SECRETS;
use crate::store;

/// Gives a forward another secret. Requests are signed with the old ones too until `overlap` is over, so that the receiver
/// can change over meanwhile.
pub(crate) async fn rotate_secret(
    core: &Core,
    forward_id: i64,
    overlap: SignedDuration,
) -> Result<WithSecret, ForwardError> {
    let (now, secret) = (core.clock.now(), new_secret(core, forward_id));
    let operation = Rotate {
        forward_id,
        secret: secret.clone(),
        end: now.saturating_add(overlap).unwrap_or(Timestamp::MAX),
        now,
    };
    core.db.write(operation).await?;
    let profile = forwards::find(core, forward_id).await?;
    Ok(WithSecret {
        profile,
        secret: secret.plain,
    })
}

/// Stops a forward; what happens meanwhile waits.
pub(crate) async fn pause(core: &Core, forward_id: i64) -> Result<Profile, ForwardError> {
    core.db.write(Pause { forward_id }).await?;
    forwards::find(core, forward_id).await
}

/// Lets a forward go on, whatever held it: a pause, failures, or 410. What waits is tried at once, oldest first.
pub(crate) async fn resume(core: &Core, forward_id: i64) -> Result<Profile, ForwardError> {
    let now = core.clock.now();
    core.db.write(Resume { forward_id, now }).await?;
    core.announcer.wake();
    forwards::find(core, forward_id).await
}

/// Sends a forward an event that means nothing; the id of its delivery.
pub(crate) async fn test(core: &Core, forward_id: i64) -> Result<DeliveryId, ForwardError> {
    let now = core.clock.now();
    let operation = Test {
        forward_id,
        delivery_id: core.announcer.delivery_id(),
        payload: test_ping(forward_id, now),
        now,
    };
    let delivery_id = core.db.write(operation).await?;
    core.announcer.wake();
    Ok(delivery_id)
}

/// Proves that the forward stands, and keeps it so until the transaction ends.
pub(super) async fn lock<T: Tx>(tx: &mut T, forward_id: i64) -> Result<EndpointId, ForwardError> {
    let found = store::forward::lock(tx, forward_id).await?;
    found.ok_or(ForwardError::Unknown)?;
    Ok(EndpointId::new(forward_id))
}

struct Rotate {
    forward_id: i64,
    secret: NewSecret,
    end: Timestamp,
    now: Timestamp,
}

impl Op for Rotate {
    type Out = ();
    type Error = ForwardError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), ForwardError> {
        lock(tx, self.forward_id).await?;
        store::forward_secret::end_by(tx, self.forward_id, self.end).await?;
        store::forward_secret::delete_ended(tx, self.forward_id, self.now).await?;
        let left = store::forward_secret::in_force(tx, self.forward_id, self.now).await?;
        if left.len() >= MOST_SECRETS {
            let first_end = left.iter().filter_map(|secret| secret.ends_at).min();
            let until = first_end.unwrap_or(self.end);
            return Err(ForwardError::TooManySecrets { until });
        }
        let secret = (self.secret.secret_id, self.secret.sealed.as_str());
        store::forward_secret::insert(tx, self.forward_id, secret, self.now).await?;
        Ok(())
    }
}

struct Pause {
    forward_id: i64,
}

impl Op for Pause {
    type Out = ();
    type Error = ForwardError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), ForwardError> {
        let endpoint_id = lock(tx, self.forward_id).await?;
        Ok(delivery::pause(tx, endpoint_id).await?)
    }
}

struct Resume {
    forward_id: i64,
    now: Timestamp,
}

impl Op for Resume {
    type Out = ();
    type Error = ForwardError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), ForwardError> {
        let endpoint_id = lock(tx, self.forward_id).await?;
        delivery::resume(tx, endpoint_id).await?;
        Ok(delivery::release(tx, endpoint_id, self.now).await?)
    }
}

struct Test {
    forward_id: i64,
    delivery_id: DeliveryId,
    payload: String,
    now: Timestamp,
}

impl Op for Test {
    type Out = DeliveryId;
    type Error = ForwardError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<DeliveryId, ForwardError> {
        let endpoint_id = lock(tx, self.forward_id).await?;
        let new = NewDelivery {
            delivery_id: self.delivery_id,
            endpoint_id,
            // A ping is about no lead and no business: it has a lane of its own, named after the forward.
            conversation_id: ConversationId::new(self.forward_id),
            business_id: BusinessId::from_i64(self.forward_id).ok_or(ForwardError::Unknown)?,
            kind: TEST_PING,
            body: &self.payload,
            created_at: self.now,
        };
        delivery::record(tx, &new).await?;
        Ok(self.delivery_id)
    }
}
