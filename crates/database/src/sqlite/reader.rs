//! Connections that only read, beside the writer: the write-ahead log lets them see the last commit without waiting.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use crate::error::Error;
use crate::sqlite::connection;

/// A stack of idle connections. The one that was used last is used next: its pages and statements are warm.
#[derive(Debug)]
pub(crate) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    kept: usize,
}

impl Readers {
    /// Keeps up to `kept` idle connections to `file`.
    pub(crate) fn new(file: PathBuf, kept: usize) -> Self {
        Self {
            file,
            idle: Mutex::new(Vec::new()),
            kept,
        }
    }

    /// Reads on the calling thread. Never waits for a connection: with none idle it opens one.
    pub(crate) fn read<R>(
        &self,
        work: impl FnOnce(&Connection) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connection::open_reader(&self.file)?,
        };
        let result = work(&connection);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.kept {
            idle.push(connection);
        }
        result
    }

    /// Closes the idle connections.
    pub(crate) fn close(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
