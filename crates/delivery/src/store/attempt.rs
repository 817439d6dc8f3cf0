//! `delivery_attempt`: every request that was made, append-only.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::DeliveryId;

use crate::id::EndpointId;
use crate::model::AttemptView;

database::statements! {
    /// A cancelled delivery that was revived may have used the number already; what is stored stays.
    INSERT = "INSERT INTO delivery_attempt (endpoint_id, delivery_id, attempt, started_at_us, ended_at_us, class, status,
            error, answer)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (endpoint_id, delivery_id, attempt) DO NOTHING";
    LIST = "SELECT a.attempt, a.started_at_us, a.ended_at_us, a.class, a.status, a.error, a.answer
        FROM delivery_attempt AS a WHERE a.endpoint_id = $1 AND a.delivery_id = $2 ORDER BY a.attempt";
}

/// A request that was made, and what came of it.
pub(crate) struct NewAttempt<'a> {
    /// Counted from 1.
    pub(crate) attempt: u32,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Timestamp,
    pub(crate) class: &'a str,
    pub(crate) status: Option<u32>,
    pub(crate) error: Option<&'a str>,
    pub(crate) answer: Option<&'a str>,
}

/// Stores an attempt.
pub(crate) async fn insert<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    delivery: DeliveryId,
    new: &NewAttempt<'_>,
) -> Result<(), Error> {
    let params = params![
        endpoint.get(),
        delivery.get(),
        new.attempt,
        new.started_at,
        new.ended_at,
        new.class,
        new.status,
        new.error,
        new.answer,
    ];
    tx.execute(INSERT, params).await.map(drop)
}

/// The attempts of a delivery, oldest first.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    endpoint: EndpointId,
    delivery: DeliveryId,
) -> Result<Vec<AttemptView>, Error> {
    let rows = read
        .query(LIST, params![endpoint.get(), delivery.get()])
        .await?;
    rows.iter().map(attempt_from).collect()
}

fn attempt_from(row: &Row) -> Result<AttemptView, Error> {
    Ok(AttemptView {
        attempt: row.get("attempt")?,
        started_at: row.get("started_at_us")?,
        ended_at: row.get("ended_at_us")?,
        class: row.get("class")?,
        status: row.get("status")?,
        error: row.get("error")?,
        answer: row.get("answer")?,
    })
}
