//! A world whose partner is a receiver of ours: what it gets, and what the operator sees of it.

use database::{Read as _, Row, Sql, params};
use serde_json::{Value, json};
use testkit::partner::LeadIds;
use testkit::world::Engine;
use testkit::{Receiver, Reply, World, WorldOptions};

use crate::support::FIRST;

/// A platform, and the partner that all of it is delivered to.
pub(crate) struct Marketplace {
    pub(crate) world: World,
    pub(crate) partner: Receiver,
    pub(crate) partner_id: String,
}

impl Marketplace {
    /// The partner may act for the first pro's first business, without OAuth.
    pub(crate) async fn start(engine: Engine) -> Self {
        Self::start_with(WorldOptions::on(engine)).await
    }

    /// The same in a world with something special.
    pub(crate) async fn start_with(options: WorldOptions) -> Self {
        let partner = Receiver::start().await;
        let options = WorldOptions {
            partner_url: Some(partner.url().to_owned()),
            ..options
        };
        let world = World::start(options).await;
        let partner_id = world.partner_id().await;
        enable(&world, &partner_id).await;
        Self {
            world,
            partner,
            partner_id,
        }
    }

    pub(crate) async fn lead(&self) -> LeadIds {
        self.world.lead(FIRST).await
    }

    /// The customer writes.
    pub(crate) async fn write(&self, lead: &LeadIds, text: &str) {
        let path = format!("/operator/v1/leads/{}/messages", lead.lead_id);
        let reply = self
            .world
            .operator()
            .post(&path, &json!({ "text": text }))
            .await;
        reply.expect_status(201);
    }

    pub(crate) async fn price(&self, lead: &LeadIds, price: &str) {
        let path = format!("/operator/v1/leads/{}/price", lead.lead_id);
        let reply = self
            .world
            .operator()
            .put(&path, &json!({ "leadPrice": price }))
            .await;
        reply.expect_status(200);
    }

    pub(crate) async fn review(&self, lead: &LeadIds) {
        let path = format!("/operator/v1/leads/{}/review", lead.lead_id);
        let reply = self
            .world
            .operator()
            .post(&path, &json!({"rating": "4"}))
            .await;
        reply.expect_status(201);
    }

    /// The partner's endpoints are what they were, but for what `changes` says.
    pub(crate) async fn set_endpoints(&self, changes: &Value) -> Reply {
        let url = self.partner.url();
        let mut body = json!({
            "lead_url": format!("{url}/v1/lead"),
            "message_url": format!("{url}/v1/message"),
            "lead_update_url": format!("{url}/v1/lead/update"),
            "review_url": format!("{url}/v1/review"),
            "username": "platform",
            "password": "the password of the partner",
        });
        let members = body.as_object_mut().expect("an object was just written");
        members.extend(changes.as_object().cloned().unwrap_or_default());
        let path = format!("/operator/v1/partners/{}/endpoints", self.partner_id);
        self.world.operator().put(&path, &body).await
    }

    /// What the operator sees of deliveries, the newest first.
    pub(crate) async fn deliveries(&self, filter: &str) -> Vec<Value> {
        let path = format!("/operator/v1/deliveries?{filter}");
        let list = self
            .world
            .operator()
            .get(&path)
            .await
            .expect_status(200)
            .json();
        list["data"].as_array().expect("a list").clone()
    }

    /// The id of the only delivery of a lead with this kind.
    pub(crate) async fn delivery_of(&self, lead: &LeadIds, kind: &str) -> String {
        let found = self
            .deliveries(&format!("lead={}&kind={kind}", lead.lead_id))
            .await;
        assert_eq!(found.len(), 1, "{found:?}");
        text(&found[0]["delivery_id"])
    }

    /// Leads that the partner refused until they were dead.
    pub(crate) async fn dead_leads(&self, count: usize) -> Vec<LeadIds> {
        self.partner.answer_always(422);
        let mut leads = Vec::new();
        for _ in 0..count {
            leads.push(self.lead().await);
        }
        self.world.drain().await;
        for seconds in [1.2, 3.4] {
            self.pass(seconds).await;
        }
        self.came();
        self.partner.answer_always(200);
        leads
    }

    /// GET at the operator API, with success.
    pub(crate) async fn look(&self, path: &str) -> Value {
        let path = format!("/operator/v1/{path}");
        let reply = self.world.operator().get(&path).await;
        reply.expect_status(200).json()
    }

    /// POST at the operator API.
    pub(crate) async fn order(&self, path: &str, body: &Value) -> Reply {
        let path = format!("/operator/v1/{path}");
        self.world.operator().post(&path, body).await
    }

    /// What the audit has of this kind: the details, oldest first.
    pub(crate) async fn audited(&self, kind: &str) -> Vec<Value> {
        let sql = Sql::both("SELECT detail FROM audit WHERE kind = $1 ORDER BY audit_id");
        let mut reader = self.world.platform_db.reader();
        let rows = reader.query(sql, params![kind]).await;
        let rows = rows.expect("the audit can be read");
        let detail = |row: &Row| -> String { row.get("detail").expect("a column of text") };
        rows.iter()
            .map(|row| serde_json::from_str(&detail(row)).expect("details are JSON"))
            .collect()
    }

    /// What the operator's event feed has, in order: the kind of each event and its content.
    pub(crate) async fn events(&self) -> Vec<(String, Value)> {
        let path = "/operator/v1/events?limit=200";
        let page = self
            .world
            .operator()
            .get(path)
            .await
            .expect_status(200)
            .json();
        let events = page["data"].as_array().expect("a list").iter();
        let kind = |event: &Value| event["kind"].as_str().expect("a kind").to_owned();
        events
            .map(|event| (kind(event), event["content"].clone()))
            .collect()
    }

    /// What the partner's endpoint went through, the newest first, as the operator sees it.
    pub(crate) async fn impairments(&self, filter: &str) -> Vec<Value> {
        let path = format!(
            "/operator/v1/impairments?partner={}&{filter}",
            self.partner_id
        );
        let list = self
            .world
            .operator()
            .get(&path)
            .await
            .expect_status(200)
            .json();
        list["data"].as_array().expect("a list").clone()
    }

    /// Time passes, and what falls due is delivered.
    pub(crate) async fn pass(&self, seconds: f64) {
        self.world
            .advance(std::time::Duration::from_secs_f64(seconds));
        self.world.drain().await;
    }

    /// The paths of what came since the last look.
    pub(crate) fn came(&self) -> Vec<String> {
        self.partner
            .take()
            .into_iter()
            .map(|request| request.path)
            .collect()
    }
}

/// The text of a member.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Lets a partner act for the first pro's first business, without OAuth (§8.6).
pub(crate) async fn enable(world: &World, partner_id: &str) {
    let path = format!(
        "/operator/v1/partners/{partner_id}/businesses/{}",
        world.business(0, 0)
    );
    world
        .operator()
        .put(&path, &json!({}))
        .await
        .expect_status(200);
}
