//! Where the token keeper finds the tokens of our connections: sealed, in the table of connections.
//!
//! A connection is named by its own id and not by its business, so that tokens of a connection that was replaced can never
//! be saved over those of its successor.

use std::fmt;

use base::keys::OpenError;
use base::{Clock, Entropy, Keyring};
use client::{
    IssuedTokens, KeepError, Lease, ReconnectReason, StoredTokens, TokenKeeper, TokenStore,
};
use database::{Db, Op, Tx};
use jiff::Timestamp;
use thiserror::Error;

use super::announce::Announcer;
use super::connection_events::{self, Turn};
use crate::store::connection_token::{self, NewTokens, TokenRow};

/// Keeps the tokens of all connections fresh.
pub(crate) type Keeper = TokenKeeper<ConnectionTokens>;

/// Why a connection has no live token.
pub(crate) type TokenError = KeepError<ConnectionTokensError>;

/// Names a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionId(pub(crate) i64);

/// The token keeper's store.
#[derive(Clone)]
pub(crate) struct ConnectionTokens {
    db: Db,
    keys: Keyring,
    entropy: Entropy,
    clock: Clock,
    announcer: Announcer,
}

/// Why the tokens of a connection could not be read or stored.
#[derive(Debug, Error)]
pub(crate) enum ConnectionTokensError {
    /// The database.
    #[error("the tokens cannot be read or stored")]
    Database(#[from] database::Error),
    /// They were altered, or their key is gone.
    #[error("the stored tokens cannot be opened")]
    Damaged(#[from] OpenError),
}

/// Both tokens of a pair, sealed for the row of one connection.
#[derive(Clone, Debug)]
pub(crate) struct SealedPair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl SealedPair {
    /// Seals a pair for the row of this connection.
    pub(crate) fn new(
        keys: &Keyring,
        entropy: &Entropy,
        connection: ConnectionId,
        tokens: &IssuedTokens,
    ) -> Self {
        let seal = |place: &str, plain: &str| keys.seal(entropy, place, plain);
        Self {
            access: seal(&access_place(connection), tokens.access_token.expose()),
            refresh: seal(&refresh_place(connection), tokens.refresh_token.expose()),
        }
    }
}

impl ConnectionTokens {
    /// The tokens in this database, sealed with these keys.
    pub(crate) fn new(
        db: Db,
        (keys, entropy): (Keyring, Entropy),
        (clock, announcer): (Clock, Announcer),
    ) -> Self {
        Self {
            db,
            keys,
            entropy,
            clock,
            announcer,
        }
    }

    fn open(
        &self,
        connection: ConnectionId,
        row: &TokenRow,
    ) -> Result<StoredTokens, ConnectionTokensError> {
        let access_token = self
            .keys
            .open(&access_place(connection), &row.access_sealed)?;
        let refresh_token = self
            .keys
            .open(&refresh_place(connection), &row.refresh_sealed)?;
        let reconnect = (row.state == "reconnect_needed").then(|| {
            let reason = row.reason.as_deref().and_then(ReconnectReason::parse);
            reason.unwrap_or(ReconnectReason::GrantRefused)
        });
        Ok(StoredTokens {
            version: row.version,
            tokens: IssuedTokens {
                access_token,
                expires_at: row.access_expires_at,
                refresh_token,
                issued_at: row.refresh_issued_at,
            },
            reconnect,
        })
    }
}

impl TokenStore for ConnectionTokens {
    type Connection = ConnectionId;
    type Error = ConnectionTokensError;

    async fn load(
        &self,
        connection: &ConnectionId,
    ) -> Result<Option<StoredTokens>, ConnectionTokensError> {
        let row = connection_token::load(&mut self.db.reader(), connection.0).await?;
        row.map(|row| self.open(*connection, &row)).transpose()
    }

    async fn try_lease(
        &self,
        connection: &ConnectionId,
        lease: &Lease,
    ) -> Result<Option<StoredTokens>, ConnectionTokensError> {
        let operation = TakeLease {
            connection: *connection,
            lease: lease.clone(),
        };
        let row = self.db.write(operation).await?;
        row.map(|row| self.open(*connection, &row)).transpose()
    }

    async fn save(
        &self,
        connection: &ConnectionId,
        version: i64,
        tokens: &IssuedTokens,
    ) -> Result<bool, ConnectionTokensError> {
        let operation = Save {
            connection: *connection,
            version,
            sealed: SealedPair::new(&self.keys, &self.entropy, *connection, tokens),
            tokens: tokens.clone(),
        };
        Ok(self.db.write(operation).await?)
    }

    async fn mark_reconnect(
        &self,
        connection: &ConnectionId,
        version: i64,
        reason: ReconnectReason,
    ) -> Result<bool, ConnectionTokensError> {
        let operation = MarkReconnect {
            connection: *connection,
            version,
            reason,
            announcer: self.announcer.clone(),
            now: self.clock.now(),
        };
        let marked = self.db.write(operation).await?;
        self.announcer.wake();
        Ok(marked)
    }

    async fn release(
        &self,
        connection: &ConnectionId,
        holder: &str,
    ) -> Result<(), ConnectionTokensError> {
        let operation = Release {
            connection: *connection,
            holder: holder.to_owned(),
        };
        Ok(self.db.write(operation).await?)
    }
}

impl fmt::Debug for ConnectionTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ConnectionTokens")
            .field("db", &self.db)
            .finish_non_exhaustive()
    }
}

fn access_place(connection: ConnectionId) -> String {
    format!("connection.access:{}", connection.0)
}

fn refresh_place(connection: ConnectionId) -> String {
    format!("connection.refresh:{}", connection.0)
}

struct TakeLease {
    connection: ConnectionId,
    lease: Lease,
}

impl Op for TakeLease {
    type Out = Option<TokenRow>;
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Option<TokenRow>, database::Error> {
        let Lease { holder, now, until } = &self.lease;
        connection_token::take_lease(tx, self.connection.0, holder, *now, *until).await
    }
}

struct Save {
    connection: ConnectionId,
    version: i64,
    sealed: SealedPair,
    tokens: IssuedTokens,
}

impl Op for Save {
    type Out = bool;
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<bool, database::Error> {
        let tokens = NewTokens {
            access_sealed: &self.sealed.access,
            access_expires_at: self.tokens.expires_at,
            refresh_sealed: &self.sealed.refresh,
            refresh_issued_at: self.tokens.issued_at,
        };
        connection_token::save(tx, self.connection.0, self.version, &tokens).await
    }
}

struct MarkReconnect {
    connection: ConnectionId,
    version: i64,
    reason: ReconnectReason,
    announcer: Announcer,
    now: Timestamp,
}

impl Op for MarkReconnect {
    type Out = bool;
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<bool, database::Error> {
        let (connection, reason) = (self.connection.0, self.reason.as_str());
        let before = connection_token::load(tx, connection).await?;
        let marked = connection_token::mark_reconnect(tx, connection, self.version, reason).await?;
        let was_marked = before.is_some_and(|row| row.state == "reconnect_needed");
        if marked && !was_marked {
            let log = self.announcer.open(tx, self.now).await?;
            connection_events::connection(tx, &log, connection, Turn::ReconnectNeeded).await?;
        }
        Ok(marked)
    }
}

struct Release {
    connection: ConnectionId,
    holder: String,
}

impl Op for Release {
    type Out = ();
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), database::Error> {
        connection_token::release(tx, self.connection.0, &self.holder).await
    }
}

#[cfg(test)]
mod tests;
