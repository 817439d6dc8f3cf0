//! A CRM that the gateway forwards to: what it gets, and whether it would believe it.

use protocol::standard_webhooks::{
    DEFAULT_TOLERANCE_SECONDS, ID_HEADER, SIGNATURE_HEADER, SignatureError, SignedHeaders,
    SigningSecret, TIMESTAMP_HEADER, verify,
};
use serde_json::{Value, json};
use testkit::world::Engine;
use testkit::{Received, Receiver, Reply, World};

use crate::sender::Sender;
use crate::support::world;

/// A world, and a CRM with one forward to it.
pub(crate) struct Crm {
    pub(crate) world: World,
    pub(crate) receiver: Receiver,
    pub(crate) forward_id: String,
    pub(crate) secret: String,
}

impl Crm {
    /// A world whose gateway forwards everything.
    pub(crate) async fn start(engine: Engine) -> Self {
        Self::of(world(engine).await, &json!({})).await
    }

    /// The same in this world, with a forward of which `members` say more.
    pub(crate) async fn of(world: World, members: &Value) -> Self {
        let receiver = Receiver::start().await;
        let made = make_forward(&world, &receiver, members).await;
        let made = made.expect_status(201).json();
        Self {
            forward_id: text(&made["forward_id"]),
            secret: text(&made["signing_secret"]),
            world,
            receiver,
        }
    }

    /// The platform's side of the gateway.
    pub(crate) fn sender(&self) -> Sender {
        Sender::of(&self.world)
    }

    /// What came since the last look, once everything that is due was sent.
    pub(crate) async fn came(&self) -> Vec<Received> {
        self.world.drain().await;
        self.receiver.take()
    }

    /// The events that came since the last look, each of which the CRM believes.
    pub(crate) async fn events(&self) -> Vec<Value> {
        let came = self.came().await;
        for received in &came {
            assert_eq!(self.believes(&self.secret, received), Ok(()));
        }
        came.iter().map(Received::json).collect()
    }

    /// The types of the events that came since the last look.
    pub(crate) async fn kinds(&self) -> Vec<String> {
        kinds(&self.events().await)
    }

    /// What a CRM with this secret says of a request, now.
    pub(crate) fn believes(&self, secret: &str, received: &Received) -> Result<(), SignatureError> {
        let secret = SigningSecret::parse(secret).expect("the secret is one");
        let headers = SignedHeaders {
            id: received.header(ID_HEADER),
            timestamp: received.header(TIMESTAMP_HEADER),
            signature: received.header(SIGNATURE_HEADER),
        };
        let now = self.world.clock.now().as_second();
        let body = received.body.as_bytes();
        verify(&[secret], headers, body, now, DEFAULT_TOLERANCE_SECONDS)
    }

    /// The path of the forward, or of something of it.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/v1/forwards/{}{rest}", self.forward_id)
    }

    /// The forward as its owner sees it.
    pub(crate) async fn forward(&self) -> Value {
        let reply = self.world.crm().get(&self.path("")).await;
        reply.expect_status(200).json()
    }

    /// Asks something of the forward.
    pub(crate) async fn ask(&self, rest: &str, body: &Value) -> Reply {
        self.world.crm().post(&self.path(rest), body).await
    }

    /// Its deliveries, the newest first.
    pub(crate) async fn deliveries(&self, filter: &str) -> Vec<Value> {
        let path = self.path(&format!("/deliveries?{filter}"));
        let list = self.world.crm().get(&path).await.expect_status(200).json();
        list["data"].as_array().expect("a list").clone()
    }

    /// Time passes, and what falls due is done.
    pub(crate) async fn pass(&self, seconds: f64) {
        self.world
            .advance(std::time::Duration::from_secs_f64(seconds));
        self.world.drain().await;
    }
}

/// Makes a forward to a receiver, of which `members` say more.
pub(crate) async fn make_forward(world: &World, receiver: &Receiver, members: &Value) -> Reply {
    let mut body = json!({"url": format!("{}/hook?token=marked", receiver.url())});
    let more = members.as_object().cloned().unwrap_or_default();
    body.as_object_mut()
        .expect("an object was just written")
        .extend(more);
    world.crm().post("/api/v1/forwards", &body).await
}

/// The types of events.
pub(crate) fn kinds(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| text(&event["type"])).collect()
}

/// A member that must be a text.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
