//! Registering pros and looking them up.

use base::Secret;
use base::password::PasswordError;
use database::{Op, Tx};
use protocol::id::AccountId;
use serde_json::json;
use thiserror::Error;

use crate::core::Core;
use crate::domain::pro::{Email, Pro};
use crate::domain::text::Name;
use crate::service::idempotency::{Answer, KeyedRequest, Once, OnceError};
use crate::service::{ids, operator_audit};
use crate::store::pro;

/// A pro to be registered.
#[derive(Debug)]
pub(crate) struct NewPro {
    pub(crate) email: Email,
    pub(crate) name: Name,
    pub(crate) password: Secret,
}

/// Why a pro was not registered.
#[derive(Debug, Error)]
pub(crate) enum RegisterProError {
    /// Another pro has the address.
    #[error("another pro has this e-mail address")]
    EmailTaken,
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Password(#[from] PasswordError),
    /// The database.
    #[error("the pro could not be stored")]
    Database(#[from] database::Error),
}

/// Registers a pro.
pub(crate) async fn register(
    core: &Core,
    new: NewPro,
    request: Option<KeyedRequest>,
    answer: fn(&Pro) -> Answer,
) -> Result<Answer, OnceError<RegisterProError>> {
    // Hashed before the transaction: it takes as long as a thousand statements.
    let hashing = core.passwords.hash(&new.password).await;
    let password_hash = hashing.map_err(|error| OnceError::Refused(error.into()))?;
    let op = Register {
        core: core.clone(),
        pro: Pro {
            account_id: ids::next(&core.ids, AccountId::from_i64),
            email: new.email.as_str().to_owned(),
            name: new.name.as_str().to_owned(),
            created_at: core.clock.now(),
        },
        password_hash,
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

/// At most `limit` pros after the one with the id `after`.
pub(crate) async fn list(core: &Core, after: i64, limit: i64) -> Result<Vec<Pro>, database::Error> {
    pro::list(&mut core.db.reader(), after, limit).await
}

/// The pro with this account.
pub(crate) async fn find(
    core: &Core,
    account_id: AccountId,
) -> Result<Option<Pro>, database::Error> {
    pro::find(&mut core.db.reader(), account_id).await
}

struct Register {
    core: Core,
    pro: Pro,
    password_hash: String,
}

impl Op for Register {
    type Out = Pro;
    type Error = RegisterProError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Pro, RegisterProError> {
        if !pro::insert(tx, &self.pro, &self.password_hash).await? {
            return Err(RegisterProError::EmailTaken);
        }
        let detail = json!({"account_id": self.pro.account_id});
        operator_audit::record(tx, &self.core, "pro.created", None, &detail).await?;
        Ok(self.pro.clone())
    }
}
