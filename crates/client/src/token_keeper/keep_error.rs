//! Why there is no live token. One variant per thing that a caller does differently.

use jiff::Timestamp;
use thiserror::Error;

use crate::error::ClientError;
use crate::token_store::ReconnectReason;

/// Why there is no live token; `E` is the store's error.
#[derive(Debug, Error)]
pub enum KeepError<E: std::error::Error + 'static> {
    /// The store has no such connection, or it was disconnected.
    #[error("there is no such connection")]
    UnknownConnection,
    /// Only the pro can help, by connecting again. The store has been told.
    #[error("the pro has to connect again: {0}")]
    ReconnectNeeded(ReconnectReason),
    /// The platform cannot give a token at the moment.
    #[error("the token cannot be refreshed before {retry_at}: {reason}")]
    Later {
        /// When it is worth asking again; until then the platform is not asked.
        retry_at: Timestamp,
        /// What stood in the way.
        reason: String,
    },
    /// The platform refuses this client, or does not speak the protocol: an operator has to look at it.
    #[error("the platform does not refresh the token")]
    Refused(#[source] ClientError),
    /// The store could not be asked.
    #[error("the token store failed")]
    Store(#[source] E),
}
