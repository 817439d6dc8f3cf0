//! What operators see.

use database::on_both_databases;
use delivery::{ConversationId, EndpointId, Filter, MIGRATIONS, State, find, list, pending_count};

use crate::receiver::Reply;
use crate::world::{ENDPOINT, World, delivery_id};

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
