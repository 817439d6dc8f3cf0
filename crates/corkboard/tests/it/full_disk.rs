//! The disk is full (protocol §4.5): nothing is accepted that could not be kept, reading goes on, and room heals it without
//! a restart. SQLite, whose file is told how large it may be.

use database::{Error, Op, Tx};
use reqwest::Method;
use serde_json::json;
use testkit::world::Engine;

use crate::marketplace::Marketplace;
use crate::support::assert_error;

/// More customers' messages than fit.
const MANY: usize = 500;
/// Each of them fills a page of the file.
const LENGTH: usize = 4_000;

/// Says how many pages the file may have; fewer than it has means no more than it has.
struct Pages(u32);

impl Op for Pages {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        let pragma = format!("PRAGMA max_page_count = {}", self.0);
        tx.run_script(&pragma).await
    }
}

#[tokio::test]
async fn a_full_disk_is_said_loses_nothing_and_heals() {
    let market = Marketplace::start(Engine::Sqlite).await;
    let lead = market.lead().await;
    let db = market.world.platform_db.db().clone();
    db.write(Pages(1)).await.unwrap();
    let path = format!("leads/{}/messages", lead.lead_id);
    let body = json!({ "text": "x".repeat(LENGTH) });
    let mut accepted = 0;
    let refused = loop {
        assert!(accepted < MANY, "it is never full");
        let reply = market.order(&path, &body).await;
        if reply.status != 201 {
            break reply;
        }
        accepted += 1;
    };
    assert_error(&refused, 503, "SERVICE_UNAVAILABLE");
    assert!(refused.header("retry-after").is_some());
    // Whoever reads does not notice.
    let seen = market.look(&format!("{path}?limit=200")).await;
    assert!(seen["data"].as_array().unwrap().len() >= accepted.min(200));
    let alive = market.world.operator().request(Method::GET, "/healthz");
    assert_eq!(testkit::Http::try_send(alive).await.unwrap().status, 200);

    db.write(Pages(1_000_000)).await.unwrap();
    let reply = market.order(&path, &body).await;
    reply.expect_status(201);
    market.world.drain().await;
    let came = market.came();
    assert_eq!(came.len(), 1 + accepted + 1, "the lead and all messages");
    assert_eq!(came[0], "/v1/lead");
}
