//! Test data (protocol §3.3).

use http::{Method, header};
use protocol::paths::partner as paths;
use serde_json::json;

use super::caller::{Caller, PASSWORD, Sent, USERNAME, basic};
use crate::settings::Environment;

fn create(body: &str) -> Sent {
    Sent::json(
        Method::POST,
        paths::CREATE_LEAD,
        &basic(USERNAME, PASSWORD),
        body,
    )
}

#[tokio::test]
async fn a_partner_makes_a_lead_and_replies_to_it() {
    let caller = Caller::new().await;
    let given = caller.market.bench.business_id;
    let as_number = format!("{{\n\"businessID\": {given}\n}}");
    let as_text = json!({ "businessID": given }).to_string();
    for body in ["{}", &as_number, &as_text] {
        let reply = caller.send(&create(body)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let lead = reply.json();
        let members: Vec<&String> = lead.as_object().unwrap().keys().collect();
        let expected = [
            "leadID",
            "createTimestamp",
            "request",
            "customer",
            "business",
            "price",
        ];
        assert_eq!(members[..6], expected);
        let (business, lead) = (&lead["business"]["businessID"], &lead["leadID"]);
        let path = format!(
            "/v1/business/{}/lead/{}/message",
            business.as_str().unwrap(),
            lead.as_str().unwrap()
        );
        let reply = Sent {
            path,
            ..create(r#"{"text":"Got it"}"#)
        };
        assert_eq!(caller.send(&reply).await.status, 200);
    }
    assert_eq!(caller.market.waiting().await.len(), 3);
}

#[tokio::test]
async fn no_body_needs_no_content_type_and_a_wrong_one_is_refused() {
    let caller = Caller::new().await;
    let mut empty = create("");
    assert_eq!(caller.send(&empty).await.status, 200);
    empty.content_type = None;
    assert_eq!(caller.send(&empty).await.status, 200);
    for body in [
        "null",
        "[]",
        "5",
        "{",
        r#"{"businessID":"x"}"#,
        r#"{"businessID":-1}"#,
    ] {
        assert_eq!(caller.send(&create(body)).await.status, 400, "{body}");
    }
    assert_eq!(
        caller.send(&create(r#"{"businessID":5}"#)).await.status,
        404
    );
    let mut anonymous = create("{}");
    anonymous.authorization = None;
    assert_eq!(caller.send(&anonymous).await.status, 401);
    let other_method = Sent {
        method: Method::GET,
        ..create("")
    };
    let reply = caller.send(&other_method).await;
    assert_eq!(reply.refusal(), (405, "METHOD_NOT_ALLOWED".to_owned()));
    assert_eq!(reply.headers[header::ALLOW], "POST");
}

#[tokio::test]
async fn in_production_there_is_nothing_whoever_asks() {
    let caller = Caller::new().await;
    let caller = caller.under(|settings| settings.environment = Environment::Production);
    let mut anonymous = create("{}");
    anonymous.authorization = None;
    let other_method = Sent {
        method: Method::GET,
        ..create("")
    };
    let nowhere = Sent {
        path: "/v1/test/nothing".to_owned(),
        ..create("{}")
    };
    let description = async |sent: &Sent| {
        let reply = caller.send(sent).await;
        assert_eq!(reply.refusal(), (404, "NOT_FOUND".to_owned()));
        reply.json()["error_description"].clone()
    };
    let expected = description(&nowhere).await;
    for sent in [create("{}"), create("nonsense"), anonymous, other_method] {
        assert_eq!(description(&sent).await, expected);
    }
}
