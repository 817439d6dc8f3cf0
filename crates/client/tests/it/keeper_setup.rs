//! What the token keeper's tests begin with: one connection whose tokens were issued at the epoch for an hour.

use std::convert::Infallible;
use std::time::Duration;

use base::{Clock, Entropy, Secret, Tasks};
use client::{IssuedTokens, KeepError, MemoryTokenStore, StoredTokens, TokenKeeper, TokenStore};
use jiff::Timestamp;

use crate::scripted_platform::{Reply, ScriptedPlatform};

/// The connection of every test.
pub(crate) const CONNECTION: u8 = 1;

pub(crate) type Kept = Result<Secret, KeepError<Infallible>>;

pub(crate) struct Setup {
    pub(crate) platform: ScriptedPlatform,
    pub(crate) clock: Clock,
    pub(crate) store: MemoryTokenStore<u8>,
    pub(crate) keeper: TokenKeeper<MemoryTokenStore<u8>>,
}

impl Setup {
    pub(crate) async fn new(script: impl IntoIterator<Item = Reply>) -> Self {
        let platform = ScriptedPlatform::start(script).await;
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let store = MemoryTokenStore::new();
        store.insert(CONNECTION, tokens("first", Timestamp::UNIX_EPOCH));
        let keeper = keeper(&platform, store.clone(), &clock, 1);
        Self {
            platform,
            clock,
            store,
            keeper,
        }
    }

    /// A second process with the same store and platform.
    pub(crate) fn another_process(&self) -> TokenKeeper<MemoryTokenStore<u8>> {
        keeper(&self.platform, self.store.clone(), &self.clock, 2)
    }

    pub(crate) fn at_second(&self, second: u64) {
        let now = self.clock.now().as_second().unsigned_abs();
        self.clock.advance(Duration::from_secs(second - now));
    }

    pub(crate) async fn access_token(&self) -> Kept {
        self.keeper.access_token(&CONNECTION).await
    }

    pub(crate) async fn stored(&self) -> StoredTokens {
        self.store.load(&CONNECTION).await.unwrap().unwrap()
    }

    /// The refresh tokens that the platform was shown, in order.
    pub(crate) fn shown(&self) -> Vec<String> {
        let requests = self.platform.received();
        let bodies = requests.into_iter().map(|request| request.body);
        bodies
            .map(|body| {
                let (_, token) = body.split_once("refresh_token=").unwrap();
                // grant_type=refresh_token comes first, the token itself second.
                let (token, _) = token.split_once('&').unwrap();
                token.to_owned()
            })
            .collect()
    }

    /// Runs the work and moves the clock by `step` whenever somebody waits on it.
    pub(crate) async fn while_time_passes<T>(
        &self,
        step: Duration,
        work: impl Future<Output = T>,
    ) -> T {
        let mover = async {
            loop {
                if self.clock.sleepers() > 0 {
                    self.clock.advance(step);
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            done = work => done,
            () = mover => unreachable!("time passes for ever"),
        }
    }
}

pub(crate) fn keeper<S: TokenStore>(
    platform: &ScriptedPlatform,
    store: S,
    clock: &Clock,
    seed: u64,
) -> TokenKeeper<S> {
    let entropy = Entropy::seeded(seed);
    TokenKeeper::new(
        platform.client(),
        store,
        clock.clone(),
        &entropy,
        Tasks::new(),
    )
}

/// A pair named after its generation, good for an hour.
pub(crate) fn tokens(name: &str, issued_at: Timestamp) -> IssuedTokens {
    IssuedTokens {
        access_token: Secret::new(format!("{name}-access")),
        expires_at: issued_at + Duration::from_hours(1),
        refresh_token: Secret::new(format!("{name}-refresh")),
        issued_at,
    }
}

/// The platform's answer with such a pair.
pub(crate) fn pair(name: &str) -> String {
    format!(
        r#"{{"access_token":"{name}-access","token_type":"bearer","expires_in":3600,"refresh_token":"{name}-refresh"}}"#
    )
}

#[track_caller]
pub(crate) fn assert_token(kept: Kept, name: &str) {
    assert_eq!(kept.unwrap().expose(), format!("{name}-access"));
}
