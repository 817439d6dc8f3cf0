//! Whether a partner may act for a business with its user name and password (API v1).

use database::{Error, Tx, params};
use protocol::id::{BusinessId, PartnerId};

database::statements! {
    /// Kept from being ended until the end of the transaction, so that a disconnect takes effect at once (D6). The lock is
    /// one that others queue for: behind shared ones, which overlap without end, a disconnect would never get its turn.
    LOCK_CONNECTIONS = for_update "SELECT grant_id FROM oauth_grant
        WHERE business_id = $2 AND partner_id = $1 AND kind = 'production'
        AND code_used_at_us IS NOT NULL AND revoked_at_us IS NULL ORDER BY grant_id";
    /// Kept in the same way. Connections are locked before enablements everywhere.
    LOCK_ENABLEMENT = for_update "SELECT business_id FROM partner_business
        WHERE partner_id = $1 AND business_id = $2";
    /// By way of the partner's clients, whose grants for a business an index finds.
    FIND_ENDED_CONNECTION = "SELECT oauth_grant.grant_id FROM client
        JOIN oauth_grant ON oauth_grant.client_id = client.client_id AND oauth_grant.business_id = $2
        WHERE client.partner_id = $1 AND oauth_grant.kind = 'production'
        AND oauth_grant.code_used_at_us IS NOT NULL LIMIT 1";
}

/// How a partner stands to a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartnerAccess {
    /// By an enablement, or by a connection of one of its production clients.
    Open,
    /// It was connected once, and is not any more.
    Ended,
    /// It has nothing to do with it, or there is no such business.
    None,
}

/// How the partner stands to the business; what is open stays so until the end of the transaction.
pub(crate) async fn hold<T: Tx>(
    tx: &mut T,
    partner_id: PartnerId,
    business_id: BusinessId,
) -> Result<PartnerAccess, Error> {
    let statements = [
        (LOCK_CONNECTIONS, PartnerAccess::Open),
        (LOCK_ENABLEMENT, PartnerAccess::Open),
        (FIND_ENDED_CONNECTION, PartnerAccess::Ended),
    ];
    for (statement, access) in statements {
        let rows = tx
            .query(statement, params![partner_id.get(), business_id.get()])
            .await?;
        if !rows.is_empty() {
            return Ok(access);
        }
    }
    Ok(PartnerAccess::None)
}
