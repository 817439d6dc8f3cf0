//! Several processes of which one dies or freezes at a fault point (protocol §4.5): the others go on for it when its lease
//! has run out, and what it does when it comes to itself changes nothing.

use std::time::Duration;

use base::Clock;
use testkit::torture::flight::is_late;
use testkit::torture::poster::Load;
use testkit::torture::witness::{Manner, Visit};
use testkit::world::Engine;

use crate::stage::{Stage, died};

/// Slow ones, so that whoever is hit has something in flight.
const MANNERS: [Manner; 4] = [Manner::Slow(Duration::from_millis(100)); 4];
/// With these a lease lasts three seconds.
const SHORT_LEASES: [&str; 4] = ["--delivery-deadline", "1", "--lease-margin", "0.5"];
const LOAD: Load = Load {
    leads: 60,
    messages: 2,
    over: Duration::from_secs(3),
};

#[tokio::test]
async fn who_dies_in_a_take_over_is_succeeded_too() {
    let stage = Stage::set(Engine::Postgres, &SHORT_LEASES, &MANNERS).await;
    let mut killed = stage.start("a", None);
    let deaths = async {
        Clock::system().sleep(Duration::from_secs(1)).await;
        killed.kill();
        let in_flight = stage.in_flight().await;
        stage.doors.close(&killed.url);
        // It has nothing until the lease of the first has run out.
        let mut doomed = stage.start("b", Some("in_take_over:1"));
        died(&mut doomed).await;
        stage.doors.close(&doomed.url);
        let mut heir = stage.start("c", None);
        assert!(heir.is_ready().await);
        (heir, in_flight)
    };
    let ((heir, in_flight), ()) = tokio::join!(deaths, stage.poster.feed(LOAD));
    stage.judge(&heir.operator(), &in_flight).await;
}

/// The only process freezes at the point, and another one is started. The first goes on only when the other has sent what
/// it had in flight.
async fn is_frozen(fault: &str) {
    let stage = Stage::set(Engine::Postgres, &SHORT_LEASES, &MANNERS).await;
    let frozen = stage.start("a", Some(fault));
    let succession = async {
        frozen.is_frozen().await;
        let in_flight = stage.in_flight().await;
        let mut heir = stage.start("b", None);
        assert!(heir.is_ready().await);
        for &delivery in &in_flight {
            let mut witnesses = stage.market.witnesses.iter();
            let witness = witnesses.find(|witness| witness.times(delivery) > 0);
            witness
                .expect("it was seen")
                .wait_for_another(delivery)
                .await;
        }
        let thawed_at = Clock::system().now();
        frozen.thaw();
        (heir, in_flight, thawed_at)
    };
    let (succession, ()) = tokio::join!(succession, stage.poster.feed(LOAD));
    let (heir, in_flight, thawed_at) = succession;
    let is_expected =
        |visit: &Visit| in_flight.contains(&visit.delivery_id) || is_late(visit, thawed_at);
    stage.judge_by(&heir.operator(), is_expected).await;
}

#[tokio::test]
async fn who_freezes_in_a_transaction_is_succeeded() {
    is_frozen("after_domain_write:40:freeze").await;
}

#[tokio::test]
async fn who_freezes_before_it_stores_an_outcome_stores_it_in_vain() {
    is_frozen("after_answer_before_outcome:40:freeze").await;
}
