//! The token keeper when the platform refuses or the store stumbles.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base::{Clock, Secret};
use client::{
    IssuedTokens, KeepError, Lease, MemoryTokenStore, ReconnectReason, StoredTokens, TokenStore,
};
use jiff::Timestamp;

use crate::keeper_setup::{CONNECTION, Setup, assert_token, keeper, pair, tokens};
use crate::scripted_platform::{Reply, ScriptedPlatform};

const INVALID_GRANT: &str = r#"{"error":"INVALID_GRANT"}"#;

fn busy(seconds: &'static str) -> Reply {
    Reply::Answer(503, vec![("Retry-After", seconds)], String::new())
}

#[tokio::test]
async fn while_the_platform_is_busy_the_old_token_is_used_and_nobody_hammers() {
    let setup = Setup::new([busy("20"), Reply::ok(&pair("second"))]).await;
    setup.at_second(3_540);
    assert_token(setup.access_token().await, "first");
    setup.at_second(3_559);
    assert_token(setup.access_token().await, "first");
    assert_eq!(setup.shown().len(), 1);
    setup.at_second(3_560);
    assert_token(setup.access_token().await, "second");
}

#[tokio::test]
async fn without_a_living_token_a_busy_platform_means_later() {
    let setup = Setup::new([busy("20"), Reply::ok(&pair("second"))]).await;
    setup.at_second(3_600);
    for _ in 0..2 {
        let kept = setup.access_token().await;
        assert!(
            matches!(kept, Err(KeepError::Later { retry_at, .. }) if retry_at.as_second() == 3_620)
        );
    }
    assert_eq!(setup.shown().len(), 1);
    setup.at_second(3_620);
    assert_token(setup.access_token().await, "second");
}

#[tokio::test]
async fn a_refused_grant_ends_the_connection_when_its_token_does() {
    let setup = Setup::new([Reply::status(400, INVALID_GRANT)]).await;
    setup.at_second(3_540);
    assert_token(setup.access_token().await, "first");
    let reason = ReconnectReason::GrantRefused;
    assert_eq!(setup.stored().await.reconnect, Some(reason));
    assert_token(setup.access_token().await, "first");
    let rejected = Secret::new("first-access");
    let kept = setup.keeper.refresh_now(&CONNECTION, &rejected).await;
    assert!(matches!(kept, Err(KeepError::ReconnectNeeded(told)) if told == reason));
    setup.at_second(3_600);
    let kept = setup.access_token().await;
    assert!(matches!(kept, Err(KeepError::ReconnectNeeded(told)) if told == reason));
    assert_eq!(setup.shown().len(), 1);
}

#[tokio::test]
async fn a_pro_who_connects_again_revives_the_connection() {
    let setup = Setup::new([Reply::status(400, INVALID_GRANT)]).await;
    setup.at_second(3_600);
    assert!(setup.access_token().await.is_err());
    let again = tokens("again", setup.clock.now());
    setup.store.insert(CONNECTION, again);
    assert_token(setup.access_token().await, "again");
}

#[tokio::test]
async fn a_refused_client_is_the_operators_business_and_not_the_pros() {
    let refused = Reply::status(400, r#"{"error":"INVALID_CLIENT"}"#);
    let setup = Setup::new([refused]).await;
    setup.at_second(3_600);
    let kept = setup.access_token().await;
    assert!(matches!(kept, Err(KeepError::Refused(_))));
    assert_eq!(setup.stored().await.reconnect, None);
    assert!(matches!(
        setup.access_token().await,
        Err(KeepError::Later { .. })
    ));
    assert_eq!(setup.shown().len(), 1);
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct DiskFull;

/// Fails to save a number of times.
struct StumblingStore {
    store: MemoryTokenStore<u8>,
    stumbles: AtomicU32,
}

impl TokenStore for StumblingStore {
    type Connection = u8;
    type Error = DiskFull;

    async fn load(&self, connection: &u8) -> Result<Option<StoredTokens>, DiskFull> {
        self.store
            .load(connection)
            .await
            .map_err(|never| match never {})
    }

    async fn try_lease(
        &self,
        connection: &u8,
        lease: &Lease,
    ) -> Result<Option<StoredTokens>, DiskFull> {
        let leased = self.store.try_lease(connection, lease).await;
        leased.map_err(|never| match never {})
    }

    async fn save(
        &self,
        connection: &u8,
        version: i64,
        tokens: &IssuedTokens,
    ) -> Result<bool, DiskFull> {
        if self.stumbles.load(Ordering::Relaxed) > 0 {
            self.stumbles.fetch_sub(1, Ordering::Relaxed);
            return Err(DiskFull);
        }
        let saved = self.store.save(connection, version, tokens).await;
        saved.map_err(|never| match never {})
    }

    async fn mark_reconnect(
        &self,
        connection: &u8,
        version: i64,
        reason: ReconnectReason,
    ) -> Result<bool, DiskFull> {
        let marked = self.store.mark_reconnect(connection, version, reason).await;
        marked.map_err(|never| match never {})
    }

    async fn release(&self, connection: &u8, holder: &str) -> Result<(), DiskFull> {
        let released = self.store.release(connection, holder).await;
        released.map_err(|never| match never {})
    }
}

#[tokio::test]
async fn a_pair_that_cannot_be_saved_is_not_handed_out() {
    for (stumbles, is_saved) in [(4, true), (5, false)] {
        let platform = ScriptedPlatform::start([Reply::ok(&pair("second"))]).await;
        let clock = Clock::manual(Timestamp::from_second(3_600).unwrap());
        let store = MemoryTokenStore::new();
        store.insert(CONNECTION, tokens("first", Timestamp::UNIX_EPOCH));
        let stumbling = StumblingStore {
            store: store.clone(),
            stumbles: AtomicU32::new(stumbles),
        };
        let keeper = keeper(&platform, stumbling, &clock, 1);
        let mover = async {
            loop {
                if clock.sleepers() > 0 {
                    clock.advance(Duration::from_millis(250));
                }
                tokio::task::yield_now().await;
            }
        };
        let kept = tokio::select! {
            kept = keeper.access_token(&CONNECTION) => kept,
            () = mover => unreachable!("time passes for ever"),
        };
        let stored = store.load(&CONNECTION).await.unwrap().unwrap();
        assert_eq!(stored.version, if is_saved { 2 } else { 1 });
        assert_eq!(matches!(kept, Err(KeepError::Store(DiskFull))), !is_saved);
        assert_eq!(kept.is_ok(), is_saved);
    }
}
