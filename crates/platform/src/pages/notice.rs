//! A page that says one thing.

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use web::pages::Page;

#[derive(Debug, Serialize)]
pub(super) struct NoticeContext {
    title: &'static str,
    message: &'static str,
}

impl NoticeContext {
    /// After a no that no client is waiting for.
    pub(super) fn declined() -> Response {
        Self::declined_page().into_response()
    }

    fn declined_page() -> Page {
        let context = Self {
            title: "Nothing was connected",
            message: "You declined. The partner has no access to your businesses; you can close this page.",
        };
        Page::new("notice.html", context)
    }

    #[cfg(test)]
    pub(super) fn samples() -> Vec<Page> {
        vec![Self::declined_page()]
    }
}
