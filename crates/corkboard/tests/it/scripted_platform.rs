//! A platform that says what the test tells it to, with a gateway that is connected to it: for what a real platform does
//! on bad days only (protocol §6).

use client::PlatformAddresses;
use protocol::fixtures;
use serde_json::{Value, json};
use testkit::partner::parameter;
use testkit::world::Engine;
use testkit::{Answer, Received, Receiver, World, WorldOptions};

use crate::sender::Sender;

const TOKENS: &str = "/v2/tokens/access";

/// The scripted platform, and a world whose gateway is connected to it.
pub(crate) struct ScriptedPlatform {
    pub(crate) world: World,
    pub(crate) script: Receiver,
    /// A lead that has arrived at the gateway.
    pub(crate) lead_id: String,
    pub(crate) business_id: String,
}

impl ScriptedPlatform {
    /// One that does not know `Idempotency-Key`, as the source's.
    pub(crate) async fn without_keys(engine: Engine) -> Self {
        Self::start(engine, |addresses| addresses).await
    }

    /// One that answers a repeated `Idempotency-Key` with its first answer.
    pub(crate) async fn with_keys(engine: Engine) -> Self {
        Self::start(engine, PlatformAddresses::honouring_idempotency_key).await
    }

    async fn start(engine: Engine, change: fn(PlatformAddresses) -> PlatformAddresses) -> Self {
        let script = Receiver::start().await;
        let url = script.url().to_owned();
        let addresses = PlatformAddresses::thumbtack_production()
            .with_connect_url(&format!("{url}/services/partner-connect/"))
            .and_then(|addresses| addresses.with_api_url(&url))
            .and_then(|addresses| addresses.with_token_url(&format!("{url}{TOKENS}")));
        let world = World::start(WorldOptions {
            other_platform: Some(change(addresses.expect("a loopback address is a URL"))),
            ..WorldOptions::on(engine)
        });
        let world = Box::pin(world).await;
        let lead: Value = serde_json::from_str(fixtures::CREATED_LEAD).expect("the sample is JSON");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let platform = Self {
            business_id: text(&lead["business"]["businessID"]),
            lead_id: text(&lead["leadID"]),
            world,
            script,
        };
        platform.issue("1");
        platform.connect().await;
        Sender::of(&platform.world)
            .lead(fixtures::CREATED_LEAD)
            .await
            .expect_status(200);
        platform.script.take();
        platform
    }

    /// From now on the token endpoint gives the pair with this number.
    pub(crate) fn issue(&self, number: &str) {
        let tokens = json!({
            "access_token": format!("access {number}"),
            "token_type": "bearer",
            "expires_in": 3600,
            "refresh_token": format!("refresh {number}"),
        });
        self.script
            .answer_always_at(TOKENS, Answer::json(200, &tokens));
    }

    /// From now on refresh tokens are refused.
    pub(crate) fn refuse_tokens(&self) {
        let answer = Answer::json(400, &json!({"error": "INVALID_GRANT"}));
        self.script.answer_always_at(TOKENS, answer);
    }

    /// The pro connects the business.
    pub(crate) async fn connect(&self) {
        let info = json!({
            "business_pk": self.business_id, "client_id": "client", "scope": ["messages", "targeting"],
            "business_name": "Example Painting",
        });
        self.script
            .answer_always_at("/v2/get-thumbtack-info", Answer::json(200, &info));
        let page = self
            .world
            .gateway
            .start_connection()
            .await
            .expect("a connection can be started");
        let state = parameter(page.as_str(), "state").expect("the gateway sends a state");
        let callback = format!(
            "{}/connect/callback?code=code&state={state}",
            self.world.gateway_url
        );
        let reply = self.world.http.get(&callback).await;
        assert!(reply.status < 400, "{}", reply.text());
    }

    fn message_path(&self) -> String {
        format!(
            "/v2/business/{}/lead/{}/message",
            self.business_id, self.lead_id
        )
    }

    /// The next message that comes is answered so.
    pub(crate) fn answer_message(&self, answer: Answer) {
        self.script.answer_next_at(&self.message_path(), answer);
    }

    /// Every message that has no answer of its own is answered so.
    pub(crate) fn answer_messages(&self, answer: Answer) {
        self.script.answer_always_at(&self.message_path(), answer);
    }

    /// The messages that came since the last look.
    pub(crate) fn messages(&self) -> Vec<Received> {
        let mut came = self.script.take();
        came.retain(|request| request.path == self.message_path());
        came
    }

    /// The pro's program queues a reply: its id.
    pub(crate) async fn reply(&self, text: &str) -> String {
        let path = format!("/api/v1/leads/{}/messages", self.lead_id);
        let reply = self.world.crm().post(&path, &json!({ "text": text })).await;
        let reply = reply.expect_status(202).json();
        assert_eq!(reply["state"], "queued");
        reply["reply_id"]
            .as_str()
            .expect("a reply has an id")
            .to_owned()
    }

    /// How far a reply got.
    pub(crate) async fn state(&self, reply_id: &str) -> String {
        let reply = self
            .world
            .crm()
            .get(&format!("/api/v1/replies/{reply_id}"))
            .await;
        let reply = reply.expect_status(200).json();
        reply["state"]
            .as_str()
            .expect("a reply has a state")
            .to_owned()
    }

    /// Time passes, and what falls due is done.
    pub(crate) async fn pass(&self, seconds: u64) {
        self.world.advance(std::time::Duration::from_secs(seconds));
        self.world.drain().await;
    }
}
