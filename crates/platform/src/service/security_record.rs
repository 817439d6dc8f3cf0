//! What the audit and the event feed are told of clients and their grants, in one shape.

use database::{Error, Tx};
use jiff::Timestamp;
use protocol::id::BusinessId;
use serde_json::json;

use crate::core::Core;
use crate::domain::grant::{Grant, GrantId};
use crate::store::audit::{self, Actor, Entry};
use crate::store::event;

/// A grant was made or ended, or somebody tried what is not theirs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrantRecord<'a> {
    /// Such as `connection.made`.
    pub(crate) kind: &'a str,
    pub(crate) actor: Actor<'a>,
    pub(crate) grant_id: GrantId,
    pub(crate) business_id: BusinessId,
    /// A word that says why, where there is a reason.
    pub(crate) reason: Option<&'a str>,
}

/// Writes it into the audit.
pub(crate) async fn audit<T: Tx>(
    tx: &mut T,
    core: &Core,
    record: GrantRecord<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let detail = json!({"grant_id": record.grant_id.get().to_string(), "reason": record.reason});
    let entry = Entry {
        audit_id: core.ids.next_id(),
        kind: record.kind,
        actor: record.actor,
        business_id: Some(record.business_id),
        detail: &detail.to_string(),
        at: now,
    };
    audit::record(tx, &entry).await
}

/// Writes it into the audit and tells the marketplace. The last thing that an operation does (`store::event`).
pub(crate) async fn publish<T: Tx>(
    tx: &mut T,
    core: &Core,
    record: GrantRecord<'_>,
    grant: &Grant,
    now: Timestamp,
) -> Result<(), Error> {
    audit(tx, core, record, now).await?;
    let content = json!({
        "businessID": grant.business_id,
        "client_id": grant.client_id,
        "client_kind": grant.kind.as_str(),
        "partner_id": grant.partner_id,
        "scope": grant.scopes,
        "reason": record.reason,
    });
    event::append(
        tx,
        record.kind,
        Some(grant.business_id),
        &content.to_string(),
        now,
    )
    .await?;
    Ok(())
}
