//! Tells the delivery engine where each delivery goes, from the partners' endpoints as they are now.

use database::{Error, Tx};
use delivery::{Addressee, Change, Destination, Directory, DirectoryError, EndpointChange, Target};
use http::{HeaderMap, Method};
use protocol::basic_credentials::Credentials;
use protocol::id::PartnerId;
use protocol::standard_webhooks::SigningSecret;
use url::Url;

use crate::core::Core;
use crate::domain::endpoint::{self as rules, Endpoint, Kind};
use crate::domain::impairment::EndedBy;
use crate::service::impairment;
use crate::store::{endpoint, partner};

/// The partners' endpoints.
#[derive(Clone, Debug)]
pub(crate) struct EndpointDirectory {
    core: Core,
}

impl Directory for EndpointDirectory {
    async fn target(&self, addressee: &Addressee) -> Result<Target, DirectoryError> {
        let partner_id = PartnerId::from_i64(addressee.endpoint_id.get());
        let partner_id = partner_id.ok_or("the endpoint is no partner's")?;
        let mut reader = self.core.db.reader();
        let Some(endpoint) = endpoint::find(&mut reader, partner_id).await? else {
            return Ok(Target::Hold);
        };
        // The end of a connection cancels what waits (D6); a retry by hand may have brought it back since.
        if !partner::is_receiver(&mut reader, partner_id, addressee.business_id).await? {
            return Ok(Target::Off(
                "the business is not connected any more".to_owned(),
            ));
        }
        let kind = Kind::parse(&addressee.kind);
        match kind.and_then(|kind| endpoint.receives(kind)) {
            Some(target) => self.destination(partner_id, &endpoint, target, addressee),
            None => Ok(Target::Off(
                "the partner takes no such deliveries".to_owned(),
            )),
        }
    }

    async fn endpoint_changed<T: Tx>(
        &self,
        tx: &mut T,
        change: &EndpointChange,
    ) -> Result<(), Error> {
        // Nobody else's endpoints are recorded for.
        let Some(partner_id) = PartnerId::from_i64(change.endpoint_id.get()) else {
            return Ok(());
        };
        let (core, at) = (&self.core, change.at);
        match &change.change {
            Change::KindOff(kind) => {
                impairment::tell_kind_off(tx, core, partner_id, kind, at).await
            }
            Change::Held(_) | Change::Recovered { .. } | Change::Gone => {
                impairment::follow(tx, core, partner_id, EndedBy::Probe, at).await
            }
        }
    }
}

impl EndpointDirectory {
    /// The endpoints in this platform's database.
    pub(crate) fn new(core: Core) -> Self {
        Self { core }
    }

    fn destination(
        &self,
        partner_id: PartnerId,
        endpoint: &Endpoint,
        target: &rules::Target,
        addressee: &Addressee,
    ) -> Result<Target, DirectoryError> {
        let place = endpoint::password_place(partner_id);
        let password = self.core.keys.open(&place, &endpoint.password_sealed)?;
        let mut signing_secrets = Vec::new();
        if let Some(sealed) = &endpoint.signing_secret_sealed {
            let place = endpoint::signing_secret_place(partner_id);
            let secret = self.core.keys.open(&place, sealed)?;
            signing_secrets.push(SigningSecret::parse(secret.expose())?);
        }
        Ok(Target::Send(Box::new(Destination {
            method: Method::from_bytes(target.method.as_str().as_bytes())?,
            url: Url::parse(&target.url_for(addressee.conversation_id.get()))?,
            headers: HeaderMap::new(),
            credentials: Some(Credentials::new(&endpoint.username, password.expose())),
            signing_secrets,
        })))
    }
}
