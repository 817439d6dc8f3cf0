//! Where a platform lives and which of the protocol's free choices it made.
//!
//! The paths below these addresses are the protocol's ([`protocol::paths`]); a proxy that moves them all is a path in
//! the API's URL.

use protocol::paths::oauth;
use thiserror::Error;
use url::Url;

/// How the parameters of a token request travel. They include the code and the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenParameters {
    /// In the query: all that the source documents (§2.2), so the real platform is asked this way. A secret in a URL may
    /// end up in the access log of any proxy on the way, hence only where nothing else is known to work.
    Query,
    /// In a form body, as RFC 6749 wants it. Our platform reads the query, a form and JSON alike (§1).
    Form,
}

/// Why a text is not the address of a platform.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Not an absolute URL.
    #[error("the address of the platform is not a URL: {0}")]
    NotAUrl(String),
    /// Something other than `http` or `https`.
    #[error("the address of the platform must begin with https://")]
    Scheme,
    /// `https://user:password@host/`.
    #[error("the address of the platform must not carry a user name or password")]
    UserInformation,
    /// A query or a fragment, which would swallow what is appended.
    #[error("the address of the platform must not have a query or a fragment")]
    Query,
}

/// The addresses of one platform. Start from a preset and change what differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformAddresses {
    connect_url: Url,
    api_url: Url,
    token_url: Url,
    token_parameters: TokenParameters,
    honours_idempotency_key: bool,
}

impl PlatformAddresses {
    /// Thumbtack, where real customers are.
    pub fn thumbtack_production() -> Self {
        Self::thumbtack("https://pro-api.thumbtack.com/")
    }

    /// Thumbtack's test environment. The connect page is the same as in production; the client's kind makes the
    /// difference (§2.1).
    pub fn thumbtack_staging() -> Self {
        Self::thumbtack("https://staging-pro-api.thumbtack.com/")
    }

    /// A Corkboard platform: one origin for everything.
    pub fn corkboard(base_url: &str) -> Result<Self, AddressError> {
        let api_url = parse(base_url)?;
        Ok(Self {
            connect_url: below(&api_url, oauth::CONNECT),
            token_url: below(&api_url, oauth::TOKENS_ACCESS),
            api_url,
            token_parameters: TokenParameters::Form,
            honours_idempotency_key: true,
        })
    }

    fn thumbtack(api_url: &str) -> Self {
        let api_url = parse(api_url).expect("the presets are valid addresses");
        let site = parse("https://thumbtack.com/").expect("the presets are valid addresses");
        Self {
            connect_url: below(&site, oauth::CONNECT),
            token_url: below(&api_url, oauth::TOKENS_ACCESS),
            api_url,
            token_parameters: TokenParameters::Query,
            // The source does not mention the header, so nobody may rely on it.
            honours_idempotency_key: false,
        }
    }

    /// The same platform with another connect page.
    pub fn with_connect_url(self, url: &str) -> Result<Self, AddressError> {
        let connect_url = parse(url)?;
        Ok(Self {
            connect_url,
            ..self
        })
    }

    /// The same platform with its API, the token endpoint included, below another URL.
    pub fn with_api_url(self, url: &str) -> Result<Self, AddressError> {
        let api_url = parse(url)?;
        Ok(Self {
            token_url: below(&api_url, oauth::TOKENS_ACCESS),
            api_url,
            ..self
        })
    }

    /// The same platform with another token endpoint, such as `…/oauth2/token`.
    pub fn with_token_url(self, url: &str) -> Result<Self, AddressError> {
        let token_url = parse(url)?;
        Ok(Self { token_url, ..self })
    }

    /// The same platform, asked for tokens in another way.
    #[must_use]
    pub fn with_token_parameters(self, token_parameters: TokenParameters) -> Self {
        Self {
            token_parameters,
            ..self
        }
    }

    /// The same platform, known to answer a repeated `Idempotency-Key` with its first answer (§3.1).
    #[must_use]
    pub fn honouring_idempotency_key(self) -> Self {
        Self {
            honours_idempotency_key: true,
            ..self
        }
    }

    /// The page where a pro connects (§2.1).
    pub fn connect_url(&self) -> &Url {
        &self.connect_url
    }

    /// What the paths of the API are below of.
    pub fn api_url(&self) -> &Url {
        &self.api_url
    }

    /// The token endpoint (§2.2).
    pub fn token_url(&self) -> &Url {
        &self.token_url
    }

    /// How the token endpoint is given its parameters.
    pub fn token_parameters(&self) -> TokenParameters {
        self.token_parameters
    }

    /// Whether a message may be sent again with the same key when it is uncertain what became of it (§6).
    pub fn honours_idempotency_key(&self) -> bool {
        self.honours_idempotency_key
    }

    /// The URL of a path of the API.
    pub(crate) fn api(&self, path: &str) -> Url {
        below(&self.api_url, path)
    }
}

fn parse(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text).map_err(|error| AddressError::NotAUrl(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(AddressError::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::UserInformation);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(AddressError::Query);
    }
    Ok(url)
}

/// `path` begins with a slash and is appended to the base's own path, whether or not that ends with one.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let joined = format!("{}{path}", base.path().trim_end_matches('/'));
    url.set_path(&joined);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_are_the_documented_addresses() {
        let production = PlatformAddresses::thumbtack_production();
        assert_eq!(
            production.connect_url().as_str(),
            "https://thumbtack.com/services/partner-connect/"
        );
        assert_eq!(
            production.token_url().as_str(),
            "https://pro-api.thumbtack.com/v2/tokens/access"
        );
        let staging = PlatformAddresses::thumbtack_staging();
        assert_eq!(staging.connect_url(), production.connect_url());
        assert_eq!(
            staging.api("/v1/test/create-lead").as_str(),
            "https://staging-pro-api.thumbtack.com/v1/test/create-lead"
        );
        assert_eq!(staging.token_parameters(), TokenParameters::Query);
        assert!(!staging.honours_idempotency_key());
    }

    #[test]
    fn a_corkboard_has_one_origin_and_may_live_below_a_path() {
        let addresses = PlatformAddresses::corkboard("http://127.0.0.1:8300/board/").unwrap();
        assert_eq!(
            addresses.connect_url().as_str(),
            "http://127.0.0.1:8300/board/services/partner-connect/"
        );
        assert_eq!(
            addresses.token_url().as_str(),
            "http://127.0.0.1:8300/board/v2/tokens/access"
        );
        assert_eq!(addresses.token_parameters(), TokenParameters::Form);
        assert!(addresses.honours_idempotency_key());
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_reason() {
        let refused = |text: &str| PlatformAddresses::corkboard(text).unwrap_err();
        assert!(matches!(refused("platform"), AddressError::NotAUrl(_)));
        assert_eq!(refused("ftp://platform.example"), AddressError::Scheme);
        assert_eq!(
            refused("https://a:b@platform.example"),
            AddressError::UserInformation
        );
        assert_eq!(
            refused("https://platform.example/?x=1"),
            AddressError::Query
        );
    }
}
