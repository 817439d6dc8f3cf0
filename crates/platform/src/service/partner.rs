//! Setting partners up: who they are, and where they receive.

use base::Secret;
use database::{Op, Tx};
use protocol::id::PartnerId;
use serde_json::json;
use thiserror::Error;

use crate::core::Core;
use crate::domain::endpoint::{Endpoint, EndpointSettings};
use crate::domain::impairment::EndedBy;
use crate::domain::partner::Partner;
use crate::domain::text::Name;
use crate::service::idempotency::{Answer, KeyedRequest, Once, OnceError};
use crate::service::{ids, impairment, operator_audit};
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
            .map(|settings| sealed(core, partner_id, settings)),
        core: core.clone(),
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

/// Sets where the partner receives, or replaces all of it. What the old endpoint's answers had stopped goes on, and its
/// impairment is over: if the new one is no better, another one begins.
pub(crate) async fn set_endpoint(
    core: &Core,
    partner_id: PartnerId,
    settings: EndpointSettings,
) -> Result<Endpoint, PartnerError> {
    let op = SetEndpoint {
        core: core.clone(),
        partner_id,
        endpoint: sealed(core, partner_id, settings),
    };
    let endpoint = core.db.write(op).await?;
    core.deliveries.wake();
    Ok(endpoint)
}

struct Create {
    core: Core,
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
        let detail = json!({"partner_id": self.partner.partner_id});
        operator_audit::record(tx, &self.core, "partner.created", None, &detail).await?;
        Ok(CreatedPartner {
            partner: self.partner.clone(),
            password: self.password.clone(),
        })
    }
}

struct SetEndpoint {
    core: Core,
    partner_id: PartnerId,
    endpoint: Endpoint,
}

impl Op for SetEndpoint {
    type Out = Endpoint;
    type Error = PartnerError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Endpoint, PartnerError> {
        if partner::find(tx, self.partner_id).await?.is_none() {
            return Err(PartnerError::UnknownPartner);
        }
        endpoint::save(tx, self.partner_id, &self.endpoint).await?;
        let now = self.core.clock.now();
        delivery::release(tx, self.partner_id.into(), now).await?;
        let detail = json!({"partner_id": self.partner_id});
        operator_audit::record(tx, &self.core, "partner.endpoints_set", None, &detail).await?;
        impairment::follow(tx, &self.core, self.partner_id, EndedBy::Settings, now).await?;
        Ok(self.endpoint.clone())
    }
}

/// The endpoint with its secrets sealed for their places.
/// The settings as they are stored: secrets sealed for this partner's row.
pub(crate) fn sealed(core: &Core, partner_id: PartnerId, settings: EndpointSettings) -> Endpoint {
    let seal =
        |place: String, secret: &Secret| core.keys.seal(&core.entropy, &place, secret.expose());
    Endpoint {
        password_sealed: seal(endpoint::password_place(partner_id), &settings.password),
        signing_secret_sealed: settings
            .signing_secret
            .map(|secret| seal(endpoint::signing_secret_place(partner_id), &secret)),
        targets: settings.targets,
        username: settings.username,
        fields: settings.fields,
    }
}
