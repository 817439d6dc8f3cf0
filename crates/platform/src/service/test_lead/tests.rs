//! Test data on both databases: what the source's next step needs is there, and nobody else is bothered.

use database::on_both_databases;
use protocol::message::MessageText;

use super::*;
use crate::service::pro_message::{self, NewProMessage, Sender};
use crate::service::targeting::{self, Switch, SwitchedBy};
use crate::testing::MIGRATIONS;
use crate::testing::OWN;
use crate::testing::market::{CATEGORY, Market};
use protocol::targeting::TargetingChange;

async fn reply(market: &Market, partner_id: PartnerId, lead: &Lead) {
    let new = NewProMessage {
        business_id: lead.business.business_id,
        lead_id: lead.lead_id,
        text: MessageText::parse("Got it").unwrap(),
    };
    let sent = pro_message::send(&market.bench.core, Sender::Partner(partner_id), new, None).await;
    sent.unwrap();
}

on_both_databases!(
    a_dummy_business_and_lead_are_made_sent_and_can_be_replied_to,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let partner_id = market.bench.partner_id;
        let lead = create(&market.bench.core, partner_id, None).await.unwrap();
        assert_eq!(lead.business.name, test_data::BUSINESS_NAME);
        assert!(lead.price.is_some());
        let waiting = market.waiting().await;
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].body, serde_json::json!(lead));
        reply(&market, partner_id, &lead).await;
        let again = create(&market.bench.core, partner_id, None).await.unwrap();
        assert_ne!(again.business.business_id, lead.business.business_id);
        assert_eq!(again.request.category_id, lead.request.category_id);
    },
);

on_both_databases!(
    any_business_can_be_given_whatever_its_targeting_and_only_the_caller_is_sent_the_lead,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        market.bench.connect(OWN).await;
        let switch = Switch {
            business_id: market.bench.business_id,
            category_id: None,
            change: TargetingChange { enabled: false },
        };
        targeting::set(&market.bench.core, SwitchedBy::Operator, switch)
            .await
            .unwrap();
        let caller = market.add_partner("caller", OptionalFields::ALL).await;
        let given = Some(market.bench.business_id);
        let lead = create(&market.bench.core, caller, given).await.unwrap();
        assert_eq!(lead.business.business_id, market.bench.business_id);
        assert_eq!(lead.request.category, CATEGORY);
        assert_eq!(market.kinds_for(caller).await, ["lead"]);
        assert!(market.kinds_for(market.bench.partner_id).await.is_empty());
        reply(&market, caller, &lead).await;
        let unknown = create(&market.bench.core, caller, BusinessId::from_i64(5)).await;
        assert!(matches!(unknown, Err(TestLeadError::UnknownBusiness)));
    },
);
