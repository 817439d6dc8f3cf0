//! Deliveries of a forward as its owner sees them, and trying them again by hand. How they are delivered is the crate
//! `delivery`'s.

use database::{Error, Op, Tx};
use delivery::replay::{self, NewReplay, Rate, ReplayView, Span};
use delivery::{DeliveryDetails, EndpointId, Filter, Page, Retried};
use jiff::Timestamp;
use protocol::id::DeliveryId;

use super::forward_control::lock;
use super::forwards::ForwardError;
use crate::core::Core;
use crate::store;

/// So many replays are listed.
const REPLAYS: usize = 20;

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

/// Begins to send again what died since then: a job that goes on by itself, also after a restart.
pub(crate) async fn replay(
    core: &Core,
    forward_id: i64,
    since: Timestamp,
) -> Result<ReplayView, ForwardError> {
    let now = core.clock.now();
    let span = Span {
        endpoint_id: EndpointId::new(forward_id),
        since,
        until: now,
    };
    let survey = replay::survey(&mut core.db.scanner(), &span).await?;
    let operation = Replay {
        forward_id,
        new: NewReplay {
            replay_id: core.announcer.next_replay_id(),
            span,
            survey,
            rate: Rate::default(),
            created_at: now,
        },
    };
    let view = core.db.write(operation).await?;
    core.announcer.wake();
    Ok(view)
}

/// The newest replays of a forward.
pub(crate) async fn replays(core: &Core, forward_id: i64) -> Result<Vec<ReplayView>, ForwardError> {
    prove(core, forward_id).await?;
    let endpoint = Some(EndpointId::new(forward_id));
    Ok(replay::list(&mut core.db.reader(), endpoint, None, REPLAYS).await?)
}

async fn prove(core: &Core, forward_id: i64) -> Result<(), ForwardError> {
    let found = store::forward::find(&mut core.db.reader(), forward_id).await?;
    found.map(drop).ok_or(ForwardError::Unknown)
}

struct Replay {
    forward_id: i64,
    new: NewReplay,
}

impl Op for Replay {
    type Out = ReplayView;
    type Error = ForwardError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<ReplayView, ForwardError> {
        lock(tx, self.forward_id).await?;
        Ok(replay::create(tx, &self.new).await?)
    }
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
