//! What the gateway promises as a receiver (protocol §5): whatever comes, in whatever order, is kept once and seen whole.

use protocol::fixtures;
use serde_json::{Value, json};
use testkit::World;
use testkit::world::Engine;

use crate::sender::Sender;
use crate::support::{assert_error, world};

on_both_databases![
    the_sources_samples_are_taken,
    an_update_with_a_trailing_comma_is_refused_in_clear_words,
    wrong_credentials_are_refused_and_nothing_is_stored,
    the_same_lead_again_is_stored_once,
    another_body_under_one_id_is_kept_as_a_revision,
    a_message_before_its_lead_is_kept_and_attached,
    an_update_before_its_lead_wins_when_the_lead_arrives,
    unknown_members_and_kinds_are_kept,
];

/// The sample that is about the lead `lead_id`.
fn about(sample: &str, lead_id: &str) -> Value {
    let mut body: Value = serde_json::from_str(sample).expect("the sample is JSON");
    body["leadID"] = lead_id.into();
    body
}

fn lead_id(sample: &str) -> String {
    let body: Value = serde_json::from_str(sample).expect("the sample is JSON");
    body["leadID"]
        .as_str()
        .expect("the sample has an id")
        .to_owned()
}

async fn lead(world: &World, lead_id: &str) -> Value {
    let reply = world.crm().get(&format!("/api/v1/leads/{lead_id}")).await;
    reply.expect_status(200).json()
}

async fn leads(world: &World) -> usize {
    let leads = world
        .crm()
        .get("/api/v1/leads")
        .await
        .expect_status(200)
        .json();
    leads["data"].as_array().expect("a list").len()
}

async fn the_sources_samples_are_taken(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    for sample in [
        fixtures::LEAD,
        fixtures::CREATED_LEAD,
        fixtures::REAL_LEAD,
        fixtures::LEAD_WITH_EVERYTHING,
    ] {
        assert_eq!(sender.lead(sample).await.status, 200);
        let seen = lead(&world, &lead_id(sample)).await;
        let sent: Value = serde_json::from_str(sample).unwrap();
        for (name, value) in sent.as_object().unwrap() {
            assert_eq!(&seen[name], value, "{name}");
        }
    }
    assert_eq!(sender.message(fixtures::MESSAGE).await.status, 200);
    // The lead of this sample is none of those above.
    assert_eq!(sender.update(fixtures::LEAD_UPDATE).await.status, 202);
    assert_eq!(sender.review(fixtures::REVIEW).await.status, 200);
    assert_eq!(leads(&world).await, 4);
    let reviews = world.crm().get("/api/v1/reviews").await.json();
    assert_eq!(
        reviews["data"][0]["review"]["text"],
        "The shelf is level now."
    );
}

async fn an_update_with_a_trailing_comma_is_refused_in_clear_words(engine: Engine) {
    let world = world(engine).await;
    let reply = Sender::of(&world)
        .update(fixtures::LEAD_UPDATE_WITH_TRAILING_COMMA)
        .await;
    assert_error(&reply, 400, "BAD_REQUEST");
    let words = reply.description();
    assert!(
        words.contains("not valid JSON") && words.contains("trailing comma"),
        "{words}"
    );
    assert!(words.contains("line 5"), "it says where: {words}");
}

async fn wrong_credentials_are_refused_and_nothing_is_stored(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    let password = world.demo.endpoints.password.expose();
    for authorization in [
        None,
        Some(String::new()),
        Some("Basic".to_owned()),
        Some("Basic !!!".to_owned()),
        Some(format!("Bearer {password}")),
        Some(testkit::partner::basic("platform", "wrong")),
        Some(testkit::partner::basic("other", password)),
        Some(testkit::partner::basic("", "")),
    ] {
        let sender = sender.with_authorization(authorization.clone());
        for body in [fixtures::LEAD, "{}", "not JSON"] {
            let reply = sender.lead(body).await;
            assert_error(&reply, 401, "UNAUTHORIZED");
            let challenge = reply.header("www-authenticate").unwrap_or_default();
            assert!(
                challenge.starts_with("Basic "),
                "{authorization:?}: {challenge}"
            );
            assert!(!reply.text().contains(password));
        }
    }
    assert_eq!(leads(&world).await, 0);
    let quarantine = world
        .crm()
        .get("/api/v1/quarantine")
        .await
        .expect_status(200)
        .json();
    assert_eq!(quarantine["data"], json!([]));
    let odd = Some(testkit::partner::odd_basic("platform", password));
    assert_eq!(
        sender
            .with_authorization(odd)
            .lead(fixtures::LEAD)
            .await
            .status,
        200
    );
}

async fn the_same_lead_again_is_stored_once(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    for _ in 0..3 {
        assert_eq!(sender.lead(fixtures::LEAD).await.status, 200);
        assert_eq!(sender.message(fixtures::MESSAGE).await.status, 200);
    }
    let (one, two, three) = tokio::join!(
        sender.lead(fixtures::REAL_LEAD),
        sender.lead(fixtures::REAL_LEAD),
        sender.lead(fixtures::REAL_LEAD)
    );
    assert_eq!([one.status, two.status, three.status], [200; 3], "racing");
    assert_eq!(leads(&world).await, 2);
    let seen = lead(&world, &lead_id(fixtures::LEAD)).await;
    let kinds: Vec<&str> = seen["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["lead", "message"]);
    assert_eq!(seen["timeline"][0]["revisions"], json!([]));
}

async fn another_body_under_one_id_is_kept_as_a_revision(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    sender.lead(fixtures::LEAD).await.expect_status(200);
    sender.message(fixtures::MESSAGE).await.expect_status(200);
    let lead_id = lead_id(fixtures::LEAD);
    let mut changed = about(fixtures::LEAD, &lead_id);
    changed["request"]["description"] = "Two doors, in fact.".into();
    sender.lead(&changed.to_string()).await.expect_status(200);
    let mut message = about(fixtures::MESSAGE, &lead_id);
    message["message"]["text"] = "And the oven?".into();
    sender
        .message(&message.to_string())
        .await
        .expect_status(200);

    let seen = lead(&world, &lead_id).await;
    assert_eq!(
        seen["request"]["description"], "Two doors, in fact.",
        "the newer counts"
    );
    let first = &seen["timeline"][0]["revisions"][0]["body"];
    assert!(
        first["request"]["description"]
            .as_str()
            .unwrap()
            .starts_with("The frame"),
        "{first}"
    );
    let entry = &seen["timeline"][1];
    assert_eq!(entry["text"], "And the oven?");
    let first = &entry["revisions"][0]["body"]["message"]["text"];
    assert!(
        first.as_str().unwrap().starts_with("Is cleaning"),
        "{first}"
    );
}

async fn a_message_before_its_lead_is_kept_and_attached(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    assert_eq!(sender.message(fixtures::MESSAGE).await.status, 202);
    assert_eq!(sender.message(fixtures::MESSAGE).await.status, 202, "again");
    let lead_id = lead_id(fixtures::LEAD);
    let early = world.crm().get(&format!("/api/v1/leads/{lead_id}")).await;
    assert_error(&early, 404, "NOT_FOUND");
    sender.lead(fixtures::LEAD).await.expect_status(200);
    let seen = lead(&world, &lead_id).await;
    assert_eq!(seen["timeline"][0]["kind"], "lead", "whatever came first");
    let messages: Vec<&Value> = seen["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["kind"] == "message")
        .collect();
    assert_eq!(messages.len(), 1);
    assert!(
        messages[0]["text"]
            .as_str()
            .unwrap()
            .starts_with("Is cleaning")
    );
}

async fn an_update_before_its_lead_wins_when_the_lead_arrives(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    let lead_id = lead_id(fixtures::LEAD);
    let update = about(fixtures::LEAD_UPDATE, &lead_id).to_string();
    assert_eq!(sender.update(&update).await.status, 202);
    sender.lead(fixtures::LEAD).await.expect_status(200);
    let early = lead(&world, &lead_id).await;
    assert_eq!(early["leadPrice"], "$26.00");
    assert_eq!(early["chargeState"], "Charged");
    assert_eq!(
        sender.update(&update).await.status,
        200,
        "the lead is here now"
    );
    let refund = json!({"leadID": lead_id, "leadPrice": null, "chargeState": null});
    sender.update(&refund.to_string()).await.expect_status(200);
    assert_eq!(lead(&world, &lead_id).await["leadPrice"], Value::Null);
}

async fn unknown_members_and_kinds_are_kept(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    let lead_id = lead_id(fixtures::LEAD);
    let mut body = about(fixtures::LEAD, &lead_id);
    body["leadType"] = "SOMETHING_NEW".into();
    body["newMember"] = json!({"deep": [1.50, "é", null]});
    body["request"]["location"]["country"] = "US".into();
    sender.lead(&body.to_string()).await.expect_status(200);
    let seen = lead(&world, &lead_id).await;
    assert_eq!(seen["leadType"], "SOMETHING_NEW");
    assert_eq!(seen["newMember"], body["newMember"]);
    assert_eq!(seen["request"]["location"]["country"], "US");
}
