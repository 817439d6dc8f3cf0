//! What follows a lead, on both databases: messages, prices and reviews, in the order in which they were made.

use database::{on_both_databases, params};
use protocol::lead::Charge;
use protocol::lead_update::PriceChange;
use protocol::optional_fields::{OptionalField, OptionalFields};
use protocol::price::Price;
use protocol::review::NewReview;
use serde_json::{Value, json};

use super::*;
use crate::service::{lead as leads, price, review};
use crate::testing::MIGRATIONS;
use crate::testing::market::Market;
use crate::testing::{OTHER, OWN};

async fn write(
    market: &Market,
    lead_id: LeadId,
    body: Value,
) -> Result<Answer, OnceError<LeadError>> {
    let new = NewMessage::parse(&body).unwrap();
    let told = |message: &CustomerMessage| Answer::json(201, &json!(message));
    create(&market.bench.core, lead_id, new, None, told).await
}

async fn set_price(market: &Market, lead_id: LeadId, price: Value) {
    let change = PriceChange::parse(&json!({ "leadPrice": price })).unwrap();
    let told = |update: &_| Answer::json(200, &json!(update));
    let set = price::set(&market.bench.core, lead_id, change, None, told).await;
    assert_eq!(set.unwrap().status, 200);
}

async fn judge(market: &Market, lead_id: LeadId) {
    let new = NewReview::parse(&json!({"rating": 4, "text": "Good"})).unwrap();
    let told = |event: &_| Answer::json(201, &json!(event));
    let created = review::create(&market.bench.core, lead_id, new, None, told).await;
    assert_eq!(created.unwrap().status, 201);
}

on_both_databases!(
    what_follows_a_lead_waits_behind_it_in_the_order_made,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        market.bench.connect(OWN).await;
        let lead_id = market.make_lead().await;
        write(&market, lead_id, json!({"text": "Hello?"}))
            .await
            .unwrap();
        set_price(&market, lead_id, json!("$26.00")).await;
        judge(&market, lead_id).await;
        write(&market, lead_id, json!({"text": "Thanks"}))
            .await
            .unwrap();
        let waiting = market.waiting().await;
        let order: Vec<_> = waiting
            .iter()
            .map(|waiting| (waiting.sequence, waiting.kind.as_str()))
            .collect();
        let expected = [
            (1, "lead"),
            (2, "message"),
            (3, "lead_update"),
            (4, "review"),
            (5, "message"),
        ];
        assert_eq!(order, expected);
        assert!(
            waiting
                .iter()
                .all(|waiting| waiting.conversation == lead_id.get())
        );
        assert_eq!(waiting[1].body["message"]["text"], "Hello?");
        assert_eq!(
            waiting[1].body["customerID"],
            waiting[0].body["customer"]["customerID"]
        );
        let update = json!({"leadID": lead_id, "leadPrice": "$26.00", "chargeState": "Charged"});
        assert_eq!(waiting[2].body, update);
        assert_eq!(waiting[3].body["review"]["rating"], "4");
        assert_eq!(
            waiting[3].body["review"]["categoryID"],
            json!(market.category_id)
        );
        let reviews = "SELECT count(*) AS total FROM review WHERE lead_id = $1";
        assert_eq!(market.bench.count(reviews, params![lead_id.get()]).await, 1);
    },
);

on_both_databases!(
    updates_reviews_and_attachments_go_to_those_who_asked_for_them,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let least = market.add_partner("least", OptionalFields::NONE).await;
        let updates = OptionalFields::NONE.with(OptionalField::Updates);
        let updated = market.add_partner("updated", updates).await;
        let reviews = OptionalFields::NONE.with(OptionalField::Reviews);
        let judged = market.add_partner("judged", reviews).await;
        let lead_id = market.make_lead().await;
        let file = json!({"fileName": "a.jpg", "fileSize": 5, "mimeType": "image/jpeg", "url": "https://files.example/a"});
        write(
            &market,
            lead_id,
            json!({"text": "See", "attachments": [file]}),
        )
        .await
        .unwrap();
        set_price(&market, lead_id, json!("$26.00")).await;
        judge(&market, lead_id).await;
        assert_eq!(market.kinds_for(least).await, ["lead", "message"]);
        assert_eq!(
            market.kinds_for(updated).await,
            ["lead", "message", "lead_update"]
        );
        assert_eq!(
            market.kinds_for(judged).await,
            ["lead", "message", "review"]
        );
        let waiting = market.waiting().await;
        let messages = waiting.iter().filter(|waiting| waiting.kind == "message");
        assert!(
            messages
                .clone()
                .all(|waiting| waiting.body["message"].get("attachments").is_none())
        );
        let lines = list(&market.bench.core, lead_id, 0, 10).await.unwrap();
        assert_eq!(
            lines[0]
                .attachments
                .as_ref()
                .map(|files| files[0]["fileName"].clone()),
            Some(json!("a.jpg"))
        );
    },
);

on_both_databases!(
    a_partner_that_connects_late_gets_messages_without_the_lead,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let lead_id = market.make_lead().await;
        market.bench.connect(OTHER).await;
        write(&market, lead_id, json!({"text": "Hello?"}))
            .await
            .unwrap();
        assert_eq!(market.kinds_for(market.bench.partner_id).await, ["message"]);
    },
);

on_both_databases!(
    a_price_is_kept_with_the_lead_and_taken_back,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let lead_id = market.make_lead().await;
        let charge = async || {
            leads::find(&market.bench.core, lead_id)
                .await
                .unwrap()
                .lead
                .charge
        };
        assert_eq!(charge().await, Some(Charge::Unpriced));
        set_price(&market, lead_id, json!("$26.00")).await;
        assert_eq!(
            charge().await,
            Some(Charge::charged(Price::from_cents(2_600)))
        );
        set_price(&market, lead_id, json!(null)).await;
        assert_eq!(charge().await, Some(Charge::Unpriced));
    },
);

on_both_databases!(
    nothing_follows_a_lead_that_does_not_exist,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let unknown = LeadId::from_i64(5).unwrap();
        let written = write(&market, unknown, json!({"text": "Hello?"})).await;
        assert!(matches!(
            written,
            Err(OnceError::Refused(LeadError::UnknownLead))
        ));
        let listed = list(&market.bench.core, unknown, 0, 10).await;
        assert!(matches!(listed, Err(LeadError::UnknownLead)));
    },
);
