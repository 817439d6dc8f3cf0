//! Stands around the routes that people see: renders [`Page`]s, turns every error into an error page, and adds the
//! headers that protect pages.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::{HeaderValue, header};
use minijinja::value::{Value, merge_maps};

use super::assets;
use super::page::{Page, PageError};
use super::templates::Templates;
use crate::error::ApiError;
use crate::headers::protect_page;
use crate::origin::ExternalOrigin;
use crate::request_id::RequestId;

/// What makes pages of a side's answers.
#[derive(Clone, Debug)]
pub struct Pages {
    templates: Templates,
    origin: ExternalOrigin,
}

impl Pages {
    /// Pages made with these templates, found by the outside at `origin`.
    pub fn new(templates: Templates, origin: ExternalOrigin) -> Self {
        Self { templates, origin }
    }

    /// Puts the middleware around the routes of a side's pages and adds those of the assets. The result is merged with
    /// the side's other routes, inside the [`crate::frame::Frame`]. To be called once a side.
    pub fn around(self, router: Router) -> Router {
        let assets = assets::routes(self.templates.assets());
        router.layer(from_fn_with_state(self, handle)).merge(assets)
    }

    fn finish(&self, mut response: Response, id: &RequestId) -> Response {
        let mut page = response.extensions_mut().remove::<Page>();
        if let Some(error) = ApiError::taken_from(&mut response)
            && page.is_none()
        {
            page = Some(PageError::from(error).page());
        }
        let form_actions = match &page {
            Some(page) => page.form_actions.as_slice(),
            None => &[],
        };
        protect_page(response.headers_mut(), &self.origin, form_actions);
        let Some(page) = page else {
            return response;
        };
        let for_all = Value::from_pairs([("request_id", id.as_str())]);
        let context = merge_maps([for_all, page.context]);
        match self.templates.render(page.template, &context) {
            Ok(html) => write_body(&mut response, html),
            Err(error) => {
                *response.status_mut() = ApiError::internal(&error).status();
                write_body(&mut response, String::from(UNRENDERED));
            }
        }
        response
    }
}

/// What is shown when not even the template of the error page can be trusted.
const UNRENDERED: &str = "<!doctype html><title>Error</title><p>Something went wrong on our side.";

async fn handle(
    State(pages): State<Pages>,
    id: RequestId,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    pages.finish(response, &id)
}

fn write_body(response: &mut Response, html: String) {
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.remove(header::WWW_AUTHENTICATE);
    headers.insert(header::CONTENT_LENGTH, html.len().into());
    *response.body_mut() = Body::from(html);
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    /// Every template of the kit with a sample: this one shows all macros.
    const SAMPLE: &str = r#"{% extends "layout.html" %}
{% from "macros.html" import alert, button, copy, field %}
{% block title %}{{ title }}{% endblock %}
{% block content %}
{{ alert(message, "error") }}
<form method="post">
{{ field("email", "E-mail", kind="email", value=email, error="There is no such account.", autocomplete="username") }}
{{ field("password", "Password", kind="password") }}
{{ button("Log in") }}
</form>
{{ copy("code", code) }}
{% endblock %}"#;

    #[derive(Serialize)]
    struct Sample {
        title: &'static str,
        message: &'static str,
        email: &'static str,
        code: &'static str,
    }

    fn templates() -> Templates {
        Templates::new("Corkboard", &[("sample.html", SAMPLE)], &[]).unwrap()
    }

    #[test]
    fn every_template_renders_and_escapes() {
        let hostile = "<script>alert(1)</script>\" onfocus='x'";
        let sample = Sample {
            title: hostile,
            message: hostile,
            email: hostile,
            code: hostile,
        };
        let sample = Page::new("sample.html", sample);
        let error = PageError::new(http::StatusCode::NOT_FOUND, hostile, hostile).page();
        let macros = Page::new("macros.html", Value::from(()));
        let templates = templates();
        let pages = [sample, error, macros];
        for page in &pages {
            let html = templates.render(page.template, &page.context).unwrap();
            assert!(!html.contains("<script>"), "{html}");
            assert!(
                !html.contains("' onfocus") && !html.contains("\" onfocus"),
                "{html}"
            );
        }
        for name in templates.names() {
            let shown = pages.iter().any(|page| page.template == name);
            assert!(shown || name == "layout.html", "{name} has no sample");
        }
    }

    #[test]
    fn a_form_keeps_what_was_typed_and_ties_its_error_to_the_field() {
        let sample = Page::new(
            "sample.html",
            Sample {
                title: "Log in",
                message: "Please try again.",
                email: "ann@example.com",
                code: "abc",
            },
        );
        let html = templates()
            .render(sample.template, &sample.context)
            .unwrap();
        for part in [
            r#"value="ann@example.com""#,
            r#"aria-invalid="true""#,
            r#"aria-describedby="email-error""#,
            r#"id="email-error""#,
            r#"autocomplete="username""#,
            "<title>Log in · Corkboard</title>",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
    }

    #[test]
    fn an_unknown_variable_is_an_error_that_names_the_template() {
        let templates = Templates::new("Corkboard", &[("a.html", "\n{{ nobody }}")], &[]).unwrap();
        let error = templates.render("a.html", &Value::from(())).unwrap_err();
        assert_eq!(error.to_string(), "template a.html, line 2");
    }
}
