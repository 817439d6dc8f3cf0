//! What becomes of the grants that stand when a pro connects the same business to the same client again (D3).

use thiserror::Error;

use crate::domain::client::{Client, ClientKind};
use crate::domain::grant::{Grant, GrantState, RevocationReason};

/// A connection stands that must be ended by the pro or the partner first.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the business is connected already")]
pub(crate) struct AlreadyConnected;

/// Why this grant makes way for a new one of the same client and business; `None`: it stays beside it.
/// `is_usable` says whether its client still has a token to come back with.
pub(crate) fn make_way(
    grant: &Grant,
    client: &Client,
    is_usable: bool,
) -> Result<Option<RevocationReason>, AlreadyConnected> {
    if client.kind == ClientKind::Test {
        return Ok(None);
    }
    match &grant.state {
        GrantState::Revoked => Ok(None),
        GrantState::Offered(_) => Ok(Some(RevocationReason::Superseded)),
        GrantState::Live { .. } if client.reconnect_replaces => {
            Ok(Some(RevocationReason::Replaced))
        }
        GrantState::Live { .. } if !is_usable => Ok(Some(RevocationReason::Expired)),
        GrantState::Live { .. } => Err(AlreadyConnected),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use protocol::id::{AccountId, BusinessId, PartnerId};
    use protocol::scope::Scopes;

    use super::*;
    use crate::domain::client::{ClientProfile, ReusePolicy};
    use crate::domain::grant::{CodeOffer, GrantId};
    use crate::domain::redirect_uri::Redirect;

    fn client(kind: ClientKind, reconnect_replaces: bool) -> Client {
        Client {
            client_id: "acme".to_owned(),
            partner_id: PartnerId::from_i64(1).unwrap(),
            kind,
            redirect_uris: Vec::new(),
            scopes: Scopes::all(),
            profile: ClientProfile::Strict,
            reuse_policy: ReusePolicy::Deny,
            reconnect_replaces,
            limit: None,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn grant(state: GrantState) -> Grant {
        Grant {
            grant_id: GrantId::from_i64(1).unwrap(),
            code_hash: String::new(),
            client_id: "acme".to_owned(),
            partner_id: PartnerId::from_i64(1).unwrap(),
            kind: ClientKind::Production,
            business_id: BusinessId::from_i64(2).unwrap(),
            account_id: AccountId::from_i64(3).unwrap(),
            scopes: Scopes::all(),
            created_at: Timestamp::UNIX_EPOCH,
            state,
        }
    }

    #[test]
    fn a_usable_connection_of_a_production_client_stands() {
        let offered = grant(GrantState::Offered(CodeOffer {
            redirect: Redirect::default(),
            code_challenge: None,
            expires_at: Timestamp::UNIX_EPOCH,
        }));
        let live = grant(GrantState::Live {
            exchanged_at: Timestamp::UNIX_EPOCH,
        });
        let strict = client(ClientKind::Production, false);
        let replacing = client(ClientKind::Production, true);
        let test = client(ClientKind::Test, false);
        for (grant, client, is_usable, expected) in [
            (
                &offered,
                &strict,
                false,
                Ok(Some(RevocationReason::Superseded)),
            ),
            (&live, &strict, true, Err(AlreadyConnected)),
            (&live, &strict, false, Ok(Some(RevocationReason::Expired))),
            (
                &live,
                &replacing,
                true,
                Ok(Some(RevocationReason::Replaced)),
            ),
            (&live, &test, true, Ok(None)),
            (&offered, &test, false, Ok(None)),
            (&grant(GrantState::Revoked), &strict, true, Ok(None)),
        ] {
            assert_eq!(
                make_way(grant, client, is_usable),
                expected,
                "{:?}",
                grant.state
            );
        }
    }
}
