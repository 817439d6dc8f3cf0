//! Test data for partners (protocol §3.3): in staging, for any business, and sent like any other lead.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{Http, Receiver, Reply, World, WorldOptions};

use crate::support::{FIRST, assert_error, request, send_json, world};

on_both_databases![
    the_lead_is_sent_to_the_partners_endpoint,
    targeting_does_not_matter_here,
    a_given_business_is_enabled_for_the_partner,
    what_is_no_business_is_named,
    wrong_credentials_make_nothing,
    in_production_there_is_nothing_at_the_path,
];

const PATH: &str = "/v1/test/create-lead";

async fn create(world: &World, body: &Value) -> Reply {
    let request = request(world, Method::POST, PATH).header("authorization", world.partner_basic());
    send_json(request, body.to_string()).await
}

async fn the_lead_is_sent_to_the_partners_endpoint(engine: Engine) {
    let receiver = Receiver::start().await;
    let options = WorldOptions {
        partner_url: Some(receiver.url().to_owned()),
        ..WorldOptions::on(engine)
    };
    let world = World::start(options).await;
    let created = create(&world, &json!({})).await.expect_status(200).json();
    world.drain().await;
    let received = receiver.take();
    assert_eq!(received.len(), 1);
    assert_eq!(
        (received[0].method.as_str(), received[0].path.as_str()),
        ("POST", "/v1/lead")
    );
    assert_eq!(received[0].json(), created);
    // What follows reaches the partner as well.
    let path = format!(
        "/operator/v1/leads/{}/messages",
        created["leadID"].as_str().unwrap()
    );
    let message = json!({"text": "Are you there?"});
    world
        .operator()
        .post(&path, &message)
        .await
        .expect_status(201);
    world.drain().await;
    assert_eq!(receiver.take()[0].path, "/v1/message");
}

async fn targeting_does_not_matter_here(engine: Engine) {
    let world = world(engine).await;
    let business = world.business(0, 0);
    let path = format!("/operator/v1/businesses/{business}/targeting");
    let off = json!({"enabled": false});
    world.operator().put(&path, &off).await.expect_status(200);
    assert_eq!(world.feed_lead(FIRST).await.status, 409);
    create(&world, &json!({"businessID": business}))
        .await
        .expect_status(200);
}

async fn a_given_business_is_enabled_for_the_partner(engine: Engine) {
    let world = world(engine).await;
    let business = world.business(1, 0);
    let lead = create(&world, &json!({"businessID": business}))
        .await
        .expect_status(200)
        .json();
    let path = format!(
        "/v1/business/{business}/lead/{}/message",
        lead["leadID"].as_str().unwrap()
    );
    let message =
        request(&world, Method::POST, &path).header("authorization", world.partner_basic());
    assert_eq!(send_json(message, r#"{"text":"Hello"}"#).await.status, 200);
}

async fn what_is_no_business_is_named(engine: Engine) {
    let world = world(engine).await;
    for unknown in [json!(123), json!("123"), json!(i64::MAX)] {
        let reply = create(&world, &json!({"businessID": unknown})).await;
        assert_error(&reply, 404, "NOT_FOUND");
    }
    let ids = [
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!("x"),
        json!(""),
        json!([1]),
    ];
    for wrong in ids {
        let reply = create(&world, &json!({"businessID": wrong})).await;
        assert_error(&reply, 400, "BAD_REQUEST");
        assert!(
            reply.description().contains("/businessID"),
            "{}",
            reply.text()
        );
    }
}

async fn wrong_credentials_make_nothing(engine: Engine) {
    let world = world(engine).await;
    let count = async || {
        let leads = world.operator().get("/operator/v1/leads").await.json();
        leads["data"].as_array().map_or(0, Vec::len)
    };
    let before = count().await;
    let wrong = testkit::partner::basic("partner", "wrong");
    let client = world.partner("test").basic();
    for authorization in [wrong, client] {
        let request = request(&world, Method::POST, PATH).header("authorization", authorization);
        assert_error(&send_json(request, "{}").await, 401, "UNAUTHORIZED");
    }
    let none = Http::send(request(&world, Method::POST, PATH)).await;
    assert_error(&none, 401, "UNAUTHORIZED");
    assert_eq!(count().await, before);
}

async fn in_production_there_is_nothing_at_the_path(engine: Engine) {
    let options = WorldOptions {
        environment: platform::Environment::Production,
        ..WorldOptions::on(engine)
    };
    let world = World::start(options).await;
    assert_error(&create(&world, &json!({})).await, 404, "NOT_FOUND");
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let reply = Http::send(request(&world, method, PATH)).await;
        assert_error(&reply, 404, "NOT_FOUND");
        assert_eq!(reply.header("allow"), None);
    }
}
