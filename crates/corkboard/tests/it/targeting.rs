//! Switching a business on and off for customers (protocol §3.2, D7): every answer, and the effect on new leads.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::partner::{Partner, Tokens};
use testkit::world::Engine;
use testkit::{Http, Reply, World};

use crate::support::{FIRST, OTHERS, SECOND, assert_error, request, send_json, world};

on_both_databases![
    switching_a_business_off_refuses_new_leads_until_it_is_on_again,
    switching_a_category_off_refuses_leads_of_that_category_only,
    a_category_cannot_be_on_while_the_business_is_off,
    a_test_client_switches_nothing,
    the_account_is_a_tilde_or_the_tokens_own,
    a_service_must_be_the_tokens_own,
    a_category_must_be_one_of_the_business,
    empty_segments_are_not_found_and_other_wrong_ones_are_named,
    a_body_must_say_true_or_false,
    the_pro_switches_by_hand_on_the_services_page,
];

async fn connected(engine: Engine, kind: &str) -> (World, Partner, Tokens) {
    let world = world(engine).await;
    let partner = world.partner(kind);
    let tokens = world.connect(&partner, FIRST, "targeting").await;
    (world, partner, tokens)
}

fn service_path(account: &str, service: &str) -> String {
    format!("/v3/accounts/{account}/services/{service}/preferences/targeting")
}

fn category_path(account: &str, service: &str, category: &str) -> String {
    format!("/v3/accounts/{account}/services/{service}/categories/{category}/preferences/targeting")
}

fn category(world: &World, (pro, business): (usize, usize), index: usize) -> String {
    let business = &world.ids.pros[pro].businesses[business];
    business.categories[index].category_id.to_string()
}

async fn switch(
    partner: &Partner,
    tokens: &Tokens,
    path: &str,
    enabled: impl Into<Value>,
) -> Reply {
    let body = json!({"enabled": enabled.into()});
    partner
        .call(Method::PATCH, &tokens.access, path, &body)
        .await
}

#[track_caller]
fn assert_switched(reply: &Reply) {
    let success = (200, r#"{"status":"success"}"#.to_owned());
    assert_eq!((reply.status, reply.text()), success);
}

async fn switching_a_business_off_refuses_new_leads_until_it_is_on_again(engine: Engine) {
    let (world, partner, tokens) = connected(engine, "production").await;
    let path = service_path("~", &world.business(0, 0));
    for (enabled, offered) in [
        (json!(false), false),
        (json!("true"), true),
        (json!("false"), false),
        (json!("false"), false),
        (json!(true), true),
    ] {
        assert_switched(&switch(&partner, &tokens, &path, enabled).await);
        let reply = world.feed_lead(FIRST).await;
        if offered {
            assert_eq!(reply.status, 201, "{}", reply.text());
        } else {
            assert_error(&reply, 409, "CONFLICT");
        }
        // Others are not touched.
        assert_eq!(world.feed_lead(SECOND).await.status, 201);
    }
}

async fn switching_a_category_off_refuses_leads_of_that_category_only(engine: Engine) {
    let (world, partner, tokens) = connected(engine, "production").await;
    let business = world.business(0, 0);
    let first = category_path("~", &business, &category(&world, FIRST, 0));
    let second = category_path("~", &business, &category(&world, FIRST, 1));
    assert_switched(&switch(&partner, &tokens, &second, false).await);
    assert_eq!(world.feed_lead(FIRST).await.status, 201);
    assert_switched(&switch(&partner, &tokens, &first, "false").await);
    assert_error(&world.feed_lead(FIRST).await, 409, "CONFLICT");
    assert_switched(&switch(&partner, &tokens, &first, "true").await);
    assert_eq!(world.feed_lead(FIRST).await.status, 201);
}

async fn a_category_cannot_be_on_while_the_business_is_off(engine: Engine) {
    let (world, partner, tokens) = connected(engine, "production").await;
    let business = world.business(0, 0);
    let category = category_path("~", &business, &category(&world, FIRST, 0));
    assert_switched(&switch(&partner, &tokens, &service_path("~", &business), false).await);
    assert_switched(&switch(&partner, &tokens, &category, true).await);
    assert_error(&world.feed_lead(FIRST).await, 409, "CONFLICT");
}

async fn a_test_client_switches_nothing(engine: Engine) {
    let (world, partner, tokens) = connected(engine, "test").await;
    let business = world.business(0, 0);
    let own = category(&world, FIRST, 0);
    for path in [
        service_path("~", &business),
        category_path("~", &business, &own),
    ] {
        assert_switched(&switch(&partner, &tokens, &path, false).await);
    }
    assert_eq!(world.feed_lead(FIRST).await.status, 201);
}

async fn the_account_is_a_tilde_or_the_tokens_own(engine: Engine) {
    let (world, partner, tokens) = connected(engine, "production").await;
    let business = world.business(0, 0);
    let own = world.ids.pros[0].account_id.to_string();
    let other = world.ids.pros[1].account_id.to_string();
    for account in ["~", "%7E", &own] {
        assert_switched(&switch(&partner, &tokens, &service_path(account, &business), true).await);
    }
    for account in [other.as_str(), "123", "x", "~~"] {
        let reply = switch(&partner, &tokens, &service_path(account, &business), true).await;
        assert_error(&reply, 401, "INVALID_TOKEN");
    }
}

async fn a_service_must_be_the_tokens_own(engine: Engine) {
    let (world, partner, tokens) = connected(engine, "production").await;
    for service in [world.business(0, 1), world.business(1, 0), "123".to_owned()] {
        let own = category(&world, FIRST, 0);
        for path in [
            service_path("~", &service),
            category_path("~", &service, &own),
        ] {
            let reply = switch(&partner, &tokens, &path, false).await;
            assert_error(&reply, 401, "INVALID_TOKEN");
        }
    }
    assert_eq!(world.feed_lead(SECOND).await.status, 201);
    assert_eq!(world.feed_lead(OTHERS).await.status, 201);
}

async fn a_category_must_be_one_of_the_business(engine: Engine) {
    let (world, partner, tokens) = connected(engine, "production").await;
    for foreign in [
        category(&world, OTHERS, 0),
        category(&world, SECOND, 0),
        "123".to_owned(),
    ] {
        let path = category_path("~", &world.business(0, 0), &foreign);
        assert_error(
            &switch(&partner, &tokens, &path, false).await,
            404,
            "NOT_FOUND",
        );
    }
}

async fn empty_segments_are_not_found_and_other_wrong_ones_are_named(engine: Engine) {
    let (world, partner, tokens) = connected(engine, "production").await;
    let business = world.business(0, 0);
    let own = category(&world, FIRST, 0);
    for path in [
        service_path("~", ""),
        category_path("~", "", &own),
        category_path("~", &business, ""),
        "/v3/accounts/~/services/preferences/targeting".to_owned(),
    ] {
        assert_error(
            &switch(&partner, &tokens, &path, true).await,
            404,
            "NOT_FOUND",
        );
    }
    for wrong in ["x", "0", "-1", "1e3", "9223372036854775808", "%E2%82%AC"] {
        for (path, member) in [
            (service_path("~", wrong), "serviceID"),
            (category_path("~", wrong, &own), "serviceID"),
            (category_path("~", &business, wrong), "categoryID"),
        ] {
            let reply = switch(&partner, &tokens, &path, true).await;
            assert_error(&reply, 400, "BAD_REQUEST");
            assert!(
                reply.description().contains(member),
                "{path}: {}",
                reply.text()
            );
        }
    }
}

async fn a_body_must_say_true_or_false(engine: Engine) {
    let (world, partner, tokens) = connected(engine, "production").await;
    let business = world.business(0, 0);
    let own = category(&world, FIRST, 0);
    for path in [
        service_path("~", &business),
        category_path("~", &business, &own),
    ] {
        let wrong = [
            json!("TRUE"),
            json!("yes"),
            json!(""),
            json!(1),
            json!(null),
            json!([true]),
        ];
        for enabled in wrong {
            let reply = switch(&partner, &tokens, &path, enabled).await;
            assert_error(&reply, 400, "BAD_REQUEST");
            assert!(reply.description().contains("/enabled"), "{}", reply.text());
        }
        let patch = || {
            let bearer = format!("Bearer {}", tokens.access);
            request(&world, Method::PATCH, &path).header("authorization", bearer)
        };
        for body in ["", "{}", "true", "[]", "{\"enabled\": true"] {
            assert_error(&send_json(patch(), body).await, 400, "BAD_REQUEST");
        }
        let untyped = Http::send(patch().body(r#"{"enabled":false}"#)).await;
        assert_error(&untyped, 400, "BAD_REQUEST");
        assert!(untyped.description().contains("Content-Type"));
    }
    assert_eq!(world.feed_lead(FIRST).await.status, 201);
}

async fn the_pro_switches_by_hand_on_the_services_page(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let log_in = pro.open("/login?next=/services").await;
    pro.log_in_at(&log_in).await.expect_status(303);
    for status in [409, 201] {
        let page = pro.open("/services").await.expect_status(200);
        // The first form with this field is the switch of the first whole business.
        pro.submit(&page, "enabled", &[]).await.expect_status(303);
        let first = world.feed_lead(FIRST).await.status;
        let second = world.feed_lead(SECOND).await.status;
        let mut statuses = [first, second];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, status]);
    }
    // Nobody switches another pro's business.
    let fields = [
        ("business_id".to_owned(), world.business(1, 0)),
        ("enabled".to_owned(), "false".to_owned()),
    ];
    assert_eq!(pro.post("/services/targeting", &fields).await.status, 404);
    assert_eq!(world.feed_lead(OTHERS).await.status, 201);
}
