//! Who works with the gateway. Found by address, in lower case.

use database::{Error, Read, Tx, params};
use jiff::Timestamp;

database::statements! {
    /// The hash of a person's password.
    FIND_PASSWORD = "SELECT password_hash FROM person WHERE email = $1";
    /// A person, or another password for the one who is there.
    SAVE = "INSERT INTO person (person_id, email, password_hash, created_at_us) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (email) DO UPDATE SET password_hash = excluded.password_hash";
}

/// The hash of the password of the person with this address.
pub(crate) async fn find_password<R: Read>(
    read: &mut R,
    email: &str,
) -> Result<Option<String>, Error> {
    let row = read.query_optional(FIND_PASSWORD, params![email]).await?;
    row.map(|row| row.get("password_hash")).transpose()
}

/// Stores a person with this new id, or gives the one who has this address another password.
pub(crate) async fn save<T: Tx>(
    tx: &mut T,
    person_id: i64,
    email: &str,
    password_hash: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let values = params![person_id, email, password_hash, now];
    tx.execute(SAVE, values).await?;
    Ok(())
}
