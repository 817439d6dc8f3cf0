//! A pro: who logs in and owns businesses.

use std::fmt;

use jiff::Timestamp;
use protocol::id::AccountId;
use thiserror::Error;

/// The longest e-mail address that can be delivered to (RFC 5321 §4.5.3.1.3, without the angle brackets).
const LONGEST_EMAIL: usize = 254;

/// A pro as it is stored; the password exists as a hash only.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pro {
    pub(crate) account_id: AccountId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
}

/// The address that a pro logs in with, in lower case: nobody remembers how they wrote it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

/// A text that is not an e-mail address. The message completes the sentence "this member …".
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be an e-mail address such as name@example.com, at most {LONGEST_EMAIL} characters")]
pub(crate) struct EmailError;

impl Email {
    /// Reads an address. Only its outline is checked: whether it exists, a letter to it would tell.
    pub(crate) fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
        let odd = |character: char| {
            character.is_control()
                || character.is_whitespace()
                || matches!(character, '@' | ',' | ';' | '<' | '>' | '"' | '(' | ')')
        };
        let domain_is_odd = domain.is_empty()
            || domain.starts_with(['.', '-'])
            || domain.ends_with(['.', '-'])
            || domain.contains("..");
        if local.is_empty() || text.len() > LONGEST_EMAIL || domain_is_odd {
            return Err(EmailError);
        }
        if local.contains(odd) || domain.contains(odd) {
            return Err(EmailError);
        }
        Ok(Self(text.to_lowercase()))
    }

    /// The address in lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Email(…)")
    }
}

impl fmt::Debug for Pro {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Name and address are personal.
        formatter
            .debug_struct("Pro")
            .field("account_id", &self.account_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        let email = Email::parse(" Pat.Pro+leads@Example.COM ").unwrap();
        assert_eq!(email.as_str(), "pat.pro+leads@example.com");
        assert!(Email::parse("pat@localhost").is_ok());
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in [
            "",
            "pat",
            "@example.com",
            "pat@",
            "pat@@example.com",
            "pat @example.com",
            "pat@example..com",
            "pat@.example.com",
            "pat@example.com\0",
            "<pat@example.com>",
            "a@b.example, c@d.example",
        ] {
            assert_eq!(Email::parse(text), Err(EmailError), "{text:?}");
        }
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(250))).is_err());
    }
}
