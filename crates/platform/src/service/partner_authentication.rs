//! Which partner is calling with its user name and password (API v1, test data).
//!
//! An unknown name costs the same hash and comparison as a wrong password, and the answers are equal. Failures are counted
//! by source and by name; the right password always passes, and a request without readable credentials is no guess, so it
//! is not counted.

use base::SecretHash;
use protocol::basic_credentials::{BasicCredentials, BasicError};
use protocol::id::PartnerId;
use thiserror::Error;
use web::client_address::ClientAddress;
use web::limits::RetryAfter;

use crate::core::Core;
use crate::service::request_limit;
use crate::store::partner;

/// Why nobody is let in.
#[derive(Debug, Error)]
pub(crate) enum PartnerAuthenticationError {
    /// There are no credentials, or they are unreadable or wrong.
    #[error("the user name or the password is missing or wrong")]
    Refused,
    /// There were too many wrong ones, or the right partner asks too often.
    #[error("too many requests")]
    TooMany(RetryAfter),
    /// The database.
    #[error("the partner could not be read")]
    Database(#[from] database::Error),
}

/// Proves which partner is calling, and counts the request against its limit.
pub(crate) async fn authenticate(
    core: &Core,
    presented: Result<&BasicCredentials, BasicError>,
    source: ClientAddress,
) -> Result<PartnerId, PartnerAuthenticationError> {
    let Ok(credentials) = presented else {
        return Err(PartnerAuthenticationError::Refused);
    };
    let source = format!("source:{}", source.limit_key());
    let (username, password) = (credentials.raw().name(), credentials.raw().secret());
    let account = account_key(username);
    let found = partner::find_by_username(&mut core.db.reader(), username).await?;
    let nobodys = SecretHash::from_stored("0".repeat(64));
    let stored = found.as_ref().map_or(&nobodys, |(_, hash)| hash);
    let is_right = stored.matches(password);
    match found {
        Some((partner, _)) if is_right => {
            core.failures.record_success(&account);
            request_limit::count_partner(core, partner.partner_id)
                .map_err(PartnerAuthenticationError::TooMany)?;
            Ok(partner.partner_id)
        }
        _ => Err(failed(core, &[&source, &account])),
    }
}

fn failed(core: &Core, keys: &[&str]) -> PartnerAuthenticationError {
    match core.failures.record_failure(keys) {
        Ok(()) => PartnerAuthenticationError::Refused,
        Err(wait) => PartnerAuthenticationError::TooMany(wait),
    }
}

/// The key under which failures are counted: a hash, because what was presented may be of any length.
fn account_key(username: &str) -> String {
    format!("partner:{}", SecretHash::of(username).as_str())
}
