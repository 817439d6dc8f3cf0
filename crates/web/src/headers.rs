//! Headers that protect: what browsers may do with a page, and which answers nobody may store.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::origin::ExternalOrigin;

/// An answer that no cache may keep: tokens, secrets shown once.
#[derive(Debug)]
pub struct NoStore<T>(pub T);

impl<T: IntoResponse> IntoResponse for NoStore<T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        set(&mut response, header::CACHE_CONTROL, "no-store");
        set(&mut response, header::PRAGMA, "no-cache");
        response
    }
}

fn set(response: &mut Response, name: HeaderName, value: &'static str) {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
}

/// What every answer carries: no guessing of types, and with https a promise to stay there.
pub(crate) fn protect_any(headers: &mut HeaderMap, origin: &ExternalOrigin) {
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    if origin.is_secure() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

/// What every page carries. `form_actions` are further origins to which its forms may lead.
pub(crate) fn protect_page(
    headers: &mut HeaderMap,
    origin: &ExternalOrigin,
    form_actions: &[String],
) {
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        content_security_policy(form_actions),
    );
    // Without `Sec-Fetch-Site` the check of forms relies on `Origin`, which `no-referrer` would make `null`.
    let referrer = if origin.is_trustworthy() {
        "no-referrer"
    } else {
        "same-origin"
    };
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    if !headers.contains_key(header::CACHE_CONTROL) {
        let no_store = HeaderValue::from_static("no-store");
        headers.insert(header::CACHE_CONTROL, no_store);
    }
}

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Nothing but our own files, no framing, and forms that lead to us and to `form_actions` only. An origin that could end
/// the directive is left out.
fn content_security_policy(form_actions: &[String]) -> HeaderValue {
    let mut policy = POLICY.to_owned();
    let ends_directive = |byte: u8| matches!(byte, b';' | b',') || !byte.is_ascii_graphic();
    for origin in form_actions {
        if !origin.is_empty() && !origin.bytes().any(ends_directive) {
            policy.push(' ');
            policy.push_str(origin);
        }
    }
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static(POLICY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_action_cannot_open_another_directive() {
        let policy = |actions: &[&str]| {
            let actions: Vec<String> = actions.iter().map(ToString::to_string).collect();
            content_security_policy(&actions)
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(policy(&[]), POLICY);
        assert_eq!(
            policy(&["https://crm.example"]),
            format!("{POLICY} https://crm.example")
        );
        for hostile in ["https://a; script-src *", "a b", "a,b", "a\nb", ""] {
            assert_eq!(policy(&[hostile]), POLICY, "{hostile:?}");
        }
    }

    #[test]
    fn pages_of_an_insecure_origin_still_tell_it_where_forms_come_from() {
        let referrer = |base_url: &str| {
            let mut headers = HeaderMap::new();
            protect_page(&mut headers, &ExternalOrigin::parse(base_url).unwrap(), &[]);
            headers[header::REFERRER_POLICY].clone()
        };
        assert_eq!(referrer("https://a.example"), "no-referrer");
        assert_eq!(referrer("http://localhost:1"), "no-referrer");
        assert_eq!(referrer("http://192.168.0.5:1"), "same-origin");
    }
}
