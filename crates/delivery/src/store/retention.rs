//! Removing old history, across the tables that hold it. What goes together is named by a list of its keys, in JSON.

use std::fmt::Write as _;

use database::{Error, Row, Sql, Tx, params};
use jiff::Timestamp;
use protocol::id::DeliveryId;

use crate::id::{ConversationId, EndpointId};
use crate::store::columns;

/// Old outcomes of one kind, the oldest first, with their lanes, which are locked. Lanes that others hold are passed over:
/// their outcomes are old tomorrow as well.
macro_rules! aged {
    ($which:literal) => {
        concat!(
            "SELECT o.endpoint_id, o.conversation_id, o.delivery_id, o.attempts FROM delivery_outcome AS o
            JOIN delivery_lane AS l ON l.conversation_id = o.conversation_id AND l.endpoint_id = o.endpoint_id
            WHERE o.state ", $which, " AND o.finished_at_us < $1 ORDER BY o.finished_at_us LIMIT $2"
        )
    };
}

macro_rules! keys {
    (sqlite, $first:literal, $second:literal) => {
        concat!(
            "(SELECT value ->> ",
            $first,
            ", value ->> ",
            $second,
            " FROM json_each($1))"
        )
    };
    (postgres, $first:literal, $second:literal) => {
        concat!(
            "(SELECT CAST(k ->> ",
            $first,
            " AS BIGINT), CAST(k ->> ",
            $second,
            " AS BIGINT)
            FROM json_array_elements(CAST(CAST($1 AS TEXT) AS JSON)) AS k)"
        )
    };
}

/// The conditions are judged again: until the lane was locked the delivery may have been revived and ended anew.
macro_rules! delete_outcomes {
    ($engine:ident, $which:literal) => {
        concat!(
            "DELETE FROM delivery_outcome WHERE (delivery_id, endpoint_id) IN ",
            keys!($engine, "0", "1"),
            "
            AND state ",
            $which,
            " AND finished_at_us < $2
            RETURNING endpoint_id, conversation_id, delivery_id, attempts"
        )
    };
}

macro_rules! delete_attempts {
    ($engine:ident) => {
        concat!(
            "DELETE FROM delivery_attempt WHERE (endpoint_id, delivery_id) IN ",
            keys!($engine, "1", "0")
        )
    };
}

macro_rules! delete_empty_lanes {
    ($engine:ident) => {
        concat!(
            "DELETE FROM delivery_lane WHERE (conversation_id, endpoint_id) IN ", keys!($engine, "2", "1"), "
            AND NOT EXISTS (SELECT 1 FROM delivery_pending AS p WHERE p.endpoint_id = delivery_lane.endpoint_id
                AND p.conversation_id = delivery_lane.conversation_id)
            AND NOT EXISTS (SELECT 1 FROM delivery_outcome AS o WHERE o.endpoint_id = delivery_lane.endpoint_id
                AND o.conversation_id = delivery_lane.conversation_id)"
        )
    };
}

database::statements! {
    LOCK_FINISHED = {
        sqlite: aged!("<> 'dead'"),
        postgres: concat!(aged!("<> 'dead'"), " FOR UPDATE OF l SKIP LOCKED"),
    };
    LOCK_DEAD = {
        sqlite: aged!("= 'dead'"),
        postgres: concat!(aged!("= 'dead'"), " FOR UPDATE OF l SKIP LOCKED"),
    };
    DELETE_FINISHED = {
        sqlite: delete_outcomes!(sqlite, "<> 'dead'"),
        postgres: delete_outcomes!(postgres, "<> 'dead'"),
    };
    DELETE_DEAD = {
        sqlite: delete_outcomes!(sqlite, "= 'dead'"),
        postgres: delete_outcomes!(postgres, "= 'dead'"),
    };
    DELETE_ATTEMPTS = { sqlite: delete_attempts!(sqlite), postgres: delete_attempts!(postgres) };
    /// A statement of its own, after the lanes were locked: only so it sees what was recorded just before.
    DELETE_EMPTY_LANES = { sqlite: delete_empty_lanes!(sqlite), postgres: delete_empty_lanes!(postgres) };
    /// The first 20 and the last 180 stay. The condition on 200 is that of the index.
    THIN_ATTEMPTS = "DELETE FROM delivery_attempt WHERE (endpoint_id, delivery_id, attempt) IN
        (SELECT a.endpoint_id, a.delivery_id, a.attempt FROM
            (SELECT m.endpoint_id, m.delivery_id, MAX(m.attempt) AS last_attempt FROM delivery_attempt AS m
             WHERE m.attempt > 200 GROUP BY m.endpoint_id, m.delivery_id) AS many
         JOIN delivery_attempt AS a ON a.endpoint_id = many.endpoint_id AND a.delivery_id = many.delivery_id
            AND a.attempt > 20 AND a.attempt <= many.last_attempt - 180
         LIMIT $1)";
}

/// What is kept for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// Delivered or cancelled.
    Finished,
    /// Dead: somebody may want it back.
    Dead,
}

/// An old delivery that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Aged {
    pub(crate) delivery_id: DeliveryId,
    pub(crate) endpoint_id: EndpointId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) attempts: u32,
}

impl History {
    const fn locking(self) -> Sql {
        match self {
            Self::Finished => LOCK_FINISHED,
            Self::Dead => LOCK_DEAD,
        }
    }

    const fn deleting(self) -> Sql {
        match self {
            Self::Finished => DELETE_FINISHED,
            Self::Dead => DELETE_DEAD,
        }
    }
}

/// At most `limit` deliveries that ended before `before`. Their lanes are locked until the transaction ends; those that
/// somebody else has locked are left out.
pub(crate) async fn lock_aged<T: Tx>(
    tx: &mut T,
    history: History,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Aged>, Error> {
    let rows = tx.query(history.locking(), params![before, limit]).await?;
    rows.iter().map(aged_from).collect()
}

/// Removes those of them, in locked lanes, that are still what they were, and returns them.
pub(crate) async fn delete_outcomes<T: Tx>(
    tx: &mut T,
    history: History,
    before: Timestamp,
    aged: &[Aged],
) -> Result<Vec<Aged>, Error> {
    let keys = keys(aged);
    let rows = tx.query(history.deleting(), params![&keys, before]).await?;
    rows.iter().map(aged_from).collect()
}

/// Removes the attempts of deliveries that are gone, and says how many.
pub(crate) async fn delete_attempts<T: Tx>(tx: &mut T, gone: &[Aged]) -> Result<u64, Error> {
    tx.execute(DELETE_ATTEMPTS, params![&keys(gone)]).await
}

/// Removes those of the deliveries' lanes, which are locked, in which nothing is left, and says how many.
pub(crate) async fn delete_empty_lanes<T: Tx>(tx: &mut T, gone: &[Aged]) -> Result<u64, Error> {
    tx.execute(DELETE_EMPTY_LANES, params![&keys(gone)]).await
}

/// Removes at most `limit` attempts from the middle of rows of more than 200, and says how many.
pub(crate) async fn thin_attempts<T: Tx>(tx: &mut T, limit: i64) -> Result<u64, Error> {
    tx.execute(THIN_ATTEMPTS, params![limit]).await
}

/// `[[delivery, endpoint, conversation], …]`
fn keys(aged: &[Aged]) -> String {
    let mut keys = String::from("[");
    for one in aged {
        let separator = if keys.len() > 1 { "," } else { "" };
        let (delivery, endpoint) = (one.delivery_id, one.endpoint_id);
        let _ = write!(
            keys,
            "{separator}[{delivery},{endpoint},{}]",
            one.conversation_id
        );
    }
    keys.push(']');
    keys
}

fn aged_from(row: &Row) -> Result<Aged, Error> {
    Ok(Aged {
        delivery_id: columns::delivery_id(row)?,
        endpoint_id: row.get("endpoint_id")?,
        conversation_id: row.get("conversation_id")?,
        attempts: row.get("attempts")?,
    })
}

#[cfg(test)]
mod tests;
