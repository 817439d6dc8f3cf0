//! What was in flight: requests that have come, but whose outcome no process has stored. After a fault only they may be
//! made again.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use base::Clock;
use database::Db;
use delivery::AttemptView;
use jiff::Timestamp;
use protocol::id::DeliveryId;

use super::witness::{Visit, Witness};

/// What has been in flight for longer than this when something happens is not what it hit.
const LONGEST: Duration = Duration::from_secs(30);

/// What was written before a process died may be read by its receiver a little later.
pub const TO_ARRIVE: Duration = Duration::from_millis(250);

/// A process that froze between its last look and its request sends it when it goes on: at most so much later.
const LATE: Duration = Duration::from_secs(2);

/// How often it is looked whether the processes that live have stored the outcomes of what they sent.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// How often at most: two thirds of a lease are left at any time, and before they are over nobody may have taken over.
const LOOKS: u32 = 5;

/// The deliveries that the only process had in flight, which died at `moment`.
///
/// # Panics
/// If the database does not answer.
pub async fn in_flight(db: &Db, witnesses: &[Witness], moment: Timestamp) -> HashSet<DeliveryId> {
    ids(&unsettled_at(db, witnesses, moment).await)
}

/// The deliveries that one process of several had in flight, which was stopped or killed at `moment`. What the others
/// had, they settle: a machine that is so busy that they do not get to it makes this too many, never too few.
///
/// # Panics
/// If the database does not answer.
pub async fn in_flight_of_one(
    db: &Db,
    witnesses: &[Witness],
    moment: Timestamp,
) -> HashSet<DeliveryId> {
    let mut visits = unsettled_at(db, witnesses, moment).await;
    for look in 1..=LOOKS {
        Clock::system()
            .sleep_until(moment + BETWEEN_LOOKS * look)
            .await;
        visits = unsettled(db, visits).await;
    }
    ids(&visits)
}

async fn unsettled_at(db: &Db, witnesses: &[Witness], moment: Timestamp) -> Vec<Visit> {
    Clock::system().sleep_until(moment + TO_ARRIVE).await;
    let from = moment - LONGEST;
    // The last one of each delivery: those before were in flight at an earlier fault.
    let mut last = HashMap::new();
    for witness in witnesses {
        let recent = |visit: &Visit| visit.came_at > from && visit.came_at < moment + TO_ARRIVE;
        let visits = witness.visits().into_iter().filter(recent);
        last.extend(visits.map(|visit| (visit.delivery_id, visit)));
    }
    unsettled(db, last.into_values().collect()).await
}

fn ids(visits: &[Visit]) -> HashSet<DeliveryId> {
    visits.iter().map(|visit| visit.delivery_id).collect()
}

/// Those of these visits whose outcome is not stored.
///
/// # Panics
/// If the database does not answer.
pub async fn unsettled(db: &Db, visits: Vec<Visit>) -> Vec<Visit> {
    let mut attempts: HashMap<DeliveryId, Vec<AttemptView>> = HashMap::new();
    let mut unsettled = Vec::new();
    for visit in visits {
        let attempts = match attempts.entry(visit.delivery_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let found = delivery::find(&mut db.reader(), visit.delivery_id).await;
                let found = found.expect("the database answers");
                unknown.insert(found.expect("what is sent is on record").attempts)
            }
        };
        let is_of = |attempt: &AttemptView| {
            attempt.started_at <= visit.came_at && visit.came_at <= attempt.ended_at
        };
        if !attempts.iter().any(is_of) {
            unsettled.push(visit);
        }
    }
    unsettled
}

/// Requests that were made although another one for the same delivery was made before and not refused: the first of
/// each such pair, whose outcome nobody stored.
///
/// # Panics
/// If the database does not answer.
pub async fn repeated(db: &Db, witnesses: &[Witness]) -> Vec<Visit> {
    let mut visits = Vec::new();
    for witness in witnesses {
        let mut of: HashMap<DeliveryId, Vec<Visit>> = HashMap::new();
        for visit in witness.visits() {
            of.entry(visit.delivery_id).or_default().push(visit);
        }
        let several = of.into_values().filter(|visits| visits.len() > 1);
        visits.extend(several.flatten());
    }
    unsettled(db, visits).await
}

/// Whether this may be a request that a process had begun when it was frozen, and that it sent when it went on at
/// `thawed_at`.
pub fn is_late(visit: &Visit, thawed_at: Timestamp) -> bool {
    thawed_at <= visit.came_at && visit.came_at < thawed_at + LATE
}
