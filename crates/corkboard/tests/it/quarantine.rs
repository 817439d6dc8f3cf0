//! Bodies that cannot be filed (protocol §1, §5): each is refused in one shape, and what is JSON is kept for a person.

use protocol::fixtures;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{Http, World};

use crate::sender::Sender;
use crate::support::{assert_error, world};

on_both_databases![
    a_lead_that_misses_members_is_kept_and_every_problem_named,
    a_corrected_body_is_filed_and_leaves_the_quarantine,
    a_correction_that_is_no_better_changes_nothing,
    no_body_however_bad_is_an_error_of_ours,
    other_methods_are_told_the_right_one,
];

async fn quarantine(world: &World, state: &str) -> Vec<Value> {
    let path = format!("/api/v1/quarantine?state={state}");
    let list = world.crm().get(&path).await.expect_status(200).json();
    list["data"].as_array().expect("a list").clone()
}

/// A message without its text, which is in quarantine now: its id there.
async fn quarantined_message(world: &World) -> String {
    let mut body: Value = serde_json::from_str(fixtures::MESSAGE).expect("the sample is JSON");
    body["message"]
        .as_object_mut()
        .expect("an object")
        .shift_remove("text");
    let reply = Sender::of(world).message(&body.to_string()).await;
    assert_error(&reply, 400, "BAD_REQUEST");
    assert!(
        reply.description().contains("/message/text"),
        "{}",
        reply.description()
    );
    let entry = &quarantine(world, "open").await[0];
    entry["quarantine_id"]
        .as_str()
        .expect("an entry has an id")
        .to_owned()
}

async fn a_lead_that_misses_members_is_kept_and_every_problem_named(engine: Engine) {
    let world = world(engine).await;
    let body = json!({
        "leadID": 5, "createTimestamp": "yesterday", "request": {"location": {"city": "Austin"}}, "customer": [],
        "mark": "kept"
    });
    let reply = Sender::of(&world).lead(&body.to_string()).await;
    assert_error(&reply, 400, "BAD_REQUEST");
    let entries = quarantine(&world, "open").await;
    let [entry] = entries.as_slice() else {
        panic!("one entry: {entries:?}");
    };
    for pointer in [
        "/leadID",
        "/createTimestamp",
        "/request/requestID",
        "/request/category",
        "/request/title",
        "/request/location/state",
        "/request/location/zipCode",
        "/request/travelPreferences",
        "/customer",
        "/business",
    ] {
        assert!(
            reply.description().contains(pointer),
            "{pointer} in {}",
            reply.description()
        );
        let problems = entry["problems"].to_string();
        assert!(
            problems.contains(&format!("\"{pointer}\"")),
            "{pointer} in {problems}"
        );
    }
    assert_eq!(entry["kind"], "lead");
    assert_eq!(entry["body"], body.to_string(), "as it came");
    let leads = world.crm().get("/api/v1/leads").await.json();
    assert_eq!(leads["data"], json!([]));
}

async fn a_corrected_body_is_filed_and_leaves_the_quarantine(engine: Engine) {
    let world = world(engine).await;
    let entry = quarantined_message(&world).await;
    Sender::of(&world)
        .lead(fixtures::LEAD)
        .await
        .expect_status(200);
    let path = format!("/api/v1/quarantine/{entry}/reprocess");
    let corrected: Value = serde_json::from_str(fixtures::MESSAGE).unwrap();
    let done = world.crm().post(&path, &json!({ "body": corrected })).await;
    assert_eq!(done.expect_status(200).json()["state"], "processed");
    assert!(quarantine(&world, "open").await.is_empty());
    assert_eq!(
        quarantine(&world, "processed").await[0]["quarantine_id"],
        entry.as_str()
    );
    let lead = corrected["leadID"].as_str().unwrap();
    let lead = world
        .crm()
        .get(&format!("/api/v1/leads/{lead}"))
        .await
        .json();
    assert_eq!(lead["timeline"][1]["text"], corrected["message"]["text"]);
    let again = world.crm().post(&path, &json!({ "body": corrected })).await;
    assert_error(&again, 409, "CONFLICT");
}

async fn a_correction_that_is_no_better_changes_nothing(engine: Engine) {
    let world = world(engine).await;
    let entry = quarantined_message(&world).await;
    let path = format!("/api/v1/quarantine/{entry}/reprocess");
    for correction in [
        json!({}),
        json!({"body": {"leadID": "1"}}),
        json!({"body": []}),
        json!({"body": null}),
    ] {
        assert_error(
            &world.crm().post(&path, &correction).await,
            400,
            "BAD_REQUEST",
        );
    }
    assert_eq!(quarantine(&world, "open").await.len(), 1);
    let unknown = world
        .crm()
        .post("/api/v1/quarantine/1/reprocess", &json!({}))
        .await;
    assert_error(&unknown, 404, "NOT_FOUND");
}

async fn no_body_however_bad_is_an_error_of_ours(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let table: Vec<(&str, Vec<u8>, u16)> = vec![
        ("empty", Vec::new(), 400),
        ("white space", b" \n\t".to_vec(), 400),
        ("2 MB", vec![b' '; 2 << 20], 413),
        ("one byte too many", vec![b' '; (1 << 20) + 1], 413),
        ("5,000 levels", deep(5_000).into_bytes(), 400),
        ("33 levels", deep(33).into_bytes(), 400),
        ("bad UTF-8", b"{\"leadID\":\"\xff\xfe\"}".to_vec(), 400),
        ("half a surrogate", br#"{"leadID":"\ud800"}"#.to_vec(), 400),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec(), 400),
        ("two values", b"{}{}".to_vec(), 400),
        (
            "duplicate members",
            br#"{"leadID":"1","leadID":"2"}"#.to_vec(),
            400,
        ),
        ("1e400", br#"{"leadID":1e400}"#.to_vec(), 400),
        ("NUL", br#"{"leadID":"1","name":"\u0000"}"#.to_vec(), 400),
        ("an array", b"[]".to_vec(), 400),
        ("a string", b"\"lead\"".to_vec(), 400),
        ("null", b"null".to_vec(), 400),
        (
            "an id of 30 digits",
            br#"{"leadID":"123456789012345678901234567890"}"#.to_vec(),
            400,
        ),
        ("half a body", br#"{"leadID": "1""#.to_vec(), 400),
        ("form data", b"leadID=1&customerID=2".to_vec(), 400),
    ];
    for path in ["/v1/lead", "/v1/message", "/v1/review"] {
        for (name, body, status) in &table {
            let request = sender
                .request(Method::POST, path)
                .header("content-type", "application/json");
            let reply = Http::send(request.body(body.clone())).await;
            let code = if *status == 413 {
                "PAYLOAD_TOO_LARGE"
            } else {
                "BAD_REQUEST"
            };
            assert_eq!(reply.status, *status, "{name} at {path}: {}", reply.text());
            assert_error(&reply, *status, code);
        }
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("json"),
        ] {
            let request = sender.request(Method::POST, path).body("{}");
            let request = match content_type {
                Some(kind) => request.header("content-type", kind),
                None => request,
            };
            let reply = Http::send(request).await;
            assert_error(&reply, 400, "BAD_REQUEST");
            assert!(
                reply.description().contains("Content-Type"),
                "{content_type:?}: {}",
                reply.description()
            );
        }
        let request = sender
            .request(Method::POST, path)
            .header("content-type", "application/json");
        let reply = Http::send(request.header("content-encoding", "gzip").body("{}")).await;
        assert_error(&reply, 400, "BAD_REQUEST");
        assert!(
            reply.description().contains("Content-Encoding"),
            "{}",
            reply.description()
        );
    }
    let request = sender
        .request(Method::POST, "/v1/lead")
        .header("content-type", "Application/JSON; charset=utf-8");
    Http::send(request.body(fixtures::LEAD))
        .await
        .expect_status(200);
}

async fn other_methods_are_told_the_right_one(engine: Engine) {
    let world = world(engine).await;
    let sender = Sender::of(&world);
    for path in ["/v1/lead", "/v1/message", "/v1/lead/update", "/v1/review"] {
        for method in [Method::GET, Method::DELETE, Method::PATCH] {
            let reply = Http::send(sender.request(method, path)).await;
            assert_error(&reply, 405, "METHOD_NOT_ALLOWED");
            let allowed = reply.header("allow").unwrap_or_default();
            assert!(allowed.contains("POST"), "{path}: {allowed}");
        }
    }
    let reply = Http::send(sender.request(Method::POST, "/v1/leads")).await;
    assert_error(&reply, 404, "NOT_FOUND");
}
