//! Deliveries as operators see them: pending and finished ones in one list, newest first.

use database::{Error, Param, Read, Row, Sql, params};
use jiff::Timestamp;
use protocol::id::{BusinessId, DeliveryId};

use crate::id::{ConversationId, EndpointId};
use crate::model::{DeliveryView, Ending, State};
use crate::store::columns;

macro_rules! pending_columns {
    () => {
        "SELECT p.delivery_id, p.endpoint_id, p.conversation_id, p.business_id, p.kind, 'pending' AS state, p.attempts, \
         p.next_attempt_at_us, p.last_status, p.last_error, p.created_at_us, CAST(NULL AS BIGINT) AS finished_at_us, \
         TRUE AS keeps_body"
    };
}

macro_rules! finished_columns {
    () => {
        "SELECT o.delivery_id, o.endpoint_id, o.conversation_id, o.business_id, o.kind, o.state, o.attempts, \
         CAST(NULL AS BIGINT) AS next_attempt_at_us, o.last_status, o.last_error, o.created_at_us, o.finished_at_us, \
         o.body IS NOT NULL AS keeps_body"
    };
}

/// Every filter of a list of pending deliveries but the conversation, and its order. Written so that no index of the
/// endpoint is taken: with it an engine would sort all that waits for one.
macro_rules! pending_wanted {
    () => {
        "p.delivery_id < $1 AND p.delivery_id >= $2 AND (CAST($4 AS BIGINT) IS NULL OR p.endpoint_id = $4) \
         AND (CAST($5 AS BIGINT) IS NULL OR p.business_id = $5) AND (CAST($6 AS TEXT) IS NULL OR p.kind = $6) \
         AND (p.attempts > 0 OR NOT CAST($7 AS BOOLEAN)) ORDER BY p.delivery_id DESC LIMIT $3"
    };
}

/// The filters of a list of finished deliveries but for ids and conversation, and its order.
macro_rules! finished_wanted {
    () => {
        "(CAST($4 AS BIGINT) IS NULL OR o.endpoint_id = $4) \
         AND (CAST($5 AS BIGINT) IS NULL OR o.business_id = $5) AND (CAST($6 AS TEXT) IS NULL OR o.kind = $6) \
         AND (CAST($7 AS TEXT) IS NULL OR o.state = $7) ORDER BY o.delivery_id DESC LIMIT $3"
    };
}

/// The ids of a list, for an index that ends with them.
macro_rules! finished_ids {
    () => {
        "o.delivery_id < $1 AND o.delivery_id >= $2 AND "
    };
}

/// The delivery of an attempt, if that was the one which delivered it.
macro_rules! delivered_of_attempt {
    () => {
        "o.delivery_id = a.delivery_id AND o.endpoint_id = a.endpoint_id AND o.attempts = a.attempt \
         AND o.state = 'delivered' AND (CAST($5 AS BIGINT) IS NULL OR o.business_id = $5) \
         AND (CAST($6 AS TEXT) IS NULL OR o.kind = $6)"
    };
}

macro_rules! attempts_of_endpoint {
    () => {
        "a.endpoint_id = $4 AND a.delivery_id < $1 AND a.delivery_id >= $2 ORDER BY a.delivery_id DESC LIMIT $3"
    };
}

database::statements! {
    /// Walks the unique index of the ids backwards: over what is pending, which is never much.
    PENDING = (pending_columns!(), " FROM delivery_pending AS p WHERE ", pending_wanted!());
    /// The lanes of a conversation by the primary key of `delivery_lane`, then the primary key.
    PENDING_OF_CONVERSATION = (pending_columns!(), " FROM delivery_lane AS l JOIN delivery_pending AS p
            ON p.endpoint_id = l.endpoint_id AND p.conversation_id = l.conversation_id
        WHERE l.conversation_id = $8 AND ", pending_wanted!());
    /// Walks the index `delivery_outcome_list` backwards, and looks up what was found.
    FINISHED = (finished_columns!(), " FROM delivery_outcome AS o WHERE (o.delivery_id, o.endpoint_id) IN
            (SELECT w.delivery_id, w.endpoint_id FROM delivery_outcome AS w WHERE w.delivery_id < $1 AND w.delivery_id >= $2
                AND (CAST($4 AS BIGINT) IS NULL OR w.endpoint_id = $4)
                AND (CAST($5 AS BIGINT) IS NULL OR w.business_id = $5)
                AND (CAST($6 AS TEXT) IS NULL OR w.kind = $6) AND (CAST($7 AS TEXT) IS NULL OR w.state = $7)
             ORDER BY w.delivery_id DESC LIMIT $3)
        ORDER BY o.delivery_id DESC");
    /// Walks the endpoint's part of the primary key of `delivery_attempt` backwards: whatever was delivered has an attempt
    /// with its last number. Each engine is told in its way not to begin with the outcomes.
    DELIVERED_TO_ENDPOINT = {
        sqlite: concat!(finished_columns!(), " FROM delivery_attempt AS a CROSS JOIN delivery_outcome AS o
            WHERE ", delivered_of_attempt!(), " AND ", attempts_of_endpoint!()),
        postgres: concat!("SELECT found.* FROM delivery_attempt AS a CROSS JOIN LATERAL
            (", finished_columns!(), " FROM delivery_outcome AS o WHERE ", delivered_of_attempt!(), " LIMIT 1) AS found
            WHERE ", attempts_of_endpoint!()),
    };
    /// The index `delivery_outcome_undelivered`: what people look for most, and rare.
    UNDELIVERED = (finished_columns!(), " FROM delivery_outcome AS o
        WHERE o.state <> 'delivered' AND o.state = $7 AND ", finished_ids!(), finished_wanted!());
    /// The index `delivery_outcome_undelivered_to`.
    UNDELIVERED_TO_ENDPOINT = (finished_columns!(), " FROM delivery_outcome AS o
        WHERE o.endpoint_id = $4 AND o.state <> 'delivered' AND o.state = $7 AND ", finished_ids!(),
        finished_wanted!());
    /// The lanes of a conversation by the primary key of `delivery_lane`, then the primary key. The signs keep the ids out
    /// of the choice of an index: one of the endpoint's would be walked through all of its history.
    FINISHED_OF_CONVERSATION = (finished_columns!(), " FROM delivery_lane AS l JOIN delivery_outcome AS o
            ON o.endpoint_id = l.endpoint_id AND o.conversation_id = l.conversation_id
        WHERE l.conversation_id = $8 AND +o.delivery_id < $1 AND +o.delivery_id >= $2 AND ", finished_wanted!());
    FIND_PENDING = (pending_columns!(), " FROM delivery_pending AS p WHERE p.delivery_id = $1");
    FIND_FINISHED = (finished_columns!(), " FROM delivery_outcome AS o WHERE o.delivery_id = $1");
    FIND_BODY_PENDING = "SELECT p.body FROM delivery_pending AS p WHERE p.delivery_id = $1";
    FIND_BODY_FINISHED = "SELECT o.body FROM delivery_outcome AS o WHERE o.delivery_id = $1";
    FIND_FORERUNNER = "SELECT head.delivery_id, head.kind FROM delivery_pending AS p JOIN delivery_pending AS head
            ON head.endpoint_id = p.endpoint_id AND head.conversation_id = p.conversation_id AND head.is_head
        WHERE p.delivery_id = $1 AND NOT p.is_head";
    /// The primary key, no further than asked for.
    COUNT_PENDING = "SELECT COUNT(*) AS counted FROM (SELECT 1 AS one FROM delivery_pending AS p
        WHERE p.endpoint_id = $1 LIMIT $2) AS found";
    /// The index `delivery_outcome_undelivered_to`, no further than asked for.
    COUNT_DEAD = "SELECT COUNT(*) AS counted FROM (SELECT 1 AS one FROM delivery_outcome AS o
        WHERE o.endpoint_id = $1 AND o.state <> 'delivered' AND o.state = 'dead' LIMIT $2) AS found";
    /// Walks the unique index of the ids, whose order is that of time.
    OLDEST_PENDING = "SELECT p.created_at_us FROM delivery_pending AS p
        WHERE (CAST($1 AS BIGINT) IS NULL OR p.endpoint_id = $1) ORDER BY p.delivery_id LIMIT 1";
}

/// Which deliveries to list, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those that failed: dead, or pending after an attempt at least.
    pub has_failed: bool,
    /// Only those of this conversation: a lead's.
    pub conversation_id: Option<ConversationId>,
    /// Only those to this endpoint: a partner's.
    pub endpoint_id: Option<EndpointId>,
    /// Only those of this business.
    pub business_id: Option<BusinessId>,
    /// Only those of this kind.
    pub kind: Option<&'static str>,
    /// Only those with this id or a larger one. Where ids tell time, that is: recorded since then.
    pub since: Option<DeliveryId>,
    /// Only those with a smaller id: recorded before then.
    pub until: Option<DeliveryId>,
    /// Only those after this one in the list, that is with a smaller id.
    pub after: Option<DeliveryId>,
}

/// A pending delivery that another one waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forerunner {
    /// Its id.
    pub delivery_id: DeliveryId,
    /// As it was recorded.
    pub kind: String,
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
        Some(State::Pending) => {}
        None if filter.has_failed => {
            found.extend(finished(read, filter, Some(Ending::Dead), limit).await?);
        }
        None => found.extend(finished(read, filter, None, limit).await?),
        Some(State::Finished(ending)) if filter.has_failed && ending != Ending::Dead => {}
        Some(State::Finished(ending)) => {
            found.extend(finished(read, filter, Some(ending), limit).await?);
        }
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

/// The bytes that are sent, if they are kept.
pub(crate) async fn body<R: Read>(
    read: &mut R,
    delivery: DeliveryId,
) -> Result<Option<String>, Error> {
    for sql in [FIND_BODY_PENDING, FIND_BODY_FINISHED, FIND_BODY_PENDING] {
        if let Some(row) = read.query_optional(sql, params![delivery.get()]).await? {
            return row.get("body");
        }
    }
    Ok(None)
}

/// The head of the lane in which a pending delivery waits, if that is another one.
pub(crate) async fn forerunner<R: Read>(
    read: &mut R,
    delivery: DeliveryId,
) -> Result<Option<Forerunner>, Error> {
    let params = params![delivery.get()];
    let row = read.query_optional(FIND_FORERUNNER, params).await?;
    row.map(|row| {
        Ok(Forerunner {
            delivery_id: columns::delivery_id(&row)?,
            kind: row.get("kind")?,
        })
    })
    .transpose()
}

/// How many deliveries to an endpoint are pending, and how many dead; no further than `limit`.
pub(crate) async fn counts<R: Read>(
    read: &mut R,
    endpoint: EndpointId,
    limit: u64,
) -> Result<(u64, u64), Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut counts = [0, 0];
    for (count, sql) in counts.iter_mut().zip([COUNT_PENDING, COUNT_DEAD]) {
        let row = read.query_one(sql, params![endpoint.get(), limit]).await?;
        *count = u64::try_from(row.get::<i64>("counted")?).unwrap_or(0);
    }
    let [pending, dead] = counts;
    Ok((pending, dead))
}

/// When the oldest pending delivery to an endpoint was recorded.
pub(crate) async fn oldest_pending<R: Read>(
    read: &mut R,
    endpoint: EndpointId,
) -> Result<Option<Timestamp>, Error> {
    let params = params![endpoint.get()];
    let row = read.query_optional(OLDEST_PENDING, params).await?;
    row.map(|row| row.get("created_at_us")).transpose()
}

async fn pending<R: Read>(
    read: &mut R,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<DeliveryView>, Error> {
    let [before, from, limit, endpoint, business, kind] = common(filter, limit);
    let failed = Param::from(filter.has_failed);
    let rows = match filter.conversation_id {
        None => {
            let params = [before, from, limit, endpoint, business, kind, failed];
            read.query(PENDING, &params).await?
        }
        Some(conversation) => {
            let conversation = conversation.get().into();
            let params = [
                before,
                from,
                limit,
                endpoint,
                business,
                kind,
                failed,
                conversation,
            ];
            read.query(PENDING_OF_CONVERSATION, &params).await?
        }
    };
    rows.iter().map(view_from).collect()
}

/// Finished deliveries, unsorted.
async fn finished<R: Read>(
    read: &mut R,
    filter: &Filter,
    ending: Option<Ending>,
    limit: usize,
) -> Result<Vec<DeliveryView>, Error> {
    let [before, from, limit, endpoint, business, kind] = common(filter, limit);
    let state = |ending: Option<Ending>| Param::from(ending.map(Ending::as_str));
    let shared = [before, from, limit, endpoint, business, kind];
    let queries: Vec<(Sql, Vec<Param<'_>>)> = match (filter.conversation_id, filter.endpoint_id) {
        (Some(conversation), _) => {
            let rest = [state(ending), conversation.get().into()];
            vec![(FINISHED_OF_CONVERSATION, [&shared[..], &rest].concat())]
        }
        (None, Some(_)) => Ending::ALL
            .into_iter()
            .filter(|one| ending.is_none_or(|ending| ending == *one))
            .map(|one| match one {
                Ending::Delivered => (DELIVERED_TO_ENDPOINT, shared.to_vec()),
                Ending::Dead | Ending::Cancelled => {
                    let params = [&shared[..], &[state(Some(one))]].concat();
                    (UNDELIVERED_TO_ENDPOINT, params)
                }
            })
            .collect(),
        (None, None) => {
            let sql = match ending {
                Some(Ending::Dead | Ending::Cancelled) => UNDELIVERED,
                Some(Ending::Delivered) | None => FINISHED,
            };
            vec![(sql, [&shared[..], &[state(ending)]].concat())]
        }
    };
    let mut views = Vec::new();
    for (sql, params) in queries {
        for row in read.query(sql, &params).await? {
            views.push(view_from(&row)?);
        }
    }
    Ok(views)
}

/// The first six parameters of every list.
fn common(filter: &Filter, limit: usize) -> [Param<'static>; 6] {
    let before = [filter.after, filter.until].into_iter().flatten().min();
    [
        before.map_or(i64::MAX, DeliveryId::get).into(),
        filter.since.map_or(0, DeliveryId::get).into(),
        i64::try_from(limit).unwrap_or(i64::MAX).into(),
        filter.endpoint_id.map(EndpointId::get).into(),
        filter.business_id.map(BusinessId::get).into(),
        filter.kind.into(),
    ]
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
        keeps_body: row.get("keeps_body")?,
    })
}
