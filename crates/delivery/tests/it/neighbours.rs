//! What processes on one PostgreSQL tell each other, so that nobody waits for a poll. They run as in production, by the
//! system's clock; polls are an hour apart, so whatever happens within the test's patience was told.

use std::time::Duration;

use base::{Clock, Tasks};
use database::test_db::TestDb;
use delivery::{EndpointId, Engine, MIGRATIONS, Settings, Waker};

use crate::world::{Routes, World};

/// Only a failing test waits for so long.
const PATIENCE: Duration = Duration::from_secs(30);

struct Process {
    engine: Engine<Routes>,
    waker: Waker,
    tasks: Tasks,
}

impl Process {
    fn start(world: &World, owner: &str) -> Self {
        let settings = Settings {
            poll: Duration::from_hours(1),
            // Leases are renewed every 300 ms: a new process gets its share at the others' next renewal.
            lease_margin: Duration::from_millis(200),
            ..Settings::new(owner)
        };
        let waker = Waker::new();
        let engine = world.engine_of(settings, Clock::system(), waker.clone());
        let tasks = Tasks::new();
        let (running, stopping) = (engine.clone(), tasks.stopping().clone());
        tasks.spawn("engine", async move { running.run(stopping).await });
        Self {
            engine,
            waker,
            tasks,
        }
    }

    async fn stop(self) {
        assert!(self.tasks.stop(PATIENCE).await);
        drop(self.engine);
    }
}

/// Waits until the processes share the shards, that is until each of them sends for some endpoint.
async fn wait_until_shared(world: &World, processes: &[&Process]) {
    for process in processes {
        process.waker.wake();
    }
    let clock = Clock::system();
    loop {
        let shards = world.shards_by_owner().await;
        if shards.len() == processes.len() && shards.values().all(|count| *count == 128) {
            return;
        }
        clock.sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_delivery_for_an_endpoint_of_another_process_is_sent_at_once() {
    let world = World::new(TestDb::postgres(&[MIGRATIONS]).await).await;
    let (one, other) = (
        Process::start(&world, "one"),
        Process::start(&world, "other"),
    );
    let told = async {
        wait_until_shared(&world, &[&one, &other]).await;
        // All are recorded by the first process, which owns half of them.
        for endpoint in 1..=40 {
            let id = EndpointId::new(endpoint);
            world.record_to(id, 1, "lead", endpoint).await;
            one.waker.wake_for([id]);
        }
        world.receiver.wait_for(40).await;
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap();
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn the_shards_of_a_process_that_ends_are_taken_at_once() {
    let world = World::new(TestDb::postgres(&[MIGRATIONS]).await).await;
    let (one, other) = (
        Process::start(&world, "one"),
        Process::start(&world, "other"),
    );
    let taken = async {
        wait_until_shared(&world, &[&one, &other]).await;
        one.stop().await;
        for endpoint in 1..=40 {
            world
                .record_to(EndpointId::new(endpoint), 1, "lead", endpoint)
                .await;
        }
        other.waker.wake();
        world.receiver.wait_for(40).await;
    };
    tokio::time::timeout(PATIENCE, taken).await.unwrap();
    other.stop().await;
}

#[tokio::test]
async fn what_is_told_is_told_once() {
    let world = World::new(TestDb::postgres(&[MIGRATIONS]).await).await;
    let (one, other) = (
        Process::start(&world, "one"),
        Process::start(&world, "other"),
    );
    let told = async {
        wait_until_shared(&world, &[&one, &other]).await;
        let mut notices = world
            .db
            .listen("corkboard_delivery")
            .await
            .unwrap()
            .unwrap();
        // One of the two owns it, and the other tells.
        let id = EndpointId::new(1);
        world.record_to(id, 1, "lead", 1).await;
        one.waker.wake_for([id]);
        other.waker.wake_for([id]);
        let mut heard = Vec::new();
        // Both hear whatever is said, also what they said themselves: nobody may say it again. Each mark comes after all
        // that the one before has led to.
        for number in 0..20 {
            let mark = format!("mark-{number}");
            world.db.notify("corkboard_delivery", &mark).await.unwrap();
            loop {
                let text = notices.next().await.unwrap();
                if text == mark {
                    break;
                }
                heard.push(text);
            }
        }
        world.receiver.wait_for(1).await;
        assert_eq!(heard, ["1"]);
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap();
    one.stop().await;
    other.stop().await;
}
