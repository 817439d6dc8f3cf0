//! Forms that were sent from our own pages.

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use base::Secret;
use http::{HeaderMap, header};
use web::error::ApiError;
use web::parameters::Parameters;

use crate::core::Core;
use crate::domain::session::Session;
use crate::pages::errors::Stop;
use crate::pages::visitor::LoggedIn;

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

/// The same, of a pro who is logged in.
#[derive(Debug)]
pub(super) struct ProForm {
    pub(super) session: Session,
    pub(super) fields: OwnForm,
}

impl FromRequest<Core> for ProForm {
    type Rejection = Stop;

    async fn from_request(request: Request, core: &Core) -> Result<Self, Stop> {
        // First: a form of another site comes without a cookie, and is no reason to log in.
        require_own_origin(core, request.headers())?;
        let (mut parts, body) = request.into_parts();
        let LoggedIn(session) = LoggedIn::from_request_parts(&mut parts, core).await?;
        let fields = OwnForm::from_request(Request::from_parts(parts, body), core).await?;
        Ok(Self { session, fields })
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
