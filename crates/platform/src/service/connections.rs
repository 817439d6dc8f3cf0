//! The connections that stand, as the operator sees them. Ending one is `disconnect.rs`.

use database::Error;

use crate::core::Core;
use crate::store::connection::{self, Connection, ConnectionFilter};

/// At most `limit` standing connections after the grant with the id `after`.
pub(crate) async fn list(
    core: &Core,
    filter: &ConnectionFilter,
    after: i64,
    limit: i64,
) -> Result<Vec<Connection>, Error> {
    connection::list(&mut core.db.reader(), filter, after, limit).await
}
