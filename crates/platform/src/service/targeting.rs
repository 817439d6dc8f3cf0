//! Switching a business, or one of its kinds of work, on and off for customers (protocol §3.2, D7): by a client with a
//! token, by the pro by hand, or by the operator. The hands of the last two end a pause (`targeting_pause.rs`).

use database::{Op, Tx};
use protocol::id::{AccountId, BusinessId, CategoryId};
use protocol::targeting::TargetingChange;
use serde_json::json;
use thiserror::Error;

use crate::core::Core;
use crate::service::access::{self, Access, AccessError};
use crate::service::targeting_pause;
use crate::store::audit::{self, Actor};
use crate::store::targeting_pause::{HeldBack, PauseEnd};
use crate::store::{business, event};

/// The event that tells the marketplace, and the word in the audit.
const TARGETING_CHANGED: &str = "targeting.changed";

/// A switch and its new position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Switch {
    pub(crate) business_id: BusinessId,
    /// One kind of work; nothing means the business as a whole.
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) change: TargetingChange,
}

/// Who switches.
#[derive(Clone, Debug)]
pub(crate) enum SwitchedBy {
    /// A client whose token is for the business.
    Client(Access),
    /// A pro, who must own the business.
    Pro(AccountId),
    /// The operator.
    Operator,
}

/// Why nothing was switched.
#[derive(Debug, Error)]
pub(crate) enum TargetingError {
    /// The token is not good any more.
    #[error(transparent)]
    Access(AccessError),
    /// There is no such business, or it is somebody else's.
    #[error("no business of the caller has this id")]
    UnknownBusiness,
    /// The business does not do that.
    #[error("the business has no category with this id")]
    UnknownCategory,
    /// The database.
    #[error("the targeting could not be stored")]
    Database(#[from] database::Error),
}

/// Switches. For a test client everything is checked and nothing is changed.
pub(crate) async fn set(core: &Core, by: SwitchedBy, switch: Switch) -> Result<(), TargetingError> {
    if let SwitchedBy::Client(access) = &by
        && !access.kind.has_effect()
    {
        return check_category(core, switch).await;
    }
    let op = Set {
        core: core.clone(),
        by,
        switch,
    };
    core.db.write(op).await
}

async fn check_category(core: &Core, switch: Switch) -> Result<(), TargetingError> {
    let Some(category_id) = switch.category_id else {
        return Ok(());
    };
    let categories = business::categories(&mut core.db.reader(), switch.business_id).await?;
    if categories
        .iter()
        .any(|category| category.category_id == category_id)
    {
        Ok(())
    } else {
        Err(TargetingError::UnknownCategory)
    }
}

struct Set {
    core: Core,
    by: SwitchedBy,
    switch: Switch,
}

impl Op for Set {
    type Out = ();
    type Error = TargetingError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), TargetingError> {
        self.authorize(tx).await?;
        let Switch {
            business_id,
            category_id,
            change,
        } = self.switch;
        let changed = match category_id {
            None => business::set_targeting(tx, business_id, change.enabled).await?,
            Some(category_id) => {
                business::set_category_targeting(tx, business_id, category_id, change.enabled)
                    .await?
            }
        };
        if !changed {
            return Err(TargetingError::UnknownCategory);
        }
        if category_id.is_none() {
            self.overrule(tx).await?;
        }
        self.tell(tx).await
    }
}

impl Set {
    /// Whether the caller may switch this business at this moment and until the commit.
    async fn authorize<T: Tx>(&self, tx: &mut T) -> Result<(), TargetingError> {
        if let SwitchedBy::Client(access) = &self.by {
            let live = access::check_live(tx, &access.claims).await;
            live.map_err(TargetingError::Access)?;
        }
        let found = business::find(tx, self.switch.business_id).await?;
        let business = found.ok_or(TargetingError::UnknownBusiness)?;
        match self.by {
            SwitchedBy::Pro(account_id) if business.account_id != Some(account_id) => {
                Err(TargetingError::UnknownBusiness)
            }
            _ => Ok(()),
        }
    }

    /// Of who switches the whole business, whose word goes before an impairment's.
    async fn overrule<T: Tx>(&self, tx: &mut T) -> Result<(), TargetingError> {
        let by = match self.by {
            SwitchedBy::Client(_) => return Ok(()),
            SwitchedBy::Pro(account_id) => (PauseEnd::Pro, Actor::Pro(account_id)),
            SwitchedBy::Operator => (PauseEnd::Operator, Actor::Operator),
        };
        let held_back = HeldBack {
            business_id: self.switch.business_id,
            targeting: self.switch.change.enabled,
        };
        let now = self.core.clock.now();
        targeting_pause::overrule(tx, &self.core, held_back, by, now).await?;
        Ok(())
    }

    async fn tell<T: Tx>(&self, tx: &mut T) -> Result<(), TargetingError> {
        let now = self.core.clock.now();
        let Switch {
            business_id,
            category_id,
            change,
        } = self.switch;
        let content = json!({
            "businessID": business_id,
            "categoryID": category_id,
            "enabled": change.enabled,
        })
        .to_string();
        let entry = audit::Entry {
            audit_id: self.core.ids.next_id(),
            kind: TARGETING_CHANGED,
            actor: match &self.by {
                SwitchedBy::Client(access) => Actor::Client(&access.client_id),
                SwitchedBy::Pro(account_id) => Actor::Pro(*account_id),
                SwitchedBy::Operator => Actor::Operator,
            },
            business_id: Some(business_id),
            detail: &content,
            at: now,
        };
        audit::record(tx, &entry).await?;
        event::append(tx, TARGETING_CHANGED, Some(business_id), &content, now).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
