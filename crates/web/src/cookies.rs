//! The session cookie: written, read by its exact name, and removed. What the session means is the side's affair.

use std::time::Duration;

use base::Secret;
use http::{HeaderMap, HeaderValue, header};

use crate::origin::ExternalOrigin;

/// The session cookie of one side.
#[derive(Clone, Debug)]
pub struct SessionCookie {
    name: String,
    attributes: &'static str,
}

impl SessionCookie {
    /// A cookie called `name`, a token of letters, digits, `_` and `-`. Two sides on one machine need two names: cookies
    /// know no ports. With https it is `Secure` and gets the prefix `__Host-`, so that no other host can set it.
    pub fn new(name: &str, origin: &ExternalOrigin) -> Self {
        if origin.is_secure() {
            Self {
                name: format!("__Host-{name}"),
                attributes: "Path=/; HttpOnly; SameSite=Lax; Secure",
            }
        } else {
            Self {
                name: name.to_owned(),
                attributes: "Path=/; HttpOnly; SameSite=Lax",
            }
        }
    }

    /// The `Set-Cookie` value that keeps the session `id` in the browser for `max_age`. `id` is base64url
    /// (`Entropy::secret`); one that cannot stand in a header removes the cookie instead.
    pub fn set(&self, id: &Secret, max_age: Duration) -> HeaderValue {
        let text = format!(
            "{}={}; Max-Age={}; {}",
            self.name,
            id.expose(),
            max_age.as_secs(),
            self.attributes
        );
        let mut value = HeaderValue::from_str(&text).unwrap_or_else(|_| self.removal());
        value.set_sensitive(true);
        value
    }

    /// The `Set-Cookie` value that removes it.
    pub fn removal(&self) -> HeaderValue {
        let text = format!("{}=; Max-Age=0; {}", self.name, self.attributes);
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// The session id that the browser sent.
    pub fn read(&self, headers: &HeaderMap) -> Option<Secret> {
        let lines = headers.get_all(header::COOKIE).iter();
        lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, value)| *name == self.name && !value.is_empty())
            .map(|(_, value)| Secret::new(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(base_url: &str) -> SessionCookie {
        SessionCookie::new("corkboard", &ExternalOrigin::parse(base_url).unwrap())
    }

    #[test]
    fn the_cookie_is_bound_to_the_host_with_https() {
        let day = Duration::from_hours(24);
        let id = Secret::new("abc");
        assert_eq!(
            cookie("https://a.example").set(&id, day),
            "__Host-corkboard=abc; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookie("http://127.0.0.1:1").set(&id, day),
            "corkboard=abc; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            cookie("https://a.example").removal(),
            "__Host-corkboard=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
    }

    #[test]
    fn only_the_exact_name_is_read() {
        let read = |line: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(line));
            let found = cookie("https://a.example").read(&headers);
            found.map(|id| id.expose().to_owned())
        };
        assert_eq!(read("a=1; __Host-corkboard=x; b=2").as_deref(), Some("x"));
        assert_eq!(read("corkboard=x"), None);
        assert_eq!(read("__Host-corkboard2=x; __host-corkboard=y"), None);
        assert_eq!(read("__Host-corkboard="), None);
    }

    #[test]
    fn an_id_that_would_break_the_header_removes_the_cookie() {
        let hostile = Secret::new("x\r\nSet-Cookie: y=1");
        let cookie = cookie("https://a.example");
        assert_eq!(cookie.set(&hostile, Duration::ZERO), cookie.removal());
    }
}
