//! Where a log-in leads: back to the page that was asked for, and never anywhere else.

use http::Uri;
use protocol::paths::oauth;

/// The pages that somebody may be sent to after logging in.
const PAGES: [&str; 4] = [
    oauth::SERVICES,
    oauth::CONNECT,
    oauth::CONNECT_WITHOUT_SLASH,
    oauth::AUTHORIZE,
];

/// The longest query that is carried along, in bytes.
const LONGEST_QUERY: usize = 16_000;

/// The path of one of our pages, with its query. Nothing else can be one, so it is safe to redirect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NextPage {
    path: &'static str,
    query: Option<String>,
}

impl NextPage {
    /// The page that was asked for; of any other the Services page.
    pub(super) fn of(uri: &Uri) -> Self {
        Self::new(uri.path(), uri.query())
    }

    /// Reads what the log-in form carried.
    pub(super) fn parse(text: &str) -> Self {
        match text.split_once('?') {
            Some((path, query)) => Self::new(path, Some(query)),
            None => Self::new(text, None),
        }
    }

    fn new(path: &str, query: Option<&str>) -> Self {
        let query = query.filter(|query| query.len() <= LONGEST_QUERY);
        // A connect page without a query says nothing but that it has none.
        let makes_sense =
            |page: &&str| *page == path && (*page == oauth::SERVICES || query.is_some());
        let found = PAGES.into_iter().find(makes_sense);
        Self {
            path: found.unwrap_or(oauth::SERVICES),
            query: query.filter(|_| found.is_some()).map(in_ascii),
        }
    }

    /// Whether it is the connect page.
    pub(super) fn is_connect(&self) -> bool {
        self.path != oauth::SERVICES
    }

    /// The path of the log-in that leads here.
    pub(super) fn log_in_path(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("next", &self.to_string())
            .finish();
        format!("{}?{query}", oauth::LOG_IN)
    }
}

/// The query with everything escaped that may not stand in a header.
fn in_ascii(query: &str) -> String {
    let mut text = String::with_capacity(query.len());
    for byte in query.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>' | b'\\') {
            text.push(char::from(byte));
        } else {
            text.push_str(
                form_urlencoded::byte_serialize(&[byte])
                    .next()
                    .unwrap_or_default(),
            );
        }
    }
    text
}

impl std::fmt::Display for NextPage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.path)?;
        match &self.query {
            Some(query) => write!(formatter, "?{query}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_pages_are_kept_with_their_query() {
        for text in [
            "/services",
            "/services/partner-connect/?client_id=a%20b&state=x+y",
            "/services/partner-connect?client_id=a",
            "/oauth2/auth?redirect_uri=https://crm.example/",
        ] {
            assert_eq!(NextPage::parse(text).to_string(), text);
        }
        assert_eq!(
            NextPage::parse("/services?a b\r\nX: é\"").to_string(),
            "/services?a+b%0D%0AX:+%C3%A9%22"
        );
        assert_eq!(
            NextPage::parse("/oauth2/auth?a=1").log_in_path(),
            "/login?next=%2Foauth2%2Fauth%3Fa%3D1"
        );
    }

    #[test]
    fn everything_else_leads_to_the_services_page() {
        for hostile in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "/services/../evil",
            "/services@evil.example",
            "/services/partner-connect//evil.example",
            "/%2fevil.example?x",
            "\t//evil.example",
            " /services",
            "/services#@evil.example",
            "/services/partner-connect/",
        ] {
            assert_eq!(
                NextPage::parse(hostile).to_string(),
                "/services",
                "{hostile:?}"
            );
        }
        let long = format!("/services?{}", "a".repeat(LONGEST_QUERY + 1));
        assert_eq!(NextPage::parse(&long).to_string(), "/services");
    }
}
