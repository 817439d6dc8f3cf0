//! Setting partners up: who they are, and where they receive.

use base::{Entropy, Keyring, Secret};
use database::{Op, Tx};
use jiff::Timestamp;
use protocol::id::PartnerId;
use thiserror::Error;

use crate::core::Core;
use crate::domain::endpoint::{Endpoint, EndpointSettings};
use crate::domain::partner::Partner;
use crate::domain::text::Name;
use crate::service::idempotency::{Answer, KeyedRequest, Once, OnceError};
use crate::service::ids;
use crate::store::{endpoint, partner};

/// A partner to be set up.
#[derive(Debug)]
pub(crate) struct NewPartner {
    pub(crate) name: Name,
    /// Where it receives, if that is known already.
    pub(crate) endpoint: Option<EndpointSettings>,
}

/// A partner that was set up, and the password that is shown this once.
#[derive(Debug)]
pub(crate) struct CreatedPartner {
    pub(crate) partner: Partner,
    pub(crate) password: Secret,
}

/// A partner and where it receives.
#[derive(Debug)]
pub(crate) struct PartnerProfile {
    pub(crate) partner: Partner,
    pub(crate) endpoint: Option<Endpoint>,
}

/// Why a partner could not be changed.
#[derive(Debug, Error)]
pub(crate) enum PartnerError {
    /// Nobody has the id.
    #[error("no partner has this id")]
    UnknownPartner,
    /// The database.
    #[error("the partner could not be read or stored")]
    Database(#[from] database::Error),
}

/// Sets a partner up. Its user name and password are made here; only the password's hash is stored.
pub(crate) async fn create(
    core: &Core,
    new: NewPartner,
    request: Option<KeyedRequest>,
    answer: fn(&CreatedPartner) -> Answer,
) -> Result<Answer, OnceError<PartnerError>> {
    let partner_id = ids::next(&core.ids, PartnerId::from_i64);
    let op = Create {
        partner: Partner {
            partner_id,
            name: new.name.as_str().to_owned(),
            username: format!("partner_{}", core.entropy.secret::<9>().expose()),
            created_at: core.clock.now(),
        },
        password: core.entropy.secret::<24>(),
        endpoint: new
            .endpoint
            .map(|settings| sealed(&core.keys, &core.entropy, partner_id, settings)),
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

/// At most `limit` partners after the one with the id `after`.
pub(crate) async fn list(
    core: &Core,
    after: i64,
    limit: i64,
) -> Result<Vec<Partner>, database::Error> {
    partner::list(&mut core.db.reader(), after, limit).await
}

/// The partner and where it receives.
pub(crate) async fn find(
    core: &Core,
    partner_id: PartnerId,
) -> Result<Option<PartnerProfile>, database::Error> {
    let mut reader = core.db.reader();
    let Some(partner) = partner::find(&mut reader, partner_id).await? else {
        return Ok(None);
    };
    let endpoint = endpoint::find(&mut reader, partner_id).await?;
    Ok(Some(PartnerProfile { partner, endpoint }))
}

struct Create {
    partner: Partner,
    password: Secret,
    endpoint: Option<Endpoint>,
}

impl Op for Create {
    type Out = CreatedPartner;
    type Error = PartnerError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<CreatedPartner, PartnerError> {
        partner::insert(tx, &self.partner, &self.password.hash()).await?;
        if let Some(endpoint) = &self.endpoint {
            endpoint::save(tx, self.partner.partner_id, endpoint).await?;
        }
        Ok(CreatedPartner {
            partner: self.partner.clone(),
            password: self.password.clone(),
        })
    }
}

fn sealed(
    keys: &Keyring,
    entropy: &Entropy,
    partner_id: PartnerId,
    settings: EndpointSettings,
) -> Endpoint {
    let seal = |place: &str, secret: &Secret| {
        keys.seal(entropy, &format!("{place}:{partner_id}"), secret.expose())
    };
    Endpoint {
        password_sealed: seal(PASSWORD_PLACE, &settings.password),
        signing_secret_sealed: settings
            .signing_secret
            .map(|secret| seal(SIGNING_SECRET_PLACE, &secret)),
        targets: settings.targets,
        username: settings.username,
        fields: settings.fields,
    }
}

const PASSWORD_PLACE: &str = "endpoint.password";
const SIGNING_SECRET_PLACE: &str = "endpoint.signing_secret";
