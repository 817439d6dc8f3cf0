//! Where the outside finds us, as configured (never as the `Host` header says), and whether a form was sent from there.

use http::{HeaderMap, HeaderName, Uri, header};
use thiserror::Error;

use crate::error::ApiError;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The origin of the base URL: scheme, host and, unless it is the scheme's own, port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalOrigin {
    text: String,
    secure: bool,
    loopback: bool,
}

/// A base URL that is not one.
#[derive(Debug, Error)]
pub enum OriginError {
    /// It is not `http://…` or `https://…` with a host.
    #[error("base URL `{0}` is not http:// or https:// with a host and, perhaps, a port")]
    Malformed(String),
    /// It has a path, a query or a user name.
    #[error("base URL `{0}` must end after the host or port")]
    TooLong(String),
}

impl ExternalOrigin {
    /// Reads the base URL setting, such as `https://partners.example`; a last slash is fine.
    pub fn parse(base_url: &str) -> Result<Self, OriginError> {
        let malformed = || OriginError::Malformed(base_url.to_owned());
        let uri: Uri = base_url.trim().parse().map_err(|_| malformed())?;
        let (scheme, authority) = uri
            .scheme_str()
            .zip(uri.authority())
            .ok_or_else(malformed)?;
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(malformed()),
        };
        let bare = uri.path() == "/" && uri.query().is_none();
        if !bare || authority.as_str().contains('@') || base_url.contains('#') {
            return Err(OriginError::TooLong(base_url.to_owned()));
        }
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty()
            || (authority.as_str().len() > authority.host().len() && authority.port_u16().is_none())
        {
            return Err(malformed());
        }
        let own_port = if secure { 443 } else { 80 };
        let text = match authority.port_u16() {
            Some(port) if port != own_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        };
        let loopback = is_loopback(&host);
        Ok(Self {
            text,
            secure,
            loopback,
        })
    }

    /// The origin as browsers write it, without a last slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL of a path here; `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// Whether it is https: cookies are `Secure` then.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether browsers tell this origin where a request was made (`Sec-Fetch-Site`): https or this machine.
    pub(crate) fn is_trustworthy(&self) -> bool {
        self.secure || self.loopback
    }

    /// Refuses, with 403, a form that another site's page sent.
    ///
    /// `Sec-Fetch-Site` is asked first: a page with `Referrer-Policy: no-referrer` sends `Origin: null` even to itself.
    /// A request with neither header is no browser's, so nobody is being tricked into it.
    pub fn check_same_origin(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let same = if let Some(site) = headers.get(SEC_FETCH_SITE) {
            site == "same-origin"
        } else if let Some(origin) = headers.get(header::ORIGIN) {
            origin.as_bytes().eq_ignore_ascii_case(self.text.as_bytes())
        } else {
            true
        };
        if same {
            Ok(())
        } else {
            Err(ApiError::forbidden(
                "This form was sent from another site. Open the page here and try again.",
            ))
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || literal
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_becomes_the_origin_that_browsers_write() {
        for (base_url, origin) in [
            ("https://Partners.Example/", "https://partners.example"),
            ("https://partners.example:443", "https://partners.example"),
            ("http://127.0.0.1:8300", "http://127.0.0.1:8300"),
            ("http://[::1]:80/", "http://[::1]"),
        ] {
            assert_eq!(ExternalOrigin::parse(base_url).unwrap().as_str(), origin);
        }
        for base_url in [
            "",
            "partners.example",
            "ftp://partners.example",
            "https://",
            "https://a.example/path",
            "https://a.example/?q",
            "https://a.example/#f",
            "https://me@a.example",
            "https://a.example:99999",
        ] {
            assert!(ExternalOrigin::parse(base_url).is_err(), "{base_url}");
        }
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        let origin = ExternalOrigin::parse("http://127.0.0.1:8300").unwrap();
        let cases: [(Option<&str>, Option<&str>, bool); 9] = [
            (Some("http://127.0.0.1:8300"), None, true),
            (Some("http://127.0.0.1:8301"), None, false),
            (Some("https://127.0.0.1:8300"), None, false),
            (Some("http://127.0.0.1:8300.evil.example"), None, false),
            (Some("null"), None, false),
            (Some("null"), Some("same-origin"), true),
            (Some("http://127.0.0.1:8300"), Some("cross-site"), false),
            (None, Some("same-site"), false),
            (None, None, true),
        ];
        for (from, site, expected) in cases {
            let mut headers = HeaderMap::new();
            if let Some(from) = from {
                headers.insert(header::ORIGIN, from.parse().unwrap());
            }
            if let Some(site) = site {
                headers.insert(SEC_FETCH_SITE, site.parse().unwrap());
            }
            let answer = origin.check_same_origin(&headers);
            assert_eq!(answer.is_ok(), expected, "{from:?} {site:?}");
        }
    }
}
