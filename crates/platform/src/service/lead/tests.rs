//! Leads on both databases: one delivery for each receiver, all or nothing, and nothing while targeting is off.

use database::on_both_databases;
use protocol::new_lead::CategoryChoice;
use protocol::optional_fields::{OptionalField, OptionalFields};
use protocol::targeting::TargetingChange;
use serde_json::json;

use super::*;
use crate::domain::lead::LeadState;
use crate::service::idempotency::IdempotencyError;
use crate::service::targeting::{self, Switch, SwitchedBy};
use crate::testing::MIGRATIONS;
use crate::testing::market::{CATEGORY, Market};
use crate::testing::{OTHER, OWN, TEST};

fn told(lead: &Lead) -> Answer {
    Answer::json(201, &json!(lead))
}

async fn refusal(market: &Market, new: NewLead) -> CreateLeadError {
    match create(&market.bench.core, new, None, told).await {
        Err(OnceError::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

async fn switch(market: &Market, category_id: Option<protocol::id::CategoryId>, enabled: bool) {
    let switch = Switch {
        business_id: market.bench.business_id,
        category_id,
        change: TargetingChange { enabled },
    };
    targeting::set(&market.bench.core, SwitchedBy::Operator, switch)
        .await
        .unwrap();
}

on_both_databases!(
    every_receiver_is_sent_the_lead_once_and_with_what_it_asked_for,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        // Two connections of one partner, and a test client, make one receiver.
        for client_id in [OWN, OTHER, TEST] {
            market.bench.connect(client_id).await;
        }
        let fields = OptionalFields::default().without(OptionalField::Updates);
        let second = market.add_partner("second", fields).await;
        let lead_id = market.make_lead().await;
        let waiting = market.waiting().await;
        let partners: Vec<i64> = waiting.iter().map(|waiting| waiting.partner_id).collect();
        assert_eq!(partners, [market.bench.partner_id.get(), second.get()]);
        for waiting in &waiting {
            assert_eq!((waiting.kind.as_str(), waiting.sequence), ("lead", 1));
            assert_eq!(waiting.conversation, lead_id.get());
            assert_eq!(waiting.body["leadID"], json!(lead_id));
            assert_eq!(waiting.body["request"]["category"], CATEGORY);
        }
        assert_eq!(waiting[0].body["customer"]["phone"], "555-0100");
        assert_eq!(waiting[1].body["customer"].get("phone"), None);
    },
);

on_both_databases!(
    nobody_is_sent_what_happens_to_a_business_that_is_not_theirs,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        // Only offered, never exchanged.
        market.bench.offer(OWN).await;
        market.bench.connect(TEST).await;
        market.make_lead().await;
        assert!(market.waiting().await.is_empty());
    },
);

on_both_databases!(
    a_lead_is_refused_while_the_business_or_the_category_is_off,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        market.bench.connect(OWN).await;
        let category_id = Some(market.category_id);
        switch(&market, category_id, false).await;
        let refused = refusal(&market, market.new_lead()).await;
        assert!(matches!(
            refused,
            CreateLeadError::TargetingOff(TargetingOff::Category)
        ));
        switch(&market, None, false).await;
        let refused = refusal(&market, market.new_lead()).await;
        assert!(matches!(
            refused,
            CreateLeadError::TargetingOff(TargetingOff::Business)
        ));
        assert!(market.waiting().await.is_empty());
        switch(&market, category_id, true).await;
        switch(&market, None, true).await;
        market.make_lead().await;
        assert_eq!(market.waiting().await.len(), 1);
    },
);

on_both_databases!(
    a_lead_needs_a_business_and_one_of_its_categories,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let mut new = market.new_lead();
        new.category = CategoryChoice {
            name: Some("Gardening".to_owned()),
            id: None,
        };
        let refused = refusal(&market, new.clone()).await;
        assert!(matches!(refused, CreateLeadError::Category(_)));
        new.business_id = BusinessId::from_i64(5).unwrap();
        let refused = refusal(&market, new).await;
        assert!(matches!(refused, CreateLeadError::UnknownBusiness));
    },
);

on_both_databases!(
    the_same_request_under_a_key_makes_one_lead,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        market.bench.connect(OWN).await;
        let request = |body: &str| Some(KeyedRequest::new("operator", "key", body));
        let first = market.make_lead_under(request("a")).await;
        let again = market.make_lead_under(request("a")).await;
        assert_eq!(first, again);
        assert_eq!(market.waiting().await.len(), 1);
        let other = create(&market.bench.core, market.new_lead(), request("b"), told).await;
        assert!(matches!(
            other,
            Err(OnceError::Idempotency(IdempotencyError::OtherRequest))
        ));
    },
);

on_both_databases!(
    leads_are_found_listed_by_the_page_and_closed,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let core = &market.bench.core;
        let (first, second) = (market.make_lead().await, market.make_lead().await);
        assert_eq!(
            find(core, first).await.unwrap().lead.request.title,
            "A tap drips"
        );
        let ids = async |business_id, after| {
            let page = list(core, business_id, after, 10).await.unwrap();
            let ids = page.into_iter().map(|stored| stored.lead.lead_id);
            ids.collect::<Vec<_>>()
        };
        let (own, other) = (Some(market.bench.business_id), BusinessId::from_i64(5));
        assert_eq!(ids(None, 0).await, [first, second]);
        assert_eq!(ids(own, first.get()).await, [second]);
        assert!(ids(other, 0).await.is_empty());
        let closed = close(core, first).await.unwrap();
        market.bench.advance_microseconds(1);
        assert_eq!(close(core, first).await.unwrap().state, closed.state);
        assert!(matches!(
            find(core, first).await.unwrap().state,
            LeadState::Closed { .. }
        ));
        assert!(find(core, second).await.unwrap().is_open());
        let unknown = LeadId::from_i64(5).unwrap();
        assert!(matches!(
            find(core, unknown).await,
            Err(LeadError::UnknownLead)
        ));
        assert!(matches!(
            close(core, unknown).await,
            Err(LeadError::UnknownLead)
        ));
    },
);
