//! A platform with a market, for tests that let its processes die at fault points.

use std::collections::HashSet;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use base::Clock;
use database::test_db::TestDb;
use protocol::id::DeliveryId;
use testkit::ApiUser;
use testkit::process::{PlatformFiles, PlatformServer, free_port};
use testkit::torture::flight::{in_flight, repeated};
use testkit::torture::market::Market;
use testkit::torture::poster::{Doors, Poster};
use testkit::torture::verdict::{drained, faults_of_arrival, faults_of_record};
use testkit::torture::witness::{Manner, Visit};
use testkit::world::Engine;

use crate::program::program;

/// SIGABRT: the end without unwinding.
const ABORTED: Option<i32> = Some(6);

/// A database, its market, and its clients.
pub(crate) struct Stage {
    pub(crate) files: PlatformFiles,
    pub(crate) market: Market,
    pub(crate) doors: Doors,
    pub(crate) poster: Poster,
    // Dropped last: the processes use it.
    pub(crate) db: TestDb,
}

impl Stage {
    /// Sets the market up through a process that nothing happens to, and stops that. `flags` are for all processes.
    pub(crate) async fn set(engine: Engine, flags: &[&str], manners: &[Manner]) -> Self {
        let db = match engine {
            Engine::Sqlite => TestDb::sqlite(platform::MIGRATIONS).await,
            Engine::Postgres => TestDb::postgres(platform::MIGRATIONS).await,
        };
        let url = match db.url().file() {
            Some(file) => format!("sqlite:{}", file.display()),
            None => db.url().to_string(),
        };
        let files = PlatformFiles::new(program(), &url).with_settings(flags);
        let mut server = files.serve("setting up", free_port()).await;
        let market = Market::open(&server.operator(), manners, 1).await;
        server.stop().await;
        let doors = Doors::default();
        let poster = Poster::new(&market, &doors, 2);
        Self {
            files,
            market,
            doors,
            poster,
            db,
        }
    }

    /// Starts a process that clients may come to, and that dies at a fault point if one is named.
    pub(crate) fn start(&self, name: &str, fault: Option<&str>) -> PlatformServer {
        let server = self.files.start(name, free_port(), fault);
        self.doors.open(&server.url);
        server
    }

    /// Starts a process again under its name, on its port.
    pub(crate) async fn start_again(&self, dead: &PlatformServer) -> PlatformServer {
        self.files.serve(&dead.name, dead.port).await
    }

    /// What the only process had in flight, which has just died.
    pub(crate) async fn in_flight(&self) -> HashSet<DeliveryId> {
        in_flight(&self.db, &self.market.witnesses, Clock::system().now()).await
    }

    /// Everything that was acknowledged arrives, in order; and only what was in flight came twice.
    pub(crate) async fn judge(&self, operator: &ApiUser, in_flight: &HashSet<DeliveryId>) {
        let is_expected = |visit: &Visit| in_flight.contains(&visit.delivery_id);
        self.judge_by(operator, is_expected).await;
    }

    /// Everything that was acknowledged arrives, in order; and only what is expected to be came twice.
    pub(crate) async fn judge_by(&self, operator: &ApiUser, is_expected: impl Fn(&Visit) -> bool) {
        drained(operator, Duration::from_mins(1)).await.unwrap();
        let leads = self.poster.ledger.leads();
        let mut wrong = faults_of_arrival(&self.market, &leads);
        wrong.extend(faults_of_record(operator, &self.market, &leads).await);
        for visit in repeated(&self.db, &self.market.witnesses).await {
            if !is_expected(&visit) {
                wrong.push(format!("sent again without need: {visit:?}"));
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }
}

/// Waits until the process has died at its fault point.
pub(crate) async fn died(server: &mut PlatformServer) {
    let status = server.end().await;
    assert_eq!(status.signal(), ABORTED, "it ended otherwise: {status}");
}
