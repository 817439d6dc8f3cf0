//! Enabling a business for a partner without OAuth (protocol §8.6), and ending that.

use database::{Op, Tx};
use delivery::Called;
use protocol::id::{BusinessId, PartnerId};
use serde_json::json;
use thiserror::Error;

use crate::core::Core;
use crate::service::operator_audit;
use crate::store::partner::EnabledBusiness;
use crate::store::{business, grant, partner};

/// Why an enablement was not changed or listed.
#[derive(Debug, Error)]
pub(crate) enum EnablementError {
    /// Nobody has the partner's id.
    #[error("no partner has this id")]
    UnknownPartner,
    /// Nothing has the business's id.
    #[error("no business has this id")]
    UnknownBusiness,
    /// The database.
    #[error("the enablement could not be read or stored")]
    Database(#[from] database::Error),
}

/// Lets the partner act for the business with its user name and password, and sends it what happens there. Nothing
/// changes if it may already.
pub(crate) async fn enable(
    core: &Core,
    partner_id: PartnerId,
    business_id: BusinessId,
) -> Result<(), EnablementError> {
    let op = Enable(Change {
        core: core.clone(),
        partner_id,
        business_id,
    });
    core.db.write(op).await
}

/// Ends that. What is on its way to the partner for the business is called off, unless a connection of the partner
/// still stands there.
pub(crate) async fn disable(
    core: &Core,
    partner_id: PartnerId,
    business_id: BusinessId,
) -> Result<(), EnablementError> {
    let op = Disable(Change {
        core: core.clone(),
        partner_id,
        business_id,
    });
    core.db.write(op).await?;
    core.deliveries.wake();
    Ok(())
}

/// At most `limit` businesses that are enabled for the partner, after the one with the id `after`.
pub(crate) async fn list(
    core: &Core,
    partner_id: PartnerId,
    after: i64,
    limit: i64,
) -> Result<Vec<EnabledBusiness>, EnablementError> {
    let mut reader = core.db.reader();
    if partner::find(&mut reader, partner_id).await?.is_none() {
        return Err(EnablementError::UnknownPartner);
    }
    Ok(partner::enabled_businesses(&mut reader, partner_id, after, limit).await?)
}

struct Change {
    core: Core,
    partner_id: PartnerId,
    business_id: BusinessId,
}

impl Change {
    async fn check<T: Tx>(&self, tx: &mut T) -> Result<(), EnablementError> {
        if partner::find(tx, self.partner_id).await?.is_none() {
            return Err(EnablementError::UnknownPartner);
        }
        if business::find(tx, self.business_id).await?.is_none() {
            return Err(EnablementError::UnknownBusiness);
        }
        Ok(())
    }

    async fn audit<T: Tx>(&self, tx: &mut T, kind: &str) -> Result<(), database::Error> {
        let detail = json!({"partner_id": self.partner_id});
        operator_audit::record(tx, &self.core, kind, Some(self.business_id), &detail).await
    }
}

struct Enable(Change);

impl Op for Enable {
    type Out = ();
    type Error = EnablementError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), EnablementError> {
        let Self(change) = self;
        change.check(tx).await?;
        let now = change.core.clock.now();
        if partner::enable(tx, change.partner_id, change.business_id, now).await? {
            change.audit(tx, "business.enabled").await?;
        }
        Ok(())
    }
}

struct Disable(Change);

impl Op for Disable {
    type Out = ();
    type Error = EnablementError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), EnablementError> {
        let Self(change) = self;
        change.check(tx).await?;
        let (partner_id, business_id) = (change.partner_id, change.business_id);
        // Whoever is sending to the partner holds the row; its deletion waits for them, so they are called off as well.
        if !partner::disable(tx, partner_id, business_id).await? {
            return Ok(());
        }
        if !grant::hold_live_of_partner(tx, partner_id, business_id).await? {
            let (called, now) = (Called::Business(business_id), change.core.clock.now());
            delivery::cancel(tx, partner_id.into(), called, "enablement ended", now).await?;
        }
        change.audit(tx, "business.disabled").await?;
        Ok(())
    }
}
