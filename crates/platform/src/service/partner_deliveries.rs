//! All deliveries to one partner: how it stands with them, holding them, letting them go, limiting and calling
//! them off.

use database::{Op, Tx};
use delivery::replay::ReplayState;
use delivery::{Called, ConversationId, Limits};
use protocol::id::{BusinessId, PartnerId, ReplayId};
use serde_json::json;

use crate::core::Core;
use crate::domain::endpoint_health::Health;
use crate::service::deliveries::CALLED_OFF;
use crate::service::operator_audit;
use crate::service::partner::PartnerError;
use crate::store::{endpoint, partner};

/// So many conversations are called off in one transaction.
const LANES_AT_ONCE: usize = 200;
/// So many replays are looked at for those that run.
const REPLAYS: usize = 20;

/// How it stands with a partner's deliveries.
#[derive(Debug)]
pub(crate) struct PartnerHealth {
    pub(crate) health: Health,
    pub(crate) partner_name: String,
    pub(crate) limits: Limits,
    /// The replays that run, newest first.
    pub(crate) replays: Vec<ReplayId>,
}

/// How it stands with the partner's deliveries.
pub(crate) async fn health(
    core: &Core,
    partner_id: PartnerId,
) -> Result<PartnerHealth, PartnerError> {
    let mut reader = core.db.scanner();
    let Some(partner) = partner::find(&mut reader, partner_id).await? else {
        return Err(PartnerError::UnknownPartner);
    };
    let has_endpoint = endpoint::find(&mut reader, partner_id).await?.is_some();
    let view = delivery::endpoint(&mut reader, partner_id.into()).await?;
    let load = delivery::load(&mut reader, partner_id.into()).await?;
    let replays = delivery::replay::list(&mut reader, Some(partner_id.into()), None, REPLAYS);
    let running = |replay: &delivery::replay::ReplayView| replay.state == ReplayState::Running;
    Ok(PartnerHealth {
        limits: view.limits,
        health: Health::judge(view, has_endpoint, load, core.clock.now()),
        partner_name: partner.name,
        replays: replays
            .await?
            .iter()
            .filter(|replay| running(replay))
            .map(|replay| replay.replay_id)
            .collect(),
    })
}

/// Holds the partner's deliveries until [`resume`]. Nothing changes if they are held already.
pub(crate) async fn pause(core: &Core, partner_id: PartnerId) -> Result<(), PartnerError> {
    let core = core.clone();
    let db = core.db.clone();
    db.write(Hold {
        core,
        partner_id,
        holds: true,
    })
    .await
}

/// Lets the partner's deliveries go again.
pub(crate) async fn resume(core: &Core, partner_id: PartnerId) -> Result<(), PartnerError> {
    let op = Hold {
        core: core.clone(),
        partner_id,
        holds: false,
    };
    core.db.write(op).await?;
    core.deliveries.wake();
    Ok(())
}

/// Says how much the partner gets from now on.
pub(crate) async fn limit(
    core: &Core,
    partner_id: PartnerId,
    limits: Limits,
) -> Result<(), PartnerError> {
    let op = Limit {
        core: core.clone(),
        partner_id,
        limits,
    };
    core.db.write(op).await?;
    core.deliveries.wake();
    Ok(())
}

/// Calls off what waits for the partner at this moment, all of it or a business's, and says how much that was. In several
/// transactions, because it may be much; each has its line in the audit.
pub(crate) async fn cancel_pending(
    core: &Core,
    partner_id: PartnerId,
    business_id: Option<BusinessId>,
) -> Result<u64, PartnerError> {
    let mut reader = core.db.scanner();
    if partner::find(&mut reader, partner_id).await?.is_none() {
        return Err(PartnerError::UnknownPartner);
    }
    let called = business_id.map_or(Called::Everything, Called::Business);
    let lanes = delivery::lanes_with_pending(&mut reader, partner_id.into(), called).await?;
    let mut count = 0;
    for lanes in lanes.chunks(LANES_AT_ONCE) {
        let op = CancelInLanes {
            core: core.clone(),
            partner_id,
            business_id,
            lanes: lanes.to_vec(),
        };
        count += core.db.write(op).await?;
    }
    core.deliveries.wake();
    Ok(count)
}

struct Hold {
    core: Core,
    partner_id: PartnerId,
    /// Or lets go.
    holds: bool,
}

impl Op for Hold {
    type Out = ();
    type Error = PartnerError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), PartnerError> {
        if partner::find(tx, self.partner_id).await?.is_none() {
            return Err(PartnerError::UnknownPartner);
        }
        let endpoint_id = self.partner_id.into();
        if delivery::endpoint(tx, endpoint_id).await?.paused == self.holds {
            return Ok(());
        }
        let kind = if self.holds {
            delivery::pause(tx, endpoint_id).await?;
            "partner.paused"
        } else {
            delivery::resume(tx, endpoint_id).await?;
            "partner.resumed"
        };
        let detail = json!({"partner_id": self.partner_id});
        operator_audit::record(tx, &self.core, kind, None, &detail).await?;
        Ok(())
    }
}

struct Limit {
    core: Core,
    partner_id: PartnerId,
    limits: Limits,
}

impl Op for Limit {
    type Out = ();
    type Error = PartnerError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), PartnerError> {
        if partner::find(tx, self.partner_id).await?.is_none() {
            return Err(PartnerError::UnknownPartner);
        }
        delivery::limit(tx, self.partner_id.into(), self.limits).await?;
        let detail = json!({
            "partner_id": self.partner_id,
            "weight": self.limits.weight,
            "max_in_flight": self.limits.max_in_flight,
            "backlog_per_second": self.limits.backlog_per_second,
        });
        operator_audit::record(tx, &self.core, "partner.limited", None, &detail).await?;
        Ok(())
    }
}

struct CancelInLanes {
    core: Core,
    partner_id: PartnerId,
    business_id: Option<BusinessId>,
    lanes: Vec<ConversationId>,
}

impl Op for CancelInLanes {
    type Out = u64;
    type Error = PartnerError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<u64, PartnerError> {
        let called = self
            .business_id
            .map_or(Called::Everything, Called::Business);
        let what = (self.partner_id.into(), called);
        let now = self.core.clock.now();
        let count = delivery::cancel_in_lanes(tx, what, &self.lanes, CALLED_OFF, now).await?;
        if count > 0 {
            let detail = json!({"partner_id": self.partner_id, "deliveries": count});
            let kind = "partner.deliveries_cancelled";
            operator_audit::record(tx, &self.core, kind, self.business_id, &detail).await?;
        }
        Ok(count)
    }
}
