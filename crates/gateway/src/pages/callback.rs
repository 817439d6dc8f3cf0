//! Where the platform sends a pro back to after the connect page (protocol §2.1): with a code, or with an error.

use axum::extract::{RawQuery, State};
use base::Secret;
use http::StatusCode;
use serde::Serialize;
use web::error::ApiError;
use web::pages::{Page, PageError};
use web::parameters::Parameters;

use crate::core::Core;
use crate::service::call::chain;
use crate::service::connect::{self, ConnectError, Connected};

#[derive(Debug, Serialize)]
struct ConnectedContext {
    business_name: String,
    business_id: String,
}

pub(super) async fn finish_connection(
    State(core): State<Core>,
    RawQuery(query): RawQuery,
) -> Result<Page, PageError> {
    // The scope may be repeated; what was granted is asked of the platform itself.
    let parameters = Parameters::parse_query(query.as_deref().unwrap_or_default(), &["scope"])?;
    let state = parameters.get("state").map(Secret::new);
    let state = state.ok_or_else(not_ours)?;
    if let Some(error) = parameters.get("error") {
        let forgotten = connect::decline(&core, &state).await;
        forgotten.map_err(|error| refusal(&ConnectError::Database(error)))?;
        return if error == "access_denied" {
            Ok(declined())
        } else {
            Err(broken_off())
        };
    }
    let code = parameters.get("code").map(Secret::new);
    let code = code.ok_or_else(not_ours)?;
    let connected = connect::finish(&core, &state, &code).await;
    connected
        .map(connected_page)
        .map_err(|error| refusal(&error))
}

fn connected_page(connected: Connected) -> Page {
    let context = ConnectedContext {
        business_name: connected.business_name,
        business_id: connected.business_id.to_string(),
    };
    Page::new("connected.html", context)
}

fn declined() -> Page {
    Page::new("declined.html", ())
}

fn not_ours() -> PageError {
    PageError::new(
        StatusCode::BAD_REQUEST,
        "This link is not complete",
        "This page is opened by the platform at the end of connecting a business. Open the link that you were given to \
         connect, and follow it to the end.",
    )
}

fn broken_off() -> PageError {
    PageError::new(
        StatusCode::BAD_REQUEST,
        "Nothing was connected",
        "The platform could not make the connection. Ask whoever gave you the link for a new one; if it happens again, \
         they should check the gateway's client and scopes with the platform.",
    )
}

/// What a person reads when no connection was made, and what to do next.
fn refusal(error: &ConnectError) -> PageError {
    match error {
        ConnectError::UnknownState => PageError::new(
            StatusCode::NOT_FOUND,
            "This link was used or is too old",
            "If you have seen that your business is connected, all is well, and you can close this page. Otherwise ask \
             for a new link; it is good for half an hour.",
        ),
        ConnectError::CodeRefused => PageError::new(
            StatusCode::BAD_REQUEST,
            "Nothing was connected",
            "The platform's answer was too old. Ask for a new link and follow it to the end within a few minutes.",
        ),
        ConnectError::Later(source) => {
            tracing::warn!(error = %chain(source), "a connection waits for the platform");
            PageError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Please try again in a moment",
                "The platform does not answer at the moment. Reload this page in a minute: your confirmation is kept.",
            )
        }
        ConnectError::Refused(source) => {
            tracing::error!(error = %chain(source), "the platform refuses this gateway");
            PageError::new(
                StatusCode::BAD_GATEWAY,
                "Nothing was connected",
                "The platform does not accept this gateway. Tell whoever gave you the link: the gateway's client id, \
                 secret or callback address is not what the platform has on record.",
            )
        }
        ConnectError::Database(source) if source.is_busy() || source.is_unavailable() => {
            ApiError::unavailable(1).into()
        }
        ConnectError::Damaged(_) | ConnectError::Database(_) => ApiError::internal(error).into(),
    }
}

#[cfg(test)]
pub(super) fn samples() -> Vec<Page> {
    let connected = Connected {
        business_id: protocol::id::BusinessId::from_i64(380_497_493_950_742_534).unwrap(),
        business_name: "Ann <b>& Sons</b>".to_owned(),
    };
    vec![connected_page(connected), declined()]
}
