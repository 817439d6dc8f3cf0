//! `delivery_endpoint`: whether and why an endpoint's deliveries wait, and which endpoints have something to send.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;

use crate::id::EndpointId;
use crate::model::Limits;
use crate::policy::breaker::{Breaker, Hold, HoldReason};

macro_rules! columns {
    () => {
        "e.endpoint_id, e.paused, e.gone, e.kinds_off, e.failures, e.hold_reason, e.held_since_us, e.probes, \
         e.probe_at_us, e.version, e.weight, e.max_in_flight, e.backlog_per_second"
    };
}

macro_rules! first_due {
    () => {
        "(SELECT MIN(p.next_attempt_at_us) FROM delivery_pending AS p
          WHERE p.endpoint_id = e.endpoint_id AND p.is_head) AS first_due_us"
    };
}

database::statements! {
    ENSURE = "INSERT INTO delivery_endpoint (endpoint_id, shard, paused, gone, kinds_off, failures, probes, version)
        VALUES ($1, $2, FALSE, FALSE, '', 0, 0, 0) ON CONFLICT (endpoint_id) DO NOTHING";
    FIND = ("SELECT ", columns!(), " FROM delivery_endpoint AS e WHERE e.endpoint_id = $1");
    LOCK = for_update ("SELECT ", columns!(), " FROM delivery_endpoint AS e WHERE e.endpoint_id = $1");
    SAVE = "UPDATE delivery_endpoint SET paused = $2, gone = $3, kinds_off = $4, failures = $5, hold_reason = $6,
            held_since_us = $7, probes = $8, probe_at_us = $9, version = $10
        WHERE endpoint_id = $1";
    SET_LIMITS = "UPDATE delivery_endpoint SET weight = $2, max_in_flight = $3, backlog_per_second = $4
        WHERE endpoint_id = $1";
    OVERVIEW = ("SELECT ", columns!(), ", s.epoch, ", first_due!(), " FROM delivery_shard AS s
        JOIN delivery_endpoint AS e ON e.shard = s.shard
        WHERE s.owner = $1 AND NOT e.paused AND NOT e.gone ORDER BY e.endpoint_id");
    OVERVIEW_OF = ("SELECT ", columns!(), ", s.epoch, ", first_due!(), " FROM delivery_endpoint AS e
        JOIN delivery_shard AS s ON s.shard = e.shard
        WHERE e.endpoint_id = $2 AND s.owner = $1 AND NOT e.paused AND NOT e.gone");
    ALL_FIRST_DUE = ("SELECT ", columns!(), ", ", first_due!(), " FROM delivery_endpoint AS e
        WHERE NOT e.paused AND NOT e.gone");
}

/// What is known of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) id: EndpointId,
    pub(crate) paused: bool,
    pub(crate) gone: bool,
    pub(crate) kinds_off: Vec<String>,
    pub(crate) breaker: Breaker,
    pub(crate) version: i64,
    pub(crate) limits: Limits,
}

impl Endpoint {
    pub(crate) fn is_held(&self) -> bool {
        matches!(self.breaker, Breaker::Held(_))
    }

    /// Whether the endpoint does not take deliveries of this kind.
    pub(crate) fn has_off(&self, kind: &str) -> bool {
        self.kinds_off.iter().any(|off| off == kind)
    }
}

/// An endpoint of ours with lanes that have a head.
pub(crate) struct Overview {
    pub(crate) endpoint: Endpoint,
    /// The epoch in which its shard is ours.
    pub(crate) epoch: i64,
    /// When its first head is due.
    pub(crate) first_due: Timestamp,
}

/// Adds the endpoint, if it is new.
pub(crate) async fn ensure<T: Tx>(tx: &mut T, endpoint: EndpointId) -> Result<(), Error> {
    let params = params![endpoint.get(), endpoint.shard()];
    tx.execute(ENSURE, params).await.map(drop)
}

/// An endpoint, if anything was ever recorded for it.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    endpoint: EndpointId,
) -> Result<Option<Endpoint>, Error> {
    let row = read.query_optional(FIND, params![endpoint.get()]).await?;
    row.as_ref().map(endpoint_from).transpose()
}

/// An endpoint that exists, locked until the transaction ends.
pub(crate) async fn lock<T: Tx>(tx: &mut T, endpoint: EndpointId) -> Result<Endpoint, Error> {
    endpoint_from(&tx.query_one(LOCK, params![endpoint.get()]).await?)
}

/// Stores a locked endpoint.
pub(crate) async fn save<T: Tx>(tx: &mut T, endpoint: &Endpoint) -> Result<(), Error> {
    let (failures, hold) = match endpoint.breaker {
        Breaker::Closed { failures } => (failures, None),
        Breaker::Held(hold) => (0, Some(hold)),
    };
    let kinds_off = endpoint.kinds_off.join(" ");
    let params = params![
        endpoint.id.get(),
        endpoint.paused,
        endpoint.gone,
        &kinds_off,
        failures,
        hold.map(|hold| hold.reason.as_str()),
        hold.map(|hold| hold.since),
        hold.map_or(0, |hold| hold.probes),
        hold.map(|hold| hold.probe_at),
        endpoint.version,
    ];
    tx.execute(SAVE, params).await.map(drop)
}

/// Stores how much a locked endpoint gets.
pub(crate) async fn set_limits<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    limits: Limits,
) -> Result<(), Error> {
    let params = params![
        endpoint.get(),
        limits.weight,
        limits.max_in_flight,
        limits.backlog_per_second,
    ];
    tx.execute(SET_LIMITS, params).await.map(drop)
}

/// As [`overview`], of one endpoint.
pub(crate) async fn overview_of<R: Read>(
    read: &mut R,
    owner: &str,
    endpoint: EndpointId,
) -> Result<Option<Overview>, Error> {
    let params = params![owner, endpoint.get()];
    let row = read.query_optional(OVERVIEW_OF, params).await?;
    row.as_ref()
        .and_then(|row| overview_from(row).transpose())
        .transpose()
}

/// The endpoints in the shards of `owner` that are neither paused nor gone and have something pending.
pub(crate) async fn overview<R: Read>(read: &mut R, owner: &str) -> Result<Vec<Overview>, Error> {
    let rows = read.query(OVERVIEW, params![owner]).await?;
    rows.iter()
        .filter_map(|row| overview_from(row).transpose())
        .collect()
}

/// When each endpoint has something to do next, whoever sends for it.
pub(crate) async fn all_due<R: Read>(read: &mut R) -> Result<Vec<Timestamp>, Error> {
    let rows = read.query(ALL_FIRST_DUE, &[]).await?;
    let mut all = Vec::new();
    for row in &rows {
        let Some(first_due) = row.get("first_due_us")? else {
            continue;
        };
        all.push(match endpoint_from(row)?.breaker {
            Breaker::Closed { .. } => first_due,
            Breaker::Held(hold) => hold.probe_at,
        });
    }
    Ok(all)
}

fn overview_from(row: &Row) -> Result<Option<Overview>, Error> {
    let Some(first_due) = row.get("first_due_us")? else {
        return Ok(None);
    };
    Ok(Some(Overview {
        endpoint: endpoint_from(row)?,
        epoch: row.get("epoch")?,
        first_due,
    }))
}

fn endpoint_from(row: &Row) -> Result<Endpoint, Error> {
    let kinds_off: String = row.get("kinds_off")?;
    let reason: Option<String> = row.get("hold_reason")?;
    let breaker = match reason.as_deref() {
        None => Breaker::Closed {
            failures: row.get("failures")?,
        },
        // A word of a newer program means that it waits, too.
        Some(word) => Breaker::Held(Hold {
            reason: HoldReason::from_stored(word).unwrap_or(HoldReason::Failing),
            since: row.get("held_since_us")?,
            probes: row.get("probes")?,
            probe_at: row.get("probe_at_us")?,
        }),
    };
    Ok(Endpoint {
        id: row.get("endpoint_id")?,
        paused: row.get("paused")?,
        gone: row.get("gone")?,
        kinds_off: kinds_off.split_whitespace().map(str::to_owned).collect(),
        breaker,
        version: row.get("version")?,
        limits: Limits {
            weight: row.get("weight")?,
            max_in_flight: row.get("max_in_flight")?,
            backlog_per_second: row.get("backlog_per_second")?,
        },
    })
}
