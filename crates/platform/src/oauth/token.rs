//! The token endpoint (protocol §2.2), in the source's style and in the RFC's.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use base::Secret;
use protocol::error_code::ErrorCode;
use protocol::scope::Scopes;
use serde::Serialize;
use web::client_address::ClientAddress;
use web::credentials::Basic;
use web::error::{ApiError, ErrorStyle};
use web::parameters::Parameters;

use crate::core::Core;
use crate::domain::client::{Client, ClientProfile};
use crate::domain::refresh::ACCESS_LIFETIME;
use crate::oauth::caller::{Caller, answer, authenticated};
use crate::oauth::errors;
use crate::service::code_exchange::{self, CodeRequest};
use crate::service::refresh::{self, RefreshRequest};
use crate::service::token_pair::TokenPair;

/// The answer; its members come in the documented order.
#[derive(Serialize)]
pub(super) struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: String,
    /// Only where it differs from what was asked for (RFC 6749 §5.1): some clients warn otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// What a client can exchange for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GrantType {
    AuthorizationCode,
    RefreshToken,
}

/// `POST /v2/tokens/access`.
pub(super) async fn create_token_in_source_style(
    State(core): State<Core>,
    source: ClientAddress,
    basic: Basic,
    parameters: Result<Parameters, ApiError>,
) -> Response {
    let style = ErrorStyle::SourceToken;
    let created = async {
        let caller = authenticated(&core, source, &basic, parameters).await?;
        create_token(&core, caller, style).await
    };
    answer(created.await, style)
}

/// `POST /oauth2/token`.
pub(super) async fn create_token_in_rfc_style(
    State(core): State<Core>,
    source: ClientAddress,
    basic: Basic,
    parameters: Result<Parameters, ApiError>,
) -> Response {
    let style = ErrorStyle::RfcToken;
    let created = async {
        let caller = authenticated(&core, source, &basic, parameters).await?;
        create_token(&core, caller, style).await
    };
    answer(created.await, style)
}

async fn create_token(
    core: &Core,
    caller: Caller,
    style: ErrorStyle,
) -> Result<Json<TokenAnswer>, ApiError> {
    let Caller { client, parameters } = caller;
    let grant_type = GrantType::read(&parameters)?;
    if !client.may_use_grants() {
        return Err(ApiError::new(
            ErrorCode::UnauthorizedClient,
            "The client has no scope left that it may ask for, so it may use no grant_type.",
        ));
    }
    if style == ErrorStyle::SourceToken {
        check_token_type(&parameters, &client, grant_type)?;
    }
    match grant_type {
        GrantType::AuthorizationCode => exchange_code(core, client, &parameters, style).await,
        GrantType::RefreshToken => refresh_tokens(core, client, &parameters, style).await,
    }
}

async fn exchange_code(
    core: &Core,
    client: Client,
    parameters: &Parameters,
    style: ErrorStyle,
) -> Result<Json<TokenAnswer>, ApiError> {
    let presented = Secret::new(parameters.required("code")?);
    let redirect_uri = match style {
        ErrorStyle::SourceToken => Some(parameters.required("redirect_uri")?),
        _ => parameters.get("redirect_uri"),
    };
    let request = CodeRequest {
        code: presented,
        redirect_uri: redirect_uri.map(str::to_owned),
        code_verifier: parameters.get("code_verifier").map(Secret::new),
    };
    let exchanged = code_exchange::exchange(core, client, request).await;
    let pair = exchanged.map_err(|error| errors::issue_failed(&error))?;
    let pair = pair.map_err(|refusal| errors::code_refused(&refusal))?;
    Ok(Json(TokenAnswer::new(&pair, None)))
}

async fn refresh_tokens(
    core: &Core,
    client: Client,
    parameters: &Parameters,
    style: ErrorStyle,
) -> Result<Json<TokenAnswer>, ApiError> {
    let asked = match parameters.get("scope") {
        None => None,
        Some(text) => Some(Scopes::parse([text]).map_err(|error| {
            ApiError::new(
                ErrorCode::InvalidScope,
                format!("The parameter scope is wrong: {error}."),
            )
        })?),
    };
    let request = RefreshRequest {
        refresh_token: Secret::new(parameters.required("refresh_token")?),
        scopes: asked.clone(),
    };
    let refreshed = refresh::refresh(core, client, request).await;
    let pair = refreshed.map_err(|error| errors::issue_failed(&error))?;
    let pair = pair.map_err(|refusal| errors::refresh_refused(refusal, style))?;
    Ok(Json(TokenAnswer::new(&pair, asked.as_ref())))
}

impl GrantType {
    fn read(parameters: &Parameters) -> Result<Self, ApiError> {
        match parameters.required("grant_type")? {
            "authorization_code" => Ok(Self::AuthorizationCode),
            "refresh_token" => Ok(Self::RefreshToken),
            _ => Err(ApiError::new(
                ErrorCode::UnsupportedGrantType,
                "The parameter grant_type must be authorization_code or refresh_token.",
            )),
        }
    }

    /// The `token_type` that the source demands beside it.
    const fn token_type(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "AUTH_CODE",
            Self::RefreshToken => "REFRESH",
        }
    }
}

/// The source demands `token_type`, which says nothing that `grant_type` does not; lenient clients may leave it out.
fn check_token_type(
    parameters: &Parameters,
    client: &Client,
    grant_type: GrantType,
) -> Result<(), ApiError> {
    match (parameters.get("token_type"), client.profile) {
        (Some(word), _) if word == grant_type.token_type() => Ok(()),
        (None, ClientProfile::Lenient) => {
            tracing::info!(
                client.id = client.client_id,
                "a lenient client left token_type out"
            );
            Ok(())
        }
        (None, ClientProfile::Strict) => parameters.required("token_type").map(drop),
        (Some(_), _) => Err(ApiError::invalid_request(format!(
            "The parameter token_type must be {} with this grant_type.",
            grant_type.token_type()
        ))),
    }
}

impl TokenAnswer {
    fn new(pair: &TokenPair, asked: Option<&Scopes>) -> Self {
        let differs = asked.is_some_and(|asked| !asked.same_as(&pair.scopes));
        Self {
            access_token: pair.access_token.expose().to_owned(),
            token_type: "bearer",
            expires_in: ACCESS_LIFETIME.as_secs(),
            refresh_token: pair.refresh_token.expose().to_owned(),
            scope: differs.then(|| pair.scopes.to_string()),
        }
    }
}
