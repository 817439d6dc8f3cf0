//! The end of a grant, whoever wants it: by disconnecting, by revoking a token, because a code or token was abused, or
//! because another connection takes its place.
//!
//! It takes effect with the commit (D6): no node accepts a token afterwards, because every check reads the grant, and no
//! delivery starts, because what was waiting is cancelled in the same transaction.

use database::{Error, Tx};
use delivery::{Called, EndpointId};
use jiff::Timestamp;

use crate::core::Core;
use crate::domain::client::ClientKind;
use crate::domain::grant::{Grant, RevocationReason};
use crate::service::security_record::{GrantRecord, publish};
use crate::store::audit::Actor;
use crate::store::{grant, partner, refresh_token};

/// Ends a grant that the caller has locked, and that is not ended yet. Wake the delivery engine after the commit.
pub(crate) async fn end<T: Tx>(
    tx: &mut T,
    core: &Core,
    ended: &Grant,
    (reason, actor): (RevocationReason, Actor<'_>),
    now: Timestamp,
) -> Result<(), Error> {
    grant::revoke(tx, ended.grant_id, reason, now).await?;
    refresh_token::delete_of_grant(tx, ended.grant_id).await?;
    if !ended.is_live() {
        // Nobody ever knew of it but the browser that carried its code.
        return Ok(());
    }
    let record = GrantRecord {
        kind: "connection.ended",
        actor,
        grant_id: ended.grant_id,
        business_id: ended.business_id,
        reason: Some(reason.as_str()),
    };
    publish(tx, core, record, ended, now).await?;
    // From here on endings wait for each other, because events do. Of two clients of a partner that disconnect at once the
    // later sees that the other is gone; neither has to lock the other's grant, while it holds its own.
    if ended.kind == ClientKind::Production && !still_receives(tx, ended).await? {
        let endpoint = EndpointId::from(ended.partner_id);
        let called = Called::Business(ended.business_id);
        delivery::cancel(tx, endpoint, called, "the business disconnected", now).await?;
    }
    Ok(())
}

/// Whether the partner is told of the business's leads for another reason: another client's connection, or API v1.
async fn still_receives<T: Tx>(tx: &mut T, ended: &Grant) -> Result<bool, Error> {
    let (partner_id, business_id) = (ended.partner_id, ended.business_id);
    if grant::has_live_of_partner(tx, partner_id, business_id).await? {
        return Ok(true);
    }
    partner::is_enabled(tx, partner_id, business_id).await
}
