//! Making demo data (see [`crate::demo`]) in one transaction. What is there already stays; addresses follow the ports that
//! the sandbox got this time.

use base::Secret;
use database::{Op, Tx};
use jiff::Timestamp;
use protocol::id::{AccountId, BusinessId, CategoryId, PartnerId};
use protocol::optional_fields::OptionalFields;
use protocol::scope::Scopes;
use thiserror::Error;

use crate::core::Core;
use crate::demo::{
    DemoBusiness, DemoBusinessIds, DemoCategoryIds, DemoClient, DemoIds, DemoPlatform, DemoPro,
    DemoProIds,
};
use crate::domain::business::Business;
use crate::domain::client::{Client, ClientKind, ClientProfile, ReusePolicy};
use crate::domain::endpoint::{EndpointSettings, Kind, Target, Targets};
use crate::domain::partner::Partner;
use crate::domain::pro::Pro;
use crate::domain::redirect_uri::RedirectUri;
use crate::service::{ids, partner as partners};
use crate::store::{business, client, endpoint, partner, pro};

/// Why demo data could not be made.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The data itself is wrong: a kind of client or a redirect URI.
    #[error("demo data: {0}")]
    Wrong(String),
    /// A password could not be hashed.
    #[error("a demo password could not be hashed")]
    Password(#[from] base::password::PasswordError),
    /// The database.
    #[error("the demo data could not be stored")]
    Database(#[from] database::Error),
}

/// Makes what is missing and tells the ids of all of it.
pub(crate) async fn seed(core: &Core, demo: &DemoPlatform) -> Result<DemoIds, DemoError> {
    let mut password_hashes = Vec::new();
    for person in &demo.pros {
        let known = pro::find_by_email(&mut core.db.reader(), &person.email).await?;
        password_hashes.push(match known {
            Some(_) => None,
            None => Some(core.passwords.hash(&person.password).await?),
        });
    }
    let operation = Seed {
        core: core.clone(),
        demo: demo.clone(),
        password_hashes,
        now: core.clock.now(),
    };
    let ids = core.db.write(operation).await?;
    core.deliveries.wake();
    Ok(ids)
}

struct Seed {
    core: Core,
    demo: DemoPlatform,
    /// One for each pro who is not there yet.
    password_hashes: Vec<Option<String>>,
    now: Timestamp,
}

impl Op for Seed {
    type Out = DemoIds;
    type Error = DemoError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<DemoIds, DemoError> {
        let partner_id = self.partner(tx).await?;
        for wanted in &self.demo.clients {
            self.client(tx, partner_id, wanted).await?;
        }
        let mut pros = Vec::new();
        for (wanted, password_hash) in self.demo.pros.iter().zip(&self.password_hashes) {
            pros.push(self.pro(tx, wanted, password_hash.as_deref()).await?);
        }
        Ok(DemoIds { pros })
    }
}

impl Seed {
    async fn partner<T: Tx>(&self, tx: &mut T) -> Result<PartnerId, DemoError> {
        let wanted = &self.demo.partner;
        let known = partner::find_by_username(tx, &wanted.username).await?;
        let partner_id = if let Some((found, _)) = known {
            found.partner_id
        } else {
            let new = Partner {
                partner_id: ids::next(&self.core.ids, PartnerId::from_i64),
                name: wanted.name.clone(),
                username: wanted.username.clone(),
                created_at: self.now,
            };
            partner::insert(tx, &new, &wanted.password.hash()).await?;
            new.partner_id
        };
        let sealed = partners::sealed(&self.core, partner_id, self.endpoint());
        endpoint::save(tx, partner_id, &sealed).await?;
        delivery::release(tx, partner_id.into(), self.now).await?;
        Ok(partner_id)
    }

    fn endpoint(&self) -> EndpointSettings {
        let wanted = &self.demo.endpoints;
        let target = |kind: Kind, url: &str| {
            Some(Target {
                url: url.to_owned(),
                method: kind.usual_method(),
            })
        };
        EndpointSettings {
            targets: Targets {
                lead: target(Kind::Lead, &wanted.lead_url),
                message: target(Kind::Message, &wanted.message_url),
                lead_update: target(Kind::LeadUpdate, &wanted.lead_update_url),
                review: target(Kind::Review, &wanted.review_url),
            },
            username: wanted.username.clone(),
            password: Secret::new(wanted.password.expose()),
            signing_secret: None,
            fields: OptionalFields::ALL,
        }
    }

    async fn client<T: Tx>(
        &self,
        tx: &mut T,
        partner_id: PartnerId,
        wanted: &DemoClient,
    ) -> Result<(), DemoError> {
        let kind =
            ClientKind::parse(&wanted.kind).map_err(|error| DemoError::Wrong(error.to_string()))?;
        let redirect_uris = wanted
            .redirect_uris
            .iter()
            .map(|uri| {
                RedirectUri::parse(uri, kind)
                    .map_err(|error| DemoError::Wrong(format!("{uri} {error}")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if client::find(tx, &wanted.client_id).await?.is_some() {
            client::set_redirect_uris(tx, &wanted.client_id, &redirect_uris).await?;
            return Ok(());
        }
        let new = Client {
            client_id: wanted.client_id.clone(),
            partner_id,
            kind,
            redirect_uris,
            scopes: Scopes::all(),
            profile: ClientProfile::Strict,
            reuse_policy: ReusePolicy::Deny,
            reconnect_replaces: false,
            limit: None,
            created_at: self.now,
        };
        client::insert(tx, &new, &wanted.secret.hash()).await?;
        Ok(())
    }

    async fn pro<T: Tx>(
        &self,
        tx: &mut T,
        wanted: &DemoPro,
        password_hash: Option<&str>,
    ) -> Result<DemoProIds, DemoError> {
        let account_id = match (pro::find_by_email(tx, &wanted.email).await?, password_hash) {
            (Some((found, _)), _) => found.account_id,
            (None, Some(password_hash)) => {
                let new = Pro {
                    account_id: ids::next(&self.core.ids, AccountId::from_i64),
                    email: wanted.email.clone(),
                    name: wanted.name.clone(),
                    created_at: self.now,
                };
                pro::insert(tx, &new, password_hash).await?;
                new.account_id
            }
            (None, None) => {
                return Err(DemoError::Wrong(
                    "a pro vanished while demo data was made".to_owned(),
                ));
            }
        };
        let known = business::of_account(tx, account_id).await?;
        let mut businesses = Vec::new();
        for wanted in &wanted.businesses {
            let found = known.iter().find(|business| business.name == wanted.name);
            let business_id = match found {
                Some(business) => business.business_id,
                None => self.business(tx, account_id, wanted).await?,
            };
            businesses.push(ids_of(tx, business_id).await?);
        }
        Ok(DemoProIds {
            account_id,
            businesses,
        })
    }

    async fn business<T: Tx>(
        &self,
        tx: &mut T,
        account_id: AccountId,
        wanted: &DemoBusiness,
    ) -> Result<BusinessId, DemoError> {
        let new = Business {
            business_id: ids::next(&self.core.ids, BusinessId::from_i64),
            account_id: Some(account_id),
            name: wanted.name.clone(),
            targeting: true,
            targeting_paused: false,
            created_at: self.now,
        };
        business::insert(tx, &new).await?;
        for name in &wanted.categories {
            let new_id = ids::next(&self.core.ids, CategoryId::from_i64);
            let category_id = business::category_id_by_name(tx, name, new_id).await?;
            business::add_category(tx, new.business_id, category_id, true).await?;
        }
        Ok(new.business_id)
    }
}

async fn ids_of<T: Tx>(tx: &mut T, business_id: BusinessId) -> Result<DemoBusinessIds, DemoError> {
    let categories = business::categories(tx, business_id).await?;
    let shown = categories.into_iter().map(|category| DemoCategoryIds {
        category_id: category.category_id,
        name: category.name,
    });
    Ok(DemoBusinessIds {
        business_id,
        categories: shown.collect(),
    })
}
