//! Every endpoint of the gateway, one list per face. Paths are constants of `protocol::paths`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use protocol::paths::METRICS;
use web::error::ApiError;
use web::frame::Frame;
use web::pages::Pages;
use web::probes;

use crate::api::ApiKey;
use crate::core::Core;
use crate::{api, pages, receive};

/// Everything on one listener. `/metrics` needs the gateway key, because anybody may reach it.
pub(crate) fn all(core: &Core, decoration: Pages, frame: Frame) -> Router {
    let machines = receive::routes()
        .merge(api::routes())
        .merge(health(core))
        .route(METRICS, get(guarded_metrics));
    let pages = decoration.around(pages::routes().with_state(core.clone()));
    frame.around(pages.merge(machines.with_state(core.clone())))
}

fn health(core: &Core) -> Router<Core> {
    let core = core.clone();
    probes::routes(move || {
        let core = core.clone();
        async move { core.db.ping().await.is_ok() }
    })
}

async fn guarded_metrics(_: ApiKey, State(core): State<Core>) -> Result<Response, ApiError> {
    Ok(core.counters.answer())
}
