//! Every statement is accepted by both engines, and both have the same tables.

use database::schema::describe;
use database::test_db::TestDb;
use std::time::Duration;

use database::{Error, Op, Sql, Tx, on_both_databases};
use jiff::Timestamp;
use protocol::id::{BusinessId, DeliveryId};

use super::{
    attempt, endpoint, lane, node, outcome, page, pending, replay, retention, shard, time,
};
use crate::id::{ConversationId, EndpointId};
use crate::model::NewDelivery;
use crate::moment;
use crate::policy::decide::Progress;
use crate::record::record;
use crate::schema::MIGRATIONS;
use crate::store::pending::Rescheduled;

const ALL: [&[(&str, Sql)]; 11] = [
    attempt::STATEMENTS,
    endpoint::STATEMENTS,
    lane::STATEMENTS,
    node::STATEMENTS,
    outcome::STATEMENTS,
    page::STATEMENTS,
    pending::STATEMENTS,
    replay::STATEMENTS,
    retention::STATEMENTS,
    shard::STATEMENTS,
    time::STATEMENTS,
];

on_both_databases!(
    every_statement_is_accepted,
    &[MIGRATIONS],
    |db| async move {
        for (name, sql) in ALL.into_iter().flatten() {
            let checked = db.prepare_check(*sql).await;
            checked.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
);

/// A lead that failed once, is to wait for six hours and was charged with them, and is hastened after one.
struct Hastened;

impl Op for Hastened {
    type Out = Duration;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Duration, Error> {
        const HOUR: Duration = Duration::from_hours(1);
        let now = Timestamp::UNIX_EPOCH;
        let id = DeliveryId::from_i64(1).expect("it is positive");
        let endpoint = EndpointId::new(1);
        let new = NewDelivery {
            delivery_id: id,
            endpoint_id: endpoint,
            conversation_id: ConversationId::new(1),
            business_id: BusinessId::from_i64(1).expect("it is positive"),
            kind: "lead",
            body: "{}",
            created_at: now,
        };
        record(tx, &new).await?;
        let found = pending::take_lane(tx, endpoint, new.conversation_id, None).await?;
        let delivery = found.first().expect("it is there");
        pending::revive(tx, delivery, now).await?;
        lane::crown_anew(tx, endpoint, new.conversation_id).await?;
        let progress = Progress {
            steps: 14,
            refusals: 0,
            waited: HOUR * 10,
        };
        let next = Rescheduled {
            next_attempt_at: moment::after(now, HOUR * 6),
            progress,
            attempted_at: now,
            status: None,
            error: None,
        };
        pending::reschedule(tx, delivery, &next).await?;
        pending::hasten_held(tx, endpoint, moment::after(now, HOUR)).await?;
        let found = pending::take_lane(tx, endpoint, new.conversation_id, None).await?;
        Ok(found.first().expect("it is there").progress.waited)
    }
}

on_both_databases!(
    what_is_tried_before_its_time_gets_back_what_it_did_not_wait,
    &[MIGRATIONS],
    |db| async move {
        let waited = db.write(Hastened).await.unwrap();
        assert_eq!(waited, Duration::from_hours(5));
    }
);

#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let sqlite = TestDb::sqlite(&[MIGRATIONS]).await;
    let postgres = TestDb::postgres(&[MIGRATIONS]).await;
    let (sqlite, postgres) = (describe(&sqlite).await, describe(&postgres).await);
    assert_eq!(sqlite.unwrap(), postgres.unwrap());
}
