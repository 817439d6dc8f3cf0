//! Leads that were charged during an outage and came late, or not at all: the operator's list of candidates for a refund.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::partner::LeadIds;
use testkit::world::Engine;

use crate::marketplace::Marketplace;
use crate::support::{assert_error, members};

on_both_databases![
    charged_leads_that_came_late_are_listed_and_others_are_not,
    a_list_of_an_impairment_that_lasts_is_as_of_now,
    the_list_is_paged_and_a_table,
    what_was_trimmed_is_said_to_be_missing,
];

/// A lead that was charged.
async fn charged(market: &Marketplace, price: &str) -> LeadIds {
    let lead = market.lead().await;
    market.price(&lead, price).await;
    lead
}

async fn path(market: &Marketplace) -> String {
    let impairments = market.impairments("").await;
    let impairment_id = impairments[0]["impairment_id"].as_str().unwrap();
    format!("/operator/v1/impairments/{impairment_id}/charged-leads")
}

async fn listed(market: &Marketplace) -> Value {
    let reply = market.world.operator().get(&path(market).await).await;
    reply.expect_status(200).json()
}

fn ids(page: &Value) -> Vec<&str> {
    let leads = page["data"].as_array().unwrap().iter();
    leads.filter_map(|lead| lead["leadID"].as_str()).collect()
}

async fn charged_leads_that_came_late_are_listed_and_others_are_not(engine: Engine) {
    let market = Marketplace::start(engine).await;
    // In time, though charged during the outage.
    let in_time = market.lead().await;
    market.world.drain().await;
    market.world.advance(Duration::from_mins(1));
    // The one that began it, and one during it.
    market.partner.answer_always(401);
    let first = charged(&market, "$26.00").await;
    market.world.drain().await;
    market.price(&in_time, "$5.00").await;
    let free = market.lead().await;
    let second = charged(&market, "$27.50").await;
    market.pass(600.0).await;
    // They come late.
    market.partner.answer_always(200);
    market.pass(120.0).await;
    let until = market.impairments("open=false").await[0]["until"].clone();
    // After the recovery: in time again.
    let after = charged(&market, "$30.00").await;
    market.world.drain().await;

    let page = listed(&market).await;
    let expected = [&first, &second].map(|lead| lead.lead_id.as_str());
    assert_eq!(ids(&page), expected, "not {in_time:?}, {free:?}, {after:?}");
    assert_eq!(
        (&page["next"], &page["complete"]),
        (&Value::Null, &json!(true))
    );
    let one = &page["data"][0];
    assert_eq!(
        members(one),
        [
            "leadID",
            "business_id",
            "created_at",
            "leadPrice",
            "chargeState",
            "delivery_id",
            "state",
            "delivered_at",
        ]
    );
    assert_eq!(one["leadPrice"], "$26.00");
    assert_eq!(one["chargeState"], "Charged");
    assert_eq!(one["state"], "delivered");
    assert_eq!(one["delivered_at"], until, "its probe ended the outage");
    // A price that is taken back takes the lead from the list.
    let price = format!("/operator/v1/leads/{}/price", first.lead_id);
    let body = json!({"leadPrice": null});
    let reply = market.world.operator().put(&price, &body).await;
    reply.expect_status(200);
    assert_eq!(ids(&listed(&market).await), expected[1..]);
}

async fn a_list_of_an_impairment_that_lasts_is_as_of_now(engine: Engine) {
    let market = Marketplace::start(engine).await;
    // Dead before the outage: another story.
    market.partner.answer_always(400);
    let dead = charged(&market, "$9.00").await;
    for _ in 0..5 {
        market.pass(60.0).await;
    }
    assert_eq!(market.deliveries("state=dead").await.len(), 2);
    market.partner.answer_always(401);
    let lead = charged(&market, "$26.00").await;
    market.world.drain().await;
    let page = listed(&market).await;
    assert_eq!(ids(&page), [&lead.lead_id], "not {dead:?}");
    assert_eq!(page["data"][0]["state"], "pending");
    assert_eq!(page["data"][0]["delivered_at"], Value::Null);
    // Cancelled meanwhile: it never came.
    let enabled = format!(
        "/operator/v1/partners/{}/businesses/{}",
        market.partner_id, lead.business_id
    );
    let operator = market.world.operator();
    operator.delete(&enabled).await.expect_status(200);
    assert_eq!(listed(&market).await["data"][0]["state"], "cancelled");
}

async fn the_list_is_paged_and_a_table(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_always(401);
    let mut leads = Vec::new();
    for price in ["$26.00", "$7", "$1,234.56"] {
        leads.push(charged(&market, price).await.lead_id);
    }
    market.world.drain().await;
    let path = path(&market).await;
    let operator = market.world.operator();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = operator.get(&format!("{path}?limit=1{after}")).await;
        let page = page.expect_status(200).json();
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(seen, leads);
    let request = operator.request(reqwest::Method::GET, &path);
    let table = testkit::Http::send(request.header("accept", "text/csv")).await;
    assert_eq!(
        table.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let text = table.expect_status(200).text();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].starts_with("leadID,business_id,created_at,leadPrice,"));
    assert!(lines[1].contains(",$26.00,Charged,") && lines[1].ends_with(",pending,"));
    assert!(lines[2].contains(",$7,Charged,"), "{text}");
    assert!(lines[3].contains(",\"$1,234.56\",Charged,"), "{text}");
    let nowhere = "/operator/v1/impairments/5/charged-leads";
    assert_error(&operator.get(nowhere).await, 404, "NOT_FOUND");
}

async fn what_was_trimmed_is_said_to_be_missing(engine: Engine) {
    let market = Marketplace::start(engine).await;
    market.partner.answer_next(401);
    charged(&market, "$26.00").await;
    market.world.drain().await;
    market.pass(60.0).await;
    assert_eq!(listed(&market).await["complete"], true);
    market.pass(31.0 * 86_400.0).await;
    market.world.platform.run_jobs_once().await.unwrap();
    let page = listed(&market).await;
    assert!(ids(&page).is_empty());
    assert_eq!(page["complete"], false);
}
