//! What follows when one delivery fails (protocol §4.5).

use std::time::Duration;

use database::on_both_databases;
use delivery::{EndpointId, MIGRATIONS, Settings};

use crate::receiver::Reply;
use crate::world::{ENDPOINT, Hand, Route, World};

on_both_databases!(
    a_delivery_that_always_fails_walks_the_schedule_for_72_hours_and_is_dead,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.receiver.answers(|_| Reply::Status(418));
        world.record(1, "lead", 10).await;
        let engine = world.engine("a");
        let mut moments = Vec::new();
        loop {
            moments.push(world.clock.now().duration_since(world.start).as_secs());
            engine.drain().await.unwrap();
            let Some(due) = engine.next_due().await.unwrap() else {
                break;
            };
            let left = due.duration_since(world.clock.now());
            world.clock.advance(Duration::try_from(left).unwrap());
        }
        let view = world.view(10).await;
        assert_eq!(view.state.as_str(), "dead");
        assert!(
            (20..=30).contains(&view.attempts),
            "{} attempts",
            view.attempts
        );
        assert_eq!(moments.len(), usize::try_from(view.attempts).unwrap());
        let last = *moments.last().unwrap();
        assert!(
            (64 * 3_600..=72 * 3_600).contains(&last),
            "the last after {last} s"
        );
        // The first minute is the lead's.
        let in_the_first_minute = moments.iter().filter(|moment| **moment < 60).count();
        assert_eq!(in_the_first_minute, 5);
        let received = world.receiver.received();
        assert!(received.iter().all(|request| request.id() == 10));
        assert!(
            received
                .iter()
                .all(|request| request.body == received[0].body)
        );
        let attempts = world.details(10).await.attempts;
        assert_eq!(attempts.len(), received.len());
        assert_eq!(attempts[0].class, "unexpected");
        assert_eq!(attempts[0].answer.as_deref(), Some("noted\u{1}"));
    }
);

on_both_databases!(
    what_is_refused_is_tried_three_times,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world
            .receiver
            .answers(|request| Reply::Status(u16::try_from(request.id()).unwrap()));
        let statuses = [400, 404, 409, 413, 422];
        for status in statuses {
            world.record(status, "lead", status).await;
        }
        let engine = world.engine("a");
        for _ in 0..8 {
            engine.drain().await.unwrap();
            world.advance(1);
        }
        for status in statuses {
            let view = world.view(status).await;
            assert_eq!((view.state.as_str(), view.attempts), ("dead", 3));
            let error = format!("refused 3 times; the last time: the endpoint answered {status}");
            assert_eq!(view.last_error, Some(error));
        }
    }
);

on_both_databases!(a_redirect_is_not_followed, &[MIGRATIONS], |db| async move {
    let world = World::new(db).await;
    world.receiver.answers(|_| Reply::Redirect("/elsewhere"));
    world.record(1, "lead", 10).await;
    world.engine("a").drain().await.unwrap();
    assert_eq!(world.receiver.received()[0].path, "/1/lead");
    assert_eq!(world.receiver.received().len(), 1);
    assert_eq!(world.view(10).await.last_status, Some(307));
});

on_both_databases!(
    no_answer_and_no_connection_are_retried,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let nowhere = EndpointId::new(2);
        world
            .routes
            .set(nowhere, Route::To("http://127.0.0.1:9".to_owned()));
        world.receiver.answers(|_| Reply::Hang(200));
        world.record(1, "lead", 10).await;
        world.record_to(nowhere, 2, "lead", 20).await;
        let engine = world.engine_with(Settings {
            deadline: Duration::from_millis(200),
            ..Settings::new("a")
        });
        engine.drain().await.unwrap();
        assert_eq!(world.states(&[10, 20]).await, ["pending", "pending"]);
        world.receiver.release();
        world
            .routes
            .set(nowhere, Route::To(world.receiver.base_url.clone()));
        world.advance(2);
        engine.drain().await.unwrap();
        assert_eq!(world.states(&[10, 20]).await, ["delivered", "delivered"]);
        let attempts = world.details(20).await.attempts;
        assert_eq!(
            (attempts[0].class.as_str(), attempts[0].status),
            ("endpoint", None)
        );
    }
);

on_both_databases!(
    a_405_switches_a_kind_off_that_may_be_left_out,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.receiver.answers(|request| {
            Reply::Status(if request.path.ends_with("lead_update") {
                405
            } else {
                200
            })
        });
        let engine = world.engine("a");
        world.record(1, "lead_update", 10).await;
        world.record(1, "message", 11).await;
        engine.drain().await.unwrap();
        world.record(1, "lead_update", 12).await;
        engine.drain().await.unwrap();
        assert_eq!(
            world.states(&[10, 11, 12]).await,
            ["dead", "delivered", "dead"]
        );
        assert_eq!(world.view(12).await.attempts, 0);
        assert_eq!(world.endpoint().await.kinds_off, ["lead_update"]);
        // Once the settings changed it can be sent after all.
        world.receiver.answers(|_| Reply::Status(200));
        world.by_hand(Hand::Release).await;
        world.retry(12).await;
        engine.drain().await.unwrap();
        assert_eq!(world.state(12).await, "delivered");
    }
);

on_both_databases!(
    what_the_directory_does_not_want_is_cancelled_and_what_it_cannot_say_waits,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        let (hold, broken) = (EndpointId::new(2), EndpointId::new(3));
        world.routes.set(ENDPOINT, Route::Off);
        world.routes.set(hold, Route::Hold);
        world.routes.set(broken, Route::Broken);
        world.record(1, "lead", 10).await;
        world.record_to(hold, 1, "lead", 20).await;
        world.record_to(broken, 1, "lead", 30).await;
        engine.drain().await.unwrap();
        assert_eq!(
            world.states(&[10, 20, 30]).await,
            ["cancelled", "pending", "pending"]
        );
        let reason = world.view(10).await.last_error;
        assert_eq!(reason.as_deref(), Some("not wanted any more"));
        for endpoint in [hold, broken] {
            world
                .routes
                .set(endpoint, Route::To(world.receiver.base_url.clone()));
        }
        world.advance(5);
        engine.drain().await.unwrap();
        assert_eq!(world.states(&[20, 30]).await, ["delivered", "delivered"]);
        assert_eq!(world.view(20).await.attempts, 1);
    }
);
