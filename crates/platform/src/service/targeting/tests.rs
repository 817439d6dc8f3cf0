//! Targeting on both databases: who may switch what, and that a test client switches nothing.

use database::on_both_databases;

use super::*;
use crate::service::disconnect::{Disconnector, disconnect};
use crate::testing::MIGRATIONS;
use crate::testing::market::Market;
use crate::testing::{OWN, TEST};

async fn client(market: &Market, client_id: &str) -> SwitchedBy {
    let pair = market.bench.connect(client_id).await;
    let access = access::check(&market.bench.core, &pair.access_token).await;
    SwitchedBy::Client(access.unwrap())
}

async fn off(
    market: &Market,
    by: SwitchedBy,
    category_id: Option<CategoryId>,
) -> Result<(), TargetingError> {
    let switch = Switch {
        business_id: market.bench.business_id,
        category_id,
        change: TargetingChange { enabled: false },
    };
    set(&market.bench.core, by, switch).await
}

/// The positions of the two switches.
async fn positions(market: &Market) -> (bool, bool) {
    let mut reader = market.bench.core.db.reader();
    let business_id = market.bench.business_id;
    let business = business::find(&mut reader, business_id)
        .await
        .unwrap()
        .unwrap();
    let categories = business::categories(&mut reader, business_id)
        .await
        .unwrap();
    (business.targeting, categories[0].targeting)
}

on_both_databases!(
    a_client_switches_the_business_and_its_categories,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let by = client(&market, OWN).await;
        off(&market, by.clone(), Some(market.category_id))
            .await
            .unwrap();
        assert_eq!(positions(&market).await, (true, false));
        off(&market, by.clone(), None).await.unwrap();
        assert_eq!(positions(&market).await, (false, false));
        assert_eq!(market.bench.audited(TARGETING_CHANGED).await, 2);
        assert_eq!(market.bench.published(TARGETING_CHANGED).await, 2);
        let refused = off(&market, by, CategoryId::from_i64(5)).await;
        assert!(matches!(refused, Err(TargetingError::UnknownCategory)));
    },
);

on_both_databases!(
    a_test_client_switches_nothing_and_is_told_what_is_wrong_all_the_same,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let by = client(&market, TEST).await;
        off(&market, by.clone(), None).await.unwrap();
        off(&market, by.clone(), Some(market.category_id))
            .await
            .unwrap();
        assert_eq!(positions(&market).await, (true, true));
        assert_eq!(market.bench.published(TARGETING_CHANGED).await, 0);
        let refused = off(&market, by, CategoryId::from_i64(5)).await;
        assert!(matches!(refused, Err(TargetingError::UnknownCategory)));
    },
);

on_both_databases!(
    a_disconnected_client_and_a_stranger_switch_nothing,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let by = client(&market, OWN).await;
        disconnect(
            &market.bench.core,
            Disconnector::Client,
            OWN,
            market.bench.business_id,
        )
        .await
        .unwrap();
        let refused = off(&market, by, None).await;
        assert!(matches!(
            refused,
            Err(TargetingError::Access(AccessError::Ended))
        ));
        let stranger = SwitchedBy::Pro(AccountId::from_i64(5).unwrap());
        let refused = off(&market, stranger, None).await;
        assert!(matches!(refused, Err(TargetingError::UnknownBusiness)));
        assert_eq!(positions(&market).await, (true, true));
        off(&market, SwitchedBy::Pro(market.bench.account_id), None)
            .await
            .unwrap();
        assert_eq!(positions(&market).await, (false, true));
    },
);
