//! A supply partner: who it is. Where it receives is in `endpoint.rs`, what it connects with in `client.rs`.

use jiff::Timestamp;
use protocol::id::PartnerId;

/// A partner as it is stored; its password exists as a hash only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partner {
    pub(crate) partner_id: PartnerId,
    pub(crate) name: String,
    /// What it logs in with for API v1 and test data.
    pub(crate) username: String,
    pub(crate) created_at: Timestamp,
}
