//! The audit: who did what to which secret, grant or setting. Append-only; it holds ids, never what is personal or secret.

use std::fmt;

use database::{Error, Tx, params};
use jiff::Timestamp;
use protocol::id::{AccountId, BusinessId};

database::statements! {
    INSERT = "INSERT INTO audit (audit_id, kind, actor, business_id, detail, created_at_us)
        VALUES ($1, $2, $3, $4, $5, $6)";
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor<'a> {
    /// An OAuth client, by its id.
    Client(&'a str),
    /// A pro.
    Pro(AccountId),
    /// Who runs the platform.
    Operator,
    /// The platform by itself.
    Platform,
}

impl fmt::Display for Actor<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(client_id) => write!(formatter, "client {client_id}"),
            Self::Pro(account_id) => write!(formatter, "pro {account_id}"),
            Self::Operator => formatter.write_str("operator"),
            Self::Platform => formatter.write_str("platform"),
        }
    }
}

/// What is recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    /// A new id.
    pub(crate) audit_id: i64,
    /// What happened, such as `connection.made`.
    pub(crate) kind: &'a str,
    pub(crate) actor: Actor<'a>,
    pub(crate) business_id: Option<BusinessId>,
    /// A JSON object of ids and words.
    pub(crate) detail: &'a str,
    pub(crate) at: Timestamp,
}

/// Adds an entry.
pub(crate) async fn record<T: Tx>(tx: &mut T, entry: &Entry<'_>) -> Result<(), Error> {
    let actor = entry.actor.to_string();
    let business_id = entry.business_id.map(BusinessId::get);
    tx.execute(
        INSERT,
        params![
            entry.audit_id,
            entry.kind,
            &actor,
            business_id,
            entry.detail,
            entry.at
        ],
    )
    .await?;
    Ok(())
}
