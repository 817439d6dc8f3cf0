//! Every endpoint of the platform, one list per face. Paths are constants of `protocol::paths`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use protocol::paths::METRICS;
use web::error::ApiError;
use web::frame::Frame;
use web::pages::Pages;
use web::probes;

use crate::core::Core;
use crate::operator::Operator;
use crate::{api, oauth, operator, pages};

/// What browsers and partners reach.
fn public(core: &Core, decoration: Pages) -> Router {
    let machines = oauth::routes()
        .merge(api::routes(core.settings.environment))
        .merge(health(core));
    decoration
        .around(pages::routes().with_state(core.clone()))
        .merge(machines.with_state(core.clone()))
}

/// Everything on one listener: `/metrics` needs the operator key there, because anybody may reach it.
pub(crate) fn together(core: &Core, decoration: Pages, frame: Frame) -> Router {
    let operator = operator::routes().route(METRICS, get(guarded_metrics));
    frame.around(public(core, decoration).merge(operator.with_state(core.clone())))
}

/// What browsers and partners reach, and what the operator's own listener offers.
pub(crate) fn apart(core: &Core, decoration: Pages, frame: Frame) -> (Router, Router) {
    let operator = operator::routes()
        .route(METRICS, get(metrics))
        .merge(health(core));
    let operator = frame.clone().around(operator.with_state(core.clone()));
    (frame.around(public(core, decoration)), operator)
}

fn health(core: &Core) -> Router<Core> {
    let core = core.clone();
    probes::routes(move || {
        let core = core.clone();
        async move { core.db.ping().await.is_ok() }
    })
}

async fn guarded_metrics(_: Operator, State(core): State<Core>) -> Result<Response, ApiError> {
    Ok(core.counters.answer())
}

async fn metrics(State(core): State<Core>) -> Response {
    core.counters.answer()
}
