//! One live connection of a production client for each business (protocol D3), and which redirect URIs may be registered.

use serde_json::json;
use std::time::Duration;
use testkit::partner::{REDIRECT, connect_parameters, form};
use testkit::world::Engine;
use testkit::{Reply, World};

use crate::support::{FIRST, SECOND, world};

on_both_databases![
    a_connected_business_is_not_offered_again_by_a_production_client,
    a_page_that_was_open_when_the_business_was_connected_gives_no_code,
    two_codes_may_be_asked_for_and_only_the_later_one_works,
    after_a_disconnect_the_business_can_be_connected_again,
    a_connection_whose_tokens_have_run_out_does_not_stand_in_the_way,
    a_client_may_be_registered_so_that_reconnecting_replaces,
    a_test_client_may_connect_as_often_as_it_likes,
    redirect_uris_are_https_unless_they_stay_on_this_machine_or_test,
];

fn link(client_id: &str) -> String {
    let query = form(&connect_parameters(client_id, "messages", &[]));
    format!("/services/partner-connect/?{query}")
}

async fn connections(world: &World, client_id: &str) -> usize {
    let path = format!("/operator/v1/connections?client={client_id}");
    let list = world.operator().get(&path).await.expect_status(200).json();
    list["data"].as_array().map_or(0, Vec::len)
}

async fn a_connected_business_is_not_offered_again_by_a_production_client(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    world.connect(&partner, FIRST, "messages").await;
    let pro = world.pro(0);
    let page = pro
        .open_logged_in(&link(&partner.client_id))
        .await
        .expect_status(200);
    assert!(page.text().contains("Connected already"));
    let choice = [("business_id", world.business(0, 0))];
    let choice = [(choice[0].0, choice[0].1.as_str())];
    let refused = pro.submit(&page, "business_id", &choice).await;
    assert_eq!((refused.status, refused.header("location")), (422, None));
    assert!(refused.text().contains("connected to this partner already"));
    // The pro's other business is free.
    let other = world.business(0, 1);
    let taken = pro
        .submit(&refused, "business_id", &[("business_id", &other)])
        .await;
    assert_eq!(taken.status, 303);
    assert_eq!(connections(&world, &partner.client_id).await, 1);
}

async fn a_page_that_was_open_when_the_business_was_connected_gives_no_code(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let pro = world.pro(0);
    let page = pro.open_logged_in(&link(&partner.client_id)).await;
    let tokens = world.connect(&partner, FIRST, "messages").await;
    let business = world.business(0, 0);
    let late = pro
        .submit(&page, "business_id", &[("business_id", &business)])
        .await;
    assert_eq!((late.status, late.header("location")), (422, None));
    assert_eq!(partner.info(&tokens.access).await.status, 200);
}

async fn two_codes_may_be_asked_for_and_only_the_later_one_works(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let earlier = world.code(&partner, FIRST, "messages").await;
    let later = world.code(&partner, FIRST, "messages").await;
    assert_eq!(partner.exchange(&earlier).await.error(), "INVALID_GRANT");
    assert_eq!(partner.exchange(&later).await.status, 200);
}

async fn after_a_disconnect_the_business_can_be_connected_again(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    let old = world.connect(&partner, FIRST, "messages").await;
    let business = world.business(0, 0);
    assert_eq!(partner.disconnect(&business).await.status, 200);
    let new = world.connect(&partner, FIRST, "messages").await;
    assert_eq!(partner.info(&new.access).await.status, 200);
    // Old tokens never revive.
    assert_eq!(partner.info(&old.access).await.status, 401);
    assert_eq!(partner.refresh(&old.refresh).await.error(), "INVALID_GRANT");
}

async fn a_connection_whose_tokens_have_run_out_does_not_stand_in_the_way(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("production");
    world.connect(&partner, FIRST, "messages").await;
    world.advance(Duration::from_hours(721));
    world.connect(&partner, FIRST, "messages").await;
    assert_eq!(connections(&world, &partner.client_id).await, 1);
}

async fn a_client_may_be_registered_so_that_reconnecting_replaces(engine: Engine) {
    let world = world(engine).await;
    let more = json!({"reconnect_replaces": true});
    let partner = world.register("production", &["messages"], more).await;
    let old = world.connect(&partner, FIRST, "messages").await;
    let new = world.connect(&partner, FIRST, "messages").await;
    assert_eq!(partner.info(&old.access).await.status, 401);
    assert_eq!(partner.info(&new.access).await.status, 200);
    assert_eq!(connections(&world, &partner.client_id).await, 1);
}

async fn a_test_client_may_connect_as_often_as_it_likes(engine: Engine) {
    let world = world(engine).await;
    let partner = world.partner("test");
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(world.connect(&partner, SECOND, "messages").await);
    }
    for tokens in &all {
        assert_eq!(partner.info(&tokens.access).await.status, 200);
    }
}

async fn redirect_uris_are_https_unless_they_stay_on_this_machine_or_test(engine: Engine) {
    let world = world(engine).await;
    let partner_id = world.partner_id().await;
    let ask = async |kind: &str, uri: &str| -> Reply {
        let body = json!({
            "partner_id": partner_id, "kind": kind, "scopes": ["messages"], "redirect_uris": [uri],
        });
        world.operator().post("/operator/v1/clients", &body).await
    };
    let table = [
        ("https://crm.example/cb", 201, 201),
        (REDIRECT, 201, 201),
        ("http://127.0.0.1:8999/callback", 201, 201),
        ("http://crm.example/cb", 400, 201),
        ("https://crm.example/cb#fragment", 400, 400),
        ("https://user:password@crm.example/", 400, 400),
        ("javascript:alert(1)", 400, 400),
        ("crm://callback", 400, 400),
        ("/callback", 400, 400),
        ("https://crm.example\\@evil.example", 400, 400),
        ("", 400, 400),
    ];
    for (uri, production, test) in table {
        for (kind, status) in [("production", production), ("test", test)] {
            let reply = ask(kind, uri).await;
            assert_eq!(reply.status, status, "{kind} {uri}: {}", reply.text());
            assert!(status == 201 || reply.description().contains("redirect_uris"));
        }
    }
}
