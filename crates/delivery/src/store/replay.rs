//! `delivery_replay`: jobs that send an endpoint again what died.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::{DeliveryId, ReplayId};

use crate::id::EndpointId;
use crate::replay::job::{Job, ReplayState, ReplayView, Span, Survey};
use crate::replay::pace::{Pace, Rate};

macro_rules! columns {
    () => {
        "r.replay_id, r.endpoint_id, r.since_us, r.until_us, r.rate, r.state, r.cursor_id, r.last_id, r.total, \
         r.replayed, r.next_at_us, r.created_at_us, r.finished_at_us"
    };
}

database::statements! {
    INSERT = "INSERT INTO delivery_replay (replay_id, endpoint_id, shard, since_us, until_us, rate, state, cursor_id,
            last_id, total, replayed, next_at_us, created_at_us, finished_at_us, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0)";
    SAVE = "UPDATE delivery_replay SET state = $2, cursor_id = $3, replayed = $4, next_at_us = $5, finished_at_us = $6,
            version = version + 1
        WHERE replay_id = $1";
    FIND = ("SELECT ", columns!(), " FROM delivery_replay AS r WHERE r.replay_id = $1");
    LOCK = for_update ("SELECT ", columns!(), " FROM delivery_replay AS r WHERE r.replay_id = $1");
    LOCK_OWNED = {
        sqlite: concat!("SELECT ", columns!(), " FROM delivery_replay AS r
            JOIN delivery_shard AS s ON s.shard = r.shard AND s.owner = $2 AND s.epoch = $3
            WHERE r.replay_id = $1"),
        postgres: concat!("SELECT ", columns!(), " FROM delivery_replay AS r
            JOIN delivery_shard AS s ON s.shard = r.shard AND s.owner = $2 AND s.epoch = $3
            WHERE r.replay_id = $1 FOR UPDATE OF r"),
    };
    /// The primary key, backwards.
    LIST = ("SELECT ", columns!(), " FROM delivery_replay AS r WHERE r.replay_id < $1
        ORDER BY r.replay_id DESC LIMIT $2");
    /// The index `delivery_replay_endpoint`, backwards.
    LIST_OF_ENDPOINT = ("SELECT ", columns!(), " FROM delivery_replay AS r
        WHERE r.endpoint_id = $3 AND r.replay_id < $1 ORDER BY r.replay_id DESC LIMIT $2");
    /// From the index `delivery_replay_running`, which is empty nearly always.
    RUNNING = "SELECT r.replay_id, r.next_at_us, s.epoch FROM delivery_replay AS r
        JOIN delivery_shard AS s ON s.shard = r.shard AND s.owner = $1
        WHERE r.state = 'running' AND NOT EXISTS (SELECT 1 FROM delivery_replay AS earlier
            WHERE earlier.endpoint_id = r.endpoint_id AND earlier.replay_id < r.replay_id AND earlier.state = 'running')";
    ANY_RUNNING = "SELECT r.replay_id FROM delivery_replay AS r
        WHERE r.endpoint_id = $1 AND r.state = 'running' ORDER BY r.replay_id LIMIT 1";
    /// From the index `delivery_outcome_undelivered_at` alone.
    SURVEY = "SELECT COUNT(*) AS total, MIN(o.delivery_id) AS first_id, MAX(o.delivery_id) AS last_id
        FROM delivery_outcome AS o
        WHERE o.endpoint_id = $1 AND o.state <> 'delivered' AND o.state = 'dead'
            AND o.finished_at_us >= $2 AND o.finished_at_us <= $3";
}

/// A job that may go on, as far as the queue and the shards say.
pub(crate) struct Runnable {
    pub(crate) replay_id: ReplayId,
    pub(crate) next_at: Timestamp,
    /// The epoch in which the shard is the owner's.
    pub(crate) epoch: i64,
}

/// How many dead deliveries a span means, and their first and last id.
pub(crate) async fn survey<R: Read>(read: &mut R, span: &Span) -> Result<Survey, Error> {
    let params = params![span.endpoint_id.get(), span.since, span.until];
    let row = read.query_one(SURVEY, params).await?;
    let id = |column: &str| -> Result<Option<DeliveryId>, Error> {
        Ok(row
            .get::<Option<i64>>(column)?
            .and_then(DeliveryId::from_i64))
    };
    Ok(Survey {
        total: count(&row, "total")?,
        ids: id("first_id")?.zip(id("last_id")?),
    })
}

/// Stores a new job.
pub(crate) async fn insert<T: Tx>(tx: &mut T, job: &Job) -> Result<(), Error> {
    let view = &job.view;
    let params = params![
        view.replay_id.get(),
        view.span.endpoint_id.get(),
        view.span.endpoint_id.shard(),
        view.span.since,
        view.span.until,
        view.rate.per_second(),
        view.state.as_str(),
        job.cursor,
        job.last,
        number(view.total),
        number(view.replayed),
        job.pace.next_at,
        view.created_at,
        view.state.finished_at(),
    ];
    tx.execute(INSERT, params).await.map(drop)
}

/// Stores how far a locked job has come.
pub(crate) async fn save<T: Tx>(tx: &mut T, job: &Job) -> Result<(), Error> {
    let view = &job.view;
    let params = params![
        view.replay_id.get(),
        view.state.as_str(),
        job.cursor,
        number(view.replayed),
        job.pace.next_at,
        view.state.finished_at(),
    ];
    tx.execute(SAVE, params).await.map(drop)
}

/// One job.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    replay: ReplayId,
) -> Result<Option<ReplayView>, Error> {
    let row = read.query_optional(FIND, params![replay.get()]).await?;
    row.as_ref().map(|row| Ok(job_from(row)?.view)).transpose()
}

/// One job, locked until the transaction ends.
pub(crate) async fn lock<T: Tx>(tx: &mut T, replay: ReplayId) -> Result<Option<Job>, Error> {
    let row = tx.query_optional(LOCK, params![replay.get()]).await?;
    row.as_ref().map(job_from).transpose()
}

/// The same, if the shard of its endpoint still has this owner and epoch.
pub(crate) async fn lock_owned<T: Tx>(
    tx: &mut T,
    replay: ReplayId,
    owner: &str,
    epoch: i64,
) -> Result<Option<Job>, Error> {
    let params = params![replay.get(), owner, epoch];
    let row = tx.query_optional(LOCK_OWNED, params).await?;
    row.as_ref().map(job_from).transpose()
}

/// Jobs with ids smaller than `after`, newest first.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    endpoint: Option<EndpointId>,
    after: Option<ReplayId>,
    limit: usize,
) -> Result<Vec<ReplayView>, Error> {
    let before = after.map_or(i64::MAX, ReplayId::get);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = match endpoint {
        None => read.query(LIST, params![before, limit]).await?,
        Some(endpoint) => {
            let params = params![before, limit, endpoint.get()];
            read.query(LIST_OF_ENDPOINT, params).await?
        }
    };
    rows.iter().map(|row| Ok(job_from(row)?.view)).collect()
}

/// The oldest running job of each endpoint in the shards of `owner`.
pub(crate) async fn running<R: Read>(read: &mut R, owner: &str) -> Result<Vec<Runnable>, Error> {
    let rows = read.query(RUNNING, params![owner]).await?;
    rows.iter()
        .map(|row| {
            Ok(Runnable {
                replay_id: replay_id(row)?,
                next_at: row.get("next_at_us")?,
                epoch: row.get("epoch")?,
            })
        })
        .collect()
}

/// Whether the endpoint has a job that runs.
pub(crate) async fn is_any_running<R: Read>(
    read: &mut R,
    endpoint: EndpointId,
) -> Result<bool, Error> {
    let row = read
        .query_optional(ANY_RUNNING, params![endpoint.get()])
        .await?;
    Ok(row.is_some())
}

fn job_from(row: &Row) -> Result<Job, Error> {
    let rate: u32 = row.get("rate")?;
    let rate = Rate::new(rate.into()).map_err(|error| damaged("rate", &error.to_string()))?;
    Ok(Job {
        view: ReplayView {
            replay_id: replay_id(row)?,
            span: Span {
                endpoint_id: row.get("endpoint_id")?,
                since: row.get("since_us")?,
                until: row.get("until_us")?,
            },
            rate,
            state: state_from(row)?,
            total: count(row, "total")?,
            replayed: count(row, "replayed")?,
            created_at: row.get("created_at_us")?,
        },
        cursor: row.get("cursor_id")?,
        last: row.get("last_id")?,
        pace: Pace {
            rate,
            next_at: row.get("next_at_us")?,
        },
    })
}

fn state_from(row: &Row) -> Result<ReplayState, Error> {
    let word: String = row.get("state")?;
    let at: Option<Timestamp> = row.get("finished_at_us")?;
    match (word.as_str(), at) {
        ("running", None) => Ok(ReplayState::Running),
        ("done", Some(at)) => Ok(ReplayState::Done { at }),
        ("cancelled", Some(at)) => Ok(ReplayState::Cancelled { at }),
        _ => Err(damaged("state", "it is none of the states")),
    }
}

fn replay_id(row: &Row) -> Result<ReplayId, Error> {
    let number = row.get("replay_id")?;
    ReplayId::from_i64(number).ok_or_else(|| damaged("replay_id", "an id must be positive"))
}

fn count(row: &Row, column: &str) -> Result<u64, Error> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| damaged(column, "a count must not be negative"))
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn damaged(column: &str, problem: &str) -> Error {
    Error::Column {
        column: column.to_owned(),
        problem: problem.to_owned(),
    }
}
