//! Keeps the tokens of many connections fresh (§6).
//!
//! **Who takes part.** Callers ask [`TokenKeeper::access_token`] before a call to the platform, and
//! [`TokenKeeper::refresh_now`] when the platform said 401. The [store](TokenStore) remembers. `rules` judges what is
//! stored, without any I/O; `refresher` does the one thing that is dangerous.
//!
//! **Why it is dangerous.** A refresh token is used up by its first use. Whoever loses the answer has ten seconds to ask
//! again with the same token (§2.2 D5); after that the pro has to connect anew.
//!
//! **What holds.**
//! - One refresh at a time per connection: a lock among the callers of a keeper, and the store's lease among processes.
//! - A refresh runs to its end even if the caller who started it is gone, and shutdown waits for it.
//! - A new pair is in the store before anybody is given it.
//! - A lost or empty answer is asked again with the same refresh token, up to three times and within ten seconds.
//! - `INVALID_GRANT` ends a connection only if the store still holds the token that was refused: another process may
//!   have been faster.
//! - While the platform is down, an access token that still lives is handed out; nobody hammers on the platform.
//!
//! **What fails.** A process that dies between the platform's answer and the save leaves ten seconds for another to ask
//! again. A store that is down for longer than that while a refresh is under way costs the connection.
//!
//! A connection that is asked for less than once in 30 days expires, so ask for each once a day.

mod keep_error;
mod refresher;
mod rules;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base::{Clock, Entropy, Secret, Tasks};
use tokio::sync::{OwnedMutexGuard, oneshot};

use crate::client::Client;
use crate::token_store::{StoredTokens, TokenStore};

pub use keep_error::KeepError;
use refresher::{Pause, Refresher};
pub use rules::refresh_due;
use rules::{Judgement, Wanted, judge, usable};

/// One connection's lock, and until when the platform is left alone about it. A connection that was ever refreshed here
/// keeps its slot: some hundred bytes.
type Slot = Arc<tokio::sync::Mutex<Option<Pause>>>;

/// Keeps tokens fresh. Clones are the same keeper.
pub struct TokenKeeper<S: TokenStore> {
    inner: Arc<Inner<S>>,
}

struct Inner<S: TokenStore> {
    refresher: Arc<Refresher<S>>,
    tasks: Tasks,
    slots: Mutex<HashMap<S::Connection, Slot>>,
}

impl<S: TokenStore> TokenKeeper<S> {
    /// A keeper that refreshes with `client` and remembers in `store`. `entropy` gives it its name among the processes
    /// that share the store; `tasks` are what shutdown waits for.
    pub fn new(client: Client, store: S, clock: Clock, entropy: &Entropy, tasks: Tasks) -> Self {
        let holder = entropy.secret::<16>().expose().to_owned();
        let refresher = Arc::new(Refresher {
            client,
            store,
            clock,
            holder,
        });
        let slots = Mutex::default();
        Self {
            inner: Arc::new(Inner {
                refresher,
                tasks,
                slots,
            }),
        }
    }

    /// An access token that lives, refreshed first if its end is near.
    ///
    /// # Errors
    /// See [`KeepError`]. While the old token lives, trouble with the platform is not one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// # let (clock, entropy, tasks) = (base::Clock::system(), base::Entropy::system(), base::Tasks::new());
    /// # let tokens = example.tokens.clone();
    /// use client::{IssuedTokens, MemoryTokenStore, TokenKeeper};
    ///
    /// let store = MemoryTokenStore::new();
    /// store.insert("my business", IssuedTokens::new(tokens, clock.now()));
    /// let keeper = TokenKeeper::new(client.clone(), store, clock, &entropy, tasks);
    ///
    /// let token = keeper.access_token(&"my business").await?;
    /// client.info(&token).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn access_token(
        &self,
        connection: &S::Connection,
    ) -> Result<Secret, KeepError<S::Error>> {
        let stored = self.load(connection).await?;
        match judge(&stored, self.now()) {
            Judgement::Fresh => Ok(stored.tokens.access_token),
            Judgement::Due => self.refresh_ahead(connection, stored).await,
            Judgement::Dead => {
                let slot = self.slot(connection).lock_owned().await;
                self.refresh(connection, slot, Wanted::Fresh).await
            }
            Judgement::Lost(reason) => Err(KeepError::ReconnectNeeded(reason)),
        }
    }

    /// Another token than the one that the platform has just refused with 401. Refreshes only if the stored one is still
    /// that: of many callers who were refused at once, the first refreshes and the others are given what it got.
    ///
    /// # Errors
    /// See [`KeepError`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// # let (clock, entropy, tasks) = (base::Clock::system(), base::Entropy::system(), base::Tasks::new());
    /// # let tokens = example.tokens.clone();
    /// use client::{IssuedTokens, MemoryTokenStore, TokenKeeper};
    ///
    /// let store = MemoryTokenStore::new();
    /// store.insert("my business", IssuedTokens::new(tokens, clock.now()));
    /// let keeper = TokenKeeper::new(client.clone(), store, clock, &entropy, tasks);
    ///
    /// let token = keeper.access_token(&"my business").await?;
    /// // The platform answered 401, so another token is needed before its time.
    /// let other = keeper.refresh_now(&"my business", &token).await?;
    /// client.info(&other).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn refresh_now(
        &self,
        connection: &S::Connection,
        rejected: &Secret,
    ) -> Result<Secret, KeepError<S::Error>> {
        let slot = self.slot(connection).lock_owned().await;
        let wanted = Wanted::OtherThan(rejected.hash());
        self.refresh(connection, slot, wanted).await
    }

    /// The token still lives, so this waits for nobody else and survives a failure.
    async fn refresh_ahead(
        &self,
        connection: &S::Connection,
        stored: StoredTokens,
    ) -> Result<Secret, KeepError<S::Error>> {
        let old = stored.tokens.access_token.clone();
        let Ok(slot) = self.slot(connection).try_lock_owned() else {
            return Ok(old);
        };
        if slot.as_ref().is_some_and(|pause| pause.until > self.now()) {
            return Ok(old);
        }
        let result = self.refresh(connection, slot, Wanted::Fresh).await;
        match result {
            Err(error) if usable(&stored.tokens, self.now()) => {
                tracing::warn!(
                    token.connection = ?connection,
                    error = &error as &dyn std::error::Error,
                    "a token could not be refreshed ahead of its end; the old one is used while it lives"
                );
                Ok(old)
            }
            result => result,
        }
    }

    /// Runs the refresh as a task of its own: a caller that goes away must not take the platform's answer with it.
    async fn refresh(
        &self,
        connection: &S::Connection,
        mut slot: OwnedMutexGuard<Option<Pause>>,
        wanted: Wanted,
    ) -> Result<Secret, KeepError<S::Error>> {
        let refresher = self.inner.refresher.clone();
        let connection = connection.clone();
        let (sender, receiver) = oneshot::channel();
        self.inner.tasks.spawn("refresh tokens", async move {
            let result = refresher.run(&connection, &mut slot, &wanted).await;
            // The next caller may have the slot before this one has the result.
            drop(slot);
            // The caller may be gone; the result is in the store.
            let _ = sender.send(result);
        });
        receiver.await.unwrap_or_else(|_| {
            Err(KeepError::Later {
                retry_at: self.now(),
                reason: "the refresh was interrupted".to_owned(),
            })
        })
    }

    async fn load(&self, connection: &S::Connection) -> Result<StoredTokens, KeepError<S::Error>> {
        self.inner.refresher.load(connection).await
    }

    fn slot(&self, connection: &S::Connection) -> Slot {
        // Nothing panics while it holds the lock.
        let slots = self.inner.slots.lock();
        let mut slots = slots.unwrap_or_else(PoisonError::into_inner);
        slots.entry(connection.clone()).or_default().clone()
    }

    fn now(&self) -> jiff::Timestamp {
        self.inner.refresher.clock.now()
    }
}

impl<S: TokenStore> Clone for TokenKeeper<S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<S: TokenStore> fmt::Debug for TokenKeeper<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenKeeper")
            .field("client", &self.inner.refresher.client)
            .field("holder", &self.inner.refresher.holder)
            .finish_non_exhaustive()
    }
}
