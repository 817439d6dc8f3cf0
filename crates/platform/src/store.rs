//! What the platform remembers: SQL and rows, the owner first in every finder. Nothing here decides.

pub(crate) mod audit;
pub(crate) mod business;
pub(crate) mod charged_lead;
pub(crate) mod client;
pub(crate) mod column;
pub(crate) mod connect_request;
pub(crate) mod connection;
pub(crate) mod endpoint;
pub(crate) mod event;
pub(crate) mod expired;
pub(crate) mod grant;
pub(crate) mod idempotency;
pub(crate) mod impairment;
pub(crate) mod lead;
pub(crate) mod message;
pub(crate) mod partner;
pub(crate) mod partner_access;
pub(crate) mod pro;
pub(crate) mod refresh_token;
pub(crate) mod review;
pub(crate) mod session;
pub(crate) mod targeting_pause;

#[cfg(test)]
mod tests {
    use database::schema::describe;
    use database::test_db::TestDb;
    use database::{Sql, on_both_databases};

    use crate::testing::MIGRATIONS;

    /// Every statement of every store, by the store's name.
    const ALL: &[(&str, &[(&str, Sql)])] = &[
        ("audit", super::audit::STATEMENTS),
        ("business", super::business::STATEMENTS),
        ("charged_lead", super::charged_lead::STATEMENTS),
        ("client", super::client::STATEMENTS),
        ("connect_request", super::connect_request::STATEMENTS),
        ("connection", super::connection::STATEMENTS),
        ("endpoint", super::endpoint::STATEMENTS),
        ("event", super::event::STATEMENTS),
        ("expired", super::expired::STATEMENTS),
        ("grant", super::grant::STATEMENTS),
        ("idempotency", super::idempotency::STATEMENTS),
        ("impairment", super::impairment::STATEMENTS),
        ("lead", super::lead::STATEMENTS),
        ("message", super::message::STATEMENTS),
        ("partner", super::partner::STATEMENTS),
        ("partner_access", super::partner_access::STATEMENTS),
        ("pro", super::pro::STATEMENTS),
        ("refresh_token", super::refresh_token::STATEMENTS),
        ("review", super::review::STATEMENTS),
        ("session", super::session::STATEMENTS),
        ("targeting_pause", super::targeting_pause::STATEMENTS),
    ];

    on_both_databases!(
        every_statement_is_understood_by_both_engines,
        MIGRATIONS,
        |db| async move {
            for (store, statements) in ALL {
                for (name, sql) in *statements {
                    let checked = db.prepare_check(*sql).await;
                    assert!(checked.is_ok(), "{store}::{name}: {checked:?}");
                }
            }
        }
    );

    #[tokio::test]
    async fn both_databases_have_the_same_tables() {
        let sqlite = TestDb::sqlite(MIGRATIONS).await;
        let postgres = TestDb::postgres(MIGRATIONS).await;
        let (sqlite, postgres) = (describe(&sqlite).await, describe(&postgres).await);
        assert_eq!(sqlite.unwrap(), postgres.unwrap());
    }
}
