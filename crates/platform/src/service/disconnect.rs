//! The end of a client's connections to one business (protocol §2.4, D6): by the client, by the pro on the Services page,
//! or by the operator. Doing it again changes nothing and succeeds.

use database::{Op, Tx};
use protocol::id::{AccountId, BusinessId};
use thiserror::Error;

use crate::core::Core;
use crate::domain::business::Business;
use crate::domain::grant::RevocationReason;
use crate::service::ending;
use crate::store::audit::Actor;
use crate::store::{business, grant};

/// Who disconnects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disconnector {
    /// The client itself.
    Client,
    /// The pro who owns the business.
    Pro(AccountId),
    /// Who runs the platform.
    Operator,
}

/// Why nothing was done.
#[derive(Debug, Error)]
pub(crate) enum DisconnectError {
    /// There is no such business, or it is not the pro's.
    #[error("no business has this id")]
    UnknownBusiness,
    #[error("the connection could not be ended")]
    Database(#[from] database::Error),
}

/// Ends every code and token of this client and business, and the deliveries to the client's partner for it. In force for
/// all nodes when this returns.
pub(crate) async fn disconnect(
    core: &Core,
    by: Disconnector,
    client_id: &str,
    business_id: BusinessId,
) -> Result<(), DisconnectError> {
    let op = Disconnect {
        core: core.clone(),
        by,
        client_id: client_id.to_owned(),
        business_id,
    };
    core.db.write(op).await?;
    core.deliveries.wake();
    Ok(())
}

struct Disconnect {
    core: Core,
    by: Disconnector,
    client_id: String,
    business_id: BusinessId,
}

impl Op for Disconnect {
    type Out = ();
    type Error = DisconnectError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), DisconnectError> {
        let business = business::find(tx, self.business_id).await?;
        if !business.is_some_and(|business| self.is_allowed(&business)) {
            return Err(DisconnectError::UnknownBusiness);
        }
        let grants = grant::lock_unrevoked(tx, &self.client_id, self.business_id).await?;
        let now = self.core.clock.now();
        for grant in &grants {
            ending::end(tx, &self.core, grant, self.why(), now).await?;
        }
        Ok(())
    }
}

impl Disconnect {
    fn is_allowed(&self, business: &Business) -> bool {
        match self.by {
            Disconnector::Client | Disconnector::Operator => true,
            Disconnector::Pro(account_id) => business.account_id == Some(account_id),
        }
    }

    fn why(&self) -> (RevocationReason, Actor<'_>) {
        match self.by {
            Disconnector::Client => (
                RevocationReason::DisconnectedByClient,
                Actor::Client(&self.client_id),
            ),
            Disconnector::Pro(account_id) => {
                (RevocationReason::DisconnectedByPro, Actor::Pro(account_id))
            }
            Disconnector::Operator => (RevocationReason::DisconnectedByOperator, Actor::Operator),
        }
    }
}

#[cfg(test)]
mod tests;
