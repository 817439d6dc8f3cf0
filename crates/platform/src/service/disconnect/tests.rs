//! Disconnecting on both databases: at once, for good, again without harm, and against racing refreshes.

use std::sync::Arc;

use database::on_both_databases;
use tokio::task::JoinSet;

use super::*;
use crate::domain::grant::CodeRefusal;
use crate::schema::MIGRATIONS;
use crate::service::access::{self, AccessError};
use crate::testing::{Bench, OTHER, OWN, TEST};

async fn end(bench: &Bench, by: Disconnector, client_id: &str) -> Result<(), DisconnectError> {
    disconnect(&bench.core, by, client_id, bench.business_id).await
}

on_both_databases!(
    every_code_and_token_of_the_client_and_business_ends_and_no_others,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let (own, other, test) = (
            bench.connect(OWN).await,
            bench.connect(OTHER).await,
            bench.connect(TEST).await,
        );
        let code = bench.offer(TEST).await;
        for _ in 0..2 {
            end(&bench, Disconnector::Client, OWN).await.unwrap();
            end(&bench, Disconnector::Client, TEST).await.unwrap();
        }
        for pair in [&own, &test] {
            let checked = access::check(&bench.core, &pair.access_token).await;
            assert!(matches!(checked, Err(AccessError::Ended)));
        }
        assert!(bench.refresh(OWN, &own.refresh_token).await.is_err());
        assert_eq!(
            bench.exchange(TEST, &code).await.unwrap_err(),
            CodeRefusal::Revoked
        );
        assert!(
            access::check(&bench.core, &other.access_token)
                .await
                .is_ok()
        );
        assert_eq!(bench.published("connection.ended").await, 2);
        // A reconnect makes new tokens, and old ones stay dead.
        let again = bench.connect(OWN).await;
        assert!(
            access::check(&bench.core, &again.access_token)
                .await
                .is_ok()
        );
        assert!(access::check(&bench.core, &own.access_token).await.is_err());
    },
);

on_both_databases!(
    only_the_owner_disconnects_as_a_pro_and_only_businesses_that_exist,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let pair = bench.connect(OWN).await;
        let stranger = AccountId::from_i64(1).unwrap();
        let refused = end(&bench, Disconnector::Pro(stranger), OWN).await;
        assert!(matches!(refused, Err(DisconnectError::UnknownBusiness)));
        let nowhere = BusinessId::from_i64(1).unwrap();
        let refused = disconnect(&bench.core, Disconnector::Client, OWN, nowhere).await;
        assert!(matches!(refused, Err(DisconnectError::UnknownBusiness)));
        assert!(access::check(&bench.core, &pair.access_token).await.is_ok());
        let owner = Disconnector::Pro(bench.account_id);
        end(&bench, owner, OWN).await.unwrap();
        assert!(
            access::check(&bench.core, &pair.access_token)
                .await
                .is_err()
        );
    },
);

on_both_databases!(
    whatever_a_racing_refresh_gave_is_dead_after_the_disconnect,
    MIGRATIONS,
    |db| async move {
        let bench = Arc::new(Bench::new(&db).await);
        for _ in 0..4 {
            let pair = bench.connect(OWN).await;
            let mut callers = JoinSet::new();
            for number in 0..17 {
                let (bench, old) = (Arc::clone(&bench), pair.refresh_token.clone());
                callers.spawn(async move {
                    if number == 8 {
                        end(&bench, Disconnector::Client, OWN).await.unwrap();
                        return None;
                    }
                    bench.refresh(OWN, &old).await.ok()
                });
            }
            for given in callers.join_all().await.into_iter().flatten() {
                assert!(
                    access::check(&bench.core, &given.access_token)
                        .await
                        .is_err()
                );
                assert!(bench.refresh(OWN, &given.refresh_token).await.is_err());
            }
            let tokens = bench.count("SELECT count(*) AS total FROM refresh_token", &[]);
            assert_eq!(tokens.await, 0);
        }
    },
);
