//! What operators see.

use database::on_both_databases;
use delivery::{
    ConversationId, EndpointId, Filter, MIGRATIONS, State, body, find, find_of, forerunner, list,
    load, pending_count,
};

use crate::receiver::Reply;
use crate::world::{BUSINESS, ENDPOINT, Hand, World, business_id, delivery_id};

async fn ids(world: &World, filter: Filter) -> Vec<i64> {
    let page = list(&mut world.db.reader(), &filter, 100).await.unwrap();
    page.deliveries
        .iter()
        .map(|view| view.delivery_id.get())
        .collect()
}

on_both_databases!(
    a_list_is_filtered_and_paged_newest_first,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let other = EndpointId::new(2);
        world
            .receiver
            .answers(|request| Reply::Status(if request.id() % 2 == 0 { 200 } else { 418 }));
        for id in 1..=6 {
            world.record(id, "lead", id).await;
            world.record_to(other, id, "lead", id + 10).await;
        }
        world.engine("a").drain().await.unwrap();
        let all = Filter::default();
        assert_eq!(
            ids(&world, all).await,
            [16, 15, 14, 13, 12, 11, 6, 5, 4, 3, 2, 1]
        );
        let pending = Filter {
            state: Some(State::Pending),
            ..all
        };
        assert_eq!(ids(&world, pending).await, [15, 13, 11, 5, 3, 1]);
        let delivered = Filter {
            state: State::parse("delivered"),
            ..all
        };
        assert_eq!(ids(&world, delivered).await, [16, 14, 12, 6, 4, 2]);
        let dead = Filter {
            state: State::parse("dead"),
            ..all
        };
        assert_eq!(ids(&world, dead).await, [0_i64; 0]);
        let of_lead = Filter {
            conversation_id: Some(ConversationId::new(2)),
            ..all
        };
        assert_eq!(ids(&world, of_lead).await, [12, 2]);
        let of_lead_3 = Filter {
            conversation_id: Some(ConversationId::new(3)),
            ..pending
        };
        assert_eq!(ids(&world, of_lead_3).await, [13, 3]);
        let of_endpoint = Filter {
            endpoint_id: Some(other),
            ..pending
        };
        assert_eq!(ids(&world, of_endpoint).await, [15, 13, 11]);

        let mut reader = world.db.reader();
        let first = list(&mut reader, &all, 5).await.unwrap();
        assert_eq!(first.next, Some(delivery_id(12)));
        let rest = list(
            &mut reader,
            &Filter {
                after: first.next,
                ..all
            },
            7,
        )
        .await
        .unwrap();
        assert_eq!((rest.deliveries.len(), rest.next), (7, None));
        assert_eq!(pending_count(&mut reader, ENDPOINT).await.unwrap(), 3);
        assert_eq!(find(&mut reader, delivery_id(99)).await.unwrap(), None);
    }
);

on_both_databases!(
    a_list_is_narrowed_by_kind_business_time_and_failure,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.receiver.answers(|request| {
            Reply::Status(match request.id() {
                1 | 2 => 200,
                100 => 422,
                _ => 418,
            })
        });
        // Lead 1's message is delivered, and so is lead 2; lead 100 of the next business dies, 101 fails and goes on.
        for (lead, kind, id) in [(1, "lead", 1), (2, "lead", 2)] {
            world.record(lead, kind, id).await;
        }
        for (lead, id) in [(100, 100), (101, 101)] {
            world.record(lead, "lead", id).await;
        }
        for _ in 0..8 {
            engine.drain().await.unwrap();
            world.advance(1);
        }
        world.by_hand(Hand::Pause).await;
        world.record(101, "message", 102).await;
        world.record(3, "lead", 103).await;
        let all = Filter::default();
        let failed = Filter {
            has_failed: true,
            ..all
        };
        assert_eq!(ids(&world, failed).await, [101, 100]);
        for (state, expected) in [
            ("pending", vec![101]),
            ("dead", vec![100]),
            ("delivered", vec![]),
        ] {
            let state = State::parse(state);
            assert_eq!(ids(&world, Filter { state, ..failed }).await, expected);
        }
        let messages = Filter {
            kind: Some("message"),
            ..all
        };
        assert_eq!(ids(&world, messages).await, [102]);
        let of_business = Filter {
            business_id: Some(business_id(BUSINESS + 1)),
            ..all
        };
        assert_eq!(ids(&world, of_business).await, [102, 101, 100]);
        let to_endpoint = Filter {
            endpoint_id: Some(ENDPOINT),
            ..of_business
        };
        assert_eq!(ids(&world, to_endpoint).await, [102, 101, 100]);
        let to_another = Filter {
            endpoint_id: Some(EndpointId::new(2)),
            ..of_business
        };
        assert_eq!(ids(&world, to_another).await, [0_i64; 0]);
        let dead_of_endpoint = Filter {
            state: State::parse("dead"),
            endpoint_id: Some(ENDPOINT),
            ..all
        };
        assert_eq!(ids(&world, dead_of_endpoint).await, [100]);
        let span = Filter {
            since: Some(delivery_id(2)),
            until: Some(delivery_id(102)),
            ..all
        };
        assert_eq!(ids(&world, span).await, [101, 100, 2]);
        let after = Some(delivery_id(101));
        assert_eq!(ids(&world, Filter { after, ..span }).await, [100, 2]);
        let everything_there = Filter {
            endpoint_id: Some(ENDPOINT),
            ..all
        };
        assert_eq!(
            ids(&world, everything_there).await,
            [103, 102, 101, 100, 2, 1]
        );
        // What took several attempts is in the list once.
        world.receiver.answers(|_| Reply::Status(200));
        world.by_hand(Hand::Resume).await;
        world.advance(60);
        engine.drain().await.unwrap();
        let delivered = Filter {
            state: State::parse("delivered"),
            ..everything_there
        };
        assert_eq!(ids(&world, delivered).await, [103, 102, 101, 2, 1]);
    }
);

on_both_databases!(
    a_delivery_shows_what_it_waits_for_and_its_bytes_until_it_is_delivered,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world.record(1, "lead", 10).await;
        world.record(1, "message", 11).await;
        let mut reader = world.db.reader();
        let head = forerunner(&mut reader, delivery_id(11)).await.unwrap();
        let head = head.expect("the lead goes first");
        assert_eq!(
            (head.delivery_id, head.kind.as_str()),
            (delivery_id(10), "lead")
        );
        for id in [10, 99] {
            assert_eq!(
                forerunner(&mut reader, delivery_id(id)).await.unwrap(),
                None
            );
        }
        let bytes = body(&mut reader, delivery_id(10)).await.unwrap();
        assert_eq!(bytes.as_deref(), Some("{\"id\":\"10\"}"));
        assert!(world.view(10).await.keeps_body);
        engine.drain().await.unwrap();
        assert!(!world.view(10).await.keeps_body);
        for id in [10, 99] {
            assert_eq!(body(&mut reader, delivery_id(id)).await.unwrap(), None);
        }
        assert_eq!(
            forerunner(&mut reader, delivery_id(11)).await.unwrap(),
            None
        );
    }
);

on_both_databases!(
    another_endpoints_delivery_looks_like_none,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        world.record(1, "lead", 10).await;
        let mut reader = world.db.reader();
        let own = find_of(&mut reader, ENDPOINT, delivery_id(10)).await;
        assert_eq!(own.unwrap().unwrap().delivery.delivery_id, delivery_id(10));
        let other = find_of(&mut reader, EndpointId::new(2), delivery_id(10)).await;
        assert_eq!(other.unwrap(), None);
    }
);

on_both_databases!(
    the_load_of_an_endpoint_is_counted,
    &[MIGRATIONS],
    |db| async move {
        let world = World::new(db).await;
        let engine = world.engine("a");
        world
            .receiver
            .answers(|request| Reply::Status(if request.id() == 1 { 400 } else { 418 }));
        let other = EndpointId::new(2);
        world.record_to(other, 9, "lead", 9).await;
        world.advance(60);
        let second = world.clock.now();
        for lead in [1, 2, 3] {
            world.record(lead, "lead", lead + 10).await;
            world.advance(1);
        }
        world.record(4, "lead", 1).await;
        let mut reader = world.db.reader();
        let before = load(&mut reader, ENDPOINT).await.unwrap();
        assert_eq!((before.pending.number, before.dead.number), (4, 0));
        for _ in 0..8 {
            engine.drain().await.unwrap();
            world.advance(1);
        }
        let after = load(&mut reader, ENDPOINT).await.unwrap();
        assert_eq!((after.pending.number, after.pending.has_more), (3, false));
        assert_eq!(after.dead.number, 1);
        assert_eq!(after.oldest_pending_at, Some(second));
        let nothing = load(&mut reader, EndpointId::new(3)).await.unwrap();
        assert_eq!(nothing, delivery::Load::default());
    }
);
