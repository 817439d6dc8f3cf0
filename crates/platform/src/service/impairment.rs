//! Impairments of partners' endpoints (protocol §4.5): kept in line with what the delivery engine holds, in the
//! transaction that changes it, and told to the operator by events.
//!
//! Whoever changes an endpoint's state calls [`follow`]: the engine through the directory, and the operator's use cases
//! after [`delivery::release`]. It may be called too often, and never does anything twice.

use database::{Error, Op, Tx};
use delivery::{EndpointView, HoldReason};
use jiff::Timestamp;
use protocol::id::{ImpairmentId, PartnerId};
use serde_json::{Value, json};

use crate::core::Core;
use crate::domain::impairment::{
    BUSY_LASTS, EndedBy, Impairment, ImpairmentState, Reason, Trouble,
};
use crate::service::{ids, targeting_pause};
use crate::store::audit::{self, Actor, Entry};
use crate::store::event;
use crate::store::impairment::{self, ImpairmentFilter};
use crate::store::targeting_pause::{self as pauses, PauseCount};

/// An impairment, and how many businesses it holds and held back.
#[derive(Clone, Debug)]
pub(crate) struct ImpairmentDetails {
    pub(crate) impairment: Impairment,
    pub(crate) businesses: PauseCount,
}

/// At most `limit` impairments, the newest first.
pub(crate) async fn list(
    core: &Core,
    filter: &ImpairmentFilter,
    limit: i64,
) -> Result<Vec<Impairment>, Error> {
    impairment::list(&mut core.db.reader(), filter, limit).await
}

/// One impairment.
pub(crate) async fn find(
    core: &Core,
    impairment_id: ImpairmentId,
) -> Result<Option<ImpairmentDetails>, Error> {
    let mut reader = core.db.reader();
    let Some(impairment) = impairment::find(&mut reader, impairment_id).await? else {
        return Ok(None);
    };
    let businesses = pauses::count(&mut reader, impairment_id).await?;
    Ok(Some(ImpairmentDetails {
        impairment,
        businesses,
    }))
}

/// Brings what is on record about the partner's endpoint in line with what the engine holds of it, in the transaction that
/// changed that. `by`: what ended the impairment, if it is over. It appends events, so little should come after it.
pub(crate) async fn follow<T: Tx>(
    tx: &mut T,
    core: &Core,
    partner_id: PartnerId,
    by: EndedBy,
    now: Timestamp,
) -> Result<(), Error> {
    let view = delivery::endpoint(tx, partner_id.into()).await?;
    let open = impairment::lock_open(tx, partner_id).await?;
    match (open, trouble(&view, now)) {
        (None, None) => Ok(()),
        (None, Some(trouble)) => begin(tx, core, partner_id, trouble, now).await,
        (Some(open), Some(trouble)) => go_on(tx, core, open, trouble.reason, now).await,
        (Some(open), None) => end(tx, core, open, by, now).await,
    }
}

/// Tells that the endpoint takes a kind of delivery no more.
pub(crate) async fn tell_kind_off<T: Tx>(
    tx: &mut T,
    core: &Core,
    partner_id: PartnerId,
    kind: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let content = json!({"partner_id": partner_id, "kind": kind});
    publish(tx, core, "endpoint.kind_off", &content, now).await
}

/// Tells of those whose wish for time has lasted by now; answers how many.
pub(crate) async fn tell_lasting(core: &Core, open: &[Impairment]) -> Result<u64, Error> {
    let now = core.clock.now();
    let untold = |one: &&Impairment| !one.is_told() && one.has_lasted(BUSY_LASTS, now);
    let mut told = 0;
    for impairment in open.iter().filter(untold) {
        let tell = TellLasting {
            core: core.clone(),
            impairment_id: impairment.impairment_id,
        };
        told += u64::from(core.db.write(tell).await?);
    }
    Ok(told)
}

/// What the engine's view of an endpoint comes to. A pause by hand is no trouble.
fn trouble(view: &EndpointView, now: Timestamp) -> Option<Trouble> {
    let since = view.hold.map_or(now, |hold| hold.since);
    if view.gone {
        let reason = Reason::Gone;
        return Some(Trouble { reason, since });
    }
    let reason = match view.hold?.reason {
        HoldReason::Failing => Reason::Failing,
        HoldReason::Credentials => Reason::Credentials,
        HoldReason::Busy => Reason::Busy,
    };
    Some(Trouble { reason, since })
}

async fn begin<T: Tx>(
    tx: &mut T,
    core: &Core,
    partner_id: PartnerId,
    trouble: Trouble,
    now: Timestamp,
) -> Result<(), Error> {
    let impairment_id = ids::next(&core.ids, ImpairmentId::from_i64);
    let begun = Impairment::begin(impairment_id, partner_id, trouble, now);
    impairment::insert(tx, &begun).await?;
    if begun.is_told() {
        tell(tx, core, &begun, now).await?;
    }
    Ok(())
}

async fn go_on<T: Tx>(
    tx: &mut T,
    core: &Core,
    open: Impairment,
    reason: Reason,
    now: Timestamp,
) -> Result<(), Error> {
    let goes_on = open.clone().go_on(reason, now);
    if goes_on == open {
        return Ok(());
    }
    impairment::save(tx, &goes_on).await?;
    if goes_on.told != open.told {
        tell(tx, core, &goes_on, now).await?;
    }
    Ok(())
}

async fn end<T: Tx>(
    tx: &mut T,
    core: &Core,
    open: Impairment,
    by: EndedBy,
    now: Timestamp,
) -> Result<(), Error> {
    let impairment_id = open.impairment_id;
    let Some(mut over) = open.end(by, now) else {
        return impairment::delete(tx, impairment_id).await;
    };
    // Everything is stored before the first event, whose lock others wait for.
    let freed = targeting_pause::free_some(tx, &mut over, now).await?;
    impairment::save(tx, &over).await?;
    tell(tx, core, &over, now).await?;
    targeting_pause::tell_freed(tx, core, &over, &freed, now).await
}

/// Tells what the impairment has come to.
async fn tell<T: Tx>(
    tx: &mut T,
    core: &Core,
    impairment: &Impairment,
    now: Timestamp,
) -> Result<(), Error> {
    let mut content = json!({
        "impairment_id": impairment.impairment_id,
        "partner_id": impairment.partner_id,
        "reason": impairment.reason.as_str(),
        "since": impairment.since.to_string(),
    });
    let kind = match impairment.state {
        ImpairmentState::Over { until, by } => {
            content["until"] = until.to_string().into();
            content["ended_by"] = by.as_str().into();
            "endpoint.recovered"
        }
        ImpairmentState::Open if impairment.reason == Reason::Gone => "endpoint.gone",
        ImpairmentState::Open => "endpoint.impaired",
    };
    publish(tx, core, kind, &content, now).await
}

async fn publish<T: Tx>(
    tx: &mut T,
    core: &Core,
    kind: &str,
    content: &Value,
    now: Timestamp,
) -> Result<(), Error> {
    let content = content.to_string();
    let entry = Entry {
        audit_id: core.ids.next_id(),
        kind,
        actor: Actor::Platform,
        business_id: None,
        detail: &content,
        at: now,
    };
    audit::record(tx, &entry).await?;
    event::append(tx, kind, None, &content, now).await?;
    Ok(())
}

struct TellLasting {
    core: Core,
    impairment_id: ImpairmentId,
}

impl Op for TellLasting {
    type Out = bool;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<bool, Error> {
        let now = self.core.clock.now();
        let Some(open) = impairment::lock(tx, self.impairment_id).await? else {
            return Ok(false);
        };
        if !open.is_open() || open.is_told() {
            return Ok(false);
        }
        let reason = open.reason;
        go_on(tx, &self.core, open, reason, now).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
