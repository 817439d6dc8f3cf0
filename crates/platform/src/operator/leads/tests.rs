//! What the marketplace feeds in, over HTTP and on one database: the shapes that its programs rely on (protocol §8.4).

use axum::body::Body;
use database::test_db::TestDb;
use http::{Method, Request, header};
use http_body_util::BodyExt as _;
use protocol::id::BusinessId;
use protocol::message::SendMessage;
use tower::ServiceExt as _;
use web::frame::Frame;

use super::*;
use crate::service::pro_message::{self, NewProMessage, Sender};
use crate::testing::market::{CATEGORY, Market};
use crate::testing::{MIGRATIONS, OWN};

/// What the marketplace calls with.
const KEY: &str = "Bearer operator-key";

/// A marketplace's program with a platform in front of it, whose business is connected to a partner.
struct Marketplace {
    market: Market,
    router: Router,
    _db: TestDb,
}

impl Marketplace {
    async fn new() -> Self {
        let db = TestDb::sqlite(MIGRATIONS).await;
        let market = Market::new(&db).await;
        market.bench.connect(OWN).await;
        let core = market.bench.core.clone();
        let origin = core.settings.base_url.clone();
        let frame = Frame::new(core.clock.clone(), core.entropy.clone(), origin);
        let router = frame.around(routes().with_state(core));
        Self {
            market,
            router,
            _db: db,
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, KEY);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }
}

/// A lead that the operator posts.
fn lead(market: &Market) -> Value {
    json!({
        "businessID": market.bench.business_id,
        "request": {
            "category": CATEGORY,
            "title": "A tap drips",
            "location": {"city": "Denver", "state": "CO", "zipCode": "80202"},
            "travelPreferences": "Professional must travel to my address.",
        },
        "customer": {"name": "Jo Example"},
        "price": "$258/hour",
        "leadType": "ESTIMATION",
    })
}

#[tokio::test]
async fn a_lead_is_answered_as_it_is_stored_and_the_same_under_its_key() {
    let marketplace = Marketplace::new().await;
    let body = lead(&marketplace.market);
    let post = async || {
        marketplace
            .ask(Method::POST, paths::LEADS, Some("key"), &body)
            .await
    };
    let (status, made) = post().await;
    assert_eq!(status, 201, "{made}");
    let members: Vec<&String> = made.as_object().unwrap().keys().collect();
    let expected = [
        "leadID",
        "createTimestamp",
        "request",
        "customer",
        "business",
        "price",
        "leadType",
        "leadPrice",
        "chargeState",
    ];
    assert_eq!(members, expected);
    assert_eq!(
        made["request"]["categoryID"],
        json!(marketplace.market.category_id)
    );
    assert_eq!(made["leadPrice"], Value::Null);
    assert_eq!(post().await, (201, made.clone()));
    let path = paths::lead(LeadId::parse(made["leadID"].as_str().unwrap()).unwrap());
    let (status, mut found) = marketplace
        .ask(Method::GET, &path, None, &Value::Null)
        .await;
    assert_eq!((status, found["closedAt"].take()), (200, Value::Null));
    found.as_object_mut().unwrap().remove("closedAt");
    assert_eq!(found, made);
    let (_, listed) = marketplace
        .ask(Method::GET, paths::LEADS, None, &Value::Null)
        .await;
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["next"], Value::Null);
}

#[tokio::test]
async fn a_lead_that_cannot_be_is_refused_with_the_reason() {
    let marketplace = Marketplace::new().await;
    let market = &marketplace.market;
    let good = lead(market);
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let post = async |body: &Value| {
        let (status, answer) = marketplace
            .ask(Method::POST, paths::LEADS, None, body)
            .await;
        (
            status,
            answer["error_description"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    for (body, status, reason) in [
        (
            with("/businessID", json!("x")),
            400,
            "/businessID must be an id",
        ),
        (
            with("/request/category", json!("Gardening")),
            400,
            "/request/category must be one of",
        ),
        (
            with("/businessID", json!("5")),
            404,
            "/businessID is the id of no business.",
        ),
    ] {
        let (answered, description) = post(&body).await;
        assert_eq!(answered, status, "{description}");
        assert!(description.starts_with(reason), "{description}");
    }
    let business = market.bench.business_id;
    for (path, reason) in [
        (
            paths::business_category_targeting(business, market.category_id),
            "off for this category",
        ),
        (
            paths::business_targeting(business),
            "targeting of the business is off",
        ),
    ] {
        let off = json!({"enabled": false});
        assert_eq!(marketplace.ask(Method::PUT, &path, None, &off).await.0, 200);
        let (status, description) = post(&good).await;
        assert_eq!(status, 409);
        assert!(description.contains(reason), "{description}");
    }
}

#[tokio::test]
async fn what_follows_a_lead_has_the_documented_shapes() {
    let marketplace = Marketplace::new().await;
    let market = &marketplace.market;
    let lead_id = market.make_lead().await;
    let (messages, price) = (paths::lead_messages(lead_id), paths::lead_price(lead_id));
    let (status, written) = marketplace
        .ask(Method::POST, &messages, None, &json!({"text": "Hello?"}))
        .await;
    assert_eq!(status, 201);
    assert_eq!(written["messageID"], written["message"]["messageID"]);
    reply(market, lead_id).await.unwrap();
    let (_, listed) = marketplace
        .ask(Method::GET, &messages, None, &Value::Null)
        .await;
    let line = |index: usize| {
        let line = &listed["data"][index];
        (
            line["from"].as_str().unwrap(),
            line["text"].as_str().unwrap(),
            line["createTimestamp"].is_string(),
        )
    };
    assert_eq!(
        (line(0), line(1)),
        (("customer", "Hello?", true), ("pro", "Yes", true))
    );
    let priced = marketplace
        .ask(Method::PUT, &price, None, &json!({"leadPrice": "$26.00"}))
        .await;
    let expected = json!({"leadID": lead_id, "leadPrice": "$26.00", "chargeState": "Charged"});
    assert_eq!(priced, (200, expected));
    let (status, _) = marketplace
        .ask(Method::PUT, &price, None, &json!({"leadPrice": 26}))
        .await;
    assert_eq!(status, 400);
    let review = paths::lead_review(lead_id);
    let (status, judged) = marketplace
        .ask(Method::POST, &review, None, &json!({"rating": 5}))
        .await;
    assert_eq!((status, &judged["review"]["rating"]), (201, &json!("5")));
    assert_eq!(judged["reviewID"], judged["review"]["reviewID"]);
    let kinds = market.kinds_for(market.bench.partner_id).await;
    assert_eq!(kinds, ["lead", "message", "lead_update", "review"]);
}

#[tokio::test]
async fn a_closed_lead_takes_no_reply_and_an_unknown_one_nothing() {
    let marketplace = Marketplace::new().await;
    let market = &marketplace.market;
    let lead_id = market.make_lead().await;
    let close = paths::lead_close(lead_id);
    let (status, closed) = marketplace
        .ask(Method::POST, &close, None, &Value::Null)
        .await;
    assert_eq!((status, closed["closedAt"].is_string()), (200, true));
    assert!(reply(market, lead_id).await.is_err());
    let unknown = LeadId::from_i64(5).unwrap();
    for (method, path, body) in [
        (Method::GET, paths::lead(unknown), Value::Null),
        (Method::GET, paths::lead_messages(unknown), Value::Null),
        (
            Method::POST,
            paths::lead_messages(unknown),
            json!({"text": "Hello?"}),
        ),
        (
            Method::PUT,
            paths::lead_price(unknown),
            json!({"leadPrice": null}),
        ),
        (
            Method::POST,
            paths::lead_review(unknown),
            json!({"rating": 5}),
        ),
        (Method::POST, paths::lead_close(unknown), Value::Null),
        (
            Method::PUT,
            paths::business_targeting(BusinessId::from_i64(5).unwrap()),
            json!({"enabled": true}),
        ),
    ] {
        let (status, answer) = marketplace.ask(method, &path, None, &body).await;
        assert_eq!(
            (status, answer["error"].as_str()),
            (404, Some("NOT_FOUND")),
            "{path}"
        );
    }
}

async fn reply(market: &Market, lead_id: LeadId) -> Result<(), String> {
    let body = json!({"text": "Yes"});
    let new = NewProMessage {
        business_id: market.bench.business_id,
        lead_id,
        text: SendMessage::parse(&body).unwrap().text,
    };
    let sender = Sender::Partner(market.bench.partner_id);
    let sent = pro_message::send(&market.bench.core, sender, new, None).await;
    sent.map_err(|error| error.to_string())
}
