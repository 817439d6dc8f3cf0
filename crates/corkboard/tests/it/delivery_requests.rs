//! What a partner receives (protocol §4): the requests themselves, as each partner wants them.

use data_encoding::BASE64;
use protocol::standard_webhooks::SigningSecret;
use serde_json::{Value, json};
use testkit::Received;
use testkit::world::Engine;

use crate::marketplace::Marketplace;
use crate::support::members;

on_both_databases![
    every_kind_arrives_at_its_path_by_its_method,
    a_request_carries_credentials_type_and_a_stable_id,
    a_partner_with_a_signing_secret_can_verify,
    urls_and_methods_are_the_partners_choice,
    a_partner_that_asked_for_nothing_gets_the_sources_members_only,
    an_address_goes_with_some_kinds_of_lead_only,
];

async fn all_kinds(market: &Marketplace) -> (String, Vec<Received>) {
    let lead = market.lead().await;
    market.write(&lead, "Is cleaning up included?").await;
    market.price(&lead, "$26.00").await;
    market.review(&lead).await;
    market.world.drain().await;
    (lead.lead_id, market.partner.take())
}

fn request_lines(received: &[Received]) -> Vec<(&str, &str)> {
    received
        .iter()
        .map(|request| (request.method.as_str(), request.path.as_str()))
        .collect()
}

async fn every_kind_arrives_at_its_path_by_its_method(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let (lead_id, received) = all_kinds(&market).await;
    let expected = [
        ("POST", "/v1/lead"),
        ("POST", "/v1/message"),
        ("PUT", "/v1/lead/update"),
        ("POST", "/v1/review"),
    ];
    assert_eq!(request_lines(&received), expected);
    let [lead, message, update, review] = [0, 1, 2, 3].map(|index| received[index].json());
    for body in [&lead, &message, &update, &review["review"]] {
        assert_eq!(body["leadID"], lead_id.as_str());
    }
    assert_eq!(
        members(&message),
        ["leadID", "customerID", "businessID", "message"]
    );
    assert_eq!(message["customerID"], lead["customer"]["customerID"]);
    assert_eq!(message["message"]["text"], "Is cleaning up included?");
    assert_eq!(
        update,
        json!({"leadID": lead_id, "leadPrice": "$26.00", "chargeState": "Charged"})
    );
    assert_eq!(review["reviewEventType"], "REVIEW_ADDED");
    assert_eq!(
        review["review"]["createTime"].as_str().unwrap().len(),
        13,
        "milliseconds"
    );
    let delivered = market.deliveries("state=delivered").await;
    let kinds: Vec<&str> = delivered
        .iter()
        .rev()
        .filter_map(|one| one["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["lead", "message", "lead_update", "review"]);
}

async fn a_request_carries_credentials_type_and_a_stable_id(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let lead = market.lead().await;
    market.partner.answer_next(500);
    market.world.drain().await;
    market.pass(2.0).await;
    let received = market.partner.take();
    let [first, second] = received.as_slice() else {
        panic!("two attempts: {received:?}");
    };
    let endpoints = &market.world.demo.endpoints;
    let expected = testkit::partner::basic(&endpoints.username, endpoints.password.expose());
    assert_eq!(first.header("authorization"), expected);
    assert_eq!(first.header("content-type"), "application/json");
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert!(!first.header("webhook-id").is_empty());
    assert_eq!(first.header("webhook-timestamp"), "1790000000");
    assert_eq!(second.header("webhook-timestamp"), "1790000002");
    assert_eq!(
        first.header("webhook-signature"),
        "",
        "there is no signing secret"
    );
    assert_eq!(first.body, second.body, "the same bytes");
    let delivery = &market.deliveries(&format!("lead={}", lead.lead_id)).await[0];
    assert_eq!(delivery["attempts"], 2);
    assert_eq!(delivery["last_status"], 200);
}

async fn a_partner_with_a_signing_secret_can_verify(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let secret = format!("whsec_{}", BASE64.encode(&[7; 32]));
    market
        .set_endpoints(&json!({"signing_secret": secret}))
        .await
        .expect_status(200);
    market.lead().await;
    market.world.drain().await;
    let request = &market.partner.take()[0];
    let signing = SigningSecret::parse(&secret).unwrap();
    let expected = signing.sign(
        request.header("webhook-id"),
        request.header("webhook-timestamp").parse().unwrap(),
        request.body.as_bytes(),
    );
    assert_eq!(request.header("webhook-signature"), expected);
    let path = format!("/operator/v1/partners/{}/endpoints", market.partner_id);
    let shown = market.world.operator().get(&path).await.expect_status(200);
    assert_eq!(shown.json()["has_signing_secret"], true);
    assert!(
        !shown.text().contains(&secret) && !shown.text().contains("the password"),
        "{}",
        shown.text()
    );
}

async fn urls_and_methods_are_the_partners_choice(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let url = market.partner.url();
    let changes = json!({
        "lead_url": format!("{url}/hooks?key=1&kind=lead"),
        "message_url": format!("{url}/hooks?key=1&kind=message"),
        "lead_update_url": format!("{url}/leads/{{leadID}}"),
        "message_method": "PUT",
        "lead_update_method": "PATCH",
        "fields": ["updates", "reviews"],
    });
    market.set_endpoints(&changes).await.expect_status(200);
    let (lead_id, received) = all_kinds(&market).await;
    let own_path = format!("/leads/{lead_id}");
    let expected = [
        ("POST", "/hooks?key=1&kind=lead"),
        ("PUT", "/hooks?key=1&kind=message"),
        ("PATCH", own_path.as_str()),
        ("POST", "/v1/review"),
    ];
    assert_eq!(request_lines(&received), expected);
}

async fn a_partner_that_asked_for_nothing_gets_the_sources_members_only(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let full: Vec<Value> = {
        let (_, received) = all_kinds(&market).await;
        received.iter().map(Received::json).collect()
    };
    assert_eq!(full[0]["customer"]["phone"], "1234567890");
    assert!(full[0]["request"]["categoryID"].is_string());
    market.set_endpoints(&json!({})).await.expect_status(200);
    let (_, received) = all_kinds(&market).await;
    let lines = request_lines(&received);
    assert_eq!(
        lines,
        [
            ("POST", "/v1/lead"),
            ("POST", "/v1/message"),
            ("PUT", "/v1/lead/update")
        ],
        "no review (†)"
    );
    let lead = received[0].json();
    assert_eq!(lead["customer"].get("phone"), None, "opt-in");
    assert_eq!(lead["request"].get("categoryID"), None, "†");
    assert_eq!(
        lead["request"]["location"]["address1"], "101 Alma Street",
        "in the source's tables"
    );
    assert_eq!(lead["leadType"], "INSTANT_BOOK");
    market
        .set_endpoints(&json!({"fields": []}))
        .await
        .expect_status(200);
    let (_, received) = all_kinds(&market).await;
    assert_eq!(
        request_lines(&received),
        [("POST", "/v1/lead"), ("POST", "/v1/message")]
    );
    let lead = received[0].json();
    assert_eq!(
        members(&lead),
        [
            "leadID",
            "createTimestamp",
            "request",
            "customer",
            "business"
        ]
    );
    assert_eq!(lead["request"]["location"].get("address1"), None);
}

async fn an_address_goes_with_some_kinds_of_lead_only(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let category = &market.world.ids.pros[0].businesses[0].categories[0].name;
    for (lead_type, has_address) in [
        ("INSTANT_BOOK", true),
        ("BOOKING", true),
        ("INSTANT_CONSULT", true),
        ("SERVICE_CALL", true),
        ("CONTACT", false),
        ("ESTIMATION", false),
        ("FULFILLMENT", false),
        ("REQUEST_A_QUOTE", false),
    ] {
        let lead = json!({
            "businessID": market.world.business(0, 0),
            "request": {
                "category": category, "title": "Painting", "travelPreferences": "Professional must travel to me.",
                "location": {"address1": "12 Sample Street", "address2": "", "city": "Austin", "state": "TX", "zipCode": "78701"}
            },
            "customer": {"name": "Jo Example"},
            "leadType": lead_type,
        });
        market
            .world
            .operator()
            .post("/operator/v1/leads", &lead)
            .await
            .expect_status(201);
        market.world.drain().await;
        let sent = market.partner.take()[0].json();
        assert_eq!(sent["leadType"], lead_type);
        let location = &sent["request"]["location"];
        assert_eq!(
            location.get("address1").is_some(),
            has_address,
            "{lead_type}: {location}"
        );
        assert_eq!(
            location.get("address2").is_some(),
            has_address,
            "{lead_type}: {location}"
        );
    }
}
