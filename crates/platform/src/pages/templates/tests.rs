//! Every page with samples, hostile texts among them.

use web::pages::Page;

use super::*;
use crate::pages::code::CodeContext;
use crate::pages::consent::ConsentContext;
use crate::pages::login::LoginContext;
use crate::pages::notice::NoticeContext;
use crate::pages::services::ServicesContext;
use crate::pages::start::StartContext;

fn samples() -> Vec<Page> {
    [
        CodeContext::samples(),
        ConsentContext::samples(),
        LoginContext::samples(),
        NoticeContext::samples(),
        ServicesContext::samples(),
        StartContext::samples(),
    ]
    .concat()
}

#[test]
fn every_page_renders_and_escapes() {
    let templates = templates().unwrap();
    for page in samples() {
        let html = page.render(&templates).unwrap();
        assert!(!html.contains("<script>"), "{html}");
        assert!(
            !html.contains(" style="),
            "the policy forbids style attributes: {html}"
        );
        assert!(!html.contains("http://") || html.contains("curl"), "{html}");
    }
}

#[test]
fn every_template_has_a_sample() {
    let shown: Vec<&str> = samples().iter().map(Page::template).collect();
    for (name, _) in SOURCES {
        assert!(
            *name == "pro.html" || shown.contains(name),
            "{name} has no sample"
        );
    }
}
