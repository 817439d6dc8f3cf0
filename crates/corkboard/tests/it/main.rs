//! The integration tests: both sides over real sockets, on SQLite and on PostgreSQL. One binary, because each one links
//! the whole program.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics; clippy sees only that in functions with the attribute `test`"
)]

/// Makes a test on SQLite and a test on PostgreSQL of each `async fn name(engine: Engine)` beside it.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                Box::pin(super::$name(testkit::world::Engine::Sqlite)).await;
            })+
        }

        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                Box::pin(super::$name(testkit::world::Engine::Postgres)).await;
            })+
        }
    };
}

mod bad_input;
mod bearer;
mod browser;
mod charged_leads;
mod clock_jumps;
mod codes;
mod command_line;
mod connect_requests;
mod consent_page;
mod contention;
mod create_lead;
mod crm;
mod database_restarts;
mod deliveries_commands;
mod delivery_failures;
mod delivery_holds;
mod delivery_lists;
mod delivery_looks;
mod delivery_pauses;
mod delivery_requests;
mod events;
mod exchange;
mod fault_points;
mod forward_failures;
mod forward_order;
mod forward_requests;
mod forwards;
mod full_disk;
mod health;
mod impairments;
mod json_endpoints;
mod kill;
mod limits;
mod marketplace;
mod messages;
mod oauth_clients;
mod operator_api;
mod operator_desk;
mod operator_events;
mod outage;
mod partner_log;
mod paths;
mod processes;
mod program;
mod quarantine;
mod receiving;
mod reconnecting;
mod refresh;
mod replay_commands;
mod replays;
mod replies;
mod revocation;
mod sandbox;
mod scripted_platform;
mod sender;
mod source_samples;
mod stage;
mod support;
mod take_overs;
mod targeting;
mod targeting_by_hand;
mod targeting_pauses;
mod token_endpoint;
mod torture;
