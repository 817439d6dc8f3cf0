//! The connect page (protocol §2.1), at both of its paths, and the pro's answer to it.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{StatusCode, Uri};
use protocol::id::BusinessId;

use crate::core::Core;
use crate::domain::connect::ConnectStyle;
use crate::domain::connect_query::ConnectQuery;
use crate::domain::session::Session;
use crate::pages::code::CodeContext;
use crate::pages::consent::{ConsentContext, NOT_CHOSEN};
use crate::pages::errors::Stop;
use crate::pages::form::ProForm;
use crate::pages::login;
use crate::pages::next_page::NextPage;
use crate::pages::notice::NoticeContext;
use crate::pages::visitor::Visitor;
use crate::service::code_issue::{IssueError, Issued};
use crate::service::connect::{AnswerError, accept, decline, read_request};
use crate::service::consent;

pub(super) async fn show_connect(
    State(core): State<Core>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Stop> {
    show(&core, visitor, &uri, ConnectStyle::Source).await
}

pub(super) async fn show_authorize(
    State(core): State<Core>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Stop> {
    show(&core, visitor, &uri, ConnectStyle::Rfc).await
}

async fn show(
    core: &Core,
    Visitor(session): Visitor,
    uri: &Uri,
    style: ConnectStyle,
) -> Result<Response, Stop> {
    let query = ConnectQuery::parse(uri.query().unwrap_or_default());
    let (client, request) = read_request(core, &query, style).await?;
    let Some(session) = session else {
        return Ok(login::form(&NextPage::of(uri)).into_response());
    };
    let consent = consent::show(core, &session, &client, request).await?;
    Ok(ConsentContext::new(&consent).page().into_response())
}

pub(super) async fn answer_connect(
    State(core): State<Core>,
    ProForm { session, fields }: ProForm,
) -> Result<Response, Stop> {
    let handle = fields.secret("handle").ok_or(AnswerError::Handle)?;
    if fields.get("decline").is_some() {
        let location = decline(&core, &session, &handle).await?;
        return Ok(location.map_or_else(NoticeContext::declined, |to| away(&to)));
    }
    let chosen = fields
        .get("business_id")
        .and_then(|id| BusinessId::parse(id).ok());
    let Some(business_id) = chosen else {
        return again(&core, &session, handle, NOT_CHOSEN).await;
    };
    match accept(&core, &session, &handle, business_id).await {
        Ok(issued) => Ok(sent_back(&issued)),
        Err(AnswerError::Issue(IssueError::NotTheirs)) => {
            again(&core, &session, handle, NOT_CHOSEN).await
        }
        Err(AnswerError::Issue(IssueError::AlreadyConnected(_))) => {
            again(&core, &session, handle, ALREADY_CONNECTED).await
        }
        Err(error) => Err(error.into()),
    }
}

const ALREADY_CONNECTED: &str = "This business is connected to this partner already.";

fn sent_back(issued: &Issued) -> Response {
    match &issued.location {
        Some(location) => away(location),
        None => CodeContext::new(issued.code.as_str())
            .page()
            .into_response(),
    }
}

fn away(location: &str) -> Response {
    Redirect::to(location).into_response()
}

/// The same page once more, with what is wrong beside the choice.
async fn again(
    core: &Core,
    session: &Session,
    handle: base::Secret,
    error: &'static str,
) -> Result<Response, Stop> {
    let consent = consent::show_again(core, session, handle).await?;
    let consent = consent.ok_or(AnswerError::Handle)?;
    let page = ConsentContext::new(&consent).with_error(error).page();
    Ok(page
        .with_status(StatusCode::UNPROCESSABLE_ENTITY)
        .into_response())
}
