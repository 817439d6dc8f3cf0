//! Targeting (protocol §3.2).

use http::Method;
use protocol::paths::partner as paths;
use serde_json::{Value, json};

use super::caller::{Caller, Reply, Sent};
use crate::service::business;
use crate::testing::OWN;

async fn patch(caller: &Caller, path: &str, token: &str, body: &Value) -> Reply {
    caller
        .send(&Sent::json(Method::PATCH, path, token, body))
        .await
}

/// The positions of the two switches.
async fn positions(caller: &Caller) -> (bool, bool) {
    let market = &caller.market;
    let listing = business::find(&market.bench.core, market.bench.business_id).await;
    let listing = listing.unwrap().unwrap();
    (listing.business.targeting, listing.categories[0].targeting)
}

#[tokio::test]
async fn a_business_and_a_category_are_switched_by_bool_or_text() {
    let caller = Caller::new().await;
    let token = caller.bearer(OWN).await;
    let bench = &caller.market.bench;
    let account = bench.account_id.to_string();
    let business = paths::targeting(paths::OWN_ACCOUNT, bench.business_id);
    let category =
        paths::category_targeting(&account, bench.business_id, caller.market.category_id);
    for (path, enabled, expected) in [
        (&category, json!("false"), (true, false)),
        (&business, json!(false), (false, false)),
        (&business, json!("true"), (true, false)),
        (&category, json!(true), (true, true)),
    ] {
        let reply = patch(&caller, path, &token, &json!({ "enabled": enabled })).await;
        assert_eq!(
            (reply.status, reply.text.as_str()),
            (200, r#"{"status":"success"}"#)
        );
        assert_eq!(positions(&caller).await, expected, "{path} {enabled}");
    }
}

#[tokio::test]
async fn every_documented_error_has_its_status() {
    let caller = Caller::new().await;
    let token = caller.bearer(OWN).await;
    let own = caller.market.bench.business_id.to_string();
    let category = caller.market.category_id.to_string();
    let (off, odd) = (json!({"enabled": false}), json!({"enabled": "no"}));
    let path = |account: &str, service: &str| {
        format!("/v3/accounts/{account}/services/{service}/preferences/targeting")
    };
    let of_category = |service: &str, category: &str| {
        format!("/v3/accounts/~/services/{service}/categories/{category}/preferences/targeting")
    };
    for (path, token, body, expected) in [
        (path("~", "x"), token.as_str(), &off, 400),
        (of_category(&own, "x"), &token, &off, 400),
        (of_category("x", "y"), &token, &off, 400),
        (path("~", &own), &token, &odd, 400),
        (path("~", &own), &token, &json!({}), 400),
        (path("~", &own), "", &off, 401),
        (path("~", &own), "Bearer nonsense", &off, 401),
        (path("~", "5"), &token, &off, 401),
        (path("5", &own), &token, &off, 401),
        (path("me", &own), &token, &off, 401),
        (of_category("5", &category), &token, &off, 401),
        (path("~", ""), &token, &off, 404),
        (of_category(&own, ""), &token, &off, 404),
        (of_category("", &category), &token, &off, 404),
        (of_category(&own, "5"), &token, &off, 404),
    ] {
        let reply = patch(&caller, &path, token, body).await;
        assert_eq!(
            reply.status, expected,
            "{path} {token} {body} {}",
            reply.text
        );
        assert!(reply.json()["error_description"].is_string());
    }
    let mut missing = Sent::json(Method::PATCH, path("~", &own), &token, "");
    assert_eq!(caller.send(&missing).await.status, 400);
    missing.content_type = None;
    assert_eq!(caller.send(&missing).await.status, 400);
    assert_eq!(positions(&caller).await, (true, true));
    for (path, name) in [
        (path("~", "x"), "serviceID"),
        (of_category(&own, "x"), "categoryID"),
    ] {
        let reply = patch(&caller, &path, &token, &off).await.json();
        let description = reply["error_description"].as_str().unwrap();
        assert!(description.starts_with(name), "{description}");
    }
}
