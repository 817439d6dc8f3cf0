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
    /// Whether it is to be offered to customers at all, as the pro, a partner or the operator switched it.
    pub(crate) targeting: bool,
    /// Whether an impairment of its partner holds that back at the moment (protocol §4.5).
    pub(crate) targeting_paused: bool,
    pub(crate) created_at: Timestamp,
}

impl Business {
    /// Whether customers are offered it.
    pub(crate) fn is_offered(&self) -> bool {
        self.targeting && !self.targeting_paused
    }
}

/// A kind of work that a business does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BusinessCategory {
    pub(crate) category_id: CategoryId,
    pub(crate) name: String,
    /// Whether the business is offered for this kind of work; its own switch comes first.
    pub(crate) targeting: bool,
}
