//! Two processes of one platform on one PostgreSQL (protocol §2.2 D5, §2.4 D6, §8.6): whichever is asked, the platform
//! answers.

use std::collections::HashSet;

use database::test_db::TestDb;
use serde_json::{Value, json};
use testkit::partner::{Partner, REDIRECT, Tokens};
use testkit::process::{PlatformFiles, PlatformServer, free_port};
use testkit::{Http, Pro, Receiver};
use tokio::task::JoinSet;

use crate::program::{connect, new_lead, program};

/// A platform of two processes with one partner, one client, one pro and one business.
pub(crate) struct TwoProcesses {
    pub(crate) a: PlatformServer,
    pub(crate) b: PlatformServer,
    pub(crate) files: PlatformFiles,
    pub(crate) receiver: Receiver,
    pub(crate) business_id: String,
    client: (String, String),
    // Dropped last: the processes use it.
    _database: TestDb,
}

impl TwoProcesses {
    pub(crate) async fn start() -> Self {
        let database = TestDb::postgres(platform::MIGRATIONS).await;
        let files = PlatformFiles::new(program(), &database.url().to_string());
        let (a, b) = (
            files.serve("a", free_port()).await,
            files.serve("b", free_port()).await,
        );
        let receiver = Receiver::start().await;
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let operator = a.operator();
        let partner = json!({
            "name": "CRM", "lead_url": format!("{}/lead", receiver.url()), "username": "platform",
            "message_url": format!("{}/message", receiver.url()), "password": "a password",
        });
        let partner = operator
            .post("/operator/v1/partners", &partner)
            .await
            .expect_status(201)
            .json();
        let client = json!({
            "partner_id": partner["partner_id"], "kind": "production", "redirect_uris": [REDIRECT], "scopes": ["messages"],
        });
        // `http` redirects to names that are not loopback are for test clients: this one ends in .localhost.
        let client = operator
            .post("/operator/v1/clients", &client)
            .await
            .expect_status(201)
            .json();
        let pro =
            json!({"email": "pro@pros.example", "password": "a good password", "name": "Pro"});
        let pro = operator
            .post("/operator/v1/pros", &pro)
            .await
            .expect_status(201)
            .json();
        let business = json!({"account_id": pro["account_id"], "name": "Business", "categories": ["Plumbing"]});
        let business = operator
            .post("/operator/v1/businesses", &business)
            .await
            .expect_status(201)
            .json();
        Self {
            client: (text(&client["client_id"]), text(&client["client_secret"])),
            business_id: text(&business["business_id"]),
            a,
            b,
            files,
            receiver,
            _database: database,
        }
    }

    pub(crate) fn partner(&self) -> Partner {
        Partner::new(Http::new(), &self.a.url, &self.client.0, &self.client.1)
    }

    pub(crate) async fn connect(&self) -> Tokens {
        let pro = Pro::new(
            Http::new(),
            &self.a.url,
            "pro@pros.example",
            "a good password",
        );
        connect(&pro, &self.business_id, &self.partner()).await
    }

    pub(crate) fn lead(&self, title: &str) -> Value {
        new_lead(&self.business_id, "Plumbing", title)
    }
}

#[tokio::test]
async fn racing_refreshes_through_both_make_one_pair() {
    let platform = TwoProcesses::start().await;
    let tokens = platform.connect().await;
    let mut racing = JoinSet::new();
    for number in 0..32 {
        let url = if number % 2 == 0 {
            &platform.a.url
        } else {
            &platform.b.url
        };
        let (partner, refresh) = (platform.partner().at(url), tokens.refresh.clone());
        racing.spawn(async move { partner.refresh(&refresh).await });
    }
    let answers = racing.join_all().await;
    let bodies: HashSet<Vec<u8>> = answers
        .into_iter()
        .map(|answer| answer.expect_status(200).bytes)
        .collect();
    assert_eq!(bodies.len(), 1, "byte for byte the same");
}

#[tokio::test]
async fn a_disconnect_at_one_counts_at_the_other_at_once() {
    let platform = TwoProcesses::start().await;
    let tokens = platform.connect().await;
    let (at_a, at_b) = (platform.partner(), platform.partner().at(&platform.b.url));
    at_b.info(&tokens.access).await.expect_status(200);
    at_a.disconnect(&platform.business_id)
        .await
        .expect_status(200);
    assert_eq!(at_b.info(&tokens.access).await.status, 401);
    assert_eq!(at_b.refresh(&tokens.refresh).await.status, 400);
    platform
        .b
        .operator()
        .post("/operator/v1/leads", &platform.lead("After"))
        .await
        .expect_status(201);
    let pending = platform
        .a
        .operator()
        .get("/operator/v1/deliveries")
        .await
        .expect_status(200)
        .json();
    assert_eq!(pending["data"], json!([]));
}

#[tokio::test]
async fn every_lead_has_its_own_id_and_is_delivered_once() {
    const LEADS: usize = 60;
    let platform = TwoProcesses::start().await;
    platform.connect().await;
    let mut posting = JoinSet::new();
    for number in 0..LEADS {
        let server = if number % 2 == 0 {
            &platform.a
        } else {
            &platform.b
        };
        let (operator, lead) = (server.operator(), platform.lead(&format!("Lead {number}")));
        posting.spawn(async move { operator.post("/operator/v1/leads", &lead).await });
    }
    let leads = posting.join_all().await;
    let ids: HashSet<String> = leads
        .into_iter()
        .map(|lead| lead.expect_status(201).json()["leadID"].to_string())
        .collect();
    assert_eq!(ids.len(), LEADS);
    platform.receiver.wait_for(LEADS).await;
    let settled = "/operator/v1/deliveries?state=pending";
    platform.b.operator().wait_for_empty(settled).await;
    let received = platform.receiver.take();
    let came: HashSet<String> = received
        .iter()
        .map(|request| request.json()["leadID"].to_string())
        .collect();
    assert_eq!(came, ids);
    assert_eq!(received.len(), LEADS, "once each, although both run");
}
