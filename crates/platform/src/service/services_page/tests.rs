//! The overview on both databases.

use database::on_both_databases;

use super::*;
use crate::schema::MIGRATIONS;
use crate::service::disconnect::{Disconnector, disconnect};
use crate::testing::{Bench, OTHER, OWN, TEST};

async fn connected(bench: &Bench) -> Vec<String> {
    let overview = overview(&bench.core, bench.account_id).await.unwrap();
    assert_eq!(overview.len(), 1);
    let partners = overview.into_iter().flat_map(|own| own.partners);
    partners.map(|partner| partner.client_id).collect()
}

on_both_databases!(
    what_stands_is_shown_once_and_what_ended_is_not,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        bench.offer(OTHER).await;
        assert!(connected(&bench).await.is_empty());
        for client_id in [OWN, TEST, TEST] {
            bench.connect(client_id).await;
        }
        assert_eq!(connected(&bench).await, [OWN, TEST]);
        let pro = Disconnector::Pro(bench.account_id);
        disconnect(&bench.core, pro, OWN, bench.business_id)
            .await
            .unwrap();
        assert_eq!(connected(&bench).await, [TEST]);
        let nobody = AccountId::from_i64(1).unwrap();
        assert!(overview(&bench.core, nobody).await.unwrap().is_empty());
    }
);
