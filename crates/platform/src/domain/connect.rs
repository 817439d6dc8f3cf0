//! The judgement of a connect request (protocol §2.1): what may be shown to the pro, what is told to the client by a
//! redirect, and what is only told to whoever looks at the page.
//!
//! A redirect leads to nothing but a redirect URI that the client registered, character for character. Until that is
//! certain every fault is a [`Refusal::Page`].

use protocol::pkce::{CodeChallenge, PkceError};
use protocol::scope::{ScopeError, Scopes};
use thiserror::Error;
use url::{Host, Url};

use crate::domain::client::Client;
use crate::domain::connect_query::{ConnectQuery, Repeated};
use crate::domain::redirect_uri::location;

/// The longest client id that is looked up, in bytes.
const LONGEST_CLIENT_ID: usize = 1_000;

/// The longest `state` that is carried, in bytes.
const LONGEST_STATE: usize = 4_096;

/// A connect request that may be shown to a pro.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ConnectRequest {
    pub(crate) client_id: String,
    pub(crate) scopes: Scopes,
    /// One that the client registered. Without it the code is shown on a page.
    pub(crate) redirect_uri: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) code_challenge: Option<CodeChallenge>,
    pub(crate) style: ConnectStyle,
}

/// At which of its two paths the connect page was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectStyle {
    /// The source's, whose answers never carry `iss`.
    Source,
    /// `/oauth2/auth`, whose answers always do (RFC 9207).
    Rfc,
}

/// Why a connect request is not shown to a pro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is nobody to send back to: an error page.
    Page(PageFault),
    /// The client learns it: a redirect to this address.
    Redirect(String),
}

/// What is wrong with a request that nobody can be sent back from. The messages are for the person at the browser.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum PageFault {
    #[error(
        "The link that brought you here does not say which partner it is from: client_id is missing."
    )]
    ClientMissing,
    #[error(
        "The link that brought you here is from a partner that we do not know: its client_id is wrong."
    )]
    ClientUnknown,
    #[error(
        "The link that brought you here leads back to an address that the partner has not registered with us: its redirect_uri is wrong."
    )]
    RedirectUnregistered,
    #[error("The link that brought you here is wrong: {0}.")]
    Repeated(#[from] Repeated),
    /// There is no `redirect_uri` to tell the client at.
    #[error("The partner's request cannot be answered: {0}.")]
    Request(RequestFault),
}

/// What is wrong with a request whose client is known. The messages are fit for an `error_description`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum RequestFault {
    #[error(transparent)]
    Repeated(#[from] Repeated),
    #[error("the client may not ask for anything")]
    ClientWithoutScopes,
    #[error("the parameter response_type is missing")]
    ResponseTypeMissing,
    #[error("response_type must be code")]
    ResponseType,
    #[error("{0}")]
    Scope(#[from] ScopeError),
    #[error("the client may not ask for the scope '{0}'")]
    ScopeNotAllowed(String),
    #[error("{0}")]
    Challenge(#[from] PkceError),
    #[error("code_challenge_method is given, and code_challenge is missing")]
    ChallengeMissing,
    #[error("state must have at most {LONGEST_STATE} bytes")]
    StateTooLong,
    #[error("state must not hold the character NUL")]
    StateWithNul,
}

impl RequestFault {
    /// The word for it in RFC 6749 §4.1.2.1.
    fn error(&self) -> &'static str {
        match self {
            Self::ClientWithoutScopes => "unauthorized_client",
            Self::ResponseType => "unsupported_response_type",
            Self::Scope(_) | Self::ScopeNotAllowed(_) => "invalid_scope",
            Self::Repeated(_)
            | Self::ResponseTypeMissing
            | Self::Challenge(_)
            | Self::ChallengeMissing
            | Self::StateTooLong
            | Self::StateWithNul => "invalid_request",
        }
    }
}

/// The ids under which the client may be known: as it was sent, and, where that has spaces, with `+` for them. Some
/// partners put an id with `+` into the link as it is, where it means a space.
pub(crate) fn client_ids(query: &ConnectQuery) -> Result<Vec<String>, PageFault> {
    let client_id = query.single("client_id")?.ok_or(PageFault::ClientMissing)?;
    if client_id.len() > LONGEST_CLIENT_ID || client_id.contains(char::is_control) {
        return Err(PageFault::ClientUnknown);
    }
    let mut ids = vec![client_id.to_owned()];
    if client_id.contains(' ') {
        ids.push(client_id.replace(' ', "+"));
    }
    Ok(ids)
}

/// Judges the request of a client that is known. `issuer` names this platform (RFC 9207).
pub(crate) fn judge(
    query: &ConnectQuery,
    client: &Client,
    style: ConnectStyle,
    issuer: &str,
) -> Result<ConnectRequest, Refusal> {
    let redirect_uri = registered_redirect(query, client).map_err(Refusal::Page)?;
    judge_rest(query, client, style, redirect_uri).map_err(|fault| match redirect_uri {
        None => Refusal::Page(PageFault::Request(fault)),
        Some(uri) => {
            let description = fault.to_string();
            let problem = [
                ("error", fault.error()),
                ("error_description", &description),
            ];
            // One that cannot be carried cannot be returned either.
            let state = sound_state(query).unwrap_or_default();
            Refusal::Redirect(answer(uri, &problem, state, issuer_of(style, issuer)))
        }
    })
}

fn registered_redirect<'q>(
    query: &'q ConnectQuery,
    client: &Client,
) -> Result<Option<&'q str>, PageFault> {
    match query.single("redirect_uri")? {
        Some(uri) if !client.has_registered(uri) => Err(PageFault::RedirectUnregistered),
        asked => Ok(asked),
    }
}

fn judge_rest(
    query: &ConnectQuery,
    client: &Client,
    style: ConnectStyle,
    redirect_uri: Option<&str>,
) -> Result<ConnectRequest, RequestFault> {
    if let Some(repeated) = query.find_repeated() {
        return Err(repeated.into());
    }
    match query.single("response_type")? {
        Some("code") => {}
        Some(_) => return Err(RequestFault::ResponseType),
        None => return Err(RequestFault::ResponseTypeMissing),
    }
    if !client.may_use_grants() {
        return Err(RequestFault::ClientWithoutScopes);
    }
    let scopes = query.scopes()?;
    if let Some(scope) = scopes.iter().find(|scope| !client.scopes.contains(*scope)) {
        return Err(RequestFault::ScopeNotAllowed(scope.to_string()));
    }
    Ok(ConnectRequest {
        client_id: client.client_id.clone(),
        scopes,
        redirect_uri: redirect_uri.map(str::to_owned),
        state: sound_state(query)?.map(str::to_owned),
        code_challenge: challenge(query)?,
        style,
    })
}

fn challenge(query: &ConnectQuery) -> Result<Option<CodeChallenge>, RequestFault> {
    let method = query.single("code_challenge_method")?;
    match query.single("code_challenge")? {
        Some(challenge) => Ok(Some(CodeChallenge::parse(challenge, method)?)),
        None if method.is_some() => Err(RequestFault::ChallengeMissing),
        None => Ok(None),
    }
}

/// The state, if it can be kept and returned as it is.
fn sound_state(query: &ConnectQuery) -> Result<Option<&str>, RequestFault> {
    match query.single("state")? {
        Some(state) if state.len() > LONGEST_STATE => Err(RequestFault::StateTooLong),
        Some(state) if state.contains('\0') => Err(RequestFault::StateWithNul),
        state => Ok(state),
    }
}

impl ConnectRequest {
    /// Where the pro is sent after a yes: with the code, the scopes granted and the state. Without a redirect URI nowhere.
    pub(crate) fn granted(&self, code: &str, issuer: &str) -> Option<String> {
        let scope = self.scopes.to_string();
        self.back(&[("code", code), ("scope", &scope)], issuer)
    }

    /// Where the pro is sent after a no.
    pub(crate) fn declined(&self, issuer: &str) -> Option<String> {
        let told = [
            ("error", "access_denied"),
            ("error_description", "the pro declined the connection"),
        ];
        self.back(&told, issuer)
    }

    fn back(&self, told: &[(&str, &str)], issuer: &str) -> Option<String> {
        let issuer = issuer_of(self.style, issuer);
        let uri = self.redirect_uri.as_deref()?;
        Some(answer(uri, told, self.state.as_deref(), issuer))
    }

    /// Whether the client, as it is registered now, may still be answered as it was asked.
    pub(crate) fn is_allowed_to(&self, client: &Client) -> bool {
        let redirect_uri = self.redirect_uri.as_deref();
        self.scopes.is_subset_of(&client.scopes)
            && redirect_uri.is_none_or(|uri| client.has_registered(uri))
    }

    /// The host that the answer is sent to, as people write it.
    pub(crate) fn destination(&self) -> Option<String> {
        let url = Url::parse(self.redirect_uri.as_deref()?).ok()?;
        url.host_str().map(str::to_owned)
    }

    /// What a page must name in `form-action` so that browsers follow the redirect that answers its form. Where that leads
    /// to https, any https address may follow: browsers apply the list to the whole chain of redirects, and a CRM's
    /// callback usually goes on to another of its hosts.
    pub(crate) fn form_actions(&self) -> Vec<String> {
        let Some(url) = self
            .redirect_uri
            .as_deref()
            .and_then(|uri| Url::parse(uri).ok())
        else {
            return Vec::new();
        };
        let own = match url.host() {
            // Content Security Policy has no way to write such a host; the scheme alone is the closest.
            Some(Host::Ipv6(_)) => format!("{}:", url.scheme()),
            _ => url.origin().ascii_serialization(),
        };
        match url.scheme() {
            "https" => vec![own, "https:".to_owned()],
            _ => vec![own],
        }
    }
}

/// The state is what ties the answer to the pro at the client; it stays out of logs.
impl std::fmt::Debug for ConnectRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ConnectRequest")
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .field("style", &self.style)
            .finish_non_exhaustive()
    }
}

fn issuer_of(style: ConnectStyle, issuer: &str) -> Option<&str> {
    (style == ConnectStyle::Rfc).then_some(issuer)
}

fn answer(uri: &str, told: &[(&str, &str)], state: Option<&str>, issuer: Option<&str>) -> String {
    let mut parameters = told.to_vec();
    parameters.extend(state.map(|state| ("state", state)));
    parameters.extend(issuer.map(|issuer| ("iss", issuer)));
    location(uri, &parameters)
}

#[cfg(test)]
mod tests;
