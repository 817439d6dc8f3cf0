//! Deliveries as the operator and their partner see them, and what the operator does with one: read its bytes, try it
//! again, call it off. How they are delivered is the crate `delivery`'s.

use database::{Error, Op, Read, Tx};
use delivery::{CalledOff, DeliveryDetails, DeliveryView, Filter, Page, Retried};
use jiff::Timestamp;
use protocol::id::{DeliveryId, PartnerId};
use serde_json::json;

use crate::core::Core;
use crate::domain::curl::Repeatable;
use crate::domain::endpoint::{Endpoint, Kind};
use crate::domain::outlook::{Outlook, outlook};
use crate::service::operator_audit;
use crate::store::{endpoint, partner};

/// Why the operator called something off, as it is recorded.
pub(super) const CALLED_OFF: &str = "called off by the operator";

/// A delivery with all that is known of it.
#[derive(Debug)]
pub(crate) struct Dossier {
    pub(crate) details: DeliveryDetails,
    /// What comes next.
    pub(crate) outlook: Outlook,
    /// The partner's name.
    pub(crate) partner_name: Option<String>,
    /// How it is sent, as its endpoint is set now; nothing if it would not be.
    pub(crate) repeatable: Option<Repeatable>,
    /// The time to which all this belongs.
    pub(crate) as_of: Timestamp,
}

/// The bytes of a delivery.
#[derive(Debug)]
pub(crate) enum Body {
    /// Here they are.
    Kept(String),
    /// They were kept until it was delivered.
    Dropped(DeliveryView),
    /// There is no such delivery.
    Unknown,
}

/// One page of deliveries, newest first.
pub(crate) async fn list(core: &Core, filter: &Filter, limit: usize) -> Result<Page, Error> {
    delivery::list(&mut core.db.scanner(), filter, limit).await
}

/// A delivery with all that is known of it.
pub(crate) async fn find(core: &Core, delivery_id: DeliveryId) -> Result<Option<Dossier>, Error> {
    let mut reader = core.db.reader();
    match delivery::find(&mut reader, delivery_id).await? {
        Some(details) => complete(core, &mut reader, details).await.map(Some),
        None => Ok(None),
    }
}

/// The same, of a partner's own deliveries.
pub(crate) async fn find_of_partner(
    core: &Core,
    partner_id: PartnerId,
    delivery_id: DeliveryId,
) -> Result<Option<Dossier>, Error> {
    let mut reader = core.db.reader();
    match delivery::find_of(&mut reader, partner_id.into(), delivery_id).await? {
        Some(details) => complete(core, &mut reader, details).await.map(Some),
        None => Ok(None),
    }
}

/// The bytes that a delivery sends. They are personal, so that they were read is recorded (§7).
pub(crate) async fn read_body(core: &Core, delivery_id: DeliveryId) -> Result<Body, Error> {
    let core = core.clone();
    let db = core.db.clone();
    db.write(ReadBody { core, delivery_id }).await
}

/// Makes a delivery due now, unless it was delivered.
pub(crate) async fn retry(core: &Core, delivery_id: DeliveryId) -> Result<Retried, Error> {
    let op = Retry {
        core: core.clone(),
        delivery_id,
    };
    let retried = core.db.write(op).await?;
    core.deliveries.wake();
    Ok(retried)
}

/// Calls a pending delivery off; what waits for it in its lane goes on.
pub(crate) async fn cancel(core: &Core, delivery_id: DeliveryId) -> Result<CalledOff, Error> {
    let op = Cancel {
        core: core.clone(),
        delivery_id,
    };
    let called_off = core.db.write(op).await?;
    core.deliveries.wake();
    Ok(called_off)
}

async fn complete<R: Read>(
    core: &Core,
    reader: &mut R,
    details: DeliveryDetails,
) -> Result<Dossier, Error> {
    let view = &details.delivery;
    let partner_id = PartnerId::from_i64(view.endpoint_id.get());
    let (mut name, mut settings) = (None, None);
    if let Some(partner_id) = partner_id {
        name = partner::find(reader, partner_id)
            .await?
            .map(|partner| partner.name);
        settings = endpoint::find(reader, partner_id).await?;
    }
    let forerunner = delivery::forerunner(reader, view.delivery_id).await?;
    let state = delivery::endpoint(reader, view.endpoint_id).await?;
    Ok(Dossier {
        outlook: outlook(view, forerunner, &state, settings.is_some()),
        repeatable: settings.and_then(|settings| repeatable(view, settings)),
        partner_name: name,
        as_of: core.clock.now(),
        details,
    })
}

fn repeatable(view: &DeliveryView, settings: Endpoint) -> Option<Repeatable> {
    let target = settings.receives(Kind::parse(&view.kind)?)?;
    Some(Repeatable {
        method: target.method.as_str(),
        url: target.url_for(view.conversation_id.get()),
        username: settings.username,
    })
}

struct ReadBody {
    core: Core,
    delivery_id: DeliveryId,
}

impl Op for ReadBody {
    type Out = Body;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Body, Error> {
        let Some(found) = delivery::find(tx, self.delivery_id).await? else {
            return Ok(Body::Unknown);
        };
        let Some(body) = delivery::body(tx, self.delivery_id).await? else {
            return Ok(Body::Dropped(found.delivery));
        };
        let detail = json!({"delivery_id": self.delivery_id});
        let business_id = Some(found.delivery.business_id);
        operator_audit::record(tx, &self.core, "delivery.body_read", business_id, &detail).await?;
        Ok(Body::Kept(body))
    }
}

struct Retry {
    core: Core,
    delivery_id: DeliveryId,
}

impl Op for Retry {
    type Out = Retried;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Retried, Error> {
        let retried = delivery::retry(tx, self.delivery_id, self.core.clock.now()).await?;
        if matches!(retried, Retried::Hastened | Retried::Revived) {
            let detail = json!({"delivery_id": self.delivery_id});
            operator_audit::record(tx, &self.core, "delivery.retried", None, &detail).await?;
        }
        Ok(retried)
    }
}

struct Cancel {
    core: Core,
    delivery_id: DeliveryId,
}

impl Op for Cancel {
    type Out = CalledOff;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<CalledOff, Error> {
        let now = self.core.clock.now();
        let called_off = delivery::cancel_one(tx, self.delivery_id, CALLED_OFF, now).await?;
        if called_off == CalledOff::Now {
            let detail = json!({"delivery_id": self.delivery_id});
            operator_audit::record(tx, &self.core, "delivery.cancelled", None, &detail).await?;
        }
        Ok(called_off)
    }
}
