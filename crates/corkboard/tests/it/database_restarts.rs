//! PostgreSQL goes away under load and comes back, in order or as after a crash (protocol §4.5, D2): meanwhile clients are
//! asked to come again, nothing acknowledged is lost, and work goes on by itself.

use std::time::Duration;

use base::Clock;
use database::{Db, Options};
use reqwest::Method;
use testkit::partner::basic;
use testkit::postgres::{OwnPostgres, Shutdown};
use testkit::process::{PlatformFiles, PlatformServer, free_port};
use testkit::torture::flight::repeated;
use testkit::torture::market::Market;
use testkit::torture::poster::{Doors, Load, Poster};
use testkit::torture::verdict::{drained, faults_of_arrival, faults_of_record};
use testkit::torture::witness::Manner;
use testkit::world::OPERATOR_KEY;
use testkit::{Http, Reply};

use crate::program::program;
use crate::support::assert_error;

const MANNERS: [Manner; 3] = [
    Manner::Prompt,
    Manner::Slow(Duration::from_millis(100)),
    Manner::Slow(Duration::from_millis(200)),
];
const LOAD: Load = Load {
    leads: 100,
    messages: 2,
    over: Duration::from_secs(6),
};
/// How long the server is away.
const AWAY: Duration = Duration::from_secs(1);

/// Every face of the platform needs the database; each of these is refused for now.
async fn each_face_asks_to_come_again(server: &PlatformServer, market: &Market) {
    let http = Http::new();
    let operator = format!("Bearer {OPERATOR_KEY}");
    let client = basic("a client", "its secret");
    let business = &market.businesses[0].business_id;
    let lead = market.lead(0, "While it is away").to_string();
    let requests = [
        (Method::GET, "/readyz".to_owned(), "", ""),
        (
            Method::GET,
            "/operator/v1/deliveries".to_owned(),
            operator.as_str(),
            "",
        ),
        (
            Method::POST,
            "/operator/v1/leads".to_owned(),
            &operator,
            lead.as_str(),
        ),
        (
            Method::POST,
            format!("/v1/business/{business}/lead/1/message"),
            &client,
            r#"{"text": "Hello"}"#,
        ),
        (
            Method::POST,
            "/v2/tokens/access?grant_type=refresh_token&token_type=REFRESH&refresh_token=x"
                .to_owned(),
            &client,
            "",
        ),
    ];
    for (method, path, authorization, body) in requests {
        let request = http
            .request(method, &format!("{}{path}", server.url))
            .header("authorization", authorization)
            .header("content-type", "application/json")
            .body(body.to_owned());
        let reply: Reply = Http::send(request).await;
        assert_error(&reply, 503, "SERVICE_UNAVAILABLE");
    }
    let alive = http.get(&format!("{}/healthz", server.url)).await;
    alive.expect_status(200);
}

async fn is_ready(server: &PlatformServer) {
    let (clock, http) = (Clock::system(), Http::new());
    let deadline = clock.now() + Duration::from_secs(30);
    while http.get(&format!("{}/readyz", server.url)).await.status != 200 {
        assert!(clock.now() < deadline, "{} is not ready again", server.name);
        clock.sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_may_go_away_under_load_and_come_back() {
    let postgres = OwnPostgres::start().await;
    let files = PlatformFiles::new(program(), &postgres.url().to_string());
    let servers = [
        files.serve("a", free_port()).await,
        files.serve("b", free_port()).await,
    ];
    let market = Market::open(&servers[0].operator(), &MANNERS, 1).await;
    let doors = Doors::default();
    doors.open(&servers[0].url);
    doors.open(&servers[1].url);
    let poster = Poster::new(&market, &doors, 2);
    let restarts = async {
        for shutdown in [Shutdown::Fast, Shutdown::Immediate] {
            Clock::system().sleep(Duration::from_millis(1_500)).await;
            postgres.stop(shutdown).await;
            let back_at = Clock::system().now() + AWAY;
            for server in &servers {
                each_face_asks_to_come_again(server, &market).await;
            }
            Clock::system().sleep_until(back_at).await;
            postgres.start_again().await;
            for server in &servers {
                is_ready(server).await;
            }
        }
    };
    tokio::join!(restarts, poster.feed(LOAD));
    let turned_away = poster
        .tries
        .turned_away
        .load(std::sync::atomic::Ordering::Relaxed);
    assert!(turned_away > 0, "clients have noticed");
    let operator = servers[1].operator();
    drained(&operator, Duration::from_mins(1)).await.unwrap();
    let leads = poster.ledger.leads();
    let mut wrong = faults_of_arrival(&market, &leads);
    wrong.extend(faults_of_record(&operator, &market, &leads).await);
    // No process died, and no lease ran out: each outcome was stored when the database was back.
    let db = Db::open(postgres.url(), &Options::default()).await.unwrap();
    let repeated = repeated(&db, &market.witnesses).await;
    wrong.extend(
        repeated
            .iter()
            .map(|visit| format!("sent again: {visit:?}")),
    );
    assert_eq!(wrong, Vec::<String>::new());
}
