//! The templates of the pages, read once at start.

use web::pages::{TemplateError, Templates};

/// The name at the head of every page.
const SITE: &str = "Corkboard gateway";

const SOURCES: &[(&str, &str)] = &[
    ("connected.html", include_str!("templates/connected.html")),
    ("declined.html", include_str!("templates/declined.html")),
    ("start.html", include_str!("templates/start.html")),
];

/// The templates.
pub(crate) fn templates() -> Result<Templates, TemplateError> {
    Templates::new(SITE, SOURCES, &[])
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use web::origin::ExternalOrigin;
    use web::pages::{Page, Pages};

    use super::super::{callback, start};
    use super::*;

    /// What the browser gets of a page.
    async fn shown(page: Page) -> String {
        use axum::body::{Body, to_bytes};
        use tower::ServiceExt as _;

        let origin = ExternalOrigin::parse("http://127.0.0.1:8400").unwrap();
        let router = Router::new().route("/", get(move || async move { page }));
        let router = Pages::new(templates().unwrap(), origin).around(router);
        let answer = router
            .oneshot(http::Request::new(Body::empty()))
            .await
            .unwrap();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn every_template_is_shown_with_a_sample_and_escapes() {
        let samples = [start::samples(), callback::samples()].concat();
        assert_eq!(samples.len(), SOURCES.len());
        for page in samples {
            let template = format!("{page:?}");
            let html = shown(page).await;
            assert!(html.contains("</html>"), "{template}: {html}");
            assert!(!html.contains("went wrong"), "{template}: {html}");
            assert!(!html.contains("<b>"), "{template}: {html}");
        }
    }
}
