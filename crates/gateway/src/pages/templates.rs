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
    use web::pages::Page;

    use super::super::{callback, start};
    use super::*;

    #[test]
    fn every_template_is_shown_with_a_sample_and_escapes() {
        let templates = templates().unwrap();
        let samples = [start::samples(), callback::samples()].concat();
        for page in &samples {
            let html = page.render(&templates).unwrap();
            assert!(!html.contains("<b>"), "{html}");
            assert!(
                !html.contains(" style="),
                "the policy forbids style attributes: {html}"
            );
        }
        let shown: Vec<&str> = samples.iter().map(Page::template).collect();
        for (name, _) in SOURCES {
            assert!(shown.contains(name), "{name} has no sample");
        }
    }
}
