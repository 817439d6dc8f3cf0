//! A pair of tokens as the token endpoint gives it out (§2.2).

use std::time::Duration;

use base::Secret;
use protocol::json::Members;
use protocol::scope::Scopes;

/// An access token and the refresh token that is good for its successor.
#[derive(Clone, Debug)]
pub struct TokenPair {
    /// For the calls of one business.
    pub access_token: Secret,
    /// For one refresh, and for repeating it inside the grace period (§2.2 D5).
    pub refresh_token: Secret,
    /// How long the access token lives from the moment it was issued; an hour by default.
    pub expires_in: Duration,
    /// What was granted, if the platform says so: it need not, unless that differs from what was asked for.
    pub scopes: Option<Scopes>,
}

impl TokenPair {
    pub(crate) fn read(members: &Members<'_>) -> Option<Self> {
        let access_token = members.required_string("access_token");
        let refresh_token = members.required_string("refresh_token");
        let expires_in = members.required_count("expires_in");
        Some(Self {
            access_token: Secret::new(access_token?),
            refresh_token: Secret::new(refresh_token?),
            expires_in: Duration::from_secs(expires_in?),
            scopes: members.optional_string("scope").map(known_scopes),
        })
    }
}

/// The scopes that the protocol knows; a platform may have more of them, which this client has no call for.
pub(crate) fn known_scopes(text: &str) -> Scopes {
    let names = text.split([' ', ',', '+']);
    names
        .filter_map(|name| protocol::scope::Scope::parse(name).ok())
        .collect()
}
