//! Pages as a browser gets them: headers, assets, errors.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use serde::Serialize;
use web::error::ApiError;
use web::pages::{Asset, Page, Pages, Templates};

use crate::kit::{Server, origin};

const HOME: &str = r#"{% extends "layout.html" %}{% block title %}Home{% endblock %}
{% block content %}<p>{{ greeting }}</p>{{ asset("logo.svg") }}{% endblock %}"#;

const LOGO: Asset = Asset {
    name: "logo.svg",
    content_type: "image/svg+xml",
    content: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
};

#[derive(Serialize)]
struct Home {
    greeting: &'static str,
}

async fn server() -> Server {
    let home = Page::new(
        "home.html",
        Home {
            greeting: "<Hello>",
        },
    );
    let consent = home.clone().with_form_action("https://crm.example");
    let broken = Page::new("home.html", ());
    let pages = Router::new()
        .route("/", get(|| async { home }))
        .route("/consent", get(|| async { consent }))
        .route("/broken", get(|| async { broken }))
        .route(
            "/gone",
            get(|| async { ApiError::not_found("This lead is gone.") }),
        )
        .route("/away", get(|| async { Redirect::to("/") }));
    let templates = Templates::new("Corkboard", &[("home.html", HOME)], &[LOGO]).unwrap();
    let api = Router::new().route("/api", get(|| async { ApiError::conflict("No.") }));
    let pages = Pages::new(templates, origin()).around(pages);
    Server::start(pages.merge(api)).await
}

#[tokio::test]
async fn a_page_is_rendered_escaped_and_protected() {
    let server = server().await;
    let page = server.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("<p>&lt;Hello&gt;</p>"), "{}", page.text);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let policy = page.header("content-security-policy").unwrap();
    for directive in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "script-src 'self'",
    ] {
        assert!(policy.contains(directive), "{policy}");
    }
    assert!(policy.ends_with("form-action 'self'"), "{policy}");
    let consent = server.get("/consent").await;
    let policy = consent.header("content-security-policy").unwrap();
    assert!(policy.ends_with("form-action 'self' https://crm.example"));
}

#[tokio::test]
async fn the_assets_that_a_page_names_are_there_for_ever() {
    let server = server().await;
    let page = server.get("/").await;
    let named = page.text.split(['"', '<', '>', '\n']);
    let paths: Vec<&str> = named.filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(paths.len(), 3, "{paths:?}");
    for path in paths {
        let asset = server.get(path).await;
        assert_eq!(asset.status, 200);
        let kept = asset.header("cache-control").unwrap();
        assert!(kept.contains("immutable"));
    }
    server
        .get("/assets/corkboard.css")
        .await
        .error(404, "NOT_FOUND");
}

#[tokio::test]
async fn errors_are_pages_where_people_are_and_json_elsewhere() {
    let server = server().await;
    let gone = server.get("/gone").await;
    assert_eq!(gone.status, 404);
    assert!(gone.text.contains("This lead is gone."));
    assert!(gone.text.contains(gone.header("x-request-id").unwrap()));
    assert!(gone.header("content-security-policy").is_some());
    server.get("/api").await.error(409, "CONFLICT");
    let away = server.get("/away").await;
    assert_eq!((away.status, away.header("location")), (303, Some("/")));
    assert_eq!(away.header("referrer-policy"), Some("no-referrer"));
}

#[tokio::test]
async fn a_page_that_cannot_be_rendered_is_a_500() {
    let server = server().await;
    let broken = server.get("/broken").await;
    assert_eq!(broken.status, 500);
    assert!(broken.text.contains("Something went wrong"));
}
