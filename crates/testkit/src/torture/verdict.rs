//! Whether everything that was acknowledged has arrived: all of it, in order, and nothing else.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use base::Clock;
use jiff::Timestamp;
use protocol::id::DeliveryId;
use serde_json::Value;

use super::ledger::{AcceptedLead, Event};
use super::market::Market;
use super::witness::Visit;
use crate::actors::ApiUser;

/// A delivery's place in its lane as it arrived for the first time.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// What arrived.
    pub event: Event,
    /// When.
    pub at: Timestamp,
}

/// What each receiver got of each lead: first arrivals only, in order.
pub fn arrivals(visits: &[Visit]) -> HashMap<&str, Vec<Arrival>> {
    let mut seen: HashSet<DeliveryId> = HashSet::new();
    let mut arrivals: HashMap<&str, Vec<Arrival>> = HashMap::new();
    for visit in visits {
        if seen.insert(visit.delivery_id) {
            arrivals.entry(&visit.lead_id).or_default().push(Arrival {
                event: visit.event.clone(),
                at: visit.came_at,
            });
        }
    }
    arrivals
}

/// What is wrong with what the receivers got: nothing, if each has all of its leads' events in the order in which they
/// were acknowledged, and no more.
pub fn faults_of_arrival(market: &Market, leads: &[AcceptedLead]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (place, witness) in market.witnesses.iter().enumerate() {
        let visits = witness.visits();
        let mut arrivals = arrivals(&visits);
        let of_receiver = |lead: &&AcceptedLead| {
            let business = &market.businesses[lead.business];
            business.receivers.contains(&place)
        };
        for lead in leads.iter().filter(of_receiver) {
            let expected: Vec<&Event> =
                lead.events.iter().map(|accepted| &accepted.event).collect();
            let arrived = arrivals.remove(lead.lead_id.as_str()).unwrap_or_default();
            let arrived: Vec<&Event> = arrived.iter().map(|arrival| &arrival.event).collect();
            if arrived != expected {
                let id = &lead.lead_id;
                wrong.push(format!(
                    "receiver {place} got {arrived:?} of lead {id}, and {expected:?} was acknowledged"
                ));
            }
        }
        let strangers = arrivals.keys().map(|lead| {
            format!(
                "receiver {place} got lead {lead}, which nobody was told of or which is not its own"
            )
        });
        wrong.extend(strangers);
    }
    wrong
}

/// What is wrong with the platform's own record: nothing, if every event of every lead is one delivery to each receiver
/// of its business, and each of them is delivered.
pub async fn faults_of_record(
    operator: &ApiUser,
    market: &Market,
    leads: &[AcceptedLead],
) -> Vec<String> {
    let mut expected: HashMap<[String; 3], usize> = HashMap::new();
    for lead in leads {
        for &receiver in &market.businesses[lead.business].receivers {
            for accepted in &lead.events {
                let partner = market.partners[receiver].clone();
                let kind = kind(&accepted.event).to_owned();
                *expected
                    .entry([partner, lead.lead_id.clone(), kind])
                    .or_default() += 1;
            }
        }
    }
    let mut recorded: HashMap<[String; 3], usize> = HashMap::new();
    let mut wrong = Vec::new();
    for delivery in deliveries(operator).await {
        if delivery["state"] != "delivered" {
            wrong.push(format!("not delivered: {delivery}"));
        }
        let text = |name: &str| delivery[name].as_str().unwrap_or_default().to_owned();
        let key = [text("partner_id"), text("leadID"), text("kind")];
        *recorded.entry(key).or_default() += 1;
    }
    let keys: HashSet<&[String; 3]> = expected.keys().chain(recorded.keys()).collect();
    for key in keys {
        let (should, is) = (expected.get(key), recorded.get(key));
        if should != is {
            let (should, is) = (should.unwrap_or(&0), is.unwrap_or(&0));
            wrong.push(format!("{is} deliveries and not {should} of {key:?}"));
        }
    }
    wrong
}

/// Waits until nothing is pending; what is still pending if that takes longer than `patience`.
pub async fn drained(operator: &ApiUser, patience: Duration) -> Result<(), String> {
    let clock = Clock::system();
    let deadline = clock.now() + patience;
    loop {
        let pending = operator.get("/operator/v1/deliveries?state=pending").await;
        let pending = pending.expect_status(200).json();
        let pending = pending["data"].as_array().expect("a list").clone();
        let Some(first) = pending.last() else {
            return Ok(());
        };
        if clock.now() >= deadline {
            let count = pending.len();
            return Err(format!(
                "{count} or more are still pending, such as {first}"
            ));
        }
        clock.sleep(Duration::from_millis(50)).await;
    }
}

/// Every delivery that the platform knows.
async fn deliveries(operator: &ApiUser) -> Vec<Value> {
    let mut all = Vec::new();
    let mut path = "/operator/v1/deliveries?limit=200".to_owned();
    loop {
        let page = operator.get(&path).await.expect_status(200).json();
        all.extend(page["data"].as_array().expect("a list").iter().cloned());
        let Some(next) = page["next"].as_str() else {
            return all;
        };
        path = format!("/operator/v1/deliveries?limit=200&after={next}");
    }
}

/// The operator API's word for what an event becomes.
fn kind(event: &Event) -> &'static str {
    match event {
        Event::Lead => "lead",
        Event::Message(_) => "message",
        Event::Price(_) => "lead_update",
    }
}
