//! The query of the connect page as it came: pairs of names and values, some of them perhaps hostile (protocol §2.1).
//!
//! What it means is judged in `connect.rs`.

use protocol::scope::{ScopeError, Scopes};
use thiserror::Error;

/// The parameters that mean something here and may stand once. `scope` may be repeated; others are ignored (RFC 6749 §3.1).
const SINGLE: [&str; 6] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// The parameters of a connect request. An empty value is the same as none (RFC 6749 §3.1).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ConnectQuery(Vec<(String, String)>);

/// A parameter that stands in the query more than once (RFC 6749 §4.1.2.1). Its name is one of ours, so it may be shown.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the parameter {0} is given more than once")]
pub(crate) struct Repeated(pub(crate) &'static str);

impl ConnectQuery {
    /// Reads the part of a URL behind `?`.
    pub(crate) fn parse(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The value of a parameter that may stand once.
    pub(crate) fn single(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut values = self.values(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Repeated(name)),
        }
    }

    /// The first parameter that stands more often than it may.
    pub(crate) fn find_repeated(&self) -> Option<Repeated> {
        SINGLE.into_iter().find_map(|name| self.single(name).err())
    }

    /// The scopes asked for.
    pub(crate) fn scopes(&self) -> Result<Scopes, ScopeError> {
        Scopes::parse(self.values("scope"))
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }
}

/// States and challenges stay out of logs.
impl std::fmt::Debug for ConnectQuery {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        formatter.debug_set().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_is_none_and_scope_alone_may_be_repeated() {
        let query =
            ConnectQuery::parse("state=&state=x&scope=messages&scope=targeting&other=1&other=2");
        assert_eq!(query.single("state"), Ok(Some("x")));
        assert_eq!(query.single("redirect_uri"), Ok(None));
        assert_eq!(query.scopes().unwrap().to_string(), "messages targeting");
        assert_eq!(query.find_repeated(), None);
    }

    #[test]
    fn a_repeated_parameter_is_named() {
        for name in SINGLE {
            let query = ConnectQuery::parse(&format!("{name}=x&{name}=x"));
            assert_eq!(query.find_repeated(), Some(Repeated(name)));
        }
    }

    #[test]
    fn nothing_of_the_values_is_printed() {
        let query = ConnectQuery::parse("state=marked");
        assert_eq!(format!("{query:?}"), r#"{"state"}"#);
    }
}
