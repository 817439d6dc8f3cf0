//! The start page: what this is, and how to begin. It tells nothing that needs the key.

use axum::extract::State;
use protocol::paths::gateway;
use serde::Serialize;
use web::pages::Page;

use crate::core::Core;

#[derive(Debug, Serialize)]
struct StartContext {
    platform: String,
    connections: String,
    leads: String,
}

pub(super) async fn show_start(State(core): State<Core>) -> Page {
    let base_url = &core.settings.base_url;
    let context = StartContext {
        platform: core.platform.addresses().api_url().to_string(),
        connections: base_url.url(gateway::CONNECTIONS),
        leads: base_url.url(gateway::LEADS),
    };
    Page::new("start.html", context)
}

#[cfg(test)]
pub(super) fn samples() -> Vec<Page> {
    let context = StartContext {
        platform: "http://127.0.0.1:8300/".to_owned(),
        connections: "http://127.0.0.1:8400/api/v1/connections".to_owned(),
        leads: "http://127.0.0.1:8400/api/v1/leads".to_owned(),
    };
    vec![Page::new("start.html", context)]
}
