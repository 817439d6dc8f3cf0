//! The sandbox's contract (protocol §8.3) as a program sees it that starts one.

use std::path::Path;

use serde_json::{Value, json};
use testkit::process::Sandbox;
use testkit::{Http, Receiver, Reply};

use crate::program::{new_lead, program};
use crate::support::members;

async fn get(url: &str) -> Reply {
    Http::new().get(url).await
}

/// What must stay the same for the life of a data folder: everything but the ports.
fn lasting(ready: &Value) -> Value {
    let mut ready = ready.clone();
    let ports = [
        &ready["platform"]["base_url"],
        &ready["gateway"]["base_url"],
    ]
    .map(|url| url.as_str().map(str::to_owned));
    let mut text = ready.to_string();
    for (url, name) in ports.into_iter().flatten().zip(["PLATFORM", "GATEWAY"]) {
        text = text.replace(&url, name);
    }
    ready = serde_json::from_str(&text).expect("only addresses were replaced");
    ready
}

#[tokio::test]
async fn the_ready_file_is_the_contracts() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(program(), data.path()).await;
    let ready = &sandbox.ready;
    assert_eq!(
        members(ready),
        ["platform", "gateway", "partner", "clients", "pros"]
    );
    assert_eq!(
        members(&ready["platform"]),
        ["base_url", "connect_url", "operator_key", "environment"]
    );
    assert_eq!(ready["platform"]["environment"], "staging");
    let gateway = [
        "base_url",
        "api_key",
        "email",
        "password",
        "lead_url",
        "message_url",
        "lead_update_url",
        "review_url",
        "username",
        "password_for_platform",
    ];
    assert_eq!(members(&ready["gateway"]), gateway);
    assert_eq!(members(&ready["partner"]), ["username", "password"]);
    let base = sandbox.text("/gateway/base_url");
    for (name, path) in [
        ("lead_url", "/v1/lead"),
        ("message_url", "/v1/message"),
        ("lead_update_url", "/v1/lead/update"),
        ("review_url", "/v1/review"),
    ] {
        assert_eq!(ready["gateway"][name], format!("{base}{path}"));
    }
    let platform = sandbox.text("/platform/base_url");
    assert_eq!(
        ready["platform"]["connect_url"],
        format!("{platform}/services/partner-connect/")
    );
    for (index, kind) in ["production", "test"].into_iter().enumerate() {
        let client = &ready["clients"][index];
        assert_eq!(
            members(client),
            ["kind", "client_id", "client_secret", "redirect_uris"]
        );
        assert_eq!(client["kind"], kind);
        let uris = client["redirect_uris"].as_array().unwrap();
        assert!(
            uris.contains(&json!("http://127.0.0.1:8999/callback"))
                && uris.contains(&json!("http://redirect.localhost"))
        );
        let id = client["client_id"].as_str().unwrap();
        let client = sandbox
            .operator()
            .get(&format!("/operator/v1/clients/{id}"))
            .await
            .expect_status(200)
            .json();
        assert_eq!(client["scopes"].as_array().unwrap().len(), 4);
    }
    let businesses = |pro: usize| ready["pros"][pro]["businesses"].as_array().unwrap().len();
    assert_eq!((businesses(0), businesses(1)), (2, 1));
    assert_eq!(
        members(&ready["pros"][0]),
        ["email", "password", "account_id", "businesses"]
    );
    assert_eq!(
        members(&ready["pros"][0]["businesses"][0]),
        ["business_id", "name", "categories"]
    );
    assert_eq!(
        members(&ready["pros"][0]["businesses"][0]["categories"][0]),
        ["category_id", "name"]
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(data.path().join("ready.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "it holds secrets");
    }
}

#[tokio::test]
async fn the_first_business_is_connected_and_its_leads_arrive() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(program(), data.path()).await;
    let connections = sandbox
        .operator()
        .get("/operator/v1/connections")
        .await
        .json();
    let connected: Vec<&Value> = connections["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["business_id"])
        .collect();
    let first = sandbox.text("/pros/0/businesses/0/business_id");
    assert_eq!(connected, [first]);
    let category = sandbox.text("/pros/0/businesses/0/categories/0/name");
    let lead = sandbox
        .operator()
        .post("/operator/v1/leads", &new_lead(first, category, "Paint"))
        .await;
    lead.expect_status(201);
    sandbox
        .operator()
        .wait_for_empty("/operator/v1/deliveries?state=pending")
        .await;
    let leads = sandbox
        .crm()
        .get("/api/v1/leads")
        .await
        .expect_status(200)
        .json();
    assert_eq!(leads["data"][0]["request"]["title"], "Paint");
    for base in [
        sandbox.text("/platform/base_url"),
        sandbox.text("/gateway/base_url"),
    ] {
        for path in ["/healthz", "/readyz", "/"] {
            let reply = get(&format!("{base}{path}")).await;
            assert!(reply.status < 400, "{base}{path}: {}", reply.status);
        }
    }
}

/// The CRM is down when the lead comes, and the gateway dies before it is up again.
#[tokio::test]
async fn what_was_to_be_forwarded_survives_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let mut sandbox = Sandbox::start(program(), data.path()).await;
    let crm = Receiver::start().await;
    crm.answer_always(503);
    let forward = json!({"url": format!("{}/hook", crm.url()), "event_types": ["lead.received"]});
    let made = sandbox.crm().post("/api/v1/forwards", &forward).await;
    made.expect_status(201);
    let business = sandbox.text("/pros/0/businesses/0/business_id").to_owned();
    let category = sandbox
        .text("/pros/0/businesses/0/categories/0/name")
        .to_owned();
    let lead = new_lead(&business, &category, "Paint");
    let lead = sandbox.operator().post("/operator/v1/leads", &lead).await;
    let lead = lead.expect_status(201).json();
    crm.wait_for(1).await;
    sandbox.kill();
    let before = crm.take();
    crm.answer_always(200);
    let _again = Sandbox::start(program(), data.path()).await;
    crm.wait_for(1).await;
    let after = &crm.received()[0];
    assert_eq!(after.json()["data"]["leadID"], lead["leadID"]);
    assert_eq!(after.body, before[0].body);
    assert_eq!(after.header("webhook-id"), before[0].header("webhook-id"));
}

#[tokio::test]
async fn a_restart_has_the_same_ids_and_secrets() {
    let data = tempfile::tempdir().unwrap();
    let mut sandbox = Sandbox::start(program(), data.path()).await;
    let first = lasting(&sandbox.ready);
    sandbox.kill();
    // Starting deletes the ready file first.
    let sandbox = Sandbox::start(program(), data.path()).await;
    assert_eq!(lasting(&sandbox.ready), first);
    sandbox
        .operator()
        .get("/operator/v1/partners")
        .await
        .expect_status(200);
    sandbox.crm().get("/api/v1/leads").await.expect_status(200);
    let page = sandbox
        .pro(0)
        .open_logged_in("/services")
        .await
        .expect_status(200);
    assert!(
        page.text().contains("Connected since"),
        "still connected: {}",
        page.text()
    );
}

#[tokio::test]
async fn every_folder_has_its_own_secrets() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = Sandbox::start(program(), one.path()).await;
    let other = Sandbox::start(program(), other.path()).await;
    for pointer in [
        "/platform/operator_key",
        "/gateway/api_key",
        "/gateway/password",
        "/gateway/password_for_platform",
        "/partner/password",
        "/clients/0/client_id",
        "/clients/0/client_secret",
        "/clients/1/client_secret",
        "/pros/0/password",
    ] {
        assert_ne!(one.text(pointer), other.text(pointer), "{pointer}");
    }
}

#[tokio::test]
async fn the_databases_hold_none_of_the_secrets() {
    let data = tempfile::tempdir().unwrap();
    let mut sandbox = Sandbox::start(program(), data.path()).await;
    sandbox.kill();
    let secrets = [
        "/platform/operator_key",
        "/gateway/api_key",
        "/gateway/password",
        "/gateway/password_for_platform",
        "/partner/password",
        "/clients/0/client_secret",
        "/clients/1/client_secret",
        "/pros/0/password",
    ];
    for file in std::fs::read_dir(data.path()).unwrap() {
        let path = file.unwrap().path();
        if path.ends_with("ready.json") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for pointer in secrets {
            let secret = sandbox.text(pointer).as_bytes();
            let found = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{pointer} is in {}", path.display());
        }
    }
}

/// Only an optimised build has to be small and quick; any build tells how it is.
#[tokio::test]
#[expect(
    clippy::print_stdout,
    reason = "numbers for whoever runs the test with --nocapture"
)]
async fn an_idle_sandbox_is_small_and_starts_at_once() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(program(), data.path()).await;
    let status = Path::new("/proc")
        .join(sandbox.process_id().to_string())
        .join("status");
    let Ok(status) = std::fs::read_to_string(status) else {
        return;
    };
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let kibibytes: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    println!(
        "ready after {} ms, {} MiB resident",
        sandbox.took.as_millis(),
        kibibytes / 1024
    );
    if cfg!(not(debug_assertions)) {
        assert!(
            sandbox.took.as_millis() < 1_000,
            "ready after {:?}",
            sandbox.took
        );
        assert!(kibibytes < 60 * 1024, "{kibibytes} KiB");
    }
}
