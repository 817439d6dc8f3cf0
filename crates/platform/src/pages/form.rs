//! Forms that were sent from our own pages.

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use base::Secret;
use web::error::ApiError;
use web::parameters::Parameters;

use crate::core::Core;
use crate::domain::session::Session;
use crate::pages::errors::Stop;
use crate::pages::visitor::LoggedIn;

/// The fields of a form. An extractor that refuses, with 403, what another site's page sent. What names no origin at all
/// comes from a program, which no other site can make do anything.
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
        core.settings
            .base_url
            .check_same_origin(request.headers())?;
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
        core.settings
            .base_url
            .check_same_origin(request.headers())?;
        let (mut parts, body) = request.into_parts();
        let LoggedIn(session) = LoggedIn::from_request_parts(&mut parts, core).await?;
        let fields = OwnForm::from_request(Request::from_parts(parts, body), core).await?;
        Ok(Self { session, fields })
    }
}
