//! Tokens in memory: for tests, and for programs that may forget their connections when they end.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::token_store::{IssuedTokens, Lease, ReconnectReason, StoredTokens, TokenStore};

/// A store whose clones are the same store.
#[derive(Clone, Debug)]
pub struct MemoryTokenStore<C> {
    entries: Arc<Mutex<HashMap<C, Entry>>>,
}

#[derive(Debug)]
struct Entry {
    stored: StoredTokens,
    lease: Option<Lease>,
}

impl<C: Eq + Hash> MemoryTokenStore<C> {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            entries: Arc::default(),
        }
    }

    /// Adds a connection, or replaces its tokens after the pro has connected again.
    pub fn insert(&self, connection: C, tokens: IssuedTokens) {
        let mut entries = self.entries();
        let last_version = entries.get(&connection).map(|entry| entry.stored.version);
        let stored = StoredTokens {
            version: last_version.unwrap_or(0) + 1,
            tokens,
            reconnect: None,
        };
        let lease = None;
        entries.insert(connection, Entry { stored, lease });
    }

    /// Forgets a connection that was ended.
    pub fn remove(&self, connection: &C) {
        self.entries().remove(connection);
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<C, Entry>> {
        // Nothing panics while it holds the lock, and each change is complete.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies a change to the connection if its version is the expected one, and ends the lease.
    fn change(&self, connection: &C, version: i64, change: impl FnOnce(&mut StoredTokens)) -> bool {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(connection) else {
            return false;
        };
        if entry.stored.version != version {
            return false;
        }
        change(&mut entry.stored);
        entry.lease = None;
        true
    }
}

impl<C: Eq + Hash> Default for MemoryTokenStore<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> TokenStore for MemoryTokenStore<C>
where
    C: Clone + Eq + Hash + fmt::Debug + Send + Sync + 'static,
{
    type Connection = C;
    type Error = Infallible;

    async fn load(&self, connection: &C) -> Result<Option<StoredTokens>, Infallible> {
        Ok(self
            .entries()
            .get(connection)
            .map(|entry| entry.stored.clone()))
    }

    async fn try_lease(
        &self,
        connection: &C,
        lease: &Lease,
    ) -> Result<Option<StoredTokens>, Infallible> {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(connection) else {
            return Ok(None);
        };
        let is_anothers = entry
            .lease
            .as_ref()
            .is_some_and(|held| held.holder != lease.holder && held.until > lease.now);
        if is_anothers {
            return Ok(None);
        }
        entry.lease = Some(lease.clone());
        Ok(Some(entry.stored.clone()))
    }

    async fn save(
        &self,
        connection: &C,
        version: i64,
        tokens: &IssuedTokens,
    ) -> Result<bool, Infallible> {
        let changed = self.change(connection, version, |stored| {
            *stored = StoredTokens {
                version: version + 1,
                tokens: tokens.clone(),
                reconnect: None,
            };
        });
        Ok(changed)
    }

    async fn mark_reconnect(
        &self,
        connection: &C,
        version: i64,
        reason: ReconnectReason,
    ) -> Result<bool, Infallible> {
        let changed = self.change(connection, version, |stored| {
            stored.reconnect = Some(reason);
        });
        Ok(changed)
    }

    async fn release(&self, connection: &C, holder: &str) -> Result<(), Infallible> {
        if let Some(entry) = self.entries().get_mut(connection)
            && entry
                .lease
                .as_ref()
                .is_some_and(|held| held.holder == holder)
        {
            entry.lease = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base::Secret;
    use jiff::Timestamp;

    use super::*;

    fn tokens(name: &str) -> IssuedTokens {
        IssuedTokens {
            access_token: Secret::new(name),
            expires_at: Timestamp::UNIX_EPOCH,
            refresh_token: Secret::new(name),
            issued_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn lease(holder: &str, second: i64) -> Lease {
        let now = Timestamp::from_second(second).unwrap();
        Lease {
            holder: holder.to_owned(),
            now,
            until: now + Duration::from_secs(20),
        }
    }

    #[tokio::test]
    async fn a_lease_is_one_holders_until_it_is_released_or_runs_out() {
        let store = MemoryTokenStore::new();
        store.insert(1, tokens("first"));
        assert!(store.try_lease(&1, &lease("a", 0)).await.unwrap().is_some());
        assert!(
            store
                .try_lease(&1, &lease("b", 19))
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            store
                .try_lease(&1, &lease("a", 19))
                .await
                .unwrap()
                .is_some()
        );
        store.release(&1, "b").await.unwrap();
        assert!(
            store
                .try_lease(&1, &lease("b", 38))
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            store
                .try_lease(&1, &lease("b", 39))
                .await
                .unwrap()
                .is_some()
        );
        store.release(&1, "b").await.unwrap();
        assert!(
            store
                .try_lease(&1, &lease("a", 39))
                .await
                .unwrap()
                .is_some()
        );
    }

    #[tokio::test]
    async fn an_old_version_changes_nothing() {
        let store = MemoryTokenStore::new();
        store.insert(1, tokens("first"));
        assert!(store.save(&1, 1, &tokens("second")).await.unwrap());
        assert!(!store.save(&1, 1, &tokens("late")).await.unwrap());
        let reason = ReconnectReason::GrantRefused;
        assert!(!store.mark_reconnect(&1, 1, reason).await.unwrap());
        let stored = store.load(&1).await.unwrap().unwrap();
        assert_eq!((stored.version, stored.reconnect), (2, None));
        assert_eq!(stored.tokens.access_token.expose(), "second");
    }

    #[tokio::test]
    async fn connecting_again_removes_the_mark() {
        let store = MemoryTokenStore::new();
        store.insert(1, tokens("first"));
        let reason = ReconnectReason::GrantRefused;
        assert!(store.mark_reconnect(&1, 1, reason).await.unwrap());
        store.insert(1, tokens("second"));
        let stored = store.load(&1).await.unwrap().unwrap();
        assert_eq!((stored.version, stored.reconnect), (2, None));
    }
}
