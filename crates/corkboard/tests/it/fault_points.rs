//! Deaths where they hurt most (protocol §4.5): the real program dies at each named fault point while clients feed it, as
//! by kill -9, and is started again. What was acknowledged arrives, in order, and only what was in flight comes twice.

use std::time::Duration;

use base::Clock;
use serde_json::json;
use testkit::process::PlatformServer;
use testkit::torture::poster::Load;
use testkit::torture::verdict::drained;
use testkit::torture::witness::Manner;
use testkit::world::Engine;
use testkit::{ApiUser, Http};

use crate::program::{program, words};
use crate::stage::{Stage, died};

on_both_databases![
    after_a_domain_row_is_written,
    after_a_commit_before_anybody_knows,
    after_a_request_is_written,
    after_an_answer_before_its_outcome,
    in_the_middle_of_a_batch,
    in_a_replay_between_two_pages,
    in_a_take_over_from_its_former_life,
];

/// The build that is handed out ignores the variable; `cargo xtask generate --check` shows that.
#[test]
fn only_a_build_for_tests_knows_fault_points_and_it_refuses_unknown_ones() {
    let mut command = testkit::process::command(program());
    command.args(["reference", "cli"]);
    let output = command.env("CORKBOARD_FAULT", "nowhere:1").output();
    let output = output.unwrap();
    let told = words(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("CORKBOARD_FAULT=`nowhere:1`"), "{told}");
}

/// Some of the receivers are slow, so that something is in flight at any time.
const MANNERS: [Manner; 3] = [
    Manner::Prompt,
    Manner::Slow(Duration::from_millis(100)),
    Manner::Prompt,
];

const LOAD: Load = Load {
    leads: 30,
    messages: 2,
    over: Duration::from_millis(500),
};

/// Under load: the process dies at the point, and the clients go on when it is there again.
async fn dies_under_load(engine: Engine, fault: &str) {
    let stage = Stage::set(engine, &[], &MANNERS).await;
    let mut server = stage.start("a", Some(fault));
    let death = async {
        died(&mut server).await;
        let in_flight = stage.in_flight().await;
        (stage.start_again(&server).await, in_flight)
    };
    let ((server, in_flight), ()) = tokio::join!(death, stage.poster.feed(LOAD));
    stage.judge(&server.operator(), &in_flight).await;
}

async fn after_a_domain_row_is_written(engine: Engine) {
    dies_under_load(engine, "after_domain_write:20").await;
}

async fn after_a_commit_before_anybody_knows(engine: Engine) {
    dies_under_load(engine, "after_commit_before_wake:20").await;
}

async fn after_a_request_is_written(engine: Engine) {
    dies_under_load(engine, "after_request_written:12").await;
}

async fn after_an_answer_before_its_outcome(engine: Engine) {
    dies_under_load(engine, "after_answer_before_outcome:20").await;
}

/// More leads than a page of a replay holds are dead, because they were refused, and the partner takes them now. The
/// process will die at the point.
async fn with_dead_leads(engine: Engine, fault: &str) -> (Stage, PlatformServer) {
    let stage = Stage::set(engine, &[], &[Manner::Refusing(400)]).await;
    let server = stage.start("a", Some(fault));
    let load = Load {
        leads: 230,
        messages: 0,
        over: Duration::ZERO,
    };
    stage.poster.feed(load).await;
    let patience = Duration::from_mins(1);
    drained(&server.operator(), patience).await.unwrap();
    stage.market.witnesses[0].change(Manner::Prompt);
    (stage, server)
}

/// Asks for a replay of everything that died; the answer's status, if there was one.
async fn ask_for_replay(stage: &Stage, operator: &ApiUser) -> Option<u16> {
    let path = format!("/operator/v1/partners/{}/replay", stage.market.partners[0]);
    let since = json!({"since": "2020-01-01T00:00:00Z"});
    let request = operator
        .request(reqwest::Method::POST, &path)
        .header("content-type", "application/json")
        .body(since.to_string());
    let reply = Http::try_send(request).await.ok()?;
    Some(reply.status)
}

/// Waits until the newest replay is done.
async fn replayed(operator: &ApiUser) {
    let clock = Clock::system();
    let deadline = clock.now() + Duration::from_mins(1);
    loop {
        let replays = operator.get("/operator/v1/replays?limit=1").await;
        let replays = replays.expect_status(200).json();
        if replays["data"][0]["state"] == "done" {
            return;
        }
        assert!(clock.now() < deadline, "it is not done: {replays}");
        clock.sleep(Duration::from_millis(50)).await;
    }
}

/// The first ones are put back in the transaction that makes the job: nothing of it is there, so it is asked for again.
async fn in_the_middle_of_a_batch(engine: Engine) {
    let (stage, mut server) = with_dead_leads(engine, "mid_batch:20").await;
    let operator = server.operator();
    let ((), answer) = tokio::join!(died(&mut server), ask_for_replay(&stage, &operator));
    assert_eq!(answer, None, "nobody is left to answer");
    let in_flight = stage.in_flight().await;
    let server = stage.start_again(&server).await;
    let answer = ask_for_replay(&stage, &server.operator()).await;
    assert_eq!(answer, Some(202));
    replayed(&server.operator()).await;
    stage.judge(&server.operator(), &in_flight).await;
}

/// The job was acknowledged, so the next life goes on with it, and nobody asks again.
async fn in_a_replay_between_two_pages(engine: Engine) {
    let (stage, mut server) = with_dead_leads(engine, "in_replay_page:1").await;
    let operator = server.operator();
    let ((), answer) = tokio::join!(died(&mut server), ask_for_replay(&stage, &operator));
    assert_eq!(answer, Some(202));
    let in_flight = stage.in_flight().await;
    let server = stage.start_again(&server).await;
    replayed(&server.operator()).await;
    stage.judge(&server.operator(), &in_flight).await;
}

/// A process is killed under load. Its next life dies when it has its shards, before it has done anything for them.
async fn in_a_take_over_from_its_former_life(engine: Engine) {
    let stage = Stage::set(engine, &[], &MANNERS).await;
    let mut killed = stage.start("a", None);
    let deaths = async {
        Clock::system().sleep(Duration::from_millis(700)).await;
        killed.kill();
        let in_flight = stage.in_flight().await;
        let mut doomed = stage.files.start("a", killed.port, Some("in_take_over:1"));
        died(&mut doomed).await;
        (stage.start_again(&doomed).await, in_flight)
    };
    let ((server, in_flight), ()) = tokio::join!(deaths, stage.poster.feed(LOAD));
    stage.judge(&server.operator(), &in_flight).await;
}
