//! Many processes on one PostgreSQL, killed, frozen and added under load (protocol §4.5): a short run for every change,
//! and one of any length for `cargo xtask torture`.

use database::test_db::TestDb;
use testkit::torture::course::run;
use testkit::torture::plan::Plan;

use crate::program::program;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_torture_loses_nothing() {
    let plan = Plan {
        leads: 300,
        messages: 2,
        seconds: 12,
        seed: 20_261_101,
        kills: 1,
        freezes: 1,
        additions: 1,
        ..Plan::default()
    };
    torture(&plan).await;
}

/// `CORKBOARD_TORTURE` says how much, such as `leads=2000 kills=6 seed=7`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes minutes: `cargo xtask torture` runs it"]
async fn a_torture_as_long_as_asked_for_loses_nothing() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the command that runs this test tells it how much by the environment"
    )]
    let words = std::env::var("CORKBOARD_TORTURE").unwrap_or_default();
    torture(&Plan::parse(&words).unwrap()).await;
}

#[expect(
    clippy::print_stdout,
    reason = "the summary is what the run is for; a test that passes shows it on request only"
)]
async fn torture(plan: &Plan) {
    let db = TestDb::postgres(platform::MIGRATIONS).await;
    let summary = Box::pin(run(plan, program(), &db)).await;
    println!("{summary}");
    let wrong = summary.wrong.len();
    assert_eq!(wrong, 0, "see the summary above");
}
