//! The start page: what this is. A sandbox also says what to open and what to try.

use axum::extract::State;
use protocol::paths::{oauth, partner};
use protocol::scope::Scopes;
use serde::Serialize;
use web::pages::Page;

use crate::core::Core;
use crate::domain::client::{Client, ClientKind};
use crate::pages::errors::Stop;
use crate::service::client_registration;
use crate::settings::Environment;

/// How many clients the start page of a sandbox shows.
const SHOWN_CLIENTS: i64 = 10;

#[derive(Debug, Serialize)]
pub(super) struct StartContext {
    services: &'static str,
    is_staging: bool,
    trial: Option<TrialContext>,
}

/// What can be tried in a sandbox.
#[derive(Debug, Serialize)]
struct TrialContext {
    clients: Vec<ClientContext>,
    tokens_url: String,
    create_lead_url: String,
}

#[derive(Debug, Serialize)]
struct ClientContext {
    client_id: String,
    is_test: bool,
    /// The connect page without `redirect_uri`: it ends with a code to be copied.
    connect: String,
}

pub(super) async fn show_start(State(core): State<Core>) -> Result<Page, Stop> {
    let settings = &core.settings;
    let is_staging = settings.environment == Environment::Staging;
    // Only a sandbox allows this; elsewhere the clients are nobody's business.
    let trial = if is_staging && settings.allow_insecure_endpoints {
        let clients = client_registration::list(&core, "", SHOWN_CLIENTS).await?;
        Some(TrialContext::new(&clients, settings.base_url.as_str()))
    } else {
        None
    };
    Ok(StartContext::new(is_staging, trial).page())
}

impl StartContext {
    fn new(is_staging: bool, trial: Option<TrialContext>) -> Self {
        Self {
            services: oauth::SERVICES,
            is_staging,
            trial,
        }
    }

    fn page(self) -> Page {
        Page::new("start.html", self)
    }

    #[cfg(test)]
    pub(super) fn samples() -> Vec<Page> {
        let client = |client_id: &str, is_test| ClientContext {
            client_id: client_id.to_owned(),
            is_test,
            connect: connect_path(client_id, &Scopes::all()),
        };
        let trial = TrialContext {
            clients: vec![
                client("production_Q8tYp1xW0aBc", false),
                client("test_<script>", true),
            ],
            ..TrialContext::new(&[], "http://127.0.0.1:8300")
        };
        vec![
            Self::new(true, Some(trial)).page(),
            Self::new(true, None).page(),
            Self::new(false, None).page(),
        ]
    }
}

impl TrialContext {
    fn new(clients: &[Client], base_url: &str) -> Self {
        Self {
            clients: clients.iter().map(ClientContext::new).collect(),
            tokens_url: format!("{base_url}{}", oauth::TOKENS_ACCESS),
            create_lead_url: format!("{base_url}{}", partner::CREATE_LEAD),
        }
    }
}

impl ClientContext {
    fn new(client: &Client) -> Self {
        Self {
            client_id: client.client_id.clone(),
            is_test: client.kind == ClientKind::Test,
            connect: connect_path(&client.client_id, &client.scopes),
        }
    }
}

fn connect_path(client_id: &str, scopes: &Scopes) -> String {
    let scope = scopes.to_string();
    let pairs = [
        ("client_id", client_id),
        ("response_type", "code"),
        ("scope", &scope),
    ];
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("{}?{query}", oauth::CONNECT)
}
