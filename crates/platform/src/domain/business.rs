//! A business: one listing of a pro, the kinds of work it does, and whether customers are offered it (protocol §0, D7).

use jiff::Timestamp;
use protocol::id::{AccountId, BusinessId, CategoryId};

/// A business as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Business {
    pub(crate) business_id: BusinessId,
    /// Nobody's, where a partner made it for a test (protocol §3.3).
    pub(crate) account_id: Option<AccountId>,
    pub(crate) name: String,
    /// Whether it is offered to customers at all.
    pub(crate) targeting: bool,
    pub(crate) created_at: Timestamp,
}

/// A kind of work that a business does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BusinessCategory {
    pub(crate) category_id: CategoryId,
    pub(crate) name: String,
    /// Whether the business is offered for this kind of work; its own switch comes first.
    pub(crate) targeting: bool,
}
