//! One refresh, from the lease to the saved pair. The caller holds the connection's lock.

use std::time::Duration;

use base::{Clock, Secret};
use jiff::{SignedDuration, Timestamp};

use crate::client::Client;
use crate::error::ClientError;
use crate::token_store::{IssuedTokens, Lease, ReconnectReason, StoredTokens, TokenStore};

use super::keep_error::KeepError;
use super::rules::{Wanted, next_wait, refresh_token_expired};

/// Longer than a refresh takes with all its tries.
const LEASE: SignedDuration = SignedDuration::from_secs(20);

/// How often to look whether another process is done.
const LEASE_POLL: Duration = Duration::from_millis(250);

/// How long the platform is left alone after a failure, unless it says how long.
const PAUSE: Duration = Duration::from_secs(5);

/// The longest that the platform may ask to be left alone.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// How long to wait between tries to save a pair that nobody else has.
const SAVE_WAITS: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// Until when the platform is left alone about a connection, and why.
#[derive(Debug)]
pub(super) struct Pause {
    pub(super) until: Timestamp,
    pub(super) reason: String,
}

/// What a refresh is made with.
pub(super) struct Refresher<S> {
    pub(super) client: Client,
    pub(super) store: S,
    pub(super) clock: Clock,
    pub(super) holder: String,
}

impl<S: TokenStore> Refresher<S> {
    pub(super) async fn load(
        &self,
        connection: &S::Connection,
    ) -> Result<StoredTokens, KeepError<S::Error>> {
        let stored = self
            .store
            .load(connection)
            .await
            .map_err(KeepError::Store)?;
        stored.ok_or(KeepError::UnknownConnection)
    }

    /// Gets what is wanted, from the store if somebody was faster, otherwise from the platform.
    pub(super) async fn run(
        &self,
        connection: &S::Connection,
        pause: &mut Option<Pause>,
        wanted: &Wanted,
    ) -> Result<Secret, KeepError<S::Error>> {
        let stored = self.load(connection).await?;
        let now = self.clock.now();
        if wanted.is_met_by(&stored, now) {
            return Ok(stored.tokens.access_token);
        }
        if let Some(reason) = stored.reconnect {
            return Err(KeepError::ReconnectNeeded(reason));
        }
        if let Some(pause) = pause.as_ref().filter(|pause| pause.until > now) {
            return Err(KeepError::Later {
                retry_at: pause.until,
                reason: pause.reason.clone(),
            });
        }
        let result = self.lease_and_refresh(connection, wanted).await;
        *pause = self.pause_after(&result);
        result
    }

    async fn lease_and_refresh(
        &self,
        connection: &S::Connection,
        wanted: &Wanted,
    ) -> Result<Secret, KeepError<S::Error>> {
        let give_up_at = self.clock.now().saturating_add(LEASE);
        let give_up_at = give_up_at.unwrap_or(Timestamp::MAX);
        loop {
            let now = self.clock.now();
            if let Some(stored) = self.try_lease(connection, now).await? {
                return self.refresh_leased(connection, stored, wanted).await;
            }
            let stored = self.load(connection).await?;
            if wanted.can_do_with(&stored, now) {
                return Ok(stored.tokens.access_token);
            }
            if now >= give_up_at {
                return Err(KeepError::Later {
                    retry_at: now,
                    reason: "another process is refreshing it and does not come to an end"
                        .to_owned(),
                });
            }
            self.clock.sleep(LEASE_POLL).await;
        }
    }

    async fn try_lease(
        &self,
        connection: &S::Connection,
        now: Timestamp,
    ) -> Result<Option<StoredTokens>, KeepError<S::Error>> {
        let lease = Lease {
            holder: self.holder.clone(),
            now,
            until: now.saturating_add(LEASE).unwrap_or(Timestamp::MAX),
        };
        let leased = self.store.try_lease(connection, &lease).await;
        leased.map_err(KeepError::Store)
    }

    async fn refresh_leased(
        &self,
        connection: &S::Connection,
        stored: StoredTokens,
        wanted: &Wanted,
    ) -> Result<Secret, KeepError<S::Error>> {
        let now = self.clock.now();
        // Between the first look and the lease another process may have done it, or found that it cannot be done.
        if wanted.is_met_by(&stored, now) {
            self.release(connection).await;
            return Ok(stored.tokens.access_token);
        }
        if let Some(reason) = stored.reconnect {
            self.release(connection).await;
            return Err(KeepError::ReconnectNeeded(reason));
        }
        if refresh_token_expired(&stored.tokens, now) {
            let reason = ReconnectReason::RefreshTokenExpired;
            return self
                .give_up(connection, stored.version, reason, wanted)
                .await;
        }
        match self.ask(&stored.tokens.refresh_token).await {
            Ok(tokens) => self.save(connection, stored.version, &tokens, wanted).await,
            Err(error) if error.is_invalid_grant() => {
                let reason = ReconnectReason::GrantRefused;
                self.give_up(connection, stored.version, reason, wanted)
                    .await
            }
            Err(error) => {
                self.release(connection).await;
                Err(self.failed(error))
            }
        }
    }

    /// Asks the platform, and asks again with the same token while its answer may have been lost.
    async fn ask(&self, refresh_token: &Secret) -> Result<IssuedTokens, ClientError> {
        let asked_at = self.clock.now();
        let mut asked_again = 0;
        let mut may_be_used_up = false;
        loop {
            let error = match self.client.refresh(refresh_token).await {
                Ok(pair) => return Ok(IssuedTokens::new(pair, asked_at)),
                Err(error) => error,
            };
            // Once the token may be used up, the grace period runs, and a refusal "for now" cannot be waited out.
            may_be_used_up |= error.may_have_had_effect();
            let worth_it = error.may_have_had_effect() || error.is_retryable();
            let elapsed = self.clock.now().duration_since(asked_at).unsigned_abs();
            match next_wait(asked_again, elapsed) {
                Some(wait) if may_be_used_up && worth_it => self.clock.sleep(wait).await,
                _ => return Err(error),
            }
            asked_again += 1;
        }
    }

    /// The pair exists nowhere else, so a store that stumbles is asked again.
    async fn save(
        &self,
        connection: &S::Connection,
        version: i64,
        tokens: &IssuedTokens,
        wanted: &Wanted,
    ) -> Result<Secret, KeepError<S::Error>> {
        let mut waits = SAVE_WAITS.into_iter();
        loop {
            match self.store.save(connection, version, tokens).await {
                Ok(true) => return Ok(tokens.access_token.clone()),
                Ok(false) => return self.adopt(connection, wanted).await,
                Err(error) => match waits.next() {
                    Some(wait) => self.clock.sleep(wait).await,
                    None => return Err(KeepError::Store(error)),
                },
            }
        }
    }

    /// Marks the connection as lost, unless somebody has replaced its tokens since.
    async fn give_up(
        &self,
        connection: &S::Connection,
        version: i64,
        reason: ReconnectReason,
        wanted: &Wanted,
    ) -> Result<Secret, KeepError<S::Error>> {
        let marked = self
            .store
            .mark_reconnect(connection, version, reason)
            .await
            .map_err(KeepError::Store)?;
        if marked {
            Err(KeepError::ReconnectNeeded(reason))
        } else {
            self.adopt(connection, wanted).await
        }
    }

    /// Takes what another process has saved.
    async fn adopt(
        &self,
        connection: &S::Connection,
        wanted: &Wanted,
    ) -> Result<Secret, KeepError<S::Error>> {
        let stored = self.load(connection).await?;
        let now = self.clock.now();
        if wanted.can_do_with(&stored, now) {
            return Ok(stored.tokens.access_token);
        }
        Err(KeepError::Later {
            retry_at: now,
            reason: "another process has replaced the token".to_owned(),
        })
    }

    /// A lease that is not released runs out by itself, so a failure here costs time and nothing else.
    async fn release(&self, connection: &S::Connection) {
        if let Err(error) = self.store.release(connection, &self.holder).await {
            tracing::warn!(
                token.connection = ?connection,
                error = &error as &dyn std::error::Error,
                "a lease on tokens could not be released; it runs out by itself"
            );
        }
    }

    fn failed(&self, error: ClientError) -> KeepError<S::Error> {
        if !error.is_retryable() && !error.may_have_had_effect() {
            return KeepError::Refused(error);
        }
        let pause = error.retry_after().unwrap_or(PAUSE).min(LONGEST_PAUSE);
        KeepError::Later {
            retry_at: self.in_a_while(pause),
            reason: error.to_string(),
        }
    }

    fn pause_after(&self, result: &Result<Secret, KeepError<S::Error>>) -> Option<Pause> {
        match result {
            Err(KeepError::Later { retry_at, reason }) => Some(Pause {
                until: *retry_at,
                reason: reason.clone(),
            }),
            Err(KeepError::Refused(error)) => Some(Pause {
                until: self.in_a_while(PAUSE),
                reason: error.to_string(),
            }),
            _ => None,
        }
    }

    fn in_a_while(&self, pause: Duration) -> Timestamp {
        let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
        let moment = self.clock.now().saturating_add(pause);
        moment.unwrap_or(Timestamp::MAX)
    }
}
