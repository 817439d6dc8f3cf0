//! The templates of the pages, read once at start.

use web::pages::{Asset, TemplateError, Templates};

/// The name at the head of every page.
const SITE: &str = "Corkboard for pros";

const SOURCES: &[(&str, &str)] = &[
    ("code.html", include_str!("templates/code.html")),
    ("consent.html", include_str!("templates/consent.html")),
    ("login.html", include_str!("templates/login.html")),
    ("notice.html", include_str!("templates/notice.html")),
    ("pro.html", include_str!("templates/pro.html")),
    ("services.html", include_str!("templates/services.html")),
    ("start.html", include_str!("templates/start.html")),
];

const ASSETS: &[Asset] = &[Asset {
    name: "pro.css",
    content_type: "text/css; charset=utf-8",
    content: include_bytes!("templates/pro.css"),
}];

/// The templates and what they name.
pub(crate) fn templates() -> Result<Templates, TemplateError> {
    Templates::new(SITE, SOURCES, ASSETS)
}

#[cfg(test)]
mod tests;
