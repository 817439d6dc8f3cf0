//! Giving tokens back (RFC 7009), looking at them (RFC 7662) and disconnecting (protocol §2.2, §2.4, D6).

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use testkit::partner::{Partner, Tokens};
use testkit::world::Engine;
use testkit::{Http, Receiver, World, WorldOptions};

use crate::support::{FIRST, OTHERS, SECOND, assert_error, request, world};

on_both_databases![
    a_revoked_access_token_is_dead_and_the_connection_stands,
    a_revoked_refresh_token_ends_the_connection,
    revoking_what_is_not_ones_own_changes_nothing,
    introspection_tells_a_client_about_its_own_tokens_only,
    disconnecting_twice_gives_the_same_answer,
    disconnect_names_what_is_wrong_with_the_business,
    disconnect_needs_the_clients_credentials,
    a_client_ends_only_its_own_connection,
    a_disconnect_removes_codes_that_were_not_exchanged_yet,
    a_disconnect_cancels_what_was_not_delivered_yet,
    the_pro_disconnects_from_the_services_page,
    the_operator_can_end_a_connection,
];

const REVOKE: &str = "/v2/tokens/revoke";
const INTROSPECT: &str = "/v2/tokens/introspect";

async fn status(partner: &Partner, tokens: &Tokens) -> u16 {
    partner.info(&tokens.access).await.status
}

async fn connections(world: &World) -> usize {
    let list = world.operator().get("/operator/v1/connections").await;
    list.expect_status(200).json()["data"]
        .as_array()
        .map_or(0, Vec::len)
}

async fn a_revoked_access_token_is_dead_and_the_connection_stands(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    for path in [REVOKE, "/oauth2/revoke"] {
        let token = [
            ("token", tokens.access.as_str()),
            ("token_type_hint", "refresh_token"),
        ];
        assert_eq!(partner.ask(path, &token).await.status, 200);
    }
    assert_error(&partner.info(&tokens.access).await, 401, "INVALID_TOKEN");
    // An access token is known by its time, so the next one must not be of the same moment.
    world.advance(Duration::from_millis(1));
    let next = Tokens::of(&partner.refresh(&tokens.refresh).await);
    assert_eq!(status(&partner, &next).await, 200);
}

async fn a_revoked_refresh_token_ends_the_connection(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    assert_eq!(connections(&world).await, 1);
    let token = [("token", tokens.refresh.as_str())];
    assert_eq!(partner.ask(REVOKE, &token).await.status, 200);
    assert_eq!(status(&partner, &tokens).await, 401);
    assert_error(
        &partner.refresh(&tokens.refresh).await,
        400,
        "INVALID_GRANT",
    );
    assert_eq!(connections(&world).await, 0);
}

async fn revoking_what_is_not_ones_own_changes_nothing(engine: Engine) {
    let world = world(engine).await;
    let (partner, other) = (world.partner("production"), world.partner("test"));
    let tokens = world.connect(&partner, FIRST, "messages").await;
    for token in [tokens.access.as_str(), &tokens.refresh, "unknown", "1.a.b"] {
        let reply = other.ask(REVOKE, &[("token", token)]).await;
        assert_eq!(reply.status, 200, "RFC 7009 §2.2: {}", reply.text());
    }
    assert_eq!(status(&partner, &tokens).await, 200);
    Tokens::of(&partner.refresh(&tokens.refresh).await);
    let wrong = partner.with_secret("wrong");
    let token = [("token", tokens.refresh.as_str())];
    assert_error(&wrong.ask(REVOKE, &token).await, 400, "INVALID_CLIENT");
    assert_error(
        &wrong.ask("/oauth2/revoke", &token).await,
        401,
        "invalid_client",
    );
    let missing = partner.ask(REVOKE, &[]).await;
    assert_error(&missing, 400, "INVALID_REQUEST");
    assert!(missing.description().contains("token"));
}

async fn introspection_tells_a_client_about_its_own_tokens_only(engine: Engine) {
    let world = world(engine).await;
    let (partner, other) = (world.partner("production"), world.partner("test"));
    let tokens = world.connect(&partner, FIRST, "messages").await;
    let ask = async |client: &Partner, token: &str| {
        let reply = client.ask(INTROSPECT, &[("token", token)]).await;
        reply.expect_status(200).json()
    };
    let access = ask(&partner, &tokens.access).await;
    assert_eq!(access["active"], true);
    assert_eq!(access["scope"], "messages");
    assert_eq!(access["client_id"], partner.client_id.as_str());
    assert_eq!(access["business_pk"], world.business(0, 0).as_str());
    let lifetime = access["exp"].as_i64().zip(access["iat"].as_i64());
    assert_eq!(lifetime.map(|(end, begin)| end - begin), Some(3600));
    assert_eq!(ask(&partner, &tokens.refresh).await["active"], true);
    let inactive = json!({"active": false});
    for token in [tokens.access.as_str(), &tokens.refresh, "unknown"] {
        assert_eq!(ask(&other, token).await, inactive);
    }
    world.advance(Duration::from_secs(3_601));
    assert_eq!(ask(&partner, &tokens.access).await, inactive);
    partner
        .disconnect(&world.business(0, 0))
        .await
        .expect_status(200);
    assert_eq!(ask(&partner, &tokens.refresh).await, inactive);
    let wrong = partner.with_secret("wrong");
    let refused = wrong.ask(INTROSPECT, &[("token", &tokens.refresh)]).await;
    assert_error(&refused, 400, "INVALID_CLIENT");
}

async fn disconnecting_twice_gives_the_same_answer(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    world.connect(&partner, FIRST, "messages").await;
    let business = world.business(0, 0);
    let expected = json!({"business_pk": business, "client_id": partner.client_id}).to_string();
    for _ in 0..3 {
        let reply = partner.disconnect(&business).await;
        assert_eq!((reply.status, reply.text()), (200, expected.clone()));
    }
    // One that was never connected is as good.
    let other = world.business(1, 0);
    assert_eq!(partner.disconnect(&other).await.status, 200);
    // In a form and in a JSON body as well.
    for (kind, body) in [
        (
            "application/x-www-form-urlencoded",
            format!("business_pk={business}"),
        ),
        (
            "application/json",
            format!("{{\"business_pk\": {business}}}"),
        ),
        (
            "application/json",
            format!("{{\"business_pk\": \"{business}\"}}"),
        ),
    ] {
        let request = partner
            .post("/v2/disconnect-partner")
            .header("authorization", partner.basic())
            .header("content-type", kind);
        let reply = Http::send(request.body(body)).await;
        assert_eq!((reply.status, reply.text()), (200, expected.clone()));
    }
}

async fn disconnect_names_what_is_wrong_with_the_business(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    assert_error(
        &partner.disconnect("432428213655306241").await,
        404,
        "NOT_FOUND",
    );
    for wrong in ["", "x", "0", "-5", "1.5", "9223372036854775808", "１２"] {
        let reply = partner.disconnect(wrong).await;
        assert_error(&reply, 400, "INVALID_REQUEST");
        assert!(
            reply.description().contains("business_pk"),
            "{}",
            reply.text()
        );
    }
    let missing = partner.ask("/v2/disconnect-partner", &[]).await;
    assert_error(&missing, 400, "INVALID_REQUEST");
}

async fn disconnect_needs_the_clients_credentials(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    let business = world.business(0, 0);
    let wrong = partner.with_secret("wrong").disconnect(&business).await;
    let path = format!("/v2/disconnect-partner?business_pk={business}");
    let none = Http::send(partner.post(&path)).await;
    let bearer = format!("Bearer {}", tokens.access);
    let bearer = Http::send(partner.post(&path).header("authorization", bearer)).await;
    let v1 = Http::send(
        partner
            .post(&path)
            .header("authorization", world.partner_basic()),
    )
    .await;
    for reply in [wrong, none, bearer, v1] {
        assert_error(&reply, 401, "UNAUTHORIZED");
        assert!(
            reply
                .header("www-authenticate")
                .is_some_and(|value| value.starts_with("Basic "))
        );
    }
    assert_eq!(status(&partner, &tokens).await, 200);
}

async fn a_client_ends_only_its_own_connection(engine: Engine) {
    let world = world(engine).await;
    let (partner, other) = (world.partner("production"), world.partner("test"));
    let own = world.connect(&partner, FIRST, "messages").await;
    let elsewhere = world.connect(&partner, SECOND, "messages").await;
    let others = world.connect(&other, FIRST, "messages").await;
    let again = world.connect(&other, FIRST, "messages").await;
    other
        .disconnect(&world.business(0, 0))
        .await
        .expect_status(200);
    // All of a test client's connections to it end at once.
    assert_eq!(
        (status(&other, &others).await, status(&other, &again).await),
        (401, 401)
    );
    assert_eq!(
        (
            status(&partner, &own).await,
            status(&partner, &elsewhere).await
        ),
        (200, 200)
    );
}

async fn a_disconnect_removes_codes_that_were_not_exchanged_yet(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let code = world.code(&partner, OTHERS, "messages").await;
    partner
        .disconnect(&world.business(1, 0))
        .await
        .expect_status(200);
    assert_error(&partner.exchange(&code).await, 400, "INVALID_GRANT");
}

async fn a_disconnect_cancels_what_was_not_delivered_yet(engine: Engine) {
    let receiver = Receiver::start().await;
    receiver.answer_always(503);
    let options = WorldOptions {
        partner_url: Some(receiver.url().to_owned()),
        ..WorldOptions::on(engine)
    };
    let world = World::start(options).await;
    let partner = world.partner("production");
    world.connect(&partner, FIRST, "messages").await;
    let lead = world.lead(FIRST).await;
    world.drain().await;
    assert_eq!(receiver.take().len(), 1);
    partner
        .disconnect(&lead.business_id)
        .await
        .expect_status(200);
    receiver.answer_always(200);
    world.advance(Duration::from_hours(7));
    world.drain().await;
    assert_eq!(
        receiver.take().len(),
        0,
        "no delivery starts after the answer"
    );
    let path = format!("/operator/v1/deliveries?lead={}", lead.lead_id);
    let deliveries = world.operator().get(&path).await.expect_status(200).json();
    assert_eq!(deliveries["data"][0]["state"], "cancelled");
    // Nor for what happens later.
    world.lead(FIRST).await;
    world.drain().await;
    assert_eq!(receiver.take().len(), 0);
}

async fn the_pro_disconnects_from_the_services_page(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    let pro = world.pro(0);
    let log_in = pro.open("/login?next=/services").await;
    pro.log_in_at(&log_in).await.expect_status(303);
    let page = pro.open("/services").await.expect_status(200);
    assert!(page.text().contains("Demo CRM"));
    let sent = pro.submit(&page, "client_id", &[]).await.expect_status(303);
    assert!(
        sent.header("location")
            .is_some_and(|path| path.starts_with("/services"))
    );
    assert_eq!(status(&partner, &tokens).await, 401);
    let page = pro.open("/services").await.expect_status(200);
    assert!(!page.text().contains("Demo CRM"));
    // Another pro's business is out of reach.
    let tokens = world.connect(&partner, OTHERS, "messages").await;
    let fields = [
        ("business_id".to_owned(), world.business(1, 0)),
        ("client_id".to_owned(), partner.client_id.clone()),
    ];
    assert_eq!(pro.post("/services/disconnect", &fields).await.status, 404);
    assert_eq!(status(&partner, &tokens).await, 200);
}

async fn the_operator_can_end_a_connection(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages").await;
    let path = format!(
        "/operator/v1/connections/{}/{}",
        partner.client_id,
        world.business(0, 0)
    );
    let stranger = request(&world, Method::DELETE, &path).header("authorization", partner.basic());
    assert_error(&Http::send(stranger).await, 401, "INVALID_TOKEN");
    world.operator().delete(&path).await.expect_status(200);
    assert_eq!(status(&partner, &tokens).await, 401);
}
