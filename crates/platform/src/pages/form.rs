//! A form that was sent from one of our own pages.

use axum::extract::{FromRequest, Request};
use base::Secret;
use http::{HeaderMap, header};
use web::error::ApiError;
use web::parameters::Parameters;

use crate::core::Core;

/// The fields of a form. An extractor that refuses, with 403, what another site's page sent, and what no browser would
/// send from ours: all of them name the origin of a form.
#[derive(Debug)]
pub(super) struct OwnForm(Parameters);

impl OwnForm {
    /// A field, unless it is absent or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// A field that holds something secret.
    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        self.get(name).map(Secret::new)
    }
}

impl FromRequest<Core> for OwnForm {
    type Rejection = ApiError;

    async fn from_request(request: Request, core: &Core) -> Result<Self, ApiError> {
        require_own_origin(core, request.headers())?;
        Parameters::from_request(request, core).await.map(Self)
    }
}

fn require_own_origin(core: &Core, headers: &HeaderMap) -> Result<(), ApiError> {
    let told = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    if !told {
        return Err(ApiError::forbidden(
            "Your browser did not say where this form was sent from. Open the page here and try again.",
        ));
    }
    core.settings.base_url.check_same_origin(headers)
}
