//! An endpoint that refuses everything for half an hour, and what follows from that.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::WorldOptions;
use testkit::world::Engine;

use crate::marketplace::Marketplace;

/// A marketplace where half an hour of impairment pauses targeting.
pub(crate) async fn market(engine: Engine) -> Marketplace {
    Marketplace::start_with(WorldOptions {
        pause_targeting_after: Some(Duration::from_mins(30)),
        ..WorldOptions::on(engine)
    })
    .await
}

/// The partner refuses a lead from now on, and half an hour passes.
pub(crate) async fn impair(market: &Marketplace) {
    market.partner.answer_always(401);
    market.lead().await;
    market.world.drain().await;
    market.pass(1_800.0).await;
    look(market).await;
}

pub(crate) async fn recover(market: &Marketplace) {
    market.partner.answer_always(200);
    market.pass(120.0).await;
}

pub(crate) async fn look(market: &Marketplace) {
    market.world.platform.run_jobs_once().await.unwrap();
}

/// What the operator was told of endpoints and targeting, in order.
pub(crate) async fn told(market: &Marketplace) -> Vec<(String, Value)> {
    let mut events = market.events().await;
    events.retain(|(kind, _)| kind.starts_with("endpoint.") || kind.starts_with("targeting."));
    events
}

pub(crate) async fn kinds(market: &Marketplace) -> Vec<String> {
    let told = told(market).await;
    told.into_iter().map(|(kind, _)| kind).collect()
}

/// Whether customers are offered the business, and whether it is paused, as the operator sees it.
pub(crate) async fn targeting(
    market: &Marketplace,
    (pro, business): (usize, usize),
) -> (bool, bool) {
    let path = format!(
        "/operator/v1/businesses/{}",
        market.world.business(pro, business)
    );
    let found = market.world.operator().get(&path).await;
    let found = found.expect_status(200).json();
    let claim = |name: &str| found[name].as_bool().unwrap();
    (claim("targeting"), claim("targeting_paused"))
}

pub(crate) const ON: (bool, bool) = (true, false);
pub(crate) const OFF: (bool, bool) = (false, false);
pub(crate) const PAUSED: (bool, bool) = (false, true);

pub(crate) async fn switch(market: &Marketplace, enabled: bool) {
    let path = format!(
        "/operator/v1/businesses/{}/targeting",
        market.world.business(0, 0)
    );
    let body = json!({ "enabled": enabled });
    let reply = market.world.operator().put(&path, &body).await;
    reply.expect_status(200);
}
