//! Who looks at a page: a pro who is logged in, or somebody who is not.

use axum::extract::FromRequestParts;
use base::Secret;
use http::HeaderMap;
use http::request::Parts;
use web::cookies::SessionCookie;

use crate::core::Core;
use crate::domain::session::Session;
use crate::pages::errors::Stop;
use crate::pages::next_page::NextPage;
use crate::service::session;

/// The name of the cookie. Not the gateway's: both may run on one machine, and cookies know no ports.
const COOKIE: &str = "corkboard_pro";

/// Somebody, perhaps logged in.
#[derive(Debug)]
pub(super) struct Visitor(pub(super) Option<Session>);

/// A pro who is logged in. Anybody else is sent to the log-in first, and comes back to the page that was asked for.
#[derive(Debug)]
pub(super) struct LoggedIn(pub(super) Session);

/// The cookie as this platform writes it.
pub(super) fn cookie(core: &Core) -> SessionCookie {
    SessionCookie::new(COOKIE, &core.settings.base_url)
}

/// What the browser has as its cookie, good or not.
pub(super) fn presented_cookie(core: &Core, headers: &HeaderMap) -> Option<Secret> {
    cookie(core).read(headers)
}

impl FromRequestParts<Core> for Visitor {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, core: &Core) -> Result<Self, Stop> {
        match presented_cookie(core, &parts.headers) {
            Some(cookie) => Ok(Self(session::find(core, &cookie).await?)),
            None => Ok(Self(None)),
        }
    }
}

impl FromRequestParts<Core> for LoggedIn {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, core: &Core) -> Result<Self, Stop> {
        let Visitor(session) = Visitor::from_request_parts(parts, core).await?;
        let next = || Stop::Elsewhere(NextPage::of(&parts.uri).log_in_path());
        session.map(Self).ok_or_else(next)
    }
}
