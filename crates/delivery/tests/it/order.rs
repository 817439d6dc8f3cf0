//! What arrives, and in which order.

use std::collections::HashMap;

use database::on_both_databases;
use delivery::{EndpointId, MIGRATIONS, Recorded};
use protocol::standard_webhooks::{SignedHeaders, verify};

use crate::receiver::Reply;
use crate::world::{World, signing_secret};

on_both_databases!(
    a_delivery_arrives_with_its_bytes_its_id_and_a_valid_signature,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        assert_eq!(world.record(1, "lead", 11).await, Recorded::New);
        world.engine("a").drain().await.unwrap();
        let [request] = &world.receiver.received()[..] else {
            panic!("one request")
        };
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("POST", "/1/lead")
        );
        assert_eq!(request.body, r#"{"id":"11"}"#);
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(request.headers["authorization"], "Basic dXM6c2VjcmV0");
        assert_eq!(request.headers["x-more"], "yes");
        let headers = SignedHeaders {
            id: &request.headers["webhook-id"],
            timestamp: &request.headers["webhook-timestamp"],
            signature: &request.headers["webhook-signature"],
        };
        let now = world.clock.now().as_second();
        verify(
            &[signing_secret()],
            headers,
            request.body.as_bytes(),
            now,
            0,
        )
        .unwrap();
        assert_eq!(world.state(11).await, "delivered");
    }
);

on_both_databases!(
    the_same_id_is_recorded_once_whether_pending_or_finished,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.record(1, "lead", 11).await;
        assert_eq!(world.record(1, "lead", 11).await, Recorded::Existing);
        engine.drain().await.unwrap();
        assert_eq!(world.record(1, "lead", 11).await, Recorded::Existing);
        world.record(1, "message", 12).await;
        engine.drain().await.unwrap();
        assert_eq!(world.receiver.ids(), [11, 12]);
    }
);

on_both_databases!(
    a_lead_and_its_messages_arrive_in_order_whatever_fails,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        for lead in 1..=3 {
            for (place, kind) in ["lead", "message", "lead_update", "message"]
                .iter()
                .enumerate()
            {
                world
                    .record(lead, kind, lead * 10 + i64::try_from(place).unwrap())
                    .await;
            }
        }
        // Everything fails twice before it is taken.
        let mut tries: HashMap<i64, u32> = HashMap::new();
        world.receiver.answers(move |request| {
            let tried = tries.entry(request.id()).or_default();
            *tried += 1;
            Reply::Status(if *tried <= 2 { 418 } else { 200 })
        });
        let engine = world.engine("a");
        for _ in 0..40 {
            engine.drain().await.unwrap();
            world.advance(1);
        }
        assert_eq!(world.count("delivered").await, 12);
        for lead in 1..=3 {
            let mut arrived = world.receiver.ids();
            arrived.retain(|id| id / 10 == lead);
            let first = lead * 10;
            let expected: Vec<i64> = (first..first + 4).flat_map(|id| [id; 3]).collect();
            assert_eq!(arrived, expected);
        }
    }
);

on_both_databases!(
    a_lead_that_fails_delays_no_other_lead,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world
            .receiver
            .answers(|request| Reply::Status(if request.id() == 10 { 500 } else { 200 }));
        for lead in 1..=3 {
            world.record(lead, "lead", lead * 10).await;
            world.record(lead, "message", lead * 10 + 1).await;
        }
        world.engine("a").drain().await.unwrap();
        let states = world.states(&[10, 11, 20, 21, 30, 31]).await;
        assert_eq!(
            states,
            [
                "pending",
                "pending",
                "delivered",
                "delivered",
                "delivered",
                "delivered"
            ]
        );
        assert_eq!(world.view(10).await.last_status, Some(500));
        assert_eq!(world.view(11).await.attempts, 0);
    }
);

on_both_databases!(
    an_endpoint_that_hangs_holds_eight_requests_and_delays_no_other_endpoint,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.receiver.answers(|request| {
            if request.path.starts_with("/1/") {
                Reply::Hang(200)
            } else {
                Reply::Status(200)
            }
        });
        for lead in 1..=20 {
            world.record(lead, "lead", lead).await;
        }
        world.record_to(EndpointId::new(2), 21, "lead", 21).await;
        world.record_to(EndpointId::new(2), 21, "message", 22).await;
        let engine = world.engine("a");
        let look = async {
            world.receiver.wait_for(10).await;
            let mut ids = world.receiver.ids();
            ids.sort_unstable();
            assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7, 8, 21, 22]);
            world.receiver.release();
        };
        let (drained, ()) = tokio::join!(engine.drain(), look);
        drained.unwrap();
        assert_eq!(world.count("delivered").await, 22);
    }
);

on_both_databases!(
    a_dead_lead_lets_its_messages_go,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world
            .receiver
            .answers(|request| Reply::Status(if request.id() == 10 { 422 } else { 202 }));
        world.record(1, "lead", 10).await;
        world.record(1, "message", 11).await;
        let engine = world.engine("a");
        for _ in 0..8 {
            engine.drain().await.unwrap();
            world.advance(1);
        }
        assert_eq!(world.states(&[10, 11]).await, ["dead", "delivered"]);
        assert_eq!(world.receiver.ids(), [10, 10, 10, 11]);
        assert_eq!(world.view(11).await.last_status, Some(202));
    }
);

on_both_databases!(
    the_engine_works_by_itself_when_it_is_woken,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        let tasks = base::Tasks::new();
        let (running, stopping) = (engine.clone(), tasks.stopping().clone());
        tasks.spawn("engine", async move { running.run(stopping).await });
        world.record(1, "lead", 11).await;
        engine.wake();
        world.receiver.wait_for(1).await;
        assert!(tasks.stop(std::time::Duration::from_secs(20)).await);
        assert_eq!(world.state(11).await, "delivered");
    }
);
