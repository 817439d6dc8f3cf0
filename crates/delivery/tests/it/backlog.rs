//! A hundred thousand deliveries that wait behind one dead endpoint.

use std::time::Duration;

use base::Clock;
use database::{Error, Op, Tx, on_both_databases};
use delivery::{EndpointId, Engine, MIGRATIONS};

use crate::receiver::Reply;
use crate::world::{Routes, World};

const WAITING: i64 = 100_000;
const DEAD: EndpointId = EndpointId::new(7_000);
const HEALTHY: EndpointId = EndpointId::new(8_000);

/// Deliveries in one measurement, and how often it is made: the best of them is the one that nothing else disturbed.
const DELIVERIES: i64 = 100;
const MEASUREMENTS: i64 = 5;

/// By how much the engine's memory may grow, in bytes.
const GROWTH: u64 = 16 << 20;

/// Deliveries behind those of the dead endpoint that are there already.
struct ManyWait;

impl Op for ManyWait {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        let script = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {WAITING})
             INSERT INTO delivery_lane (endpoint_id, conversation_id, next_sequence)
             SELECT {DEAD}, 1000000 + i, 2 FROM n;
             INSERT INTO delivery_pending (endpoint_id, conversation_id, sequence, delivery_id, business_id, kind, body,
                created_at_us, is_head, next_attempt_at_us, attempts, steps, waited_us, refusals)
             SELECT l.endpoint_id, l.conversation_id, 1, l.conversation_id, 500, 'lead', '{{}}', 1763000000000000, TRUE,
                1763000000000000, 0, 0, 0, 0 FROM delivery_lane AS l WHERE l.conversation_id > 1000000;
             ANALYZE"
        );
        tx.run_script(&script).await
    }
}

/// The shortest time in which the healthy endpoint got its deliveries, each of which was waited for.
async fn best_time(world: &World, engine: &Engine<Routes>, first_id: i64) -> Duration {
    let clock = Clock::system();
    let mut best = Duration::MAX;
    for measurement in 0..MEASUREMENTS {
        let start = clock.monotonic();
        for number in 0..DELIVERIES {
            let id = first_id + measurement * DELIVERIES + number;
            world.record_to(HEALTHY, id, "lead", id).await;
            engine.drain().await.unwrap();
        }
        best = best.min(clock.monotonic().saturating_sub(start));
    }
    best
}

/// Resident memory of this process, where the system tells it.
fn resident() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4_096)
}

on_both_databases!(
    a_hundred_thousand_that_wait_behind_a_dead_endpoint_cost_the_others_nothing,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        let dead = format!("/{DEAD}/");
        world.receiver.answers(move |request| {
            Reply::Status(if request.path.starts_with(&dead) {
                503
            } else {
                200
            })
        });
        // Five leads in a row find out that it is dead.
        for id in 1..=5 {
            world.record_to(DEAD, id, "lead", id).await;
        }
        engine.drain().await.unwrap();
        let alone = best_time(&world, &engine, 10_000).await;
        let before = resident();
        world.db.write(ManyWait).await.unwrap();
        let filled = resident();
        let beside = best_time(&world, &engine, 20_000).await;
        let probes = 3;
        for _ in 0..probes {
            world.advance(60);
            engine.drain().await.unwrap();
        }
        assert!(
            beside < alone.mul_f64(1.5) + Duration::from_millis(20),
            "{beside:?} instead of {alone:?}"
        );
        if let (Some(_), Some(filled), Some(after)) = (before, filled, resident()) {
            assert!(after < filled + GROWTH, "it grew by {}", after - filled);
        }
        let delivered = world.count("delivered").await;
        assert_eq!(
            delivered,
            usize::try_from(2 * MEASUREMENTS * DELIVERIES).unwrap()
        );
        // It was probed, and nothing more.
        let to_dead = world.receiver.received();
        let to_dead = to_dead
            .iter()
            .filter(|request| request.path.contains("7000"));
        assert_eq!(to_dead.count(), 5 + probes);
    }
);
