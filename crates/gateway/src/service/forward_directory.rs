//! Tells the delivery engine where each delivery goes and what it is signed with, from the forwards as they are now.

use delivery::{Addressee, Destination, Directory, DirectoryError, Target};
use http::{HeaderMap, Method};
use protocol::standard_webhooks::SigningSecret;
use url::Url;

use super::forward_secrets::secret_place;
use crate::core::Core;
use crate::domain::forward::REMOVED;
use crate::store;

/// The forwards.
#[derive(Clone, Debug)]
pub(crate) struct ForwardDirectory {
    core: Core,
}

impl ForwardDirectory {
    /// The forwards in this gateway's database.
    pub(crate) fn new(core: Core) -> Self {
        Self { core }
    }

    /// The newest secret first.
    async fn secrets(&self, forward_id: i64) -> Result<Vec<SigningSecret>, DirectoryError> {
        let (mut read, now) = (self.core.db.reader(), self.core.clock.now());
        let mut secrets = Vec::new();
        for row in store::forward_secret::in_force(&mut read, forward_id, now).await? {
            let place = secret_place(forward_id, row.secret_id);
            let plain = self.core.keys.open(&place, &row.secret_sealed)?;
            secrets.push(SigningSecret::parse(plain.expose())?);
        }
        Ok(secrets)
    }
}

impl Directory for ForwardDirectory {
    async fn target(&self, addressee: &Addressee) -> Result<Target, DirectoryError> {
        let forward_id = addressee.endpoint_id.get();
        let found = store::forward::find(&mut self.core.db.reader(), forward_id).await?;
        let Some(forward) = found else {
            return Ok(Target::Off(REMOVED.to_owned()));
        };
        let signing_secrets = self.secrets(forward_id).await?;
        if signing_secrets.is_empty() {
            // It was removed between the two looks; the next one says so.
            return Ok(Target::Hold);
        }
        Ok(Target::Send(Box::new(Destination {
            method: Method::POST,
            url: Url::parse(forward.settings.url.as_str())?,
            headers: HeaderMap::new(),
            credentials: None,
            signing_secrets,
        })))
    }
}
