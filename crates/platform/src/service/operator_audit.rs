//! The audit lines of what the operator does.

use database::{Error, Tx};
use protocol::id::BusinessId;
use serde_json::Value;

use crate::core::Core;
use crate::store::audit::{self, Actor, Entry};

/// Records what the operator did, in the transaction of the work. `detail` is an object of ids and words.
pub(crate) async fn record<T: Tx>(
    tx: &mut T,
    core: &Core,
    kind: &str,
    business_id: Option<BusinessId>,
    detail: &Value,
) -> Result<(), Error> {
    let entry = Entry {
        audit_id: core.ids.next_id(),
        kind,
        actor: Actor::Operator,
        business_id,
        detail: &detail.to_string(),
        at: core.clock.now(),
    };
    audit::record(tx, &entry).await
}
