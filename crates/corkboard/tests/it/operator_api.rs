//! The operator API (protocol §8.1, §8.4, §8.6): lists by the page, creates that happen once, clear words.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{Http, World};

use crate::support::{FIRST, assert_error, world};

on_both_databases![
    every_list_is_read_to_its_end_by_its_cursor,
    every_create_happens_once_under_its_key,
    a_key_does_not_cover_another_body,
    bad_members_are_named_all_at_once,
    what_is_not_there_is_not_found,
    without_the_key_there_is_nothing_to_see,
    a_closed_lead_takes_no_message_of_the_pro,
];

/// Every create: where, and a body that is right.
async fn creates(world: &World) -> Vec<(String, Value)> {
    let lead = world.lead(FIRST).await.lead_id;
    let partner = world.partner_id().await;
    let account = world.ids.pros[0].account_id;
    let category = &world.ids.pros[0].businesses[0].categories[0].name;
    let new_lead = json!({
        "businessID": world.business(0, 0),
        "request": {
            "category": category, "title": "Painting", "travelPreferences": "Professional must travel to me.",
            "location": {"city": "Austin", "state": "TX", "zipCode": "78701"}
        },
        "customer": {"name": "Jo Example"},
    });
    let client = json!({
        "partner_id": partner, "kind": "test", "redirect_uris": ["https://crm.example/callback"], "scopes": ["messages"],
    });
    let pro =
        json!({"email": "new@pros.example", "password": "a good password", "name": "New Pro"});
    let business =
        json!({"account_id": account, "name": "New Business", "categories": ["Plumbing"]});
    let path = |rest: &str| format!("/operator/v1/{rest}");
    vec![
        (path("partners"), json!({"name": "New CRM"})),
        (path("clients"), client),
        (path("pros"), pro),
        (path("businesses"), business),
        (path("leads"), new_lead),
        (
            path(&format!("leads/{lead}/messages")),
            json!({"text": "Hello"}),
        ),
        (path(&format!("leads/{lead}/review")), json!({"rating": 5})),
    ]
}

async fn every_list_is_read_to_its_end_by_its_cursor(engine: Engine) {
    let world = world(engine).await;
    world.connect_first_business().await;
    let operator = world.operator();
    for round in 0..3 {
        for (path, mut body) in creates(&world).await {
            if path.ends_with("/pros") {
                body["email"] = format!("pro{round}@pros.example").into();
            }
            operator.post(&path, &body).await.expect_status(201);
        }
    }
    let lead = world.lead(FIRST).await.lead_id;
    for text in ["one", "two", "three"] {
        let path = format!("/operator/v1/leads/{lead}/messages");
        operator
            .post(&path, &json!({ "text": text }))
            .await
            .expect_status(201);
    }
    let partner = world.partner_id().await;
    for business in [
        world.business(0, 0),
        world.business(0, 1),
        world.business(1, 0),
    ] {
        let path = format!("/operator/v1/partners/{partner}/businesses/{business}");
        operator.put(&path, &json!({})).await.expect_status(200);
    }
    for path in [
        "/operator/v1/partners".to_owned(),
        "/operator/v1/clients".to_owned(),
        "/operator/v1/pros".to_owned(),
        "/operator/v1/businesses".to_owned(),
        "/operator/v1/leads".to_owned(),
        "/operator/v1/deliveries".to_owned(),
        format!("/operator/v1/leads/{lead}/messages"),
        format!("/operator/v1/partners/{partner}/businesses"),
    ] {
        let all = operator
            .get(&format!("{path}?limit=200"))
            .await
            .expect_status(200)
            .json();
        let all = all["data"].as_array().unwrap().clone();
        assert!(all.len() >= 3, "{path} has {}", all.len());
        let mut seen = Vec::new();
        let mut next = Value::String(String::new());
        while let Some(cursor) = next.as_str() {
            let page = operator
                .get(&format!("{path}?limit=2&after={cursor}"))
                .await;
            let page = page.expect_status(200).json();
            let items = page["data"].as_array().unwrap();
            assert!(items.len() <= 2);
            seen.extend(items.clone());
            next = page["next"].clone();
        }
        assert_eq!(seen, all, "{path}");
        for query in [
            "limit=0",
            "limit=201",
            "limit=x",
            "after=%00",
            "after=nonsense!",
        ] {
            let reply = operator.get(&format!("{path}?{query}")).await;
            assert_error(&reply, 400, "BAD_REQUEST");
        }
    }
    let connections = operator
        .get("/operator/v1/connections")
        .await
        .expect_status(200)
        .json();
    assert_eq!(connections["data"][0]["business_id"], world.business(0, 0));
}

async fn every_create_happens_once_under_its_key(engine: Engine) {
    let world = world(engine).await;
    let operator = world.operator();
    for (number, (path, body)) in creates(&world).await.into_iter().enumerate() {
        let key = format!("key-{number}");
        let (one, two, three) = tokio::join!(
            operator.post_once(&path, &key, &body),
            operator.post_once(&path, &key, &body),
            operator.post_once(&path, &key, &body),
        );
        let later = operator.post_once(&path, &key, &body).await;
        let first = one.expect_status(201).text();
        for again in [two, three, later] {
            assert_eq!(
                again.expect_status(201).text(),
                first,
                "{path}: the same bytes"
            );
        }
        let without = operator.post(&path, &body).await;
        if path.ends_with("/pros") {
            assert_error(&without, 409, "CONFLICT");
        } else {
            assert_ne!(
                without.expect_status(201).text(),
                first,
                "{path}: another one"
            );
        }
    }
}

async fn a_key_does_not_cover_another_body(engine: Engine) {
    let world = world(engine).await;
    let first = world
        .operator()
        .post_once("/operator/v1/partners", "key-1", &json!({"name": "One"}))
        .await;
    first.expect_status(201);
    let other = world
        .operator()
        .post_once("/operator/v1/partners", "key-1", &json!({"name": "Two"}))
        .await;
    assert_error(&other, 409, "CONFLICT");
    let partners = world.operator().get("/operator/v1/partners").await.json();
    assert_eq!(
        partners["data"].as_array().unwrap().len(),
        2,
        "the demo's and one more"
    );
}

async fn bad_members_are_named_all_at_once(engine: Engine) {
    let world = world(engine).await;
    let lead = world.lead(FIRST).await.lead_id;
    let table: [(&str, Value, &[&str]); 8] = [
        (
            "partners",
            json!({"name": 5, "lead_url": "nowhere"}),
            &["/name", "/lead_url", "/username", "/password"],
        ),
        (
            "clients",
            json!({"kind": "real", "redirect_uris": ["x"], "scopes": ["all"]}),
            &["/partner_id", "/kind", "/redirect_uris", "/scopes"],
        ),
        (
            "pros",
            json!({"email": "nobody", "password": ""}),
            &["/email", "/password", "/name"],
        ),
        (
            "businesses",
            json!({"account_id": "x", "categories": [1]}),
            &["/account_id", "/name", "/categories"],
        ),
        (
            "leads",
            json!({"request": {"location": {"state": "Texas", "zipCode": "1"}}}),
            &[
                "/businessID",
                "/customer",
                "/request/category",
                "/request/title",
                "/request/location/city",
                "/request/location/state",
                "/request/location/zipCode",
                "/request/travelPreferences",
            ],
        ),
        (
            &format!("leads/{lead}/messages"),
            json!({"text": " "}),
            &["/text"],
        ),
        (
            &format!("leads/{lead}/review"),
            json!({"rating": 6, "text": 1}),
            &["/rating", "/text"],
        ),
        (
            &format!("leads/{lead}/price"),
            json!({"leadPrice": "much"}),
            &["/leadPrice"],
        ),
    ];
    for (path, body, pointers) in table {
        let path = format!("/operator/v1/{path}");
        let operator = world.operator();
        let reply = if path.ends_with("/price") {
            operator.put(&path, &body).await
        } else {
            operator.post(&path, &body).await
        };
        assert_error(&reply, 400, "BAD_REQUEST");
        for pointer in pointers {
            assert!(
                reply.description().contains(pointer),
                "{pointer} of {path}: {}",
                reply.description()
            );
        }
    }
}

async fn what_is_not_there_is_not_found(engine: Engine) {
    let world = world(engine).await;
    let operator = world.operator();
    for path in [
        "partners/1",
        "partners/1/endpoints",
        "partners/1/businesses",
        "clients/nobody",
        "pros/1",
        "businesses/1",
        "leads/1",
        "leads/1/messages",
        "deliveries/1",
        "deliveries/1/body",
        "partners/1/health",
        "replays/1",
    ] {
        let reply = operator.get(&format!("/operator/v1/{path}")).await;
        assert_error(&reply, 404, "NOT_FOUND");
    }
    for path in [
        "deliveries/1/retry",
        "deliveries/1/cancel",
        "partners/1/pause",
        "partners/1/resume",
        "partners/1/cancel-deliveries",
        "replays/1/cancel",
    ] {
        let path = format!("/operator/v1/{path}");
        assert_error(&operator.post(&path, &json!({})).await, 404, "NOT_FOUND");
    }
    for path in [
        "partners/x",
        "pros/-1",
        "businesses/0",
        "leads/99999999999999999999",
        "deliveries/1.5",
        "deliveries/x/body",
        "partners/x/health",
        "replays/x",
    ] {
        let reply = operator.get(&format!("/operator/v1/{path}")).await;
        assert_error(&reply, 400, "BAD_REQUEST");
    }
    assert_error(
        &operator.get("/operator/v1/nothing").await,
        404,
        "NOT_FOUND",
    );
    assert_error(
        &operator.delete("/operator/v1/pros").await,
        405,
        "METHOD_NOT_ALLOWED",
    );
}

async fn without_the_key_there_is_nothing_to_see(engine: Engine) {
    let world = world(engine).await;
    let wrong = [
        "",
        "Bearer",
        "Bearer wrong",
        "Basic b3BlcmF0b3I6a2V5",
        "Bearer gateway-key-of-a-test-world-0123456789",
    ];
    for authorization in wrong {
        for (method, path) in [
            (Method::GET, "partners"),
            (Method::POST, "leads"),
            (Method::GET, "events"),
            (Method::GET, "deliveries/1/body"),
            (Method::POST, "partners/1/pause"),
            (Method::POST, "partners/1/replay"),
        ] {
            let url = format!("{}/operator/v1/{path}", world.platform_url);
            let request = world
                .http
                .request(method, &url)
                .header("authorization", authorization);
            let reply = Http::send(
                request
                    .header("content-type", "application/json")
                    .body("{}"),
            )
            .await;
            if reply.status != 429 {
                assert_error(&reply, 401, "INVALID_TOKEN");
            }
        }
    }
    world
        .operator()
        .get("/operator/v1/partners")
        .await
        .expect_status(200);
}

async fn a_closed_lead_takes_no_message_of_the_pro(engine: Engine) {
    let world = world(engine).await;
    let client = world.partner("production");
    let tokens = world.connect(&client, FIRST, "messages").await;
    let lead = world.lead(FIRST).await;
    let path = format!("/operator/v1/leads/{}/close", lead.lead_id);
    let closed = world
        .operator()
        .post(&path, &json!({}))
        .await
        .expect_status(200)
        .json();
    assert!(closed["closedAt"].is_string());
    let reply = client.send_message(&tokens.access, &lead, "Hello").await;
    assert_error(&reply, 409, "CONFLICT");
}
