//! Whatever arrives, in whatever order and however often, ends the same (protocol §5).

use base::{Clock, IdMaker};
use database::test_db::TestDb;
use database::{Read as _, Sql, on_both_databases};
use jiff::Timestamp;
use protocol::id::LeadId;
use serde_json::Value;

use super::*;
use crate::domain::lead_view;
use crate::store::event::{self, EventFilter};

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

/// Every event that was told, as its receivers read it.
async fn told(db: &TestDb) -> Vec<Value> {
    let all = EventFilter::default();
    let events = event::list(&mut db.reader(), (0, i64::MAX), &all, 1_000).await;
    let read = |event: event::EventRow| serde_json::from_str(&event.payload).unwrap();
    events.unwrap().into_iter().map(read).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

fn announcer() -> Announcer {
    let ids = IdMaker::new(Clock::manual(Timestamp::UNIX_EPOCH), 0);
    Announcer::new(ids, delivery::Waker::new())
}

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
        announcer: announcer(),
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
        assert_told_in_order(&told(db).await, order);
        db.write(Script(CLEAR)).await.unwrap();
    }
}

/// The lead before all else, each message once, and the newest price last of the prices.
fn assert_told_in_order(events: &[Value], order: [usize; 4]) {
    let kinds = kinds(events);
    assert_eq!(kinds[0], "lead.received", "{order:?}");
    let count = |kind| kinds.iter().filter(|known| **known == kind).count();
    assert_eq!(count("lead.received"), 1, "{order:?}");
    assert_eq!(count("message.received"), 1, "{order:?}");
    assert_eq!(count("lead.updated") + 2, kinds.len(), "{order:?}");
    let mut newest_first = events.iter().rev();
    let newest = newest_first.find(|event| event["type"] == "lead.updated");
    let newest = newest.unwrap();
    assert_eq!(newest["data"]["charge"]["cents"], 2_600, "{order:?}");
    let message = events
        .iter()
        .find(|event| event["type"] == "message.received");
    assert_eq!(message.unwrap()["data"]["lead_known"], true, "{order:?}");
}

async fn racing_arrivals_are_told_in_order(db: &TestDb) {
    for round in 0..10 {
        tokio::join!(
            arrive(db, 1, 10 + round),
            arrive(db, 3, 30 + round),
            arrive(db, 0, 50 + round),
            arrive(db, 2, 70 + round),
            arrive(db, 1, 90 + round)
        );
        assert_told_in_order(&told(db).await, [1, 3, 0, 2]);
        db.write(Script(CLEAR)).await.unwrap();
    }
}

async fn a_message_waits_for_its_lead(db: &TestDb) {
    assert!(!arrive(db, 1, 1).await.lead_is_known);
    assert!(!arrive(db, 3, 2).await.lead_is_known);
    assert_eq!(told(db).await, [Value::Null; 0]);
    assert!(arrive(db, 0, 3).await.lead_is_known);
    assert!(arrive(db, 1, 4).await.lead_is_known);
    let expected = ["lead.received", "message.received", "lead.updated"];
    assert_eq!(kinds(&told(db).await), expected);
}

/// What counts the rows that an arrival must leave together.
const STORED: Sql = Sql::both(
    "SELECT (SELECT COUNT(*) FROM lead) AS leads, (SELECT COUNT(*) FROM event) AS events, \
     (SELECT COUNT(*) FROM delivery_pending) AS deliveries",
);

const FORWARDS: &str = "INSERT INTO forward (forward_id, url, description, created_at_us, updated_at_us) VALUES \
     (1, 'https://one.example/', '', 0, 0), (2, 'https://two.example/', '', 0, 0)";

/// Takes a lead in, and then fails as a process does that is killed before the commit.
struct TakeAndDie {
    take: Take,
    dies: bool,
}

impl Op for TakeAndDie {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        self.take.run(tx).await?;
        if self.dies { Err(Error::NoRow) } else { Ok(()) }
    }
}

async fn lead_event_and_deliveries_are_one_fact(db: &TestDb) {
    db.write(Script(FORWARDS)).await.unwrap();
    for (dies, expected) in [(true, (0, 0, 0)), (false, (1, 1, 2))] {
        let delivered = Delivered {
            arrival: Arrival::read(ArrivalKind::Lead, &serde_json::from_str(LEAD).unwrap())
                .unwrap(),
            body: LEAD.to_owned(),
            sender_id: None,
        };
        let take = Take {
            delivered,
            new_id: 1,
            announcer: announcer(),
            now: Timestamp::UNIX_EPOCH,
        };
        let written = db.write(TakeAndDie { take, dies }).await;
        assert_eq!(written.is_err(), dies);
        let row = db.reader().query_one(STORED, &[]).await.unwrap();
        let count = |name| row.get::<i64>(name).unwrap();
        let found = (count("leads"), count("events"), count("deliveries"));
        assert_eq!(found, expected);
    }
    assert_eq!(told(db).await[0]["id"], "1", "no number was lost");
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
            announcer: announcer(),
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
    let events = told(db).await;
    assert_eq!(kinds(&events), ["lead.received", "lead.revised"]);
    assert_eq!(events[1]["data"]["revision"], 2);
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

const CLEAR: &str = "DELETE FROM lead; DELETE FROM message; DELETE FROM lead_update; DELETE FROM revision; \
     DELETE FROM event; DELETE FROM waiting_message;";

struct Script(&'static str);

impl Op for Script {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.run_script(self.0).await
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
on_both_databases!(one_fact, crate::MIGRATIONS, |db| {
    lead_event_and_deliveries_are_one_fact(&db)
});
on_both_databases!(races, crate::MIGRATIONS, |db| {
    racing_arrivals_are_told_in_order(&db)
});
