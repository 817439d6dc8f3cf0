//! Logging in and out.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use base::Secret;
use http::{HeaderMap, StatusCode, header};
use protocol::paths::oauth;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use web::client_address::ClientAddress;
use web::error::ApiError;
use web::limits::RetryAfter;
use web::pages::Page;

use crate::core::Core;
use crate::domain::session::LONGEST_LOGIN;
use crate::pages::errors::Stop;
use crate::pages::form::OwnForm;
use crate::pages::next_page::NextPage;
use crate::pages::visitor::{Visitor, cookie, presented_cookie};
use crate::service::login::{Attempt, LoginError, log_in as check};
use crate::service::session;

/// The log-in form: what was typed is kept, but for the password.
#[derive(Debug, Default, Serialize)]
pub(super) struct LoginContext {
    action: &'static str,
    next: String,
    is_connecting: bool,
    email: String,
    email_error: &'static str,
    password_error: &'static str,
    message: String,
}

impl LoginContext {
    fn new(next: &NextPage) -> Self {
        Self {
            action: oauth::LOG_IN,
            next: next.to_string(),
            is_connecting: next.is_connect(),
            ..Self::default()
        }
    }

    fn page(self) -> Page {
        Page::new("login.html", self)
    }

    #[cfg(test)]
    pub(super) fn samples() -> Vec<Page> {
        let next = NextPage::parse("/services/partner-connect/?client_id=demo");
        let empty = Self::new(&next);
        let wrong = Self {
            email: "tim@pros.example\"><script>".to_owned(),
            email_error: EMAIL_MISSING,
            password_error: PASSWORD_MISSING,
            message: WRONG.to_owned(),
            ..Self::new(&NextPage::parse("/services"))
        };
        vec![empty.page(), wrong.page()]
    }
}

const EMAIL_MISSING: &str = "Enter your email address.";
const PASSWORD_MISSING: &str = "Enter your password.";
const WRONG: &str =
    "This email address and this password do not belong together. Please check both.";

/// The form, for somebody who asked for the page `next`.
pub(super) fn form(next: &NextPage) -> Page {
    LoginContext::new(next).page()
}

/// The page that the log-in leads to.
#[derive(Debug, Deserialize)]
pub(super) struct LoginQuery {
    #[serde(default)]
    next: String,
}

pub(super) async fn show_login(visitor: Visitor, Query(query): Query<LoginQuery>) -> Response {
    let next = NextPage::parse(&query.next);
    match visitor {
        Visitor(Some(_)) => Redirect::to(&next.to_string()).into_response(),
        Visitor(None) => form(&next).into_response(),
    }
}

pub(super) async fn log_in(
    State(core): State<Core>,
    source: ClientAddress,
    headers: HeaderMap,
    fields: OwnForm,
) -> Result<Response, Stop> {
    let next = NextPage::parse(fields.get("next").unwrap_or_default());
    let context = LoginContext {
        email: fields.get("email").unwrap_or_default().to_owned(),
        ..LoginContext::new(&next)
    };
    let Some((email, password)) = fields.get("email").zip(fields.secret("password")) else {
        return Ok(incomplete(context, &fields));
    };
    let attempt = Attempt {
        email,
        password,
        source,
        earlier: presented_cookie(&core, &headers),
    };
    match check(&core, attempt).await {
        Ok(id) => Ok(begin(&core, &id, &next)),
        Err(error) => refuse(context, error),
    }
}

pub(super) async fn log_out(
    State(core): State<Core>,
    Visitor(session): Visitor,
    _: OwnForm,
) -> Result<Response, Stop> {
    if let Some(session) = session {
        session::end(&core, session).await?;
    }
    let removal = [(header::SET_COOKIE, cookie(&core).removal())];
    Ok((removal, Redirect::to("/")).into_response())
}

fn begin(core: &Core, id: &Secret, next: &NextPage) -> Response {
    let longest = Duration::try_from(LONGEST_LOGIN).unwrap_or_default();
    let set = [(header::SET_COOKIE, cookie(core).set(id, longest))];
    (set, Redirect::to(&next.to_string())).into_response()
}

fn incomplete(context: LoginContext, fields: &OwnForm) -> Response {
    let unless = |field, error| fields.get(field).map_or(error, |_| "");
    let context = LoginContext {
        email_error: unless("email", EMAIL_MISSING),
        password_error: unless("password", PASSWORD_MISSING),
        ..context
    };
    let page = context.page();
    page.with_status(StatusCode::UNPROCESSABLE_ENTITY)
        .into_response()
}

/// The form once more, or the answer to trouble of ours.
fn refuse(context: LoginContext, error: LoginError) -> Result<Response, Stop> {
    match error {
        LoginError::Wrong => {
            let message = WRONG.to_owned();
            let page = LoginContext { message, ..context }.page();
            Ok(page
                .with_status(StatusCode::UNPROCESSABLE_ENTITY)
                .into_response())
        }
        LoginError::TooManyFailures(RetryAfter(seconds)) => {
            let message = format!(
                "{WRONG} There were many wrong tries: wait {seconds} seconds before the next."
            );
            let page = LoginContext { message, ..context }.page();
            let page = page.with_status(StatusCode::TOO_MANY_REQUESTS);
            Ok(([(header::RETRY_AFTER, seconds)], page).into_response())
        }
        LoginError::Busy => Err(ApiError::unavailable(1).into()),
        LoginError::Password(error) => Err(ApiError::internal(&error).into()),
        LoginError::Database(error) => Err(error.into()),
    }
}
