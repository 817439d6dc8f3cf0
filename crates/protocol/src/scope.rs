//! What a connection allows (§2.1): one [`Scope`], and the ordered set [`Scopes`] that was asked for or granted.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

/// One kind of access that a pro can grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Leads and messages.
    Messages,
    /// Grantable; the protocol defines no endpoint for it.
    Availability,
    /// Grantable; the protocol defines no endpoint for it.
    Bookings,
    /// Switching a business's targeting on and off.
    Targeting,
}

impl Scope {
    /// All scopes, in the order of the protocol.
    pub const ALL: [Self; 4] = [
        Self::Messages,
        Self::Availability,
        Self::Bookings,
        Self::Targeting,
    ];

    /// The scope with this exact name.
    pub fn parse(name: &str) -> Result<Self, ScopeError> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == name)
            .ok_or_else(|| ScopeError::Unknown(printable(name)))
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Availability => "availability",
            Self::Bookings => "bookings",
            Self::Targeting => "targeting",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a text names no scopes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// No scope at all.
    #[error("no scope was asked for")]
    Missing,
    /// A name that the protocol does not know, fit for an `error_description` (RFC 6749 §4.1.2.1).
    #[error("unknown scope '{0}'")]
    Unknown(String),
}

/// The longest part of an unknown name that an error repeats.
const SHOWN_CHARACTERS: usize = 64;

/// RFC 6749 allows only printable ASCII without `"` and `\` in an error description.
fn printable(name: &str) -> String {
    name.chars()
        .take(SHOWN_CHARACTERS)
        .map(|character| match character {
            '"' | '\\' => '?',
            ' '..='~' => character,
            _ => '?',
        })
        .collect()
}

/// A set of scopes in the order in which they were asked for, each once. On the wire a list, in a URL a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Every scope there is.
    pub fn all() -> Self {
        Self::from_iter(Scope::ALL)
    }

    /// Reads the values of a query's or form's `scope` parameters, one or several, each holding names separated by space,
    /// comma or `+` (§2.1).
    ///
    /// ```
    /// use protocol::scope::Scopes;
    /// let scopes = Scopes::parse(["targeting,messages", "messages"]).unwrap();
    /// assert_eq!(scopes.to_string(), "targeting messages");
    /// ```
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Self, ScopeError> {
        let scopes: Self = values
            .into_iter()
            .flat_map(|value| value.split([' ', ',', '+']))
            .filter(|name| !name.is_empty())
            .map(Scope::parse)
            .collect::<Result<_, _>>()?;
        if scopes.is_empty() {
            return Err(ScopeError::Missing);
        }
        Ok(scopes)
    }

    /// Whether this scope is in the set.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether every scope of this set is also in the other.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope))
    }

    /// Whether both hold the same scopes, in whatever order.
    pub fn same_as(&self, other: &Self) -> bool {
        self.is_subset_of(other) && other.is_subset_of(self)
    }

    /// The scopes, in order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }

    /// Whether the set is empty. Tokens without scopes have been seen (§2.2 D4).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many scopes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut set = Self::default();
        for scope in scopes {
            if !set.contains(scope) {
                set.0.push(scope);
            }
        }
        set
    }
}

/// Space-joined, as in a URL or an RFC 6749 answer.
impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Scope::as_str))
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|name| Scope::parse(name))
            .collect::<Result<_, _>>()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_several_scopes_means_the_same() {
        let expected = Scopes::from_iter([Scope::Messages, Scope::Targeting]);
        for values in [
            vec!["messages targeting"],
            vec!["messages,targeting"],
            vec!["messages, targeting"],
            vec!["messages+targeting"],
            vec!["messages", "targeting"],
            vec![" messages  targeting", "", "messages"],
        ] {
            assert_eq!(
                Scopes::parse(values.clone()),
                Ok(expected.clone()),
                "{values:?}"
            );
        }
    }

    #[test]
    fn the_order_asked_for_is_kept() {
        let scopes = Scopes::parse(["targeting bookings messages"]).unwrap();
        assert_eq!(scopes.to_string(), "targeting bookings messages");
        assert_eq!(
            serde_json::to_string(&scopes).unwrap(),
            r#"["targeting","bookings","messages"]"#
        );
        assert!(scopes.is_subset_of(&Scopes::all()));
        assert!(!Scopes::all().is_subset_of(&scopes));
    }

    #[test]
    fn an_unknown_scope_is_named_and_made_harmless() {
        assert_eq!(
            Scopes::parse(["messages leads"]).unwrap_err().to_string(),
            "unknown scope 'leads'"
        );
        let hostile = format!("\"\r\n{}", "é".repeat(500));
        let shown = Scopes::parse([hostile.as_str()]).unwrap_err().to_string();
        assert!(shown.len() < 100 && shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        assert_eq!(
            Scopes::parse(["Messages"]),
            Err(ScopeError::Unknown("Messages".into()))
        );
        assert_eq!(Scopes::parse([" ", ""]), Err(ScopeError::Missing));
    }
}
