//! Every statement of the gateway is understood by both engines.

use database::on_both_databases;
use database::test_db::TestDb;

use super::{
    connect_attempt, connection, connection_token, lead, lead_update, message, person, quarantine,
    reply, review, revision,
};

async fn prepare_all(db: &TestDb) {
    let modules = [
        connect_attempt::STATEMENTS,
        connection::STATEMENTS,
        connection_token::STATEMENTS,
        lead::STATEMENTS,
        lead_update::STATEMENTS,
        message::STATEMENTS,
        person::STATEMENTS,
        quarantine::STATEMENTS,
        reply::STATEMENTS,
        review::STATEMENTS,
        revision::STATEMENTS,
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
