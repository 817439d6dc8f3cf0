//! What a test works with: a database, a clock, a receiver, and engines that deliver to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::outgoing::AddressPolicy;
use base::{Clock, Entropy, Outgoing};
use database::test_db::TestDb;
use database::{Error, Op, Read, Sql, Tx};
use delivery::{
    Addressee, Called, CalledOff, ConversationId, DeliveryView, Destination, Directory,
    DirectoryError, EndpointId, Engine, NewDelivery, Parts, Recorded, Retried, Settings, State,
    Target, Waker,
};
use jiff::Timestamp;
use protocol::basic_credentials::Credentials;
use protocol::id::{BusinessId, DeliveryId};
use protocol::standard_webhooks::SigningSecret;

use crate::receiver::Receiver;

/// The endpoint that tests use if they need one only.
pub(crate) const ENDPOINT: EndpointId = EndpointId::new(1);
/// The business of lead 1 to 99.
pub(crate) const BUSINESS: i64 = 500;

pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) clock: Clock,
    pub(crate) receiver: Receiver,
    pub(crate) routes: Routes,
    pub(crate) start: Timestamp,
}

/// Where an endpoint's deliveries go.
#[derive(Clone)]
pub(crate) enum Route {
    To(String),
    Off,
    Hold,
    Broken,
}

type Hook = Box<dyn Fn() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The directory: everything goes to the receiver, unless a test says otherwise.
#[derive(Clone)]
pub(crate) struct Routes {
    default: String,
    special: Arc<Mutex<HashMap<EndpointId, Route>>>,
    before: Arc<Mutex<Option<Arc<Hook>>>>,
}

impl Routes {
    pub(crate) fn set(&self, endpoint: EndpointId, route: Route) {
        self.special.lock().unwrap().insert(endpoint, route);
    }

    /// Runs `hook` whenever it is asked for a target: between finding work and sending it.
    pub(crate) fn before_each(&self, hook: Hook) {
        *self.before.lock().unwrap() = Some(Arc::new(hook));
    }
}

impl Directory for Routes {
    async fn target(&self, addressee: &Addressee) -> Result<Target, DirectoryError> {
        let hook = self.before.lock().unwrap().clone();
        if let Some(hook) = hook {
            hook().await;
        }
        let special = self
            .special
            .lock()
            .unwrap()
            .get(&addressee.endpoint_id)
            .cloned();
        let base_url = match special {
            None => self.default.clone(),
            Some(Route::To(base_url)) => base_url,
            Some(Route::Off) => return Ok(Target::Off("not wanted any more".to_owned())),
            Some(Route::Hold) => return Ok(Target::Hold),
            Some(Route::Broken) => return Err("the directory is away".into()),
        };
        let url = format!("{base_url}/{}/{}", addressee.endpoint_id, addressee.kind);
        Ok(Target::Send(Box::new(Destination {
            method: "POST".parse()?,
            url: url.parse()?,
            headers: [("x-more".parse()?, "yes".parse()?)].into_iter().collect(),
            credentials: Some(Credentials::new("us", "secret")),
            signing_secrets: vec![signing_secret()],
        })))
    }
}

pub(crate) fn signing_secret() -> SigningSecret {
    SigningSecret::from_random([7; 32])
}

impl World {
    pub(crate) async fn new(db: TestDb) -> Self {
        let start: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let receiver = Receiver::start().await;
        let routes = Routes {
            default: receiver.base_url.clone(),
            special: Arc::default(),
            before: Arc::default(),
        };
        Self {
            db,
            clock: Clock::manual(start),
            receiver,
            routes,
            start,
        }
    }

    /// An engine under this name.
    pub(crate) fn engine(&self, owner: &str) -> Engine<Routes> {
        self.engine_with(Settings::new(owner))
    }

    pub(crate) fn engine_with(&self, settings: Settings) -> Engine<Routes> {
        self.engine_of(settings, self.clock.clone(), Waker::new())
    }

    pub(crate) fn engine_of(
        &self,
        settings: Settings,
        clock: Clock,
        waker: Waker,
    ) -> Engine<Routes> {
        Engine::new(Parts {
            db: self.db.db().clone(),
            clock,
            entropy: Entropy::seeded(1),
            outgoing: Outgoing::new(AddressPolicy::PublicAndLoopback).unwrap(),
            directory: self.routes.clone(),
            waker,
            settings,
        })
    }

    /// How many shards each process has.
    pub(crate) async fn shards_by_owner(&self) -> HashMap<String, i64> {
        let count = "SELECT owner, COUNT(*) AS shards FROM delivery_shard WHERE owner IS NOT NULL GROUP BY owner";
        let rows = self.db.reader().query(Sql::both(count), &[]).await.unwrap();
        rows.iter()
            .map(|row| (row.get("owner").unwrap(), row.get("shards").unwrap()))
            .collect()
    }

    /// Records a delivery to [`ENDPOINT`].
    pub(crate) async fn record(&self, lead: i64, kind: &'static str, id: i64) -> Recorded {
        self.record_to(ENDPOINT, lead, kind, id).await
    }

    pub(crate) async fn record_to(
        &self,
        endpoint: EndpointId,
        lead: i64,
        kind: &'static str,
        id: i64,
    ) -> Recorded {
        let now = self.clock.now();
        let record = Record {
            endpoint,
            lead,
            kind,
            id,
            body: format!("{{\"id\":\"{id}\"}}"),
            now,
        };
        self.db.write(record).await.unwrap()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn view(&self, id: i64) -> DeliveryView {
        self.details(id).await.delivery
    }

    pub(crate) async fn details(&self, id: i64) -> delivery::DeliveryDetails {
        let found = delivery::find(&mut self.db.reader(), delivery_id(id)).await;
        found.unwrap().expect("the delivery is there")
    }

    pub(crate) async fn state(&self, id: i64) -> &'static str {
        self.view(id).await.state.as_str()
    }

    pub(crate) async fn states(&self, ids: &[i64]) -> Vec<&'static str> {
        let mut states = Vec::new();
        for id in ids {
            states.push(self.state(*id).await);
        }
        states
    }

    pub(crate) async fn endpoint(&self) -> delivery::EndpointView {
        let view = delivery::endpoint(&mut self.db.reader(), ENDPOINT).await;
        view.unwrap()
    }

    /// How many deliveries are in this state.
    pub(crate) async fn count(&self, state: &str) -> usize {
        let filter = delivery::Filter {
            state: State::parse(state),
            ..delivery::Filter::default()
        };
        let page = delivery::list(&mut self.db.reader(), &filter, 1_000).await;
        page.unwrap().deliveries.len()
    }

    pub(crate) async fn by_hand(&self, hand: Hand) -> Retried {
        let now = self.clock.now();
        self.db.write(ByHand { hand, now }).await.unwrap()
    }

    pub(crate) async fn cancel_one(&self, id: i64) -> CalledOff {
        let now = self.clock.now();
        self.db.write(CancelOne { id, now }).await.unwrap()
    }

    /// Calls off what waits in these lanes of [`ENDPOINT`]; how many that were.
    pub(crate) async fn cancel_in_lanes(&self, lanes: &[ConversationId]) -> u64 {
        let cancel = CancelInLanes {
            lanes: lanes.to_vec(),
            now: self.clock.now(),
        };
        self.db.write(cancel).await.unwrap()
    }

    pub(crate) async fn retry(&self, id: i64) -> Retried {
        self.by_hand(Hand::Retry(id)).await
    }
}

pub(crate) fn delivery_id(number: i64) -> DeliveryId {
    DeliveryId::from_i64(number).unwrap()
}

pub(crate) fn business_id(number: i64) -> BusinessId {
    BusinessId::from_i64(number).unwrap()
}

/// The business of a lead: the leads from 100 on belong to the next one.
fn business_of(lead: i64) -> BusinessId {
    business_id(BUSINESS + lead / 100)
}

struct Record {
    endpoint: EndpointId,
    lead: i64,
    kind: &'static str,
    id: i64,
    body: String,
    now: Timestamp,
}

impl Op for Record {
    type Out = Recorded;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Recorded, Error> {
        let new = NewDelivery {
            delivery_id: delivery_id(self.id),
            endpoint_id: self.endpoint,
            conversation_id: ConversationId::new(self.lead),
            business_id: business_of(self.lead),
            kind: self.kind,
            body: &self.body,
            created_at: self.now,
        };
        delivery::record(tx, &new).await
    }
}

struct CancelOne {
    id: i64,
    now: Timestamp,
}

impl Op for CancelOne {
    type Out = CalledOff;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<CalledOff, Error> {
        delivery::cancel_one(tx, delivery_id(self.id), "not wanted", self.now).await
    }
}

struct CancelInLanes {
    lanes: Vec<ConversationId>,
    now: Timestamp,
}

impl Op for CancelInLanes {
    type Out = u64;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<u64, Error> {
        let what = (ENDPOINT, Called::Everything);
        delivery::cancel_in_lanes(tx, what, &self.lanes, "not wanted", self.now).await
    }
}

/// What is done by hand to [`ENDPOINT`], or to one delivery.
#[derive(Clone, Copy)]
pub(crate) enum Hand {
    Retry(i64),
    CancelBusiness(i64),
    CancelEverything,
    Pause,
    Resume,
    Release,
}

pub(crate) struct ByHand {
    pub(crate) hand: Hand,
    pub(crate) now: Timestamp,
}

impl Op for ByHand {
    type Out = Retried;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Retried, Error> {
        let now = self.now;
        let cancel = match self.hand {
            Hand::Retry(id) => return delivery::retry(tx, delivery_id(id), now).await,
            Hand::Pause => {
                return delivery::pause(tx, ENDPOINT)
                    .await
                    .map(|()| Retried::Unknown);
            }
            Hand::Resume => {
                return delivery::resume(tx, ENDPOINT)
                    .await
                    .map(|()| Retried::Unknown);
            }
            Hand::Release => {
                return delivery::release(tx, ENDPOINT, now)
                    .await
                    .map(|()| Retried::Unknown);
            }
            Hand::CancelBusiness(number) => Called::Business(business_id(number)),
            Hand::CancelEverything => Called::Everything,
        };
        delivery::cancel(tx, ENDPOINT, cancel, "disconnected", now).await?;
        Ok(Retried::Unknown)
    }
}
