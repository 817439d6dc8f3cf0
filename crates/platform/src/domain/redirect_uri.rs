//! Redirect URIs: which ones a client may register (protocol §2.1), which text at the code exchange means the one that was
//! asked with, and the address that a browser is sent to.
//!
//! Every comparison is of characters. Nothing here resolves dots, decodes or lower-cases: that is how open redirects are
//! made.

use std::fmt;

use base::SecretHash;
use thiserror::Error;
use url::{Host, Url};

use crate::domain::client_words::ClientKind;

/// The longest redirect URI, in bytes.
const LONGEST: usize = 2_000;

/// A redirect URI that may be registered, exactly as it was written.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RedirectUri(String);

/// Why a text may not be registered. Each message completes the sentence "this member …".
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum RedirectUriError {
    #[error("must have at most {LONGEST} bytes")]
    TooLong,
    #[error(
        "must be an absolute URL of printable ASCII characters without \\, quotation marks and spaces"
    )]
    Malformed,
    #[error("must begin with https://")]
    Scheme,
    #[error("must begin with https:// unless it leads to this machine or belongs to a test client")]
    InsecureScheme,
    #[error("must not hold a user name or password")]
    Credentials,
    #[error("must not hold a fragment (#)")]
    Fragment,
}

impl RedirectUri {
    /// Reads a redirect URI of a client of this kind.
    pub(crate) fn parse(text: &str, kind: ClientKind) -> Result<Self, RedirectUriError> {
        if text.len() > LONGEST {
            return Err(RedirectUriError::TooLong);
        }
        let plain = |byte: u8| {
            byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'\'')
        };
        let well_formed = text.bytes().all(plain) && text.contains("://");
        let url = match Url::parse(text) {
            Ok(url) if well_formed && url.has_host() => url,
            _ => return Err(RedirectUriError::Malformed),
        };
        if text.contains('#') {
            return Err(RedirectUriError::Fragment);
        }
        let authority = text.split('/').nth(2).unwrap_or_default();
        if !url.username().is_empty() || url.password().is_some() || authority.contains('@') {
            return Err(RedirectUriError::Credentials);
        }
        match url.scheme() {
            "https" => Ok(Self(text.to_owned())),
            "http" if kind == ClientKind::Test || is_loopback(&url) => Ok(Self(text.to_owned())),
            "http" => Err(RedirectUriError::InsecureScheme),
            _ => Err(RedirectUriError::Scheme),
        }
    }

    /// One that was registered before.
    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text, as it was registered.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The address that carries an answer of the connect page back to the client: the redirect URI, its path and query kept
/// and `/` put where it has no path, with these parameters added (protocol §2.1).
pub(crate) fn location(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut location = with_path(redirect_uri);
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    if query.is_empty() {
        return location;
    }
    match location.find('?') {
        None => location.push('?'),
        Some(_) if location.ends_with(['?', '&']) => {}
        Some(_) => location.push('&'),
    }
    location.push_str(&query);
    location
}

/// The text with `/` for an empty path.
fn with_path(redirect_uri: &str) -> String {
    let Some((scheme, rest)) = redirect_uri.split_once("://") else {
        return redirect_uri.to_owned();
    };
    match rest.find(['/', '?']) {
        Some(at) if rest.as_bytes()[at] == b'/' => redirect_uri.to_owned(),
        Some(at) => {
            let (authority, query) = rest.split_at(at);
            format!("{scheme}://{authority}/{query}")
        }
        None => format!("{redirect_uri}/"),
    }
}

/// What is known about the redirect of a code when it comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Redirect {
    /// What the connect request asked for, if it named one.
    pub(crate) asked: Option<String>,
    /// The hash of the address that carried the code, if one did.
    pub(crate) location_hash: Option<SecretHash>,
}

/// Why a `redirect_uri` does not fit the code.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum RedirectMismatch {
    #[error("the parameter redirect_uri is missing")]
    Missing,
    #[error("the redirect_uri is not the one that the pro was sent back to")]
    Different,
    #[error(
        "the redirect_uri is not the one that the pro was sent back to; it looks percent-encoded twice"
    )]
    EncodedTwice,
}

impl Redirect {
    /// Whether `presented` at the exchange means the redirect URI of this code: the same text; the same with `/` for an
    /// empty path; or the whole address that carried the code, which some clients send back. Where the connect request
    /// named none, every registered one is accepted, and no other (protocol §2.2).
    pub(crate) fn accepts(
        &self,
        presented: Option<&str>,
        registered: &[RedirectUri],
    ) -> Result<(), RedirectMismatch> {
        let expected: Vec<&str> = match &self.asked {
            Some(asked) => vec![asked],
            None => registered.iter().map(RedirectUri::as_str).collect(),
        };
        let Some(presented) = presented else {
            // RFC 6749 §4.1.3: it must be repeated if it was sent. The source's own endpoint demands it earlier.
            return match self.asked {
                Some(_) => Err(RedirectMismatch::Missing),
                None => Ok(()),
            };
        };
        let same = |text: &&str| *text == presented || with_path(text) == with_path(presented);
        if expected.iter().any(same) {
            return Ok(());
        }
        if self
            .location_hash
            .as_ref()
            .is_some_and(|hash| hash.matches(presented))
        {
            return Ok(());
        }
        Err(if looks_encoded_twice(presented) {
            RedirectMismatch::EncodedTwice
        } else {
            RedirectMismatch::Different
        })
    }
}

/// `https%3A%2F%2F…` after the form was decoded once.
fn looks_encoded_twice(presented: &str) -> bool {
    let start: String = presented.chars().take(16).collect();
    start.to_ascii_lowercase().contains("%3a%2f%2f")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_and_unusable_uris_cannot_be_registered() {
        use RedirectUriError::{Credentials, Fragment, InsecureScheme, Malformed, Scheme, TooLong};
        let long = format!("https://crm.example/{}", "a".repeat(LONGEST));
        for (text, reason) in [
            ("", Malformed),
            ("/callback", Malformed),
            ("crm.example/callback", Malformed),
            ("javascript:alert(1)", Malformed),
            ("javascript://crm.example/%0Aalert(1)", Scheme),
            ("data://text/html,x", Scheme),
            ("myapp://callback", Scheme),
            ("https:\\\\crm.example", Malformed),
            ("https://crm.example\\@evil.example/", Malformed),
            ("https://crm.example/a b", Malformed),
            ("https://crm.example/\ta", Malformed),
            ("https://crm.example/é", Malformed),
            ("https:///", Malformed),
            ("https://me@crm.example/", Credentials),
            ("https://me:secret@crm.example/", Credentials),
            ("https://@crm.example/", Credentials),
            ("https://crm.example/#part", Fragment),
            ("https://crm.example/#", Fragment),
            ("http://crm.example/", InsecureScheme),
            ("http://localhost.evil.example/", InsecureScheme),
            ("http://127.0.0.1.evil.example/", InsecureScheme),
            (long.as_str(), TooLong),
        ] {
            assert_eq!(
                RedirectUri::parse(text, ClientKind::Production),
                Err(reason),
                "{text:?}"
            );
        }
    }

    #[test]
    fn https_is_for_all_and_http_for_loopback_and_test_clients() {
        for text in [
            "https://crm.example",
            "https://crm.example:8443/a?b=c",
            "http://127.0.0.1:8999/callback",
            "http://[::1]:8999/",
            "http://localhost/",
            "http://redirect.localhost",
        ] {
            assert_eq!(
                RedirectUri::parse(text, ClientKind::Production)
                    .unwrap()
                    .as_str(),
                text
            );
        }
        assert!(RedirectUri::parse("http://crm.example", ClientKind::Test).is_ok());
    }

    #[test]
    fn parameters_are_added_to_what_the_redirect_uri_has() {
        let parameters = [("code", "a-b_c"), ("scope", "messages targeting")];
        for (redirect_uri, expected) in [
            (
                "https://crm.example",
                "https://crm.example/?code=a-b_c&scope=messages+targeting",
            ),
            (
                "https://crm.example/",
                "https://crm.example/?code=a-b_c&scope=messages+targeting",
            ),
            (
                "https://crm.example/a",
                "https://crm.example/a?code=a-b_c&scope=messages+targeting",
            ),
            (
                "https://crm.example?x=1",
                "https://crm.example/?x=1&code=a-b_c&scope=messages+targeting",
            ),
            (
                "https://crm.example/a?",
                "https://crm.example/a?code=a-b_c&scope=messages+targeting",
            ),
        ] {
            assert_eq!(location(redirect_uri, &parameters), expected);
        }
        assert_eq!(location("https://crm.example", &[]), "https://crm.example/");
    }

    #[test]
    fn the_exchange_accepts_the_uri_of_the_connect_request_and_what_means_the_same() {
        let location = location("https://crm.example", &[("code", "c"), ("state", "s")]);
        let redirect = Redirect {
            asked: Some("https://crm.example".to_owned()),
            location_hash: Some(SecretHash::of(&location)),
        };
        let registered = [RedirectUri::from_stored(
            "https://other.example/".to_owned(),
        )];
        for (presented, expected) in [
            (Some("https://crm.example"), Ok(())),
            (Some("https://crm.example/"), Ok(())),
            (Some("https://crm.example/?code=c&state=s"), Ok(())),
            (
                Some("https://crm.example/?code=d&state=s"),
                Err(RedirectMismatch::Different),
            ),
            (
                Some("https://crm.example/."),
                Err(RedirectMismatch::Different),
            ),
            (
                Some("https://CRM.example/"),
                Err(RedirectMismatch::Different),
            ),
            (
                Some("https://crm.example.evil.example"),
                Err(RedirectMismatch::Different),
            ),
            (
                Some("https://other.example/"),
                Err(RedirectMismatch::Different),
            ),
            (
                Some("https%3A%2F%2Fcrm.example"),
                Err(RedirectMismatch::EncodedTwice),
            ),
            (None, Err(RedirectMismatch::Missing)),
        ] {
            assert_eq!(
                redirect.accepts(presented, &registered),
                expected,
                "{presented:?}"
            );
        }
    }

    #[test]
    fn without_one_in_the_connect_request_any_registered_one_is_accepted() {
        let registered = ["https://a.example/x", "https://b.example"]
            .map(|text| RedirectUri::from_stored(text.to_owned()));
        let accepts = |presented| Redirect::default().accepts(presented, &registered);
        assert_eq!(accepts(Some("https://a.example/x")), Ok(()));
        assert_eq!(accepts(Some("https://b.example/")), Ok(()));
        assert_eq!(accepts(None), Ok(()));
        assert_eq!(
            accepts(Some("https://c.example/")),
            Err(RedirectMismatch::Different)
        );
    }
}
