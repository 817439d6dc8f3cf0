//! Registering businesses and looking them up.

use database::{Op, Tx};
use protocol::id::{AccountId, BusinessId, CategoryId};
use serde_json::json;
use thiserror::Error;

use crate::core::Core;
use crate::domain::business::{Business, BusinessCategory};
use crate::domain::text::Name;
use crate::service::idempotency::{Answer, KeyedRequest, Once, OnceError};
use crate::service::{ids, operator_audit};
use crate::store::{business, pro};

/// A business to be registered.
#[derive(Debug)]
pub(crate) struct NewBusiness {
    pub(crate) account_id: AccountId,
    pub(crate) name: Name,
    /// The kinds of work that it does, each once.
    pub(crate) categories: Vec<Name>,
}

/// A business and the kinds of work that it does.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) business: Business,
    pub(crate) categories: Vec<BusinessCategory>,
}

/// Why a business was not registered.
#[derive(Debug, Error)]
pub(crate) enum RegisterBusinessError {
    /// Nobody has the account.
    #[error("no pro has this account")]
    UnknownAccount,
    /// The database.
    #[error("the business could not be stored")]
    Database(#[from] database::Error),
}

/// Registers a business of a pro, targeting on.
pub(crate) async fn register(
    core: &Core,
    new: NewBusiness,
    request: Option<KeyedRequest>,
    answer: fn(&Listing) -> Answer,
) -> Result<Answer, OnceError<RegisterBusinessError>> {
    let op = Register {
        core: core.clone(),
        business: Business {
            business_id: ids::next(&core.ids, BusinessId::from_i64),
            account_id: Some(new.account_id),
            name: new.name.as_str().to_owned(),
            targeting: true,
            targeting_paused: false,
            created_at: core.clock.now(),
        },
        account_id: new.account_id,
        categories: new
            .categories
            .into_iter()
            .map(|name| (name, ids::next(&core.ids, CategoryId::from_i64)))
            .collect(),
    };
    core.db
        .write(Once {
            core: core.clone(),
            request,
            op,
            answer,
        })
        .await
}

/// The business with its categories.
pub(crate) async fn find(
    core: &Core,
    business_id: BusinessId,
) -> Result<Option<Listing>, database::Error> {
    let mut reader = core.db.reader();
    let Some(business) = business::find(&mut reader, business_id).await? else {
        return Ok(None);
    };
    let categories = business::categories(&mut reader, business_id).await?;
    Ok(Some(Listing {
        business,
        categories,
    }))
}

/// At most `limit` businesses after the one with the id `after`.
pub(crate) async fn list(
    core: &Core,
    after: i64,
    limit: i64,
) -> Result<Vec<Business>, database::Error> {
    business::list(&mut core.db.reader(), after, limit).await
}

struct Register {
    core: Core,
    business: Business,
    account_id: AccountId,
    /// With the id that a category gets if its name is new.
    categories: Vec<(Name, CategoryId)>,
}

impl Op for Register {
    type Out = Listing;
    type Error = RegisterBusinessError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Listing, RegisterBusinessError> {
        if pro::find(tx, self.account_id).await?.is_none() {
            return Err(RegisterBusinessError::UnknownAccount);
        }
        business::insert(tx, &self.business).await?;
        let mut categories = Vec::new();
        for (name, new_id) in self.in_order_of_names() {
            let category_id = business::category_id_by_name(tx, name, new_id).await?;
            business::add_category(tx, self.business.business_id, category_id, true).await?;
            categories.push(BusinessCategory {
                category_id,
                name: name.to_owned(),
                targeting: true,
            });
        }
        let asked = |category: &BusinessCategory| {
            let mut names = self.categories.iter().map(|(name, _)| name.as_str());
            names.position(|name| name == category.name)
        };
        categories.sort_by_key(asked);
        let (id, detail) = (
            self.business.business_id,
            json!({"account_id": self.account_id}),
        );
        operator_audit::record(tx, &self.core, "business.created", Some(id), &detail).await?;
        Ok(Listing {
            business: self.business.clone(),
            categories,
        })
    }
}

impl Register {
    /// Two transactions that make the same new categories in different orders would wait for each other for ever.
    fn in_order_of_names(&self) -> Vec<(&str, CategoryId)> {
        let names = self.categories.iter();
        let mut ordered: Vec<_> = names.map(|(name, id)| (name.as_str(), *id)).collect();
        ordered.sort_unstable();
        ordered
    }
}
