//! Forwards to a CRM (protocol §8.2): what happens is told once, in order, signed, and read as far as it can be.

use protocol::fixtures;
use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{Answer, Received, Receiver};

use crate::crm::{Crm, kinds, make_forward, text};
use crate::scripted_platform::ScriptedPlatform;
use crate::support::{FIRST, members, world};

on_both_databases![
    a_lead_arrives_signed_and_read,
    a_whole_conversation_arrives_in_order,
    what_was_in_quarantine_is_told_when_it_is_read,
    connections_are_told,
    a_connection_that_the_pro_must_mend_is_told_once,
    replies_are_told_however_they_end,
    a_forward_gets_what_it_asked_for,
    what_happened_before_a_forward_is_not_sent_to_it,
];

/// The sample, about this lead.
fn lead_id(sample: &str) -> String {
    let body: Value = serde_json::from_str(sample).expect("the sample is JSON");
    text(&body["leadID"])
}

async fn a_lead_arrives_signed_and_read(engine: Engine) {
    let crm = Crm::start(engine).await;
    assert!(crm.secret.starts_with("whsec_"), "{}", crm.secret);
    crm.sender()
        .lead(fixtures::REAL_LEAD)
        .await
        .expect_status(200);
    let came = crm.came().await;
    let [received] = came.as_slice() else {
        panic!("one request: {came:?}");
    };
    assert_eq!(
        (received.method.as_str(), received.path.as_str()),
        ("POST", "/hook?token=marked")
    );
    assert_eq!(received.header("content-type"), "application/json");
    assert_eq!(received.header("authorization"), "");
    assert_eq!(crm.believes(&crm.secret, received), Ok(()));
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert!(crm.believes(other, received).is_err());
    let event = received.json();
    assert_eq!(members(&event), ["id", "type", "timestamp", "data"]);
    assert_eq!(
        (&event["type"], &event["id"]),
        (&json!("lead.received"), &json!("1"))
    );
    assert_eq!(event["timestamp"], crm.world.clock.now().to_string());
    let (data, sent) = (&event["data"], fixtures::REAL_LEAD);
    assert_eq!(data["lead"], serde_json::from_str::<Value>(sent).unwrap());
    assert_eq!(data["created_at"], "2022-04-28T11:35:12Z");
    assert_eq!(
        data["price"],
        json!({"cents": 25_800, "per": "hour", "text": "$258/hour"})
    );
    assert_eq!(data["charge"]["cents"], 4_137);
    assert_eq!(data["schedule"]["windows"].as_array().unwrap().len(), 6);
    let first = json!({"date": "2022-05-13", "start": "09:00", "end": "12:00", "name": "Morning"});
    assert_eq!(data["schedule"]["windows"][0], first);
}

/// A lead that the platform made, with everything that can follow it.
async fn a_whole_conversation_arrives_in_order(engine: Engine) {
    let crm = Crm::start(engine).await;
    crm.world.connect_first_business().await;
    let lead = crm.world.lead(FIRST).await;
    let (operator, id) = (crm.world.operator(), &lead.lead_id);
    let path = |rest: &str| format!("/operator/v1/leads/{id}/{rest}");
    let message = json!({"text": "Is cleaning up included?"});
    operator
        .post(&path("messages"), &message)
        .await
        .expect_status(201);
    let price = json!({"leadPrice": "$26.00"});
    operator
        .put(&path("price"), &price)
        .await
        .expect_status(200);
    let review = json!({"rating": "4"});
    operator
        .post(&path("review"), &review)
        .await
        .expect_status(201);
    crm.world.drain().await;
    let answer = json!({"text": "Yes, it is."});
    let replies = format!("/api/v1/leads/{id}/messages");
    crm.world
        .crm()
        .post(&replies, &answer)
        .await
        .expect_status(202);
    let events = crm.events().await;
    assert_eq!(
        kinds(&events),
        [
            "connection.made",
            "lead.received",
            "message.received",
            "lead.updated",
            "review.received",
            "reply.sent",
        ]
    );
    let ids: Vec<String> = events.iter().map(|event| text(&event["id"])).collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5", "6"]);
    for event in &events[1..] {
        assert_eq!(event["data"]["leadID"], id.as_str(), "{event}");
        assert_eq!(
            event["data"]["businessID"],
            lead.business_id.as_str(),
            "{event}"
        );
    }
    assert_eq!(events[2]["data"]["text"], "Is cleaning up included?");
    assert_eq!(events[3]["data"]["charge"]["cents"], 2_600);
    assert_eq!(events[4]["data"]["rating"], 4);
    assert_eq!(events[5]["data"]["text"], "Yes, it is.");
}

async fn what_was_in_quarantine_is_told_when_it_is_read(engine: Engine) {
    let crm = Crm::start(engine).await;
    let broken = fixtures::LEAD.replace("\"category\"", "\"kategorie\"");
    crm.sender().lead(&broken).await.expect_status(400);
    assert_eq!(crm.kinds().await, [""; 0]);
    let kept = crm.world.crm().get("/api/v1/quarantine").await.json();
    let id = text(&kept["data"][0]["quarantine_id"]);
    let path = format!("/api/v1/quarantine/{id}/reprocess");
    let lead: Value = serde_json::from_str(fixtures::LEAD).unwrap();
    let read = crm.world.crm().post(&path, &json!({ "body": lead })).await;
    read.expect_status(200);
    assert_eq!(crm.kinds().await, ["lead.received"]);
}

async fn connections_are_told(engine: Engine) {
    let crm = Crm::start(engine).await;
    crm.world.connect_first_business().await;
    let events = crm.events().await;
    assert_eq!(kinds(&events), ["connection.made"]);
    let (data, business) = (&events[0]["data"], crm.world.business(0, 0));
    assert_eq!(data["businessID"], business.as_str());
    assert_eq!(data["scope"], json!(["messages", "targeting"]));
    assert_eq!(data["replaces_another"], false);
    let path = format!("/api/v1/connections/{business}");
    for _ in 0..2 {
        crm.world.crm().delete(&path).await.expect_status(200);
    }
    let events = crm.events().await;
    assert_eq!(kinds(&events), ["connection.ended"]);
    let seen = crm.world.crm().get(&path).await.json();
    assert_eq!(events[0]["data"]["purge_due_at"], seen["purge_due_at"]);
}

async fn a_connection_that_the_pro_must_mend_is_told_once(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    let receiver = Receiver::start().await;
    make_forward(&platform.world, &receiver, &json!({}))
        .await
        .expect_status(201);
    platform.refuse_tokens();
    platform.reply("Hello").await;
    for _ in 0..3 {
        platform.pass(3_700).await;
    }
    let events: Vec<Value> = receiver.take().iter().map(Received::json).collect();
    assert_eq!(kinds(&events), ["connection.reconnect_needed"]);
    let data = &events[0]["data"];
    assert_eq!(data["businessID"], platform.business_id.as_str());
    assert_eq!(
        (&data["state"], &data["reason"]),
        (&json!("reconnect_needed"), &json!("grant_refused"))
    );
    platform.issue("2");
    platform.connect().await;
    platform.answer_messages(Answer::json(200, &json!({"status": "success"})));
    platform.world.drain().await;
    let events: Vec<Value> = receiver.take().iter().map(Received::json).collect();
    let made = events
        .iter()
        .find(|event| event["type"] == "connection.made");
    assert_eq!(made.unwrap()["data"]["replaces_another"], true);
    assert!(!kinds(&events).contains(&"connection.ended".to_owned()));
}

async fn replies_are_told_however_they_end(engine: Engine) {
    let platform = ScriptedPlatform::without_keys(engine).await;
    let receiver = Receiver::start().await;
    make_forward(&platform.world, &receiver, &json!({}))
        .await
        .expect_status(201);
    let told = async || {
        platform.world.drain().await;
        let events: Vec<Value> = receiver.take().iter().map(Received::json).collect();
        let shown = |event: &Value| {
            assert_eq!(event["data"]["leadID"], platform.lead_id.as_str());
            (text(&event["type"]), event["data"]["reason"].clone())
        };
        events.iter().map(shown).collect::<Vec<_>>()
    };
    platform.answer_message(Answer::json(200, &json!({"status": "success"})));
    platform.reply("one").await;
    assert_eq!(told().await, [("reply.sent".to_owned(), Value::Null)]);
    let refusal = json!({"error": "CONFLICT", "error_description": "The lead is closed."});
    platform.answer_message(Answer::json(409, &refusal));
    platform.reply("two").await;
    let failed = told().await;
    assert_eq!(failed[0].0, "reply.failed");
    assert!(text(&failed[0].1).contains("The lead is closed."));
    platform.answer_message(Answer::status(500));
    let uncertain = platform.reply("three").await;
    assert_eq!(told().await[0].0, "reply.uncertain");
    let resolve = format!("/api/v1/replies/{uncertain}/resolve");
    let decided = json!({"action": "sent"});
    platform
        .world
        .crm()
        .post(&resolve, &decided)
        .await
        .expect_status(200);
    assert_eq!(told().await[0].0, "reply.sent");
    // What waits when the connection ends has failed, and both are told.
    platform.answer_message(Answer::status(503));
    platform.reply("four").await;
    assert_eq!(told().await, [], "it is tried again");
    platform.script.answer_always_at(
        "/v2/disconnect-partner",
        Answer::json(
            200,
            &json!({"business_pk": platform.business_id, "client_id": "client"}),
        ),
    );
    let path = format!("/api/v1/connections/{}", platform.business_id);
    platform.world.crm().delete(&path).await.expect_status(200);
    platform.world.drain().await;
    let mut last = kinds(
        &receiver
            .take()
            .iter()
            .map(Received::json)
            .collect::<Vec<_>>(),
    );
    last.sort();
    assert_eq!(last, ["connection.ended", "reply.failed"]);
}

async fn a_forward_gets_what_it_asked_for(engine: Engine) {
    let chosen = json!({"event_types": ["lead.received", "review.received"],
                        "business_ids": ["286900112233445504"]});
    let crm = Crm::of(world(engine).await, &chosen).await;
    let everything = Receiver::start().await;
    make_forward(&crm.world, &everything, &json!({}))
        .await
        .expect_status(201);
    let sender = crm.sender();
    // The first lead is that business's, the other and the review are not.
    for lead in [fixtures::LEAD, fixtures::REAL_LEAD] {
        sender.lead(lead).await.expect_status(200);
    }
    sender.message(fixtures::MESSAGE).await.expect_status(200);
    sender.review(fixtures::REVIEW).await.expect_status(200);
    let events = crm.events().await;
    assert_eq!(kinds(&events), ["lead.received"]);
    assert_eq!(
        events[0]["data"]["leadID"],
        lead_id(fixtures::LEAD).as_str()
    );
    assert_eq!(everything.take().len(), 4);
    let all = json!({"url": format!("{}/other", crm.receiver.url())});
    let replaced = crm.world.crm().put(&crm.path(""), &all).await;
    assert_eq!(
        replaced.expect_status(200).json()["event_types"],
        Value::Null
    );
    sender.lead(fixtures::CREATED_LEAD).await.expect_status(200);
    let came = crm.came().await;
    assert_eq!(came.len(), 1, "what happened before stays as it was chosen");
    assert_eq!(came[0].path, "/other");
}

async fn what_happened_before_a_forward_is_not_sent_to_it(engine: Engine) {
    let world = world(engine).await;
    crate::sender::Sender::of(&world)
        .lead(fixtures::LEAD)
        .await
        .expect_status(200);
    let crm = Crm::of(world, &json!({})).await;
    assert_eq!(crm.kinds().await, [""; 0]);
    // It is in the log for whoever wants it.
    let log = crm
        .world
        .crm()
        .get("/api/v1/events")
        .await
        .expect_status(200)
        .json();
    assert_eq!(log["data"][0]["type"], "lead.received");
}
