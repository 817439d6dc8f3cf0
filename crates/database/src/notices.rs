//! Messages between the processes that share a database: quick, and not durable.
//!
//! Whoever relies on one being heard is wrong: the connection may have been lost just then. They are for saying "look now"
//! to somebody who will look anyway.

use std::fmt;

use crate::error::Error;
use crate::postgres::notices;

/// What other processes say on a channel: what [`Db::listen`](crate::Db::listen) returns.
pub struct Notices(pub(crate) notices::Notices);

impl Notices {
    /// Waits for the next message. After an error listen anew, and assume that something was missed.
    pub async fn next(&mut self) -> Result<String, Error> {
        self.0.next().await
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Notices").finish_non_exhaustive()
    }
}
