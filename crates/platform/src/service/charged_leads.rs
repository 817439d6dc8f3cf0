//! Leads that were charged during an outage of a partner's endpoint and did not come in time: candidates for a refund (the
//! Terms' "API impairment").

use database::Error;
use jiff::Timestamp;
use protocol::id::ImpairmentId;

use crate::core::Core;
use crate::domain::impairment::{Impairment, ImpairmentState};
use crate::store::charged_lead::{self, ChargedLead, Outage};
use crate::store::impairment;

/// A part of the list.
#[derive(Clone, Debug)]
pub(crate) struct ChargedLeads {
    pub(crate) leads: Vec<ChargedLead>,
    /// Whether the history of deliveries still holds all of the outage. What was trimmed is missing.
    pub(crate) is_complete: bool,
}

/// At most `limit` leads of the impairment with ids greater than `after`, in order of id. Nothing if there is no such
/// impairment.
pub(crate) async fn list(
    core: &Core,
    impairment_id: ImpairmentId,
    after: i64,
    limit: i64,
) -> Result<Option<ChargedLeads>, Error> {
    let found = impairment::find(&mut core.db.reader(), impairment_id).await?;
    let Some(impairment) = found else {
        return Ok(None);
    };
    let outage = outage(&impairment);
    let leads = charged_lead::list(&mut core.db.scanner(), &outage, after, limit).await?;
    let kept = core.settings.delivery_history.finished;
    let kept_since = core.clock.now().saturating_sub(kept).unwrap_or_default();
    Ok(Some(ChargedLeads {
        leads,
        is_complete: outage.since >= kept_since,
    }))
}

fn outage(impairment: &Impairment) -> Outage {
    let until = match impairment.state {
        ImpairmentState::Open => None,
        ImpairmentState::Over { until, .. } => Some(until),
    };
    Outage {
        partner_id: impairment.partner_id,
        since: impairment.since,
        until: until.map(stored),
    }
}

/// As it is stored with deliveries: to the microsecond.
fn stored(moment: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(moment.as_microsecond()).unwrap_or(moment)
}
