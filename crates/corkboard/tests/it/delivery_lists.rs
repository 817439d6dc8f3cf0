//! Finding deliveries (operator API): by state, failure, lead, partner, business, kind and time, page by page.

use serde_json::Value;
use testkit::world::Engine;
use testkit::{Receiver, World};

use crate::marketplace::{Marketplace, enable, text};
use crate::support::{SECOND, assert_error};

on_both_databases![
    each_filter_narrows_the_list,
    what_failed_is_found_whether_it_is_over_or_not,
    a_filtered_list_is_read_to_its_end,
    what_means_nothing_is_named,
];

/// The kinds in a list, the newest first.
fn kinds(list: &[Value]) -> Vec<&str> {
    list.iter().filter_map(|one| one["kind"].as_str()).collect()
}

/// A second partner, which receives the same business; its id.
async fn another_partner(world: &World, receiver: &Receiver) -> String {
    let body = serde_json::json!({
        "name": "Other CRM",
        "lead_url": format!("{}/lead", receiver.url()),
        "username": "platform",
        "password": "another password",
        "fields": [],
    });
    let made = world.operator().post("/operator/v1/partners", &body).await;
    let partner_id = text(&made.expect_status(201).json()["partner_id"]);
    enable(world, &partner_id).await;
    partner_id
}

async fn each_filter_narrows_the_list(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let first = market.lead().await;
    market.write(&first, "Hello").await;
    market.price(&first, "$5.00").await;
    market.world.drain().await;
    market.pass(3_600.0).await;
    let middle = market.world.clock.now();
    market.pass(3_600.0).await;
    let receiver = Receiver::start().await;
    let other = another_partner(&market.world, &receiver).await;
    let path = format!(
        "/operator/v1/partners/{other}/businesses/{}",
        market.world.business(0, 1)
    );
    let enabled = market.world.operator().put(&path, &Value::Null).await;
    assert!(enabled.status < 300, "{}", enabled.text());
    market.lead().await;
    market.world.lead(SECOND).await;
    market.world.drain().await;
    let own = &market.partner_id;
    let (business, second) = (market.world.business(0, 0), market.world.business(0, 1));
    for (filter, count) in [
        (String::new(), 6),
        ("kind=message".to_owned(), 1),
        ("kind=lead_update".to_owned(), 1),
        ("kind=review".to_owned(), 0),
        (format!("lead={}", first.lead_id), 3),
        (format!("lead={}&kind=lead", first.lead_id), 1),
        (format!("partner={own}"), 4),
        (format!("partner={other}"), 2),
        (format!("partner={other}&kind=message"), 0),
        (format!("business={business}"), 5),
        (format!("business={second}"), 1),
        (format!("business={second}&partner={own}"), 0),
        (format!("business={business}&partner={other}"), 1),
        (format!("until={middle}"), 3),
        (format!("since={middle}"), 3),
        (format!("since={middle}&partner={own}"), 1),
        (format!("since={middle}&until={middle}"), 0),
        ("state=delivered&failed=false".to_owned(), 6),
        ("state=pending".to_owned(), 0),
    ] {
        let found = market.deliveries(&filter).await;
        assert_eq!(found.len(), count, "{filter}: {found:?}");
    }
}

async fn what_failed_is_found_whether_it_is_over_or_not(engine: Engine) {
    let market = Marketplace::start(engine).await;
    let dead = market.dead_leads(1).await;
    market.lead().await;
    market.world.drain().await;
    market.partner.answer_always(500);
    let failing = market.lead().await;
    market.write(&failing, "Hello").await;
    market.world.drain().await;
    let failed = market.deliveries("failed=true").await;
    let leads: Vec<String> = failed.iter().map(|one| text(&one["leadID"])).collect();
    assert_eq!(leads, [&*failing.lead_id, &*dead[0].lead_id]);
    assert_eq!(kinds(&failed), ["lead", "lead"], "the message only waits");
    for (state, count) in [("pending", 1), ("dead", 1), ("delivered", 0)] {
        let filter = format!("failed=true&state={state}");
        assert_eq!(market.deliveries(&filter).await.len(), count, "{state}");
    }
}

async fn a_filtered_list_is_read_to_its_end(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.dead_leads(3).await;
    for _ in 0..3 {
        market.lead().await;
    }
    market.world.drain().await;
    market.partner.answer_always(500);
    market.lead().await;
    market.world.drain().await;
    let business = market.world.business(0, 0);
    for filter in [
        String::new(),
        format!("partner={}", market.partner_id),
        format!("business={business}"),
        format!("partner={}&state=dead", market.partner_id),
        format!("partner={}&state=delivered", market.partner_id),
        "state=dead".to_owned(),
        "failed=true".to_owned(),
        "kind=lead".to_owned(),
    ] {
        let all = market.deliveries(&filter).await;
        assert!(all.len() >= 3, "{filter}");
        let mut seen = Vec::new();
        let mut next = Value::String(String::new());
        while let Some(cursor) = next.as_str() {
            let page = market
                .look(&format!("deliveries?{filter}&limit=2&after={cursor}"))
                .await;
            seen.extend(page["data"].as_array().unwrap().clone());
            next = page["next"].clone();
        }
        assert_eq!(seen, all, "{filter}");
    }
}

async fn what_means_nothing_is_named(engine: Engine) {
    let market = Marketplace::start(engine).await;
    for (query, name) in [
        ("state=lost", "state"),
        ("failed=yes", "failed"),
        ("lead=x", "lead"),
        ("partner=0", "partner"),
        ("business=-1", "business"),
        ("kind=letter", "kind"),
        ("since=yesterday", "since"),
        ("until=2026-01-31", "until"),
        ("limit=0", "limit"),
    ] {
        let path = format!("/operator/v1/deliveries?{query}");
        let reply = market.world.operator().get(&path).await;
        assert_error(&reply, 400, "BAD_REQUEST");
        let start = format!("The parameter {name} must ");
        assert!(reply.description().starts_with(&start), "{}", reply.text());
    }
}
