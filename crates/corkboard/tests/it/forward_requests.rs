//! Setting forwards up (protocol §8.2): what is answered, what is refused, and that a secret is shown once.

use database::{Read as _, Sql};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{Http, Receiver};

use crate::crm::{Crm, make_forward, text};
use crate::support::{assert_error, members, world};

on_both_databases![
    a_forward_is_made_seen_changed_and_removed,
    a_secret_is_shown_once_and_is_nowhere_in_the_clear,
    the_same_key_makes_one_forward,
    a_test_can_be_asked_for,
    hostile_urls_are_refused_by_name,
    what_is_wrong_is_named,
    nothing_is_told_without_the_key,
    forwards_are_listed_by_the_page,
    a_delivery_is_its_forwards_alone,
];

async fn a_forward_is_made_seen_changed_and_removed(engine: Engine) {
    let chosen =
        json!({"description": "The CRM", "event_types": ["lead.received"], "business_ids": ["7"]});
    let crm = Crm::of(world(engine).await, &chosen).await;
    let seen = crm.forward().await;
    assert_eq!(
        members(&seen),
        [
            "forward_id",
            "url",
            "description",
            "event_types",
            "business_ids",
            "created_at",
            "updated_at",
            "secrets",
            "health",
        ]
    );
    assert_eq!(
        members(&seen["health"]),
        [
            "state",
            "paused",
            "gone",
            "held_since",
            "held_because",
            "next_probe_at",
            "pending",
            "last_delivery",
        ]
    );
    assert_eq!(seen["health"]["state"], "ok");
    for (name, value) in chosen.as_object().unwrap() {
        assert_eq!(&seen[name], value);
    }
    crm.world.advance(std::time::Duration::from_secs(5));
    let url = format!("{}/hook", crm.receiver.url());
    let changed = crm
        .world
        .crm()
        .put(&crm.path(""), &json!({ "url": url }))
        .await;
    let changed = changed.expect_status(200).json();
    assert_eq!(changed["url"], url.as_str());
    assert_eq!(
        (&changed["description"], &changed["event_types"]),
        (&json!(""), &Value::Null)
    );
    assert_ne!(changed["updated_at"], changed["created_at"]);
    assert_eq!(changed, crm.forward().await);
    crm.world
        .crm()
        .delete(&crm.path(""))
        .await
        .expect_status(200);
    assert_error(&crm.world.crm().get(&crm.path("")).await, 404, "NOT_FOUND");
}

const SECRETS: Sql = Sql::both("SELECT secret_sealed FROM forward_secret");

async fn a_secret_is_shown_once_and_is_nowhere_in_the_clear(engine: Engine) {
    let crm = Crm::start(engine).await;
    let encoded = crm.secret.trim_start_matches("whsec_").to_owned();
    for path in ["/api/v1/forwards".to_owned(), crm.path("")] {
        let seen = crm.world.crm().get(&path).await.expect_status(200);
        assert!(!seen.text().contains(&encoded), "{}", seen.text());
    }
    let rows = crm
        .world
        .gateway_db
        .reader()
        .query(SECRETS, &[])
        .await
        .unwrap();
    let sealed: String = rows[0].get("secret_sealed").unwrap();
    assert!(!sealed.contains(&encoded));
}

async fn the_same_key_makes_one_forward(engine: Engine) {
    let world = world(engine).await;
    let crm = world.crm();
    let body = json!({"url": "http://127.0.0.1:9/hook"});
    let make = async |body: &Value| crm.post_once("/api/v1/forwards", "k-1", body).await;
    let (one, two, three) = tokio::join!(make(&body), make(&body), make(&body));
    let first = one.expect_status(201).json();
    assert_eq!(two.expect_status(201).json(), first);
    assert_eq!(three.expect_status(201).json(), first);
    let other = json!({"url": "http://127.0.0.1:9/other"});
    assert_error(&make(&other).await, 409, "CONFLICT");
    // Once the secret is another, it is not shown to whoever knows an old key.
    let path = format!("/api/v1/forwards/{}", text(&first["forward_id"]));
    let at_once = json!({"overlap_seconds": 0});
    world.advance(std::time::Duration::from_secs(1));
    crm.post(&format!("{path}/rotate-secret"), &at_once)
        .await
        .expect_status(200);
    assert_error(&make(&body).await, 409, "CONFLICT");
    crm.delete(&path).await.expect_status(200);
    assert_error(&make(&body).await, 409, "CONFLICT");
}

async fn a_test_can_be_asked_for(engine: Engine) {
    let chosen = json!({"event_types": ["review.received"]});
    let crm = Crm::of(world(engine).await, &chosen).await;
    let asked = crm.ask("/test", &json!({})).await.expect_status(202).json();
    let came = crm.came().await;
    assert_eq!(came[0].header("webhook-id"), text(&asked["delivery_id"]));
    assert_eq!(crm.believes(&crm.secret, &came[0]), Ok(()));
    let event = came[0].json();
    assert_eq!(
        (&event["type"], &event["id"]),
        (&json!("test.ping"), &Value::Null)
    );
    assert_eq!(event["data"]["forward_id"], crm.forward_id.as_str());
    let seen = &crm.forward().await["health"]["last_delivery"];
    assert_eq!(
        (&seen["type"], &seen["state"]),
        (&json!("test.ping"), &json!("delivered"))
    );
    assert_eq!(
        (&seen["leadID"], &seen["businessID"]),
        (&Value::Null, &Value::Null)
    );
    let log = crm.world.crm().get("/api/v1/events").await.json();
    assert_eq!(log["data"], json!([]), "a test is no event");
}

async fn hostile_urls_are_refused_by_name(engine: Engine) {
    let world = world(engine).await;
    // Loopback is allowed in a test, and nothing else that is private.
    for url in [
        "http://crm.example/hook",
        "https://10.0.0.1/",
        "https://192.168.0.1/",
        "https://172.16.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://[::ffff:10.0.0.1]/",
        "https://167772161/",
        "https://0xa000001/",
        "https://012.1/",
        "https://user:password@crm.example/",
        "https://crm.example/#fragment",
        "https://crm.example/a b",
        "ftp://crm.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//crm.example/",
        "crm.example",
        "",
    ] {
        let reply = world
            .crm()
            .post("/api/v1/forwards", &json!({ "url": url }))
            .await;
        assert_error(&reply, 400, "BAD_REQUEST");
        assert!(
            reply.description().starts_with("/url "),
            "{url}: {}",
            reply.text()
        );
    }
    let list = world.crm().get("/api/v1/forwards").await.json();
    assert_eq!(list["data"], json!([]));
    let crm = Crm::of(world, &json!({})).await;
    let changed = json!({"url": "https://10.0.0.1/"});
    let reply = crm.world.crm().put(&crm.path(""), &changed).await;
    assert_error(&reply, 400, "BAD_REQUEST");
}

async fn what_is_wrong_is_named(engine: Engine) {
    let crm = Crm::start(engine).await;
    let url = "https://crm.example/";
    for (path, body, names) in [
        ("", json!({}), &["/url is required"][..]),
        ("", json!({"url": 5}), &["/url must be a string"]),
        (
            "",
            json!({"url": url, "event_types": ["lead.lost"], "business_ids": ["x"], "description": 7}),
            &[
                "/event_types item 0 must be one of lead.received",
                "/business_ids item 0",
                "/description",
            ],
        ),
        (
            "",
            json!({"url": url, "event_types": []}),
            &["/event_types must have 1 to"],
        ),
        (
            "rotate-secret",
            json!({"overlap_seconds": 604_801}),
            &["/overlap_seconds"],
        ),
        (
            "rotate-secret",
            json!({"overlap_seconds": "60"}),
            &["/overlap_seconds"],
        ),
        ("replay", json!({}), &["/since is required"]),
        (
            "replay",
            json!({"since": "noon"}),
            &["/since must be a time such as"],
        ),
    ] {
        let path = match path {
            "" => "/api/v1/forwards".to_owned(),
            rest => crm.path(&format!("/{rest}")),
        };
        let reply = crm.world.crm().post(&path, &body).await;
        assert_error(&reply, 400, "BAD_REQUEST");
        for name in names {
            assert!(
                reply.description().contains(name),
                "{name}: {}",
                reply.text()
            );
        }
    }
    for (path, name) in [
        ("/api/v1/forwards/x".to_owned(), "forward_id"),
        ("/api/v1/forwards/0".to_owned(), "forward_id"),
        (crm.path("/deliveries/x"), "delivery_id"),
        (crm.path("/deliveries?state=lost"), "state"),
        (crm.path("/deliveries?lead=x"), "lead"),
        (crm.path("/deliveries?limit=0"), "limit"),
        ("/api/v1/forwards?after=x".to_owned(), "after"),
    ] {
        let reply = crm.world.crm().get(&path).await;
        assert_error(&reply, 400, "BAD_REQUEST");
        assert!(
            reply.description().contains(name),
            "{path}: {}",
            reply.text()
        );
    }
    let request = crm.world.crm().request(Method::POST, "/api/v1/forwards");
    assert_error(&Http::send(request.body("{}")).await, 400, "BAD_REQUEST");
    let unknown = crm.world.crm().get("/api/v1/forwards/5").await;
    assert_error(&unknown, 404, "NOT_FOUND");
}

async fn nothing_is_told_without_the_key(engine: Engine) {
    let crm = Crm::start(engine).await;
    let one = crm.path("");
    for (method, path) in [
        (Method::GET, "/api/v1/forwards"),
        (Method::POST, "/api/v1/forwards"),
        (Method::GET, &one),
        (Method::PUT, &one),
        (Method::DELETE, &one),
        (Method::POST, &crm.path("/rotate-secret")),
        (Method::POST, &crm.path("/pause")),
        (Method::POST, &crm.path("/resume")),
        (Method::POST, &crm.path("/test")),
        (Method::POST, &crm.path("/replay")),
        (Method::GET, &crm.path("/deliveries")),
        (Method::GET, &crm.path("/deliveries/5")),
        (Method::POST, &crm.path("/deliveries/5/retry")),
        (Method::GET, "/api/v1/events"),
    ] {
        for authorization in ["", "Bearer wrong", "Basic eDp5"] {
            let url = format!("{}{path}", crm.world.gateway_url);
            let request = crm.world.http.request(method.clone(), &url);
            let reply = Http::send(request.header("authorization", authorization)).await;
            assert_error(&reply, 401, "INVALID_TOKEN");
        }
    }
    assert_eq!(crm.forward().await["health"]["state"], "ok");
}

async fn forwards_are_listed_by_the_page(engine: Engine) {
    let world = world(engine).await;
    let receiver = Receiver::start().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        let forward = make_forward(&world, &receiver, &json!({})).await;
        made.push(text(&forward.expect_status(201).json()["forward_id"]));
    }
    made.reverse();
    let (mut seen, mut path) = (Vec::new(), "/api/v1/forwards?limit=2".to_owned());
    loop {
        let page = world.crm().get(&path).await.expect_status(200).json();
        let ids = page["data"].as_array().unwrap().iter();
        seen.extend(ids.map(|forward| text(&forward["forward_id"])));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/api/v1/forwards?limit=2&after={next}");
    }
    assert_eq!(seen, made, "the newest first");
    for _ in 5..50 {
        make_forward(&world, &receiver, &json!({}))
            .await
            .expect_status(201);
    }
    let one_more = make_forward(&world, &receiver, &json!({})).await;
    assert_error(&one_more, 409, "CONFLICT");
}

async fn a_delivery_is_its_forwards_alone(engine: Engine) {
    let crm = Crm::start(engine).await;
    let receiver = Receiver::start().await;
    let other = make_forward(&crm.world, &receiver, &json!({}))
        .await
        .expect_status(201);
    let other = text(&other.json()["forward_id"]);
    let asked = crm.ask("/test", &json!({})).await.expect_status(202).json();
    crm.came().await;
    let delivery = text(&asked["delivery_id"]);
    let path = format!("/deliveries/{delivery}");
    crm.world
        .crm()
        .get(&crm.path(&path))
        .await
        .expect_status(200);
    let foreign = format!("/api/v1/forwards/{other}{path}");
    assert_error(&crm.world.crm().get(&foreign).await, 404, "NOT_FOUND");
    let retry = format!("{foreign}/retry");
    assert_error(
        &crm.world.crm().post(&retry, &json!({})).await,
        404,
        "NOT_FOUND",
    );
    let list = format!("/api/v1/forwards/{other}/deliveries");
    let list = crm.world.crm().get(&list).await.expect_status(200).json();
    assert_eq!(list["data"], json!([]));
}
