//! Everything about one business at the same time, on two instances: whoever waits for a lock gets it, and nobody is told
//! to come back later.

use std::sync::Arc;

use reqwest::Method;
use serde_json::json;
use testkit::partner::{LeadIds, Partner, Tokens};
use testkit::world::Engine;
use testkit::{Reply, World};
use tokio::task::JoinSet;

use crate::support::{FIRST, request, send_json, world};

on_both_databases![nobody_fails_because_others_are_busy];

const ROUNDS: usize = 12;

/// What all of them know.
struct Scene {
    world: World,
    lead: LeadIds,
    /// Two clients of one partner, connected to one business.
    clients: [(Partner, Tokens); 2],
}

/// One of the things that happen to a business.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Lead,
    CustomerMessage,
    Price,
    Close,
    Message(usize),
    MessageV1,
    Targeting(usize),
    Refresh(usize),
    Reconnect(usize),
}

impl Scene {
    async fn happen(&self, happening: Happening) -> Reply {
        let lead = &self.lead;
        let of_lead = |what: &str| format!("/operator/v1/leads/{}/{what}", lead.lead_id);
        let operator = self.world.operator();
        match happening {
            Happening::Lead => self.world.feed_lead(FIRST).await,
            Happening::CustomerMessage => {
                let body = json!({"text": "Hello"});
                operator.post(&of_lead("messages"), &body).await
            }
            Happening::Price => {
                let body = json!({"leadPrice": "$26.00"});
                operator.put(&of_lead("price"), &body).await
            }
            Happening::Close => {
                let other = self.world.lead(FIRST).await;
                let path = format!("/operator/v1/leads/{}/close", other.lead_id);
                operator.post(&path, &json!({})).await
            }
            Happening::Message(client) => {
                let (partner, tokens) = &self.clients[client];
                partner.send_message(&tokens.access, lead, "Hello").await
            }
            Happening::MessageV1 => {
                let path = format!(
                    "/v1/business/{}/lead/{}/message",
                    lead.business_id, lead.lead_id
                );
                let request = request(&self.world, Method::POST, &path);
                let request = request.header("authorization", self.world.partner_basic());
                send_json(request, r#"{"text":"Hello"}"#).await
            }
            Happening::Targeting(client) => {
                let (partner, tokens) = &self.clients[client];
                partner
                    .set_targeting(&tokens.access, &lead.business_id, true)
                    .await
            }
            Happening::Refresh(client) => {
                let (partner, tokens) = &self.clients[client];
                partner.refresh(&tokens.refresh).await
            }
            Happening::Reconnect(client) => {
                let (partner, _) = &self.clients[client];
                partner
                    .disconnect(&lead.business_id)
                    .await
                    .expect_status(200);
                let code = self.world.code(partner, FIRST, "messages targeting").await;
                partner.exchange(&code).await
            }
        }
    }
}

async fn nobody_fails_because_others_are_busy(engine: Engine) {
    let world = world(engine).await;
    let (_other, url) = world.second_platform().await;
    let scopes = ["messages", "targeting"];
    let first = world.partner("production");
    let second = world.register("production", &scopes, json!({})).await;
    let mut clients = Vec::new();
    for partner in [first, second.at(&url)] {
        let tokens = world.connect(&partner, FIRST, "messages targeting").await;
        clients.push((partner, tokens));
    }
    let lead = world.lead(FIRST).await;
    let clients = clients.try_into().expect("there are two");
    let scene = Arc::new(Scene {
        world,
        lead,
        clients,
    });
    let mut racing: JoinSet<Vec<(Happening, u16, String)>> = JoinSet::new();
    for happening in [
        Happening::Lead,
        Happening::CustomerMessage,
        Happening::Price,
        Happening::Close,
        Happening::Message(0),
        Happening::Message(1),
        Happening::MessageV1,
        Happening::Targeting(0),
        Happening::Targeting(1),
        Happening::Refresh(0),
        Happening::Refresh(1),
        Happening::Reconnect(0),
        Happening::Reconnect(1),
    ] {
        let scene = scene.clone();
        racing.spawn(async move {
            let mut answers = Vec::new();
            for _ in 0..ROUNDS {
                let reply = scene.happen(happening).await;
                answers.push((happening, reply.status, reply.text()));
            }
            answers
        });
    }
    for (happening, status, text) in racing.join_all().await.concat() {
        // A token that has just ended is refused, and nothing else goes wrong.
        assert!(status < 500, "{happening:?}: {status} {text}");
    }
}
