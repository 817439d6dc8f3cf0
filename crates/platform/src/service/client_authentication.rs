//! Which OAuth client is calling (protocol §2.2): HTTP Basic in both of its encodings, credentials among the parameters,
//! or both if they agree.
//!
//! Whoever presents wrong credentials learns nothing: an unknown client costs the same hash and comparison as a wrong
//! secret, and the answers are equal. Failures are counted by source and by client; right credentials always pass, and a
//! request without readable credentials is no guess, so it is not counted.

use base::SecretHash;
use database::Read;
use protocol::basic_credentials::{BasicCredentials, BasicError};
use thiserror::Error;
use web::client_address::ClientAddress;
use web::limits::RetryAfter;

use crate::core::Core;
use crate::domain::client::Client;
use crate::service::request_limit;
use crate::store::client;

/// What a request says about its client.
#[derive(Debug)]
pub(crate) struct PresentedClient<'a> {
    /// The `Authorization` header.
    pub(crate) basic: Result<&'a BasicCredentials, BasicError>,
    /// The parameters `client_id` and `client_secret`.
    pub(crate) client_id: Option<&'a str>,
    pub(crate) client_secret: Option<&'a str>,
}

/// Why nobody is let in.
#[derive(Debug, Error)]
pub(crate) enum ClientAuthenticationError {
    /// There are no credentials, or they are unreadable, contradictory or wrong.
    #[error("the client credentials are missing or wrong")]
    Refused,
    /// As above, and too often: wait before trying others.
    #[error("there were too many wrong client credentials")]
    TooManyFailures(RetryAfter),
    /// The right client asks too often.
    #[error("the client asks too often")]
    TooManyRequests(RetryAfter),
    #[error("the client could not be read")]
    Database(#[from] database::Error),
}

/// A name and a secret.
type Pair<'a> = (&'a str, &'a str);

/// Proves which client is calling, and counts the request against its limit.
pub(crate) async fn authenticate(
    core: &Core,
    presented: &PresentedClient<'_>,
    source: ClientAddress,
) -> Result<Client, ClientAuthenticationError> {
    let Some(pairs) = presented.pairs() else {
        return Err(ClientAuthenticationError::Refused);
    };
    if let Some(client_id) = matching(&mut core.db.reader(), pairs).await?
        && let Some(client) = client::find(&mut core.db.reader(), client_id).await?
    {
        core.failures.record_success(&account_key(client_id));
        request_limit::count_client(core, client_id, client.limit)
            .map_err(ClientAuthenticationError::TooManyRequests)?;
        return Ok(client);
    }
    let source = format!("source:{}", source.limit_key());
    let [(client_id, _), _] = pairs;
    core.failures
        .record_failure(&[&source, &account_key(client_id)])
        .map_err(ClientAuthenticationError::TooManyFailures)?;
    Err(ClientAuthenticationError::Refused)
}

impl<'a> PresentedClient<'a> {
    /// The readings to be tried, both of them always.
    fn pairs(&self) -> Option<[Pair<'a>; 2]> {
        match self.basic {
            Ok(basic) => {
                let pairs = basic.candidates().map(|pair| (pair.name(), pair.secret()));
                let agreeing = pairs.into_iter().find(|pair| self.agrees(*pair))?;
                let narrowed = self.client_id.is_some() || self.client_secret.is_some();
                Some(if narrowed { [agreeing; 2] } else { pairs })
            }
            Err(BasicError::Missing) => {
                let pair = self.client_id.zip(self.client_secret)?;
                Some([pair; 2])
            }
            Err(_) => None,
        }
    }

    /// Whether the parameters say nothing else than this pair.
    fn agrees(&self, (name, secret): Pair<'_>) -> bool {
        self.client_id.is_none_or(|client_id| client_id == name)
            && self
                .client_secret
                .is_none_or(|client_secret| client_secret == secret)
    }
}

/// The client id of the pair that is right. The same work is done whichever that is, and if none is.
async fn matching<'a, R: Read>(
    read: &mut R,
    pairs: [Pair<'a>; 2],
) -> Result<Option<&'a str>, database::Error> {
    let nobodys = SecretHash::from_stored("0".repeat(64));
    let mut found = None;
    for (client_id, secret) in pairs {
        // Nobody has an id with NUL in it, and PostgreSQL would refuse the question.
        let stored_id = if client_id.contains('\0') {
            ""
        } else {
            client_id
        };
        let stored = client::find_secret(read, stored_id).await?;
        let is_right = stored.as_ref().unwrap_or(&nobodys).matches(secret);
        if is_right && stored.is_some() && found.is_none() {
            found = Some(client_id);
        }
    }
    Ok(found)
}

/// The key under which failures are counted: a hash, because what was presented may be of any length.
fn account_key(client_id: &str) -> String {
    format!("client:{}", SecretHash::of(client_id).as_str())
}

#[cfg(test)]
mod tests;
