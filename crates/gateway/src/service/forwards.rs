//! Forwards as their owner sets them up: create, look at, change, remove. What is done with one that stands is
//! [`super::forward_control`].

use base::keys::OpenError;
use base::{Keyring, Secret, SecretHash};
use database::{Error, Op, Read, Tx};
use delivery::{Called, DeliveryView, EndpointId, EndpointView, Filter};
use jiff::Timestamp;
use thiserror::Error as ThisError;

use super::forward_secrets::{NewSecret, new_secret, secret_place};
use crate::core::Core;
use crate::domain::forward::{ForwardSettings, MOST_FORWARDS, REMOVED};
use crate::store;
use crate::store::forward::{ForwardRow, NewForward};
use crate::store::forward_secret::SecretRow;

/// A forward with all that people want to know of it.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) forward: ForwardRow,
    /// Those in force, the newest first.
    pub(crate) secrets: Vec<SecretRow>,
    /// Whether and why deliveries wait.
    pub(crate) endpoint: EndpointView,
    /// How many wait.
    pub(crate) pending: u64,
    /// The newest, whatever became of it.
    pub(crate) last_delivery: Option<DeliveryView>,
}

/// A forward with the secret that is shown once.
#[derive(Debug)]
pub(crate) struct WithSecret {
    pub(crate) profile: Profile,
    pub(crate) secret: Secret,
}

/// Why a forward was not made or changed.
#[derive(Debug, ThisError)]
pub(crate) enum ForwardError {
    #[error("there is no such forward")]
    Unknown,
    #[error("there are {MOST_FORWARDS} forwards already")]
    TooMany,
    #[error("too many secrets are in force, the first of them until {until}")]
    TooManySecrets { until: Timestamp },
    #[error("the Idempotency-Key was used for another forward, or for one that was changed since")]
    OtherForward,
    #[error("a secret cannot be opened")]
    Damaged(#[from] OpenError),
    #[error("the database failed")]
    Database(#[from] Error),
}

/// Makes a forward with a secret of ours. The same request under the same key gets the same forward and secret, for as long
/// as neither was changed.
pub(crate) async fn create(
    core: &Core,
    settings: ForwardSettings,
    request_key: Option<&str>,
) -> Result<WithSecret, ForwardError> {
    let forward_id = core.ids.next_id();
    let operation = Create {
        forward_id,
        settings,
        secret: new_secret(core, forward_id),
        request_key: request_key.map(SecretHash::of),
        keys: core.keys.clone(),
        now: core.clock.now(),
    };
    let (forward, secret) = core.db.write(operation).await?;
    let profile = profile(core, forward).await?;
    Ok(WithSecret { profile, secret })
}

/// Forwards, the newest first, older than `before`.
pub(crate) async fn list(
    core: &Core,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<Profile>, Error> {
    let mut profiles = Vec::new();
    for row in store::forward::list(&mut core.db.reader(), before, rows).await? {
        profiles.push(profile(core, row).await?);
    }
    Ok(profiles)
}

/// One forward.
pub(crate) async fn find(core: &Core, forward_id: i64) -> Result<Profile, ForwardError> {
    let found = store::forward::find(&mut core.db.reader(), forward_id).await?;
    let found = found.ok_or(ForwardError::Unknown)?;
    Ok(profile(core, found).await?)
}

/// Replaces what a forward's owner chose. What waits is tried at once where it goes now; what happened before stays as it
/// was chosen then.
pub(crate) async fn replace(
    core: &Core,
    forward_id: i64,
    settings: ForwardSettings,
) -> Result<Profile, ForwardError> {
    let now = core.clock.now();
    let operation = Replace {
        forward_id,
        settings,
        now,
    };
    core.db.write(operation).await?;
    core.announcer.wake();
    find(core, forward_id).await
}

/// Removes a forward, its secrets, and what waits to go there.
pub(crate) async fn remove(core: &Core, forward_id: i64) -> Result<(), ForwardError> {
    let now = core.clock.now();
    core.db.write(Remove { forward_id, now }).await
}

/// Gathers what people want to know of a forward.
async fn profile(core: &Core, forward: ForwardRow) -> Result<Profile, Error> {
    let (mut read, now) = (core.db.reader(), core.clock.now());
    let endpoint_id = EndpointId::new(forward.forward_id);
    let filter = Filter {
        endpoint_id: Some(endpoint_id),
        ..Filter::default()
    };
    let newest = delivery::list(&mut read, &filter, 1).await?;
    Ok(Profile {
        secrets: store::forward_secret::in_force(&mut read, forward.forward_id, now).await?,
        endpoint: delivery::endpoint(&mut read, endpoint_id).await?,
        pending: delivery::pending_count(&mut read, endpoint_id).await?,
        last_delivery: newest.deliveries.into_iter().next(),
        forward,
    })
}

struct Create {
    forward_id: i64,
    settings: ForwardSettings,
    secret: NewSecret,
    request_key: Option<SecretHash>,
    keys: Keyring,
    now: Timestamp,
}

impl Create {
    /// What was made under the same key, if anything was.
    async fn earlier<R: Read>(
        &self,
        read: &mut R,
    ) -> Result<Option<(ForwardRow, Secret)>, ForwardError> {
        let Some(key) = &self.request_key else {
            return Ok(None);
        };
        let Some(forward) = store::forward::find_by_key(read, key.as_str()).await? else {
            return Ok(None);
        };
        let id = forward.forward_id;
        let secrets = store::forward_secret::in_force(read, id, self.now).await?;
        let [secret] = secrets.as_slice() else {
            return Err(ForwardError::OtherForward);
        };
        let is_first = secret.created_at == forward.created_at;
        if !is_first || forward.settings != self.settings || forward.ended_at.is_some() {
            return Err(ForwardError::OtherForward);
        }
        let place = secret_place(id, secret.secret_id);
        let secret = self.keys.open(&place, &secret.secret_sealed)?;
        Ok(Some((forward, secret)))
    }
}

impl Op for Create {
    type Out = (ForwardRow, Secret);
    type Error = ForwardError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(ForwardRow, Secret), ForwardError> {
        if let Some(earlier) = self.earlier(tx).await? {
            return Ok(earlier);
        }
        if store::forward::count(tx).await? >= MOST_FORWARDS {
            return Err(ForwardError::TooMany);
        }
        let new = NewForward {
            forward_id: self.forward_id,
            settings: &self.settings,
            request_key_hash: self.request_key.as_ref().map(SecretHash::as_str),
            now: self.now,
        };
        if !store::forward::insert(tx, &new).await? {
            // The same request has just been stored by another process.
            let earlier = self.earlier(tx).await?;
            return Ok(earlier.ok_or(Error::NoRow)?);
        }
        let secret = (self.secret.secret_id, self.secret.sealed.as_str());
        store::forward_secret::insert(tx, self.forward_id, secret, self.now).await?;
        let stored = store::forward::find(tx, self.forward_id).await?;
        Ok((stored.ok_or(Error::NoRow)?, self.secret.plain.clone()))
    }
}

struct Replace {
    forward_id: i64,
    settings: ForwardSettings,
    now: Timestamp,
}

impl Op for Replace {
    type Out = ();
    type Error = ForwardError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), ForwardError> {
        let found = store::forward::lock(tx, self.forward_id).await?;
        found.ok_or(ForwardError::Unknown)?;
        store::forward::save(tx, self.forward_id, &self.settings, self.now).await?;
        delivery::release(tx, EndpointId::new(self.forward_id), self.now).await?;
        Ok(())
    }
}

struct Remove {
    forward_id: i64,
    now: Timestamp,
}

impl Op for Remove {
    type Out = ();
    type Error = ForwardError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), ForwardError> {
        if !store::forward::end(tx, self.forward_id, self.now).await? {
            return Err(ForwardError::Unknown);
        }
        store::forward_secret::delete_all(tx, self.forward_id).await?;
        let endpoint_id = EndpointId::new(self.forward_id);
        delivery::cancel(tx, endpoint_id, Called::Everything, REMOVED, self.now).await?;
        Ok(())
    }
}
