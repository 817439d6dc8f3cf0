//! The page that shows a code to be copied, where the partner's request named no address to send it to (protocol §2.1).

use serde::Serialize;
use web::pages::Page;

use crate::domain::grant::CODE_LIFETIME;

#[derive(Debug, Serialize)]
pub(super) struct CodeContext {
    code: String,
    minutes: i64,
}

impl CodeContext {
    pub(super) fn new(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            minutes: CODE_LIFETIME.as_mins(),
        }
    }

    pub(super) fn page(self) -> Page {
        Page::new("code.html", self)
    }

    #[cfg(test)]
    pub(super) fn samples() -> Vec<Page> {
        vec![Self::new("AAECAwQFBgcICQoLDA0ODw").page()]
    }
}
