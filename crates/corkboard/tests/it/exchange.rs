//! The whole loop, from the marketplace's customer to the pro's own program and back (protocol §3, §4).

use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{ApiUser, World};

use crate::support::{FIRST, assert_error, world};

on_both_databases![
    a_lead_and_all_that_follows_it_goes_round,
    what_the_customer_writes_arrives_in_its_order,
    targeting_that_is_switched_at_the_gateway_takes_effect,
    a_disconnect_at_the_gateway_stops_deliveries,
];

/// What the gateway adds to a lead.
const OURS: [&str; 4] = ["received_at", "status", "unread", "timeline"];

/// A lead with every member that an operator can give.
fn lead_with_everything(world: &World) -> Value {
    let category = &world.ids.pros[0].businesses[0].categories[0];
    json!({
        "businessID": world.business(0, 0),
        "request": {
            "category": category.name,
            "categoryID": category.category_id,
            "title": "Interior Painting",
            "description": "A stain on the door, \"about\" this \u{1f6aa} big.",
            "schedule": "Dates: Tue May 05 2026, Wed May 06 2026\nTime: 6:00 PM\nLength: 3.5 hours",
            "location": {
                "address1": "12 Sample Street", "address2": "Unit 3", "city": "Palo Alto", "state": "CA",
                "zipCode": "94301"
            },
            "travelPreferences": "Professional must travel to my address.",
            "details": [
                {"question": "Type of property", "answer": "Home"},
                {"question": "Number of rooms", "answer": "4 rooms"}
            ],
            "attachments": [{
                "fileName": "door.jpg", "fileSize": 48213, "mimeType": "image/jpeg",
                "url": "https://files.example/door.jpg", "description": "The door"
            }]
        },
        "customer": {"name": "Jo Example", "phone": "5550100123"},
        "price": "$120",
        "leadType": "INSTANT_BOOK"
    })
}

/// The entries of a lead's timeline at the gateway that are of a kind.
async fn timeline(crm: &ApiUser, lead_id: &str, kind: &str) -> Vec<Value> {
    let lead = crm.get(&format!("/api/v1/leads/{lead_id}")).await;
    let lead = lead.expect_status(200).json();
    let entries = lead["timeline"].as_array().expect("a lead has a timeline");
    let found = entries.iter().filter(|entry| entry["kind"] == kind);
    found.cloned().collect()
}

async fn a_lead_and_all_that_follows_it_goes_round(engine: Engine) {
    let world = world(engine).await;
    world.connect_first_business().await;
    let (operator, crm) = (world.operator(), world.crm());
    let created = operator
        .post("/operator/v1/leads", &lead_with_everything(&world))
        .await;
    let created = created.expect_status(201).json();
    let lead_id = created["leadID"].as_str().unwrap();
    world.drain().await;

    let leads = crm.get("/api/v1/leads").await.expect_status(200).json();
    let mut seen = leads["data"][0].as_object().unwrap().clone();
    assert_eq!(
        (&seen["status"], &seen["unread"]),
        (&json!("new"), &json!(true))
    );
    for name in OURS {
        seen.shift_remove(name);
    }
    assert_eq!(
        serde_json::to_string(&seen).unwrap(),
        created.to_string(),
        "every member, in its order"
    );

    let path = format!("/api/v1/leads/{lead_id}/messages");
    let reply = crm
        .post(&path, &json!({"text": "I can come on Tuesday."}))
        .await;
    let reply = reply.expect_status(202).json();
    assert_eq!(reply["state"], "queued");
    world.drain().await;
    let reply = crm
        .get(&format!(
            "/api/v1/replies/{}",
            reply["reply_id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(reply.expect_status(200).json()["state"], "sent");

    let path = format!("/operator/v1/leads/{lead_id}/messages");
    let messages = operator.get(&path).await.expect_status(200).json();
    assert_eq!(messages["data"][0]["from"], "pro");
    assert_eq!(messages["data"][0]["text"], "I can come on Tuesday.");
    let events = operator
        .get("/operator/v1/events")
        .await
        .expect_status(200)
        .json();
    let events = events["data"].as_array().unwrap();
    let sent = events
        .iter()
        .find(|event| event["kind"] == "message.sent")
        .unwrap();
    assert_eq!(sent["content"]["leadID"], lead_id);
    assert_eq!(sent["content"]["message"]["text"], "I can come on Tuesday.");

    let written = operator
        .post(&path, &json!({"text": "Tuesday is fine."}))
        .await;
    let written = written.expect_status(201).json();
    let price = json!({"leadPrice": "$26.00"});
    operator
        .put(&format!("/operator/v1/leads/{lead_id}/price"), &price)
        .await
        .expect_status(200);
    let review = json!({"rating": 5, "text": "Quick and clean."});
    operator
        .post(&format!("/operator/v1/leads/{lead_id}/review"), &review)
        .await
        .expect_status(201);
    world.drain().await;

    let message = &timeline(&crm, lead_id, "message").await[0];
    assert_eq!(message["from"], "customer");
    assert_eq!(message["text"], "Tuesday is fine.");
    assert_eq!(message["messageID"], written["messageID"]);
    let lead = crm.get(&format!("/api/v1/leads/{lead_id}")).await.json();
    assert_eq!(lead["leadPrice"], "$26.00");
    assert_eq!(lead["chargeState"], "Charged");
    let reviews = crm.get("/api/v1/reviews").await.expect_status(200).json();
    assert_eq!(reviews["data"][0]["review"]["rating"], "5");
    assert_eq!(reviews["data"][0]["review"]["leadID"], lead_id);
    assert_eq!(reviews["data"][0]["reviewEventType"], "REVIEW_ADDED");
    let pending = operator
        .get("/operator/v1/deliveries?state=pending")
        .await
        .json();
    assert_eq!(pending["data"], json!([]));
}

async fn what_the_customer_writes_arrives_in_its_order(engine: Engine) {
    let world = world(engine).await;
    world.connect_first_business().await;
    let leads = [world.lead(FIRST).await, world.lead(FIRST).await];
    for number in 0..10 {
        for lead in &leads {
            let path = format!("/operator/v1/leads/{}/messages", lead.lead_id);
            let text = json!({"text": format!("{number} of {}", lead.lead_id)});
            world.operator().post(&path, &text).await.expect_status(201);
        }
    }
    world.drain().await;
    for lead in &leads {
        let messages = timeline(&world.crm(), &lead.lead_id, "message").await;
        let texts: Vec<&str> = messages
            .iter()
            .filter_map(|message| message["text"].as_str())
            .collect();
        let expected: Vec<String> = (0..10)
            .map(|number| format!("{number} of {}", lead.lead_id))
            .collect();
        assert_eq!(texts, expected);
    }
}

async fn targeting_that_is_switched_at_the_gateway_takes_effect(engine: Engine) {
    let world = world(engine).await;
    world.connect_first_business().await;
    let business = world.business(0, 0);
    let category = world.ids.pros[0].businesses[0].categories[0].category_id;
    let whole = format!("/api/v1/businesses/{business}/targeting");
    let part = format!("/api/v1/businesses/{business}/categories/{category}/targeting");
    for path in [whole, part] {
        world
            .crm()
            .put(&path, &json!({"enabled": false}))
            .await
            .expect_status(200);
        assert_error(&world.feed_lead(FIRST).await, 409, "CONFLICT");
        world
            .crm()
            .put(&path, &json!({"enabled": true}))
            .await
            .expect_status(200);
        world.feed_lead(FIRST).await.expect_status(201);
    }
}

async fn a_disconnect_at_the_gateway_stops_deliveries(engine: Engine) {
    let world = world(engine).await;
    world.connect_first_business().await;
    let before = world.lead(FIRST).await;
    world.drain().await;
    let path = format!("/api/v1/connections/{}", world.business(0, 0));
    let ended = world.crm().delete(&path).await.expect_status(200).json();
    assert_eq!(ended["state"], "disconnected");
    assert!(
        ended["purge_due_at"].is_string(),
        "the deadline is shown (§7): {ended}"
    );
    let after = world.lead(FIRST).await;
    world.drain().await;
    let crm = world.crm();
    crm.get(&format!("/api/v1/leads/{}", before.lead_id))
        .await
        .expect_status(200);
    assert_error(
        &crm.get(&format!("/api/v1/leads/{}", after.lead_id)).await,
        404,
        "NOT_FOUND",
    );
    let reply = crm
        .post(
            &format!("/api/v1/leads/{}/messages", before.lead_id),
            &json!({"text": "Hello"}),
        )
        .await;
    assert_error(&reply, 409, "CONFLICT");
}
