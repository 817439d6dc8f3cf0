//! One run from its first process to its summary: load and harm together, then calm, then the verdict.

use std::path::Path;
use std::time::Duration;

use base::{Clock, Entropy};
use database::test_db::TestDb;

use super::cluster::Cluster;
use super::flight::repeated;
use super::market::Market;
use super::plan::Plan;
use super::poster::Poster;
use super::summary::Summary;
use super::verdict::{drained, faults_of_arrival, faults_of_record};

/// How often a run says how far it is.
const BETWEEN_NEWS: Duration = Duration::from_secs(5);
/// How long a platform may take to deliver what is left when all harm is done. A process that was killed within a
/// transaction may leave locks for half a minute.
const TO_DRAIN: Duration = Duration::from_mins(2);

/// Tortures a platform of `program` on this database.
///
/// # Panics
/// If a client is not served in the end.
pub async fn run(plan: &Plan, program: &Path, db: &TestDb) -> Summary {
    let clock = Clock::system();
    let mut cluster = Cluster::start(program, db, plan.nodes).await;
    let market = Market::open(&cluster.operator(), &Plan::MANNERS, plan.seed).await;
    let poster = Poster::new(&market, &cluster.doors, plan.seed);
    let mut summary = Summary::begin(plan, clock.now());
    let course = async {
        tokio::join!(
            poster.feed(plan.load()),
            harm(plan, &mut cluster, (db, &market), &mut summary)
        )
    };
    told(&clock, &market, &poster, course).await;
    let operator = cluster.operator();
    let mut wrong = Vec::new();
    let calm = async {
        wrong.extend(drained(&operator, TO_DRAIN).await.err());
        summary.drained_at = Some(clock.now());
        // Nothing is stuck: whoever is told something now learns of it.
        for (business, number) in (0..market.businesses.len()).zip(plan.leads..) {
            poster.feed_lead(business, number, plan.messages).await;
        }
        wrong.extend(drained(&operator, TO_DRAIN).await.err());
    };
    told(&clock, &market, &poster, calm).await;
    let leads = poster.ledger.leads();
    wrong.extend(faults_of_arrival(&market, &leads));
    wrong.extend(faults_of_record(&operator, &market, &leads).await);
    let repeats = repeated(db, &market.witnesses).await;
    summary.close(&market, &poster, repeats, wrong);
    summary
}

/// Does all harm of the plan, spread over its time.
async fn harm(
    plan: &Plan,
    cluster: &mut Cluster,
    (db, market): (&TestDb, &Market),
    summary: &mut Summary,
) {
    let (clock, entropy) = (Clock::system(), Entropy::seeded(plan.seed));
    let harms = plan.harms(&entropy);
    let slot =
        Duration::from_secs(plan.seconds.into()) / u32::try_from(harms.len() + 1).unwrap_or(1);
    let begun_at = clock.now();
    for (harm, number) in harms.into_iter().zip(1_u32..) {
        let jitter = slot * u32::try_from(entropy.below(50)).unwrap_or(0) / 100;
        clock.sleep_until(begun_at + slot * number - jitter).await;
        let suffered = cluster
            .suffer(harm, (db, &market.witnesses), &entropy)
            .await;
        tell(&summary.line(&suffered));
        summary.suffered.push(suffered);
    }
}

/// Does `work`, and says from time to time how far it is.
async fn told<T>(
    clock: &Clock,
    market: &Market,
    poster: &Poster,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = clock.sleep(BETWEEN_NEWS) => {
                let requests: usize = market.witnesses.iter().map(super::witness::Witness::count).sum();
                let leads = poster.ledger.count();
                tell(&format!("         {leads} leads with all of theirs accepted, {requests} requests made"));
            }
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "a long run tells the person who waits for it how far it is"
)]
fn tell(line: &str) {
    println!("{line}");
}
