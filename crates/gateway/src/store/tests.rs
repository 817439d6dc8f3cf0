//! Every statement of the gateway is understood by both engines.

use database::on_both_databases;
use database::schema::describe;
use database::test_db::TestDb;

use super::{
    connect_attempt, connection, connection_token, event, forward, forward_secret, lead,
    lead_update, message, person, quarantine, reply, review, revision, waiting_message,
};

async fn prepare_all(db: &TestDb) {
    let modules = [
        connect_attempt::STATEMENTS,
        connection::STATEMENTS,
        connection_token::STATEMENTS,
        event::STATEMENTS,
        forward::STATEMENTS,
        forward_secret::STATEMENTS,
        lead::STATEMENTS,
        lead_update::STATEMENTS,
        message::STATEMENTS,
        person::STATEMENTS,
        quarantine::STATEMENTS,
        reply::STATEMENTS,
        review::STATEMENTS,
        revision::STATEMENTS,
        waiting_message::STATEMENTS,
    ];
    for (name, sql) in modules.into_iter().flatten() {
        if let Err(error) = db.prepare_check(*sql).await {
            panic!("{name}: {error}");
        }
    }
}

on_both_databases!(every_statement_is_understood, crate::MIGRATIONS, |db| {
    prepare_all(&db)
});

#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let sqlite = TestDb::sqlite(crate::MIGRATIONS).await;
    let postgres = TestDb::postgres(crate::MIGRATIONS).await;
    let (sqlite, postgres) = (describe(&sqlite).await, describe(&postgres).await);
    assert_eq!(sqlite.unwrap(), postgres.unwrap());
}
