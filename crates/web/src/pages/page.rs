//! A page as a handler answers it: the template's name and what it shows. [`super::Pages`] renders it on the way out.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::templates::{TemplateError, Templates};
use crate::error::ApiError;

/// A page to be rendered.
#[derive(Clone, Debug)]
pub struct Page {
    pub(super) template: &'static str,
    pub(super) context: Value,
    pub(super) form_actions: Vec<String>,
    status: StatusCode,
}

impl Page {
    /// The page that `template` makes of `context`, with status 200.
    pub fn new(template: &'static str, context: impl Serialize) -> Self {
        Self {
            template,
            context: Value::from(Serde(context)),
            form_actions: Vec::new(),
            status: StatusCode::OK,
        }
    }

    /// The name of its template.
    pub fn template(&self) -> &'static str {
        self.template
    }

    /// The HTML, as a side's tests look at it; on the way out [`super::Pages`] does this.
    pub fn render(&self, templates: &Templates) -> Result<String, TemplateError> {
        templates.render(self.template, &self.context)
    }

    /// Another status.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Lets the page's forms lead to `origin` as well (`https://crm.example`): browsers apply `form-action` to the
    /// redirect that answers a form, too.
    #[must_use]
    pub fn with_form_action(mut self, origin: impl Into<String>) -> Self {
        self.form_actions.push(origin.into());
        self
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

/// An error as a page: what happened and what to do. Every [`ApiError`] becomes one within [`super::Pages`].
#[derive(Clone, Debug)]
pub struct PageError {
    status: StatusCode,
    title: String,
    message: String,
}

#[derive(Serialize)]
struct ErrorContext<'e> {
    title: &'e str,
    message: &'e str,
}

impl PageError {
    /// An error page with this heading and these sentences.
    pub fn new(status: StatusCode, title: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            title: title.into(),
            message: message.into(),
        }
    }

    pub(super) fn page(&self) -> Page {
        let context = ErrorContext {
            title: &self.title,
            message: &self.message,
        };
        Page::new("error.html", context).with_status(self.status)
    }
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        let title = match error.status() {
            StatusCode::UNAUTHORIZED => "Please log in",
            StatusCode::FORBIDDEN => "This is not allowed",
            StatusCode::NOT_FOUND => "There is no such page",
            StatusCode::CONFLICT => "This cannot be done now",
            StatusCode::TOO_MANY_REQUESTS => "Too many tries",
            StatusCode::SERVICE_UNAVAILABLE => "Please try again in a moment",
            status if status.is_server_error() => "Something went wrong on our side",
            _ => "This request cannot be answered",
        };
        Self::new(error.status(), title, error.description())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        self.page().into_response()
    }
}
