//! Deliveries as operators see them: pending and finished ones in one list, newest first.

use database::{Error, Read, Row, params};
use protocol::id::DeliveryId;

use crate::id::{ConversationId, EndpointId};
use crate::model::{DeliveryView, Ending, State};
use crate::store::columns;

macro_rules! pending_columns {
    () => {
        "SELECT p.delivery_id, p.endpoint_id, p.conversation_id, p.business_id, p.kind, 'pending' AS state, p.attempts, \
         p.next_attempt_at_us, p.last_status, p.last_error, p.created_at_us, CAST(NULL AS BIGINT) AS finished_at_us"
    };
}

macro_rules! finished_columns {
    () => {
        "SELECT o.delivery_id, o.endpoint_id, o.conversation_id, o.business_id, o.kind, o.state, o.attempts, \
         CAST(NULL AS BIGINT) AS next_attempt_at_us, o.last_status, o.last_error, o.created_at_us, o.finished_at_us"
    };
}

database::statements! {
    PENDING = (pending_columns!(), " FROM delivery_pending AS p
        WHERE p.delivery_id < $1 AND (CAST($2 AS BIGINT) IS NULL OR p.endpoint_id = $2)
        ORDER BY p.delivery_id DESC LIMIT $3");
    FINISHED = (finished_columns!(), " FROM delivery_outcome AS o
        WHERE o.delivery_id < $1 AND (CAST($2 AS BIGINT) IS NULL OR o.endpoint_id = $2)
            AND (CAST($4 AS TEXT) IS NULL OR o.state = $4)
        ORDER BY o.delivery_id DESC LIMIT $3");
    /// What people look for most, and rare: it has an index of its own.
    DEAD = (finished_columns!(), " FROM delivery_outcome AS o
        WHERE o.delivery_id < $1 AND (CAST($2 AS BIGINT) IS NULL OR o.endpoint_id = $2) AND o.state = 'dead'
        ORDER BY o.delivery_id DESC LIMIT $3");
    PENDING_OF_CONVERSATION = (pending_columns!(), " FROM delivery_lane AS l JOIN delivery_pending AS p
            ON p.endpoint_id = l.endpoint_id AND p.conversation_id = l.conversation_id
        WHERE l.conversation_id = $4 AND p.delivery_id < $1 AND (CAST($2 AS BIGINT) IS NULL OR p.endpoint_id = $2)
        ORDER BY p.delivery_id DESC LIMIT $3");
    FINISHED_OF_CONVERSATION = (finished_columns!(), " FROM delivery_lane AS l JOIN delivery_outcome AS o
            ON o.endpoint_id = l.endpoint_id AND o.conversation_id = l.conversation_id
        WHERE l.conversation_id = $5 AND o.delivery_id < $1 AND (CAST($2 AS BIGINT) IS NULL OR o.endpoint_id = $2)
            AND (CAST($4 AS TEXT) IS NULL OR o.state = $4)
        ORDER BY o.delivery_id DESC LIMIT $3");
    FIND_PENDING = (pending_columns!(), " FROM delivery_pending AS p WHERE p.delivery_id = $1");
    FIND_FINISHED = (finished_columns!(), " FROM delivery_outcome AS o WHERE o.delivery_id = $1");
}

/// Which deliveries to list, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those of this conversation: a lead's.
    pub conversation_id: Option<ConversationId>,
    /// Only those to this endpoint: a partner's.
    pub endpoint_id: Option<EndpointId>,
    /// Only those after this one in the list, that is with a smaller id.
    pub after: Option<DeliveryId>,
}

/// At most `limit` deliveries, by descending id.
pub(crate) async fn list<R: Read>(
    read: &mut R,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<DeliveryView>, Error> {
    let mut found = Vec::new();
    if matches!(filter.state, None | Some(State::Pending)) {
        found = pending(read, filter, limit).await?;
    }
    match filter.state {
        None => found.extend(finished(read, filter, None, limit).await?),
        Some(State::Finished(ending)) => {
            found.extend(finished(read, filter, Some(ending), limit).await?);
        }
        Some(State::Pending) => {}
    }
    // A delivery that ended between the two queries was seen by both; the later sight, the finished one, is kept.
    found.reverse();
    found.sort_by_key(|view| std::cmp::Reverse(view.delivery_id));
    found.dedup_by_key(|view| view.delivery_id);
    found.truncate(limit);
    Ok(found)
}

/// One delivery.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    delivery: DeliveryId,
) -> Result<Option<DeliveryView>, Error> {
    for sql in [FIND_PENDING, FIND_FINISHED, FIND_PENDING] {
        // Looked for among the pending ones once more: a retry may have moved it back meanwhile.
        if let Some(row) = read.query_optional(sql, params![delivery.get()]).await? {
            return view_from(&row).map(Some);
        }
    }
    Ok(None)
}

async fn pending<R: Read>(
    read: &mut R,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<DeliveryView>, Error> {
    let (before, endpoint, limit) = common(filter, limit);
    let rows = match filter.conversation_id {
        None => {
            read.query(PENDING, params![before, endpoint, limit])
                .await?
        }
        Some(conversation) => {
            let params = params![before, endpoint, limit, conversation.get()];
            read.query(PENDING_OF_CONVERSATION, params).await?
        }
    };
    rows.iter().map(view_from).collect()
}

async fn finished<R: Read>(
    read: &mut R,
    filter: &Filter,
    ending: Option<Ending>,
    limit: usize,
) -> Result<Vec<DeliveryView>, Error> {
    let (before, endpoint, limit) = common(filter, limit);
    let state = ending.map(Ending::as_str);
    let rows = match (filter.conversation_id, ending) {
        (Some(conversation), _) => {
            let params = params![before, endpoint, limit, state, conversation.get()];
            read.query(FINISHED_OF_CONVERSATION, params).await?
        }
        (None, Some(Ending::Dead)) => read.query(DEAD, params![before, endpoint, limit]).await?,
        (None, _) => {
            let params = params![before, endpoint, limit, state];
            read.query(FINISHED, params).await?
        }
    };
    rows.iter().map(view_from).collect()
}

fn common(filter: &Filter, limit: usize) -> (i64, Option<i64>, i64) {
    (
        filter.after.map_or(i64::MAX, DeliveryId::get),
        filter.endpoint_id.map(EndpointId::get),
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
}

fn view_from(row: &Row) -> Result<DeliveryView, Error> {
    let state: String = row.get("state")?;
    let state = State::parse(&state).ok_or_else(|| Error::Column {
        column: "state".to_owned(),
        problem: "it is none of the states".to_owned(),
    })?;
    Ok(DeliveryView {
        delivery_id: columns::delivery_id(row)?,
        endpoint_id: row.get("endpoint_id")?,
        conversation_id: row.get("conversation_id")?,
        business_id: columns::business_id(row)?,
        kind: row.get("kind")?,
        state,
        attempts: row.get("attempts")?,
        next_attempt_at: row.get("next_attempt_at_us")?,
        last_status: row.get("last_status")?,
        last_error: row.get("last_error")?,
        created_at: row.get("created_at_us")?,
        finished_at: row.get("finished_at_us")?,
    })
}
