//! The processes of one platform, and the harm that is done to them.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use base::{Clock, Entropy};
use database::test_db::TestDb;
use jiff::Timestamp;
use protocol::id::DeliveryId;

use super::flight::in_flight_of_one;
use super::plan::{Harm, Plan};
use super::poster::Doors;
use super::witness::Witness;
use crate::actors::ApiUser;
use crate::process::{PlatformFiles, PlatformServer, free_port};

/// How long after the end of a lease somebody has surely taken over.
const MORE_THAN_A_LEASE: Duration = Duration::from_millis(1_500);

/// Running processes on one database.
#[derive(Debug)]
pub struct Cluster {
    files: PlatformFiles,
    nodes: Vec<PlatformServer>,
    /// Where clients go.
    pub doors: Doors,
    started: u32,
    clock: Clock,
}

/// What was done to a process.
#[derive(Clone, Debug)]
pub struct Suffered {
    /// What.
    pub harm: Harm,
    /// The name of the process.
    pub node: String,
    /// When.
    pub at: Timestamp,
    /// What it had in flight.
    pub in_flight: HashSet<DeliveryId>,
    /// When it was let go on.
    pub thawed_at: Option<Timestamp>,
}

impl Cluster {
    /// Starts `count` processes of `program`.
    pub async fn start(program: &Path, db: &TestDb, count: u32) -> Self {
        let seconds = |duration: Duration| duration.as_secs_f64().to_string();
        let (deadline, margin) = (seconds(Plan::DEADLINE), seconds(Plan::LEASE_MARGIN));
        let files = PlatformFiles::new(program, &db.url().to_string()).with_settings(&[
            "--delivery-deadline",
            &deadline,
            "--lease-margin",
            &margin,
        ]);
        let mut cluster = Self {
            files,
            nodes: Vec::new(),
            doors: Doors::default(),
            started: 0,
            clock: Clock::system(),
        };
        for _ in 0..count {
            cluster.add().await;
        }
        cluster
    }

    /// Who runs the platform, at a process that lives.
    ///
    /// # Panics
    /// If there is none.
    pub fn operator(&self) -> ApiUser {
        let node = self.nodes.first().expect("there is always a process");
        node.operator()
    }

    /// How many processes run.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Does this to a process that is chosen at random.
    pub async fn suffer(
        &mut self,
        harm: Harm,
        (db, witnesses): (&TestDb, &[Witness]),
        entropy: &Entropy,
    ) -> Suffered {
        if harm == Harm::Add {
            let at = self.clock.now();
            let node = self.add().await;
            return Suffered {
                harm,
                node,
                at,
                in_flight: HashSet::new(),
                thawed_at: None,
            };
        }
        let place = usize::try_from(entropy.below(self.nodes.len() as u64));
        let mut node = self.nodes.remove(place.expect("there are not so many"));
        if harm == Harm::Freeze {
            node.freeze();
        } else {
            node.kill();
        }
        let at = self.clock.now();
        let in_flight = in_flight_of_one(db, witnesses, at).await;
        let mut suffered = Suffered {
            harm,
            node: node.name.clone(),
            at,
            in_flight,
            thawed_at: None,
        };
        let succeeded_at = at + Plan::LEASE + MORE_THAN_A_LEASE;
        match harm {
            Harm::KillAndReturn => self
                .nodes
                .push(self.files.serve(&node.name, node.port).await),
            Harm::Freeze => {
                self.clock.sleep_until(succeeded_at).await;
                suffered.thawed_at = Some(self.clock.now());
                node.thaw();
                self.nodes.push(node);
            }
            Harm::KillForGood | Harm::Add => {
                self.doors.close(&node.url);
                self.clock.sleep_until(succeeded_at).await;
                self.add().await;
            }
        }
        suffered
    }

    /// Starts a process that was not there before; its name.
    async fn add(&mut self) -> String {
        self.started += 1;
        let name = format!("node-{}", self.started);
        let node = self.files.serve(&name, free_port()).await;
        self.doors.open(&node.url);
        self.nodes.push(node);
        name
    }
}
