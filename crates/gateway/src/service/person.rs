//! Who works with the gateway.

use base::Secret;
use base::password::PasswordError;
use database::{Op, Tx};
use jiff::Timestamp;
use thiserror::Error;

use crate::core::Core;
use crate::store;

/// Why a person could not be added.
#[derive(Debug, Error)]
pub enum PersonError {
    /// Not an address.
    #[error("the e-mail address must be like name@example.com")]
    Email,
    /// The password cannot be hashed.
    #[error("the password cannot be taken")]
    Password(#[from] PasswordError),
    /// The database.
    #[error("the person cannot be stored")]
    Database(#[from] database::Error),
}

/// Makes a person, or gives the one with this address this password. Doing it again changes nothing.
pub(crate) async fn add(core: &Core, email: &str, password: &Secret) -> Result<(), PersonError> {
    let email = parse_email(email).ok_or(PersonError::Email)?;
    let stored = store::person::find_password(&mut core.db.reader(), &email).await?;
    // Hashing takes long, and gives another text each time: only where it is needed.
    if stored.is_some() && core.passwords.verify(password, stored).await? {
        return Ok(());
    }
    let operation = Save {
        person_id: core.ids.next_id(),
        email,
        password_hash: core.passwords.hash(password).await?,
        now: core.clock.now(),
    };
    Ok(core.db.write(operation).await?)
}

/// The address in lower case. Only its outline is checked: whether it exists, a letter to it would tell.
fn parse_email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let odd = |character: char| character.is_control() || character.is_whitespace();
    let well_formed = !local.is_empty() && !domain.is_empty() && !text.contains(odd);
    well_formed.then(|| text.to_lowercase())
}

struct Save {
    person_id: i64,
    email: String,
    password_hash: String,
    now: Timestamp,
}

impl Op for Save {
    type Out = ();
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), database::Error> {
        let Self {
            person_id,
            email,
            password_hash,
            now,
        } = self;
        store::person::save(tx, *person_id, email, password_hash, *now).await
    }
}
