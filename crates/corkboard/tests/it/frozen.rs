//! Experiment.
use std::time::Duration;

use database::test_db::TestDb;
use testkit::process::{PlatformFiles, free_port};
use testkit::torture::flight::{in_flight, repeated};
use testkit::torture::market::Market;
use testkit::torture::poster::{Doors, Load, Poster};
use testkit::torture::verdict::{drained, faults_of_arrival, faults_of_record};
use testkit::torture::witness::Manner;

use crate::program::program;

async fn frozen(fault: &str) {
    let clock = base::Clock::system();
    let db = TestDb::postgres(platform::MIGRATIONS).await;
    let files = PlatformFiles::new(program(), &db.url().to_string()).with_settings(&[
        "--delivery-deadline",
        "1",
        "--clock-margin",
        "0.25",
    ]);
    let b = files.serve("b", free_port()).await;
    let manners = [
        Manner::Prompt,
        Manner::Slow(Duration::from_millis(100)),
        Manner::Prompt,
        Manner::Prompt,
    ];
    let market = Market::open(&b.operator(), &manners, 1).await;
    let mut a = files.start("a", free_port(), Some(fault));
    if !fault.starts_with("in_take") {
        assert!(a.is_ready().await);
    }
    let doors = Doors::default();
    doors.open(&b.url);
    if !fault.starts_with("mid") {
        doors.open(&a.url);
    }
    let poster = Poster::new(&market, &doors, 2);
    clock.sleep(Duration::from_secs(3)).await;
    let load = Load {
        leads: 200,
        messages: 2,
        over: Duration::from_secs(4),
    };
    let start = clock.now();
    let harm = async {
        a.is_frozen().await;
        let at = clock.now();
        println!("{fault} frozen at {:?}", at.duration_since(start));
        let hit = in_flight(&db, &market.witnesses, at).await;
        println!("in flight {}", hit.len());
        clock
            .sleep(Duration::from_millis(if fault.starts_with("mid") {
                45_000
            } else {
                2500
            }))
            .await;
        a.thaw();
        println!("thawed at {:?}", clock.now().duration_since(start));
        hit
    };
    let feed = async {
        poster.feed(load).await;
        println!("fed at {:?}", clock.now().duration_since(start));
    };
    let (hit, ()) = tokio::join!(harm, feed);
    drained(&b.operator(), Duration::from_mins(1))
        .await
        .unwrap();
    println!(
        "drained at {:?}, {:?}",
        clock.now().duration_since(start),
        poster.tries
    );
    let leads = poster.ledger.leads();
    for (n, w) in market.witnesses.iter().enumerate() {
        let mut per: std::collections::BTreeMap<i64, u32> = std::collections::BTreeMap::new();
        for v in w.visits() {
            *per.entry(v.came_at.duration_since(start).as_secs())
                .or_default() += 1;
        }
        println!("witness {n}: {per:?}");
    }
    let mut wrong = faults_of_arrival(&market, &leads);
    wrong.extend(faults_of_record(&b.operator(), &market, &leads).await);
    for visit in repeated(&db, &market.witnesses).await {
        if !hit.contains(&visit.delivery_id) {
            wrong.push(format!("sent again without need: {visit:?}"));
        } else {
            println!("again {}", visit.delivery_id);
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn domain_write() {
    frozen("after_domain_write:60:freeze").await;
}
#[tokio::test]
async fn answer() {
    frozen("after_answer_before_outcome:60:freeze").await;
}
#[tokio::test]
async fn request() {
    frozen("after_request_written:20:freeze").await;
}
#[tokio::test]
async fn commit() {
    frozen("after_commit_before_wake:60:freeze").await;
}
#[tokio::test]
async fn take() {
    frozen("mid_batch:5:freeze").await;
}
