//! What those who run the two sides look at (protocol §8.6): probes, metrics, the start page.

use testkit::World;
use testkit::world::Engine;

use crate::support::{FIRST, assert_error, world};

on_both_databases![
    probes_answer_without_credentials,
    metrics_need_the_key_and_tell_no_names
];

async fn probes_answer_without_credentials(engine: Engine) {
    let world = world(engine).await;
    for base in [&world.platform_url, &world.gateway_url] {
        for path in ["/healthz", "/readyz"] {
            let reply = world
                .http
                .get(&format!("{base}{path}"))
                .await
                .expect_status(200);
            assert!(reply.header("x-request-id").is_some());
        }
        let reply = world.http.get(&format!("{base}/nothing")).await;
        assert_eq!(reply.status, 404);
    }
}

async fn metrics_need_the_key_and_tell_no_names(engine: Engine) {
    let world = world(engine).await;
    world.connect_first_business().await;
    world.lead(FIRST).await;
    world.drain().await;
    for base in [&world.platform_url, &world.gateway_url] {
        let reply = world.http.get(&format!("{base}/metrics")).await;
        assert_error(&reply, 401, "INVALID_TOKEN");
    }
    for (name, reply) in metrics(&world).await {
        assert!(
            !reply.contains("John Davis") && !reply.contains("1234567890"),
            "{name}"
        );
    }
}

async fn metrics(world: &World) -> [(&'static str, String); 2] {
    let platform = world.operator().get("/metrics").await.expect_status(200);
    let gateway = world.crm().get("/metrics").await.expect_status(200);
    [("platform", platform.text()), ("gateway", gateway.text())]
}
