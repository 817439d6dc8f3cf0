//! Every statement is accepted by both engines, and both have the same tables.

use database::schema::describe;
use database::test_db::TestDb;
use database::{Sql, on_both_databases};

use super::{
    attempt, endpoint, lane, node, outcome, page, pending, replay, retention, shard, time,
};
use crate::schema::MIGRATIONS;

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

#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let sqlite = TestDb::sqlite(&[MIGRATIONS]).await;
    let postgres = TestDb::postgres(&[MIGRATIONS]).await;
    let (sqlite, postgres) = (describe(&sqlite).await, describe(&postgres).await);
    assert_eq!(sqlite.unwrap(), postgres.unwrap());
}
