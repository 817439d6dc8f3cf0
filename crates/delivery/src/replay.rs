//! Replays: sending an endpoint again what died in a span of time, at a rate, by jobs that outlive a process.
//!
//! A job is a row with a cursor. [`advance`] puts back as many dead deliveries as the rate allows, and moves the cursor in
//! the same transaction: a crash between two advances loses nothing and repeats nothing. Ids, bytes and places in the lane
//! stay what they were, so a lead goes before its messages again.
//!
//! The cursor is the id of the last delivery that was looked at, and never a time. What dies once more while the job runs
//! has a smaller id than the cursor by then, so it is not put back twice, whatever clocks say.
//!
//! Jobs of one endpoint wait for each other, the oldest first: two of them would be twice as fast as either asked for.
//! That an endpoint is held or paused stops no job: what is put back waits in its lane like everything else, and without
//! it there might be nothing to probe with.

pub(crate) mod job;
pub(crate) mod pace;

use std::time::Duration;

use base::faults::{self, Point};
use database::{Db, Error, Op, Read, Tx};
use jiff::Timestamp;
use protocol::id::ReplayId;

use crate::id::EndpointId;
use crate::moment;
use crate::store::outcome::Dead;
use crate::store::{lane, outcome, pending, replay as store};
use job::Job;

pub use job::{Advanced, NewReplay, ReplayState, ReplayView, Span, Stopped, Survey};
pub use pace::{Rate, RateError};

/// So many are put back in one transaction, at most.
const BATCH: u64 = 200;
/// So many are looked at in one transaction, at most: some of them died in another span.
const LOOKED_AT: usize = 1_000;
/// How long a job rests that could not be advanced.
const REST: Duration = Duration::from_secs(5);

/// How much a span means, before anything is done: what a person wants to see first. Scans an index; give it a scanner.
pub async fn survey<R: Read>(read: &mut R, span: &Span) -> Result<Survey, Error> {
    store::survey(read, span).await
}

/// Makes a job, and puts back at once what the rate allows, unless an earlier job of the endpoint still runs: a small one
/// is over when this returns.
///
/// [Wake](crate::Waker::wake) the engine after the commit.
pub async fn create<T: Tx>(tx: &mut T, new: &NewReplay) -> Result<ReplayView, Error> {
    let has_earlier = store::is_any_running(tx, new.span.endpoint_id).await?;
    let (first, last) = match new.survey.ids {
        Some((first, last)) => (first.get(), last.get()),
        None => (1, 0),
    };
    let state = match new.survey.ids {
        Some(_) => ReplayState::Running,
        None => ReplayState::Done { at: new.created_at },
    };
    let job = Job {
        view: ReplayView {
            replay_id: new.replay_id,
            span: new.span,
            rate: new.rate,
            state,
            total: new.survey.total,
            replayed: 0,
            created_at: new.created_at,
        },
        cursor: first - 1,
        last,
        pace: pace::Pace::starting(new.rate, new.created_at),
    };
    store::insert(tx, &job).await?;
    if has_earlier || state != ReplayState::Running {
        return Ok(job.view);
    }
    Ok(put_back(tx, job, new.created_at).await?.view)
}

/// One job.
pub async fn find<R: Read>(read: &mut R, replay: ReplayId) -> Result<Option<ReplayView>, Error> {
    store::find(read, replay).await
}

/// At most `limit` jobs with ids smaller than `after`, newest first; of one endpoint, or of all.
pub async fn list<R: Read>(
    read: &mut R,
    endpoint: Option<EndpointId>,
    after: Option<ReplayId>,
    limit: usize,
) -> Result<Vec<ReplayView>, Error> {
    store::list(read, endpoint, after, limit).await
}

/// Stops a job. What it had put back stays so; [`cancel`](crate::cancel) is for that.
pub async fn cancel<T: Tx>(tx: &mut T, replay: ReplayId, now: Timestamp) -> Result<Stopped, Error> {
    let Some(mut job) = store::lock(tx, replay).await? else {
        return Ok(Stopped::Unknown);
    };
    if job.view.state != ReplayState::Running {
        return Ok(Stopped::Before(job.view));
    }
    job.view.state = ReplayState::Cancelled { at: now };
    store::save(tx, &job).await?;
    Ok(Stopped::Now(job.view))
}

/// Goes on with the jobs of all endpoints whose shard `owner` holds, as far as their rates allow by `now`: one transaction
/// each, in which the shard must still be its own. Cheap if there is none, so that an engine may call it in each step.
///
/// A job that cannot be advanced stops no other.
///
/// # Errors
/// If the jobs cannot be listed.
pub async fn advance(db: &Db, owner: &str, now: Timestamp) -> Result<Advanced, Error> {
    let mut advanced = Advanced::default();
    for due in store::running(&mut db.reader(), owner).await? {
        let next = if due.next_at > now {
            Some(due.next_at)
        } else {
            let batch = Batch {
                replay_id: due.replay_id,
                owner: owner.to_owned(),
                epoch: due.epoch,
                now,
            };
            go_on(db, batch, &mut advanced.revived).await
        };
        advanced.next_due = [advanced.next_due, next].into_iter().flatten().min();
    }
    Ok(advanced)
}

/// Does one batch; answers when there is something to do for its endpoint again.
async fn go_on(db: &Db, batch: Batch, revived: &mut u64) -> Option<Timestamp> {
    let (replay_id, now) = (batch.replay_id, batch.now);
    match db.write(batch).await {
        Ok(Some(moved)) => {
            faults::pass(Point::InReplayPage);
            *revived += moved.revived;
            // After the last of this job there may be the first of the next one.
            let is_over = moved.job.view.state != ReplayState::Running;
            Some(if is_over {
                now
            } else {
                moved.job.pace.due(now)
            })
        }
        // Another process has the shard by now, or the job was stopped.
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(replay.id = replay_id.get(), %error, "a replay could not go on; it will");
            Some(moment::after(now, REST))
        }
    }
}

/// One step of one job.
struct Batch {
    replay_id: ReplayId,
    owner: String,
    epoch: i64,
    now: Timestamp,
}

/// What a step did.
struct Moved {
    job: Job,
    revived: u64,
}

impl Op for Batch {
    type Out = Option<Moved>;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Option<Moved>, Error> {
        let locked = store::lock_owned(tx, self.replay_id, &self.owner, self.epoch).await?;
        let Some(before) = locked.filter(|job| job.view.state == ReplayState::Running) else {
            return Ok(None);
        };
        let job = put_back(tx, before, self.now).await?;
        let revived = job.view.replayed - before.view.replayed;
        Ok(Some(Moved { job, revived }))
    }
}

/// Puts back as many as the rate allows, and stores how far the job has come. Its row is locked.
async fn put_back<T: Tx>(tx: &mut T, mut job: Job, now: Timestamp) -> Result<Job, Error> {
    let room = usize::try_from(job.pace.room(now).min(BATCH)).unwrap_or(0);
    let span = job.view.span;
    let found =
        outcome::dead_between(tx, span.endpoint_id, (job.cursor, job.last), LOOKED_AT).await?;
    let (mut meant, seen) = chosen(&span, &found, room);
    if let Some(last) = seen.last() {
        job.cursor = last.delivery_id.get();
    }
    // Lanes are locked in the order of their ids, as a cancellation does.
    meant.sort_by_key(|dead| dead.conversation_id);
    for dead in &meant {
        let revived = revive(tx, &span, dead, now).await?;
        job.view.replayed += u64::from(revived);
        faults::pass(Point::MidBatch);
    }
    job.pace = job.pace.spend(u64::try_from(meant.len()).unwrap_or(0), now);
    if found.len() < LOOKED_AT && seen.len() == found.len() {
        job.view.state = ReplayState::Done { at: now };
    }
    store::save(tx, &job).await?;
    Ok(job)
}

/// Which of those that were found are meant, `room` of them at most, and how far one has to look for them.
fn chosen<'a>(span: &Span, found: &'a [Dead], room: usize) -> (Vec<&'a Dead>, &'a [Dead]) {
    let mut meant = Vec::new();
    for (at, dead) in found.iter().enumerate() {
        if !span.contains(dead.finished_at) {
            continue;
        }
        if meant.len() == room {
            return (meant, found.get(..at).unwrap_or(found));
        }
        meant.push(dead);
    }
    (meant, found)
}

/// Whether a dead delivery is pending again; not if somebody else was faster.
async fn revive<T: Tx>(
    tx: &mut T,
    span: &Span,
    dead: &Dead,
    now: Timestamp,
) -> Result<bool, Error> {
    let (endpoint, conversation) = (span.endpoint_id, dead.conversation_id);
    lane::lock(tx, endpoint, conversation).await?;
    let Some(taken) = outcome::take_dead(tx, dead.delivery_id, span).await? else {
        return Ok(false);
    };
    pending::revive(tx, &taken, now).await?;
    lane::crown_anew(tx, endpoint, conversation).await?;
    Ok(true)
}
