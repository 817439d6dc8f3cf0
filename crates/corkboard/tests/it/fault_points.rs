//! Deaths where they hurt most (protocol §4.5): the real program dies at each named fault point while clients feed it, as
//! by kill -9, and is started again. What was acknowledged arrives, in order, and only what was in flight comes twice.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use database::test_db::TestDb;
use testkit::process::{PlatformFiles, PlatformServer, free_port};
use testkit::torture::flight::{in_flight, repeated};
use testkit::torture::market::Market;
use testkit::torture::poster::{Doors, Load, Poster};
use testkit::torture::verdict::{drained, faults_of_arrival, faults_of_record};
use testkit::torture::witness::Manner;
use testkit::world::Engine;

use crate::program::program;

on_both_databases![
    after_a_domain_row_is_written,
    after_a_commit_before_anybody_knows,
    after_a_request_is_written,
    after_an_answer_before_its_outcome,
    in_the_middle_of_a_batch,
    in_a_replay_between_two_pages,
    in_a_take_over_from_its_former_life,
];

/// Some of the receivers are slow, so that something is in flight at any time.
const MANNERS: [Manner; 3] = [
    Manner::Prompt,
    Manner::Slow(Duration::from_millis(100)),
    Manner::Prompt,
];

/// SIGABRT: the end without unwinding.
const ABORTED: Option<i32> = Some(6);

const LOAD: Load = Load {
    leads: 30,
    messages: 2,
    over: Duration::from_millis(500),
};

/// A platform of one process with its market.
struct Stage {
    files: PlatformFiles,
    market: Market,
    poster: Poster,
    port: u16,
    // Dropped last: the process uses it.
    db: TestDb,
}

impl Stage {
    /// Sets the market up through a process that nothing happens to, and stops that.
    async fn set(engine: Engine, manners: &[Manner]) -> Self {
        let db = match engine {
            Engine::Sqlite => TestDb::sqlite(platform::MIGRATIONS).await,
            Engine::Postgres => TestDb::postgres(platform::MIGRATIONS).await,
        };
        let url = match db.url().file() {
            Some(file) => format!("sqlite:{}", file.display()),
            None => db.url().to_string(),
        };
        let files = PlatformFiles::new(program(), &url);
        let port = free_port();
        let mut server = files.serve("a", port).await;
        let market = Market::open(&server.operator(), manners, 1).await;
        server.stop().await;
        let doors = Doors::default();
        doors.open(&server.url);
        let poster = Poster::new(&market, &doors, 2);
        Self {
            files,
            market,
            poster,
            port,
            db,
        }
    }

    fn start(&self, fault: Option<&str>) -> PlatformServer {
        self.files.start("a", self.port, fault)
    }

    /// Waits for the death at a fault point and starts the process again; answers how it goes on.
    async fn bury(&self, mut server: PlatformServer) -> Aftermath {
        let status = server.end().await;
        assert_eq!(
            status.signal(),
            ABORTED,
            "it died of something else: {status}"
        );
        let now = base::Clock::system().now();
        let in_flight = in_flight(&self.db, &self.market.witnesses, now).await;
        let mut server = self.start(None);
        assert!(server.is_ready().await);
        Aftermath { server, in_flight }
    }

    /// Everything has arrived, in order; and only what was in flight came twice.
    async fn judge(&self, aftermath: &Aftermath) {
        let operator = aftermath.server.operator();
        drained(&operator, Duration::from_mins(1)).await.unwrap();
        let leads = self.poster.ledger.leads();
        let mut wrong = faults_of_arrival(&self.market, &leads);
        wrong.extend(faults_of_record(&operator, &self.market, &leads).await);
        for visit in repeated(&self.db, &self.market.witnesses).await {
            if !aftermath.in_flight.contains(&visit.delivery_id) {
                wrong.push(format!("sent again without need: {visit:?}"));
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }
}

/// A process after the death of its former life.
struct Aftermath {
    server: PlatformServer,
    in_flight: std::collections::HashSet<protocol::id::DeliveryId>,
}

/// Under load: the process dies at the point, and the clients go on when it is there again.
async fn dies_under_load(engine: Engine, fault: &str) {
    let stage = Stage::set(engine, &MANNERS).await;
    let server = stage.start(Some(fault));
    let (aftermath, ()) = tokio::join!(stage.bury(server), stage.poster.feed(LOAD));
    assert_eq!(stage.poster.ledger.count(), 30);
    stage.judge(&aftermath).await;
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

/// More leads than a page of a replay holds, refused until they are dead. The process with the fault is asked to replay
/// them, dies, and the next one is asked again.
async fn dies_in_a_replay(engine: Engine, fault: &str) {
    const DEAD: u32 = 230;
    let stage = Stage::set(engine, &[Manner::Refusing(400)]).await;
    let mut server = stage.start(Some(fault));
    assert!(server.is_ready().await);
    let load = Load {
        leads: DEAD,
        messages: 0,
        over: Duration::ZERO,
    };
    stage.poster.feed(load).await;
    drained(&server.operator(), Duration::from_mins(1))
        .await
        .unwrap();
    stage.market.witnesses[0].change(Manner::Prompt);
    let path = format!("/operator/v1/partners/{}/replay", stage.market.partners[0]);
    let since = serde_json::json!({"since": "2020-01-01T00:00:00Z"});
    let operator = server.operator();
    let asked = async {
        let request = operator.request(reqwest::Method::POST, &path);
        let request = request.header("content-type", "application/json");
        testkit::Http::try_send(request.body(since.to_string())).await
    };
    let (aftermath, answer) = tokio::join!(stage.bury(server), asked);
    assert!(answer.is_err(), "nobody is there to answer");
    let again = aftermath.server.operator().post(&path, &since).await;
    again.expect_status(200);
    stage.judge(&aftermath).await;
}

async fn in_the_middle_of_a_batch(engine: Engine) {
    dies_in_a_replay(engine, "mid_batch:20").await;
}

async fn in_a_replay_between_two_pages(engine: Engine) {
    dies_in_a_replay(engine, "in_replay_page:1").await;
}

/// A process is killed under load. Its next life dies when it has taken its shards, before it has done anything.
async fn in_a_take_over_from_its_former_life(engine: Engine) {
    let stage = Stage::set(engine, &MANNERS).await;
    let mut killed = stage.start(None);
    let harm = async {
        base::Clock::system()
            .sleep(Duration::from_millis(700))
            .await;
        killed.kill();
        let now = base::Clock::system().now();
        let in_flight = in_flight(&stage.db, &stage.market.witnesses, now).await;
        let doomed = stage.start(Some("in_take_over:1"));
        let mut aftermath = stage.bury(doomed).await;
        aftermath.in_flight.extend(in_flight);
        aftermath
    };
    let (aftermath, ()) = tokio::join!(harm, stage.poster.feed(LOAD));
    stage.judge(&aftermath).await;
}
