//! What the gateway tells whatever the order of arrival (protocol §5): each thing once, a lead before all that belongs to
//! it, the newest price last.

use protocol::fixtures;
use serde_json::{Value, json};
use testkit::world::Engine;

use crate::crm::{Crm, kinds, text};

on_both_databases![
    what_arrives_twice_is_told_once,
    a_message_before_its_lead_is_told_after_it,
    a_message_whose_lead_does_not_come_is_told_alone,
    a_price_before_its_lead_is_told_after_it,
    an_older_price_that_comes_late_is_not_told,
    another_body_under_one_id_is_told_as_a_revision,
];

fn about(sample: &str, lead_id: &str) -> String {
    let mut body: Value = serde_json::from_str(sample).expect("the sample is JSON");
    body["leadID"] = lead_id.into();
    body.to_string()
}

fn lead_id(sample: &str) -> String {
    let body: Value = serde_json::from_str(sample).expect("the sample is JSON");
    text(&body["leadID"])
}

async fn what_arrives_twice_is_told_once(engine: Engine) {
    let crm = Crm::start(engine).await;
    let sender = crm.sender();
    let lead = lead_id(fixtures::LEAD);
    let update = about(fixtures::LEAD_UPDATE, &lead);
    for _ in 0..3 {
        sender.lead(fixtures::LEAD).await.expect_status(200);
        sender.message(fixtures::MESSAGE).await.expect_status(200);
        sender.update(&update).await.expect_status(200);
        sender.review(fixtures::REVIEW).await.expect_status(200);
    }
    // The review is about another lead, so it may come at any time.
    let mut kinds = crm.kinds().await;
    kinds.retain(|kind| kind != "review.received");
    assert_eq!(kinds, ["lead.received", "message.received", "lead.updated"]);
    assert_eq!(crm.deliveries("").await.len(), 4);
}

async fn a_message_before_its_lead_is_told_after_it(engine: Engine) {
    let crm = Crm::start(engine).await;
    let sender = crm.sender();
    assert_eq!(sender.message(fixtures::MESSAGE).await.status, 202);
    crm.pass(59.0).await;
    assert_eq!(crm.kinds().await, [""; 0], "its lead may come");
    sender.lead(fixtures::LEAD).await.expect_status(200);
    let events = crm.events().await;
    assert_eq!(kinds(&events), ["lead.received", "message.received"]);
    assert_eq!(events[1]["data"]["lead_known"], true);
    crm.pass(3_600.0).await;
    assert_eq!(crm.kinds().await, [""; 0], "once");
}

async fn a_message_whose_lead_does_not_come_is_told_alone(engine: Engine) {
    let crm = Crm::start(engine).await;
    let sender = crm.sender();
    sender.message(fixtures::MESSAGE).await.expect_status(202);
    let changed = fixtures::MESSAGE.replace("the fridge", "the oven");
    sender.message(&changed).await.expect_status(202);
    crm.pass(60.0).await;
    let events = crm.events().await;
    assert_eq!(kinds(&events), ["message.received"], "once, as it stands");
    let data = &events[0]["data"];
    assert_eq!(
        (&data["lead_known"], &data["revision"]),
        (&json!(false), &json!(2))
    );
    assert!(text(&data["text"]).contains("the oven"));
    sender.lead(fixtures::LEAD).await.expect_status(200);
    sender.message(fixtures::MESSAGE).await.expect_status(200);
    assert_eq!(crm.kinds().await, ["lead.received"]);
}

async fn a_price_before_its_lead_is_told_after_it(engine: Engine) {
    let crm = Crm::start(engine).await;
    let sender = crm.sender();
    let update = about(fixtures::LEAD_UPDATE, &lead_id(fixtures::LEAD));
    assert_eq!(sender.update(&update).await.status, 202);
    assert_eq!(crm.kinds().await, [""; 0]);
    sender.lead(fixtures::LEAD).await.expect_status(200);
    let events = crm.events().await;
    assert_eq!(kinds(&events), ["lead.received", "lead.updated"]);
    assert_eq!(events[0]["data"]["charge"]["cents"], 2_600, "as it stands");
    assert_eq!(events[0]["data"]["lead"]["leadPrice"], "$26.00");
    assert_eq!(events[1]["data"]["charge"]["cents"], 2_600);
}

async fn an_older_price_that_comes_late_is_not_told(engine: Engine) {
    let crm = Crm::start(engine).await;
    let sender = crm.sender();
    sender.lead(fixtures::LEAD).await.expect_status(200);
    let lead = lead_id(fixtures::LEAD);
    for (number, price) in [
        ("7", "$26.00"),
        ("6", "$20.00"),
        ("8", "$30.00"),
        ("7", "$26.00"),
    ] {
        let body = json!({"leadID": lead, "leadPrice": price, "chargeState": "Charged"});
        let sent = sender.numbered_update(number, &body).await;
        sent.expect_status(200);
    }
    let events = crm.events().await;
    let prices: Vec<&Value> = events[1..]
        .iter()
        .map(|event| &event["data"]["charge"]["text"])
        .collect();
    assert_eq!(prices, ["$26.00", "$30.00"]);
}

async fn another_body_under_one_id_is_told_as_a_revision(engine: Engine) {
    let crm = Crm::start(engine).await;
    let sender = crm.sender();
    sender.lead(fixtures::LEAD).await.expect_status(200);
    sender.message(fixtures::MESSAGE).await.expect_status(200);
    sender.review(fixtures::REVIEW).await.expect_status(200);
    crm.events().await;
    let lead = fixtures::LEAD.replace("4 rooms", "5 rooms");
    sender.lead(&lead).await.expect_status(200);
    let message = fixtures::MESSAGE.replace("the fridge", "the oven");
    sender.message(&message).await.expect_status(200);
    let review = fixtures::REVIEW.replace("is level", "was level");
    sender.review(&review).await.expect_status(200);
    // The first bodies come late, once more.
    sender.lead(fixtures::LEAD).await.expect_status(200);
    sender.message(fixtures::MESSAGE).await.expect_status(200);
    let mut events = crm.events().await;
    events.sort_by_key(|event| text(&event["id"]));
    assert_eq!(
        kinds(&events),
        ["lead.revised", "message.revised", "review.revised"]
    );
    for event in &events {
        assert_eq!(event["data"]["revision"], 2);
    }
    assert_eq!(
        events[0]["data"]["lead"]["request"]["details"][1]["answer"],
        "5 rooms"
    );
    assert!(text(&events[1]["data"]["text"]).contains("the oven"));
    assert_eq!(events[2]["data"]["text"], "The shelf was level now.");
}
