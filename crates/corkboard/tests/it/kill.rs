//! Power cuts (protocol §4.5, §5, §6): the real program is killed under load, again and again, at moments that a seed
//! chooses. What was acknowledged before is there afterwards, and in the end all of it has arrived.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use base::{Clock, Entropy};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::partner::Partner;
use testkit::process::Sandbox;
use testkit::{ApiUser, Http, Reply};

use crate::processes::TwoProcesses;
use crate::program::{connect, new_lead, program};

/// How often the program is killed.
const KILLS: u32 = 5;

/// What was acknowledged.
#[derive(Debug, Default)]
struct Ledger {
    leads: Vec<String>,
    /// Message ids and their leads.
    messages: Vec<(String, String)>,
    /// Reply ids, their leads and texts.
    replies: Vec<(String, String, String)>,
}

/// Sends a POST that may find nobody; its answer if it was acknowledged with this status.
async fn post(user: &ApiUser, path: &str, body: &Value, status: u16) -> Option<Value> {
    let request = user
        .request(Method::POST, path)
        .header("content-type", "application/json");
    let reply = Http::try_send(request.body(body.to_string())).await.ok()?;
    (reply.status == status).then(|| reply.json())
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Posts leads, customers' messages and pros' replies until nobody answers any more.
async fn load(sandbox: &Addresses, ledger: &mut Ledger, round: u32) {
    for number in 0_usize.. {
        let lead = new_lead(
            &sandbox.business,
            &sandbox.category,
            &format!("Lead {round}.{number}"),
        );
        let Some(lead) = post(&sandbox.operator, "/operator/v1/leads", &lead, 201).await else {
            return;
        };
        let lead = text(&lead["leadID"]);
        ledger.leads.push(lead.clone());
        let path = format!("/operator/v1/leads/{lead}/messages");
        for _ in 0..2 {
            let Some(message) =
                post(&sandbox.operator, &path, &json!({"text": "Hello"}), 201).await
            else {
                return;
            };
            ledger
                .messages
                .push((text(&message["messageID"]), lead.clone()));
        }
        // The gateway knows a lead of before; it may not have this one yet.
        let known = ledger.leads[ledger.leads.len() / 2].clone();
        let words = format!("Reply {round}.{number}");
        let path = format!("/api/v1/leads/{known}/messages");
        if let Some(reply) = post(&sandbox.crm, &path, &json!({ "text": words }), 202).await {
            ledger
                .replies
                .push((text(&reply["reply_id"]), known, words));
        }
    }
}

/// Where a running sandbox is.
struct Addresses {
    operator: ApiUser,
    crm: ApiUser,
    business: String,
    category: String,
}

impl Addresses {
    fn of(sandbox: &Sandbox) -> Self {
        Self {
            operator: sandbox.operator(),
            crm: sandbox.crm(),
            business: sandbox.text("/pros/0/businesses/0/business_id").to_owned(),
            category: sandbox
                .text("/pros/0/businesses/0/categories/0/name")
                .to_owned(),
        }
    }
}

/// A chain of refreshes: the token that was given last, the one before, and the answer that it got.
#[derive(Clone, Debug)]
struct Chain {
    current: String,
    before: Option<(String, Vec<u8>)>,
}

impl Chain {
    /// Refreshes until nobody answers any more.
    async fn refresh(&mut self, partner: &Partner) {
        while let Some(reply) = self.refresh_once(partner).await {
            assert_eq!(reply.status, 200, "{}", reply.text());
            let next = text(&reply.json()["refresh_token"]);
            let used = std::mem::replace(&mut self.current, next);
            self.before = Some((used, reply.bytes));
        }
    }

    async fn refresh_once(&self, partner: &Partner) -> Option<Reply> {
        let parameters = [
            ("grant_type", "refresh_token"),
            ("token_type", "REFRESH"),
            ("refresh_token", self.current.as_str()),
        ];
        let path = format!("/v2/tokens/access?{}", testkit::partner::form(&parameters));
        let request = partner.post(&path).header("authorization", partner.basic());
        Http::try_send(request).await.ok()
    }

    /// After a restart: the grace answer is the same bytes (D5), or the token that was in use still works.
    async fn check(&mut self, partner: &Partner) {
        if let Some((used, answer)) = self.before.take() {
            let again = partner.refresh(&used).await;
            // Its successor may have been used by the request that the kill cut off.
            if again.status == 200 {
                assert_eq!(again.bytes, answer);
            } else {
                assert_eq!(again.error(), "INVALID_GRANT");
                let lost = partner
                    .refresh(&self.current)
                    .await
                    .expect_status(200)
                    .json();
                self.current = text(&lost["refresh_token"]);
            }
        }
    }
}

fn client(sandbox: &Sandbox) -> Partner {
    let text = |name: &str| sandbox.text(&format!("/clients/0/{name}"));
    Partner::new(
        Http::new(),
        sandbox.text("/platform/base_url"),
        text("client_id"),
        text("client_secret"),
    )
}

/// Kills after a while that the seed chooses.
async fn some_time(seed: &Entropy) {
    let milliseconds = 300 + seed.below(900);
    Clock::system()
        .sleep(Duration::from_millis(milliseconds))
        .await;
}

#[tokio::test]
async fn a_sandbox_that_is_killed_again_and_again_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let seed = Entropy::seeded(20_260_101);
    let mut ledger = Ledger::default();
    let mut sandbox = Sandbox::start(program(), data.path()).await;
    let second = sandbox.text("/pros/0/businesses/1/business_id");
    let tokens = connect(&sandbox.pro(0), second, &client(&sandbox)).await;
    let mut chain = Chain {
        current: tokens.refresh,
        before: None,
    };
    for round in 0..KILLS {
        let (addresses, partner) = (Addresses::of(&sandbox), client(&sandbox));
        let killed = async {
            some_time(&seed).await;
            sandbox.kill();
        };
        tokio::join!(
            load(&addresses, &mut ledger, round),
            chain.refresh(&partner),
            killed
        );
        sandbox = Sandbox::start(program(), data.path()).await;
        chain.check(&client(&sandbox)).await;
        check_platform(&sandbox.operator(), &ledger).await;
        check_replies(&sandbox.crm(), &ledger).await;
    }
    assert!(
        ledger.leads.len() >= 10 && !ledger.replies.is_empty(),
        "there was load"
    );
    sandbox
        .operator()
        .wait_for_empty("/operator/v1/deliveries?state=pending")
        .await;
    check_gateway(&sandbox.crm(), &ledger).await;
    check_sent(&sandbox, &ledger).await;
}

/// Every lead and message is there.
async fn check_platform(operator: &ApiUser, ledger: &Ledger) {
    let mut messages: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (message, lead) in &ledger.messages {
        messages.entry(lead).or_default().insert(message);
    }
    for lead in &ledger.leads {
        operator
            .get(&format!("/operator/v1/leads/{lead}"))
            .await
            .expect_status(200);
        let lines = operator
            .get(&format!("/operator/v1/leads/{lead}/messages?limit=200"))
            .await
            .json();
        let there: HashSet<&str> = lines["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|line| line["messageID"].as_str())
            .collect();
        let expected = messages.remove(lead.as_str()).unwrap_or_default();
        assert!(expected.is_subset(&there), "{lead} lacks messages");
    }
}

async fn check_replies(crm: &ApiUser, ledger: &Ledger) {
    for (reply, _, words) in &ledger.replies {
        let found = crm
            .get(&format!("/api/v1/replies/{reply}"))
            .await
            .expect_status(200)
            .json();
        assert_eq!(found["text"], words.as_str());
    }
}

/// Every lead and message has arrived at the gateway, once.
async fn check_gateway(crm: &ApiUser, ledger: &Ledger) {
    for lead in &ledger.leads {
        let shown = crm
            .get(&format!("/api/v1/leads/{lead}"))
            .await
            .expect_status(200)
            .json();
        let entries = shown["timeline"].as_array().unwrap();
        let there: Vec<&str> = entries
            .iter()
            .filter_map(|entry| entry["messageID"].as_str())
            .collect();
        let distinct: HashSet<&str> = there.iter().copied().collect();
        assert_eq!(distinct.len(), there.len());
        let expected = ledger.messages.iter().filter(|(_, of)| of == lead);
        for (message, _) in expected {
            assert!(
                distinct.contains(message.as_str()),
                "{message} of {lead} has not arrived"
            );
        }
    }
}

/// Every reply has reached the customer, once.
async fn check_sent(sandbox: &Sandbox, ledger: &Ledger) {
    let clock = Clock::system();
    let deadline = clock.now() + Duration::from_mins(1);
    for (reply, lead, words) in &ledger.replies {
        loop {
            let found = sandbox
                .crm()
                .get(&format!("/api/v1/replies/{reply}"))
                .await
                .json();
            if found["state"] == "sent" {
                break;
            }
            assert!(clock.now() < deadline, "{found}");
            clock.sleep(Duration::from_millis(50)).await;
        }
        let lines = sandbox
            .operator()
            .get(&format!("/operator/v1/leads/{lead}/messages?limit=200"))
            .await
            .json();
        let count = lines["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| line["text"] == words.as_str())
            .count();
        assert_eq!(count, 1, "{words}");
    }
}

#[tokio::test]
async fn of_two_processes_one_may_be_killed_again_and_again() {
    let seed = Entropy::seeded(20_260_102);
    let mut platform = TwoProcesses::start().await;
    let tokens = platform.connect().await;
    let mut chain = Chain {
        current: tokens.refresh,
        before: None,
    };
    let mut leads: Vec<String> = Vec::new();
    for round in 0..KILLS {
        let (dying, living) = (platform.a.operator(), platform.b.operator());
        let partner = platform.partner();
        let mut ledger = Ledger::default();
        let lead = platform.lead(&format!("Round {round}"));
        let killed = async {
            some_time(&seed).await;
            platform.a.kill();
        };
        let load = post_leads(&dying, &living, &lead, &mut ledger);
        tokio::join!(load, chain.refresh(&partner), killed);
        // The other one answers at once for what both were told.
        chain.check(&partner.at(&platform.b.url)).await;
        check_platform(&living, &ledger).await;
        leads.append(&mut ledger.leads);
        let port = platform
            .a
            .url
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        platform.a = platform
            .files
            .serve("a", port.expect("a URL with a port"))
            .await;
    }
    assert!(leads.len() >= 10, "there was load");
    platform
        .b
        .operator()
        .wait_for_empty("/operator/v1/deliveries?state=pending")
        .await;
    let received = platform.receiver.take();
    let mut arrived: HashMap<String, Vec<String>> = HashMap::new();
    for request in &received {
        arrived
            .entry(text(&request.json()["leadID"]))
            .or_default()
            .push(request.path.clone());
    }
    for lead in &leads {
        let paths = &arrived[lead];
        assert_eq!(paths[0], "/lead", "the lead comes before its messages");
        assert!(
            paths.iter().any(|path| path == "/message"),
            "{lead} lacks its message"
        );
    }
    let repeated = received.len()
        - received
            .iter()
            .map(|request| request.header("webhook-id"))
            .collect::<HashSet<_>>()
            .len();
    // At a kill no more than what was in flight to the one endpoint may come again (design: 8).
    assert!(
        repeated <= 8 * KILLS as usize,
        "{repeated} deliveries came again"
    );
}

/// Posts leads, each with a message, to both until one of them does not answer any more.
async fn post_leads(dying: &ApiUser, living: &ApiUser, lead: &Value, ledger: &mut Ledger) {
    for operator in [dying, living].into_iter().cycle() {
        let Some(lead) = post(operator, "/operator/v1/leads", lead, 201).await else {
            return;
        };
        let lead = text(&lead["leadID"]);
        ledger.leads.push(lead.clone());
        let path = format!("/operator/v1/leads/{lead}/messages");
        // Through the other one, so that a lane is written by both.
        let message = post(living, &path, &json!({"text": "Hello"}), 201)
            .await
            .expect("the living one answers");
        ledger.messages.push((text(&message["messageID"]), lead));
    }
}
