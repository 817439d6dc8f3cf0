//! `delivery_lane`: the counter of each lane, whose row lock makes commit order equal sequence order.

use database::{Error, Tx, params};

use crate::id::{ConversationId, EndpointId};
use crate::store::pending::{Head, head_columns, head_from};

database::statements! {
    /// Also creates the lane. Locks the row.
    TAKE_SEQUENCE = "INSERT INTO delivery_lane (endpoint_id, conversation_id, next_sequence) VALUES ($1, $2, 2)
        ON CONFLICT (conversation_id, endpoint_id) DO UPDATE SET next_sequence = delivery_lane.next_sequence + 1
        RETURNING next_sequence - 1 AS sequence";
    LOCK = for_update "SELECT next_sequence FROM delivery_lane WHERE conversation_id = $2 AND endpoint_id = $1";
    CROWN = ("UPDATE delivery_pending AS p SET is_head = TRUE
        WHERE p.endpoint_id = $1 AND p.conversation_id = $2 AND p.sequence =
            (SELECT MIN(f.sequence) FROM delivery_pending AS f WHERE f.endpoint_id = $1 AND f.conversation_id = $2)
        RETURNING ", head_columns!());
    DETHRONE = "UPDATE delivery_pending SET is_head = FALSE
        WHERE endpoint_id = $1 AND conversation_id = $2 AND is_head";
}

/// The next sequence number of a lane, from 1. Nobody else changes the lane until the transaction ends.
pub(crate) async fn take_sequence<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    conversation: ConversationId,
) -> Result<i64, Error> {
    let params = params![endpoint.get(), conversation.get()];
    tx.query_one(TAKE_SEQUENCE, params).await?.get("sequence")
}

/// Nobody else changes the lane until the transaction ends.
pub(crate) async fn lock<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    conversation: ConversationId,
) -> Result<(), Error> {
    let params = params![endpoint.get(), conversation.get()];
    tx.query_optional(LOCK, params).await.map(drop)
}

/// Makes the first pending delivery of a locked lane its head, after rows went or came, and returns it.
pub(crate) async fn crown<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    conversation: ConversationId,
) -> Result<Option<Head>, Error> {
    let params = params![endpoint.get(), conversation.get()];
    let row = tx.query_optional(CROWN, params).await?;
    row.as_ref().map(head_from).transpose()
}

/// As [`crown`], after a row came that may belong before the head.
pub(crate) async fn crown_anew<T: Tx>(
    tx: &mut T,
    endpoint: EndpointId,
    conversation: ConversationId,
) -> Result<(), Error> {
    let params = params![endpoint.get(), conversation.get()];
    tx.execute(DETHRONE, params).await?;
    crown(tx, endpoint, conversation).await.map(drop)
}
