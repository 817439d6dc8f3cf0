//! Logging a pro in. An unknown address and a wrong password get the same answer after the same work.

use base::password::PasswordError;
use base::{Secret, SecretHash};
use database::{Op, Tx};
use thiserror::Error;
use web::client_address::ClientAddress;
use web::limits::RetryAfter;

use crate::core::Core;
use crate::domain::pro::Email;
use crate::domain::session::Session;
use crate::store::{pro, session};

/// What somebody typed, and from where.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) email: &'a str,
    pub(crate) password: Secret,
    pub(crate) source: ClientAddress,
    /// The cookie that the browser has already: its log-in ends when this one begins.
    pub(crate) earlier: Option<Secret>,
}

/// Why nobody was logged in.
#[derive(Debug, Error)]
pub(crate) enum LoginError {
    /// No pro has this address and this password.
    #[error("no pro has this address and this password")]
    Wrong,
    /// The same, too often within a minute (protocol §3.4).
    #[error("wrong addresses or passwords were typed too often")]
    TooManyFailures(RetryAfter),
    /// Too many passwords are being checked at once.
    #[error("too many passwords are being checked")]
    Busy,
    /// The stored password cannot be read.
    #[error("the password could not be checked")]
    Password(#[source] PasswordError),
    /// The database.
    #[error("the log-in could not be stored")]
    Database(#[from] database::Error),
}

/// Checks an address and a password and begins a log-in: the answer is the new cookie.
pub(crate) async fn log_in(core: &Core, attempt: Attempt<'_>) -> Result<Secret, LoginError> {
    let email = Email::parse(attempt.email).ok();
    let found = match &email {
        Some(email) => pro::find_by_email(&mut core.db.reader(), email.as_str()).await?,
        None => None,
    };
    let (pro, stored) = found.unzip();
    let right = match core.passwords.verify(&attempt.password, stored).await {
        Ok(right) => right,
        Err(PasswordError::TooLong) => false,
        Err(PasswordError::Busy) => return Err(LoginError::Busy),
        Err(error @ PasswordError::Damaged) => return Err(LoginError::Password(error)),
    };
    let account_key = account_key(attempt.email);
    let Some(pro) = pro.filter(|_| right) else {
        let source_key = format!("source:{}", attempt.source.limit_key());
        let counted = core.failures.record_failure(&[&source_key, &account_key]);
        return Err(counted
            .err()
            .map_or(LoginError::Wrong, LoginError::TooManyFailures));
    };
    core.failures.record_success(&account_key);
    let cookie = core.entropy.secret::<32>();
    let op = Begin {
        session: Session::begin(cookie.hash(), pro.account_id, core.clock.now()),
        earlier: attempt.earlier.map(|earlier| earlier.hash()),
    };
    core.db.write(op).await?;
    Ok(cookie)
}

/// The key under which failures for an address are counted: of one length, whatever was typed.
fn account_key(typed: &str) -> String {
    let hash = SecretHash::of(&typed.trim().to_lowercase());
    format!("pro:{}", hash.as_str())
}

struct Begin {
    session: Session,
    earlier: Option<SecretHash>,
}

impl Op for Begin {
    type Out = ();
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), database::Error> {
        if let Some(earlier) = &self.earlier {
            session::delete(tx, earlier).await?;
        }
        session::insert(tx, &self.session).await
    }
}

#[cfg(test)]
mod tests;
