//! What a pro sees on the Services page (protocol §2.4): businesses, their targeting, connected partners.
//!
//! What a pro does there is in `targeting.rs` and `disconnect.rs`.

use jiff::Timestamp;
use protocol::id::AccountId;
use protocol::scope::Scopes;

use crate::core::Core;
use crate::domain::business::{Business, BusinessCategory};
use crate::store::connection::Connection;
use crate::store::targeting_pause::{self, OwnPause};
use crate::store::{business, connection, partner};

/// A business as its owner sees it.
#[derive(Clone, Debug)]
pub(crate) struct OwnBusiness {
    pub(crate) business: Business,
    pub(crate) categories: Vec<BusinessCategory>,
    pub(crate) partners: Vec<ConnectedPartner>,
    /// What holds its targeting back.
    pub(crate) pause: Option<OwnPause>,
}

/// A partner's client that is connected to a business. A test client may be so several times, and is shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectedPartner {
    pub(crate) client_id: String,
    pub(crate) name: String,
    /// `production` or `test`.
    pub(crate) kind: String,
    pub(crate) scopes: Scopes,
    pub(crate) since: Timestamp,
}

/// All businesses of a pro.
pub(crate) async fn overview(
    core: &Core,
    account_id: AccountId,
) -> Result<Vec<OwnBusiness>, database::Error> {
    let mut reader = core.db.reader();
    let connections = connection::of_account(&mut reader, account_id).await?;
    let mut pauses = targeting_pause::of_account(&mut reader, account_id).await?;
    let mut overview = Vec::new();
    for business in business::of_account(&mut reader, account_id).await? {
        let own = |connection: &&Connection| connection.business_id == business.business_id;
        let mut partners: Vec<ConnectedPartner> = Vec::new();
        for connection in connections.iter().filter(own) {
            let same = |partner: &ConnectedPartner| partner.client_id == connection.client_id;
            if !partners.iter().any(same) {
                partners.push(connected_partner(core, connection).await?);
            }
        }
        let own = |pause: &OwnPause| pause.business_id == business.business_id;
        let pause = pauses.iter().position(own);
        overview.push(OwnBusiness {
            pause: pause.map(|at| pauses.swap_remove(at)),
            categories: business::categories(&mut reader, business.business_id).await?,
            business,
            partners,
        });
    }
    Ok(overview)
}

async fn connected_partner(
    core: &Core,
    connection: &Connection,
) -> Result<ConnectedPartner, database::Error> {
    let partner = partner::find(&mut core.db.reader(), connection.partner_id).await?;
    Ok(ConnectedPartner {
        client_id: connection.client_id.clone(),
        name: partner.map(|partner| partner.name).unwrap_or_default(),
        kind: connection.kind.clone(),
        scopes: connection.scopes.clone(),
        since: connection.connected_at,
    })
}

#[cfg(test)]
mod tests;
