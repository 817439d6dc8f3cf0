//! Whatever arrives, in whatever order and however often, ends the same (protocol §5).

use database::on_both_databases;
use database::test_db::TestDb;
use jiff::Timestamp;
use protocol::id::LeadId;
use serde_json::Value;

use super::*;
use crate::domain::lead_view;

const LEAD: &str = r#"{"leadID":"299614694480093245","createTimestamp":"1498760294","request":{"requestID":"2999842694480093245","category":"Interior Painting","title":"Interior Painting","location":{"city":"Palo Alto","state":"CA","zipCode":"94301"},"travelPreferences":"Professional must travel to my address."},"customer":{"customerID":"331138063184986319","name":"John Davis"},"business":{"businessID":"286845156044809661","name":"Tim's Painting Business"},"leadPrice":null,"chargeState":null}"#;
const MESSAGE: &str = r#"{"leadID":"299614694480093245","customerID":"331138063184986319","businessID":"286845156044809661","message":{"messageID":"8699842694484326245","createTimestamp":"1498760294","text":"Do you offer fridge cleaning or is that extra?"}}"#;
const FIRST_PRICE: &str =
    r#"{"leadID":"299614694480093245","leadPrice":"$20.00","chargeState":"Charged"}"#;
const SECOND_PRICE: &str =
    r#"{"leadID":"299614694480093245","leadPrice":"$26.00","chargeState":"Charged"}"#;

/// What arrives, and the sender's number of it.
const ARRIVALS: [(ArrivalKind, &str, Option<i64>); 4] = [
    (ArrivalKind::Lead, LEAD, Some(1)),
    (ArrivalKind::Message, MESSAGE, Some(2)),
    (ArrivalKind::LeadUpdate, FIRST_PRICE, Some(3)),
    (ArrivalKind::LeadUpdate, SECOND_PRICE, Some(4)),
];

async fn arrive(db: &TestDb, index: usize, now: i64) -> Taken {
    let (kind, body, sender_id) = ARRIVALS[index];
    let value: Value = serde_json::from_str(body).unwrap();
    let delivered = Delivered {
        arrival: Arrival::read(kind, &value).unwrap(),
        body: body.to_owned(),
        sender_id,
    };
    let operation = Take {
        delivered,
        new_id: 1_000 + now,
        now: Timestamp::from_second(now).unwrap(),
    };
    db.write(operation).await.unwrap()
}

/// The lead as it stands, without what depends on the time of arrival.
async fn outcome(db: &TestDb, lead_id: LeadId) -> (Value, bool, Vec<String>, usize) {
    let mut read = db.reader();
    let lead = store::lead::find(&mut read, lead_id)
        .await
        .unwrap()
        .unwrap();
    let messages = store::message::of_lead(&mut read, lead_id).await.unwrap();
    let updates = store::lead_update::of_lead(&mut read, lead_id)
        .await
        .unwrap();
    let view = lead_view::with_update(&lead.body, lead.update.as_deref());
    let bodies = messages.into_iter().map(|message| message.body).collect();
    (Value::Object(view), lead.unread, bodies, updates.len())
}

async fn every_order_ends_the_same(db: &TestDb) {
    let lead_id = LeadId::parse("299614694480093245").unwrap();
    let mut first = None;
    for order in permutations() {
        let mut now = 1_500_000_000;
        // Each of them twice, as a sender does whose answer was lost.
        for index in order.into_iter().flat_map(|index| [index, index]) {
            now += 1;
            arrive(db, index, now).await;
        }
        let end = outcome(db, lead_id).await;
        assert_eq!(end.0["leadPrice"], "$26.00", "{order:?}");
        assert_eq!((end.2.len(), end.3), (1, 2), "{order:?}");
        assert_eq!(*first.get_or_insert(end.clone()), end, "{order:?}");
        db.write(Clear).await.unwrap();
    }
}

async fn a_message_waits_for_its_lead(db: &TestDb) {
    assert!(!arrive(db, 1, 1).await.lead_is_known);
    assert!(!arrive(db, 3, 2).await.lead_is_known);
    assert!(arrive(db, 0, 3).await.lead_is_known);
    assert!(arrive(db, 1, 4).await.lead_is_known);
}

async fn another_body_under_the_same_id_is_a_revision(db: &TestDb) {
    let lead_id = LeadId::parse("299614694480093245").unwrap();
    arrive(db, 0, 1).await;
    let changed = LEAD.replace("John Davis", "John B. Davis");
    for body in [changed.as_str(), LEAD, changed.as_str()] {
        let arrival =
            Arrival::read(ArrivalKind::Lead, &serde_json::from_str(body).unwrap()).unwrap();
        let delivered = Delivered {
            arrival,
            body: body.to_owned(),
            sender_id: None,
        };
        let now = Timestamp::from_second(2).unwrap();
        db.write(Take {
            delivered,
            new_id: 5,
            now,
        })
        .await
        .unwrap();
    }
    let mut read = db.reader();
    let lead = store::lead::find(&mut read, lead_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        lead.body, changed,
        "a late repeat of the old body does not undo the new one"
    );
    let revisions = store::revision::of_subject(&mut read, ("lead", lead_id.get()))
        .await
        .unwrap();
    assert_eq!(revisions.len(), 1);
    assert_eq!(revisions[0].body, LEAD);
}

fn permutations() -> Vec<[usize; 4]> {
    let mut all = Vec::new();
    for number in 0..256 {
        let order = [number & 3, number >> 2 & 3, number >> 4 & 3, number >> 6];
        if (0..4).all(|index| order.contains(&index)) {
            all.push(order);
        }
    }
    assert_eq!(all.len(), 24);
    all
}

struct Clear;

impl Op for Clear {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.run_script(
            "DELETE FROM lead; DELETE FROM message; DELETE FROM lead_update; DELETE FROM revision;",
        )
        .await
    }
}

on_both_databases!(order, crate::MIGRATIONS, |db| every_order_ends_the_same(
    &db
));
on_both_databases!(waiting, crate::MIGRATIONS, |db| {
    a_message_waits_for_its_lead(&db)
});
on_both_databases!(revisions, crate::MIGRATIONS, |db| {
    another_body_under_the_same_id_is_a_revision(&db)
});
