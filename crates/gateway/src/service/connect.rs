//! Connecting a business: the pro's browser goes to the platform with a state of ours and comes back with a code, and the
//! code becomes tokens (protocol §2).
//!
//! What is in hand is kept at each step, so that the page can simply be reloaded when something failed: the code is
//! exchanged once, its tokens are stored before anything else is asked, and the connection is on disk before the page says
//! so.

use std::time::Duration;

use base::keys::OpenError;
use base::{Secret, SecretHash};
use client::{ClientError, CodeExchange, ConnectRequest, ConnectionInfo, IssuedTokens};
use database::{Op, Tx};
use jiff::{SignedDuration, Timestamp};
use protocol::id::BusinessId;
use protocol::paths::gateway::CONNECT_CALLBACK;
use protocol::pkce::{CodeChallenge, verifier_from_random};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use super::announce::Announcer;
use super::connection_events::{self, Turn};
use super::tokens::{ConnectionId, SealedPair};
use crate::core::Core;
use crate::store::connect_attempt::ConnectAttempt;
use crate::store::connection::{Ending, NewConnection};
use crate::store::{self, connect_attempt};

/// How long the pro has to log in, choose and confirm.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// How long to wait before asking again whom new tokens speak for.
const INFO_WAITS: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// A business that is connected now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connected {
    pub(crate) business_id: BusinessId,
    pub(crate) business_name: String,
}

/// Why a business is not connected.
#[derive(Debug, Error)]
pub(crate) enum ConnectError {
    /// The state is not ours, was used, or is older than half an hour.
    #[error("no connection was started with this state, or it is over")]
    UnknownState,
    /// The platform does not take the code: it is old, or was used.
    #[error("the platform does not take the code")]
    CodeRefused,
    /// The platform is not well; reloading the page tries again.
    #[error("the platform cannot be asked now")]
    Later(#[source] ClientError),
    /// The platform does not take us: an operator must look at the settings.
    #[error("the platform refuses this gateway")]
    Refused(#[source] ClientError),
    /// What was stored when it was started cannot be read.
    #[error("what was stored of the connection cannot be read")]
    Damaged(#[from] OpenError),
    /// The database.
    #[error("the connection cannot be stored")]
    Database(#[from] database::Error),
}

/// Begins to connect a business: the platform's page that the pro must open. It is good for half an hour.
pub(crate) async fn start(core: &Core) -> Result<Url, database::Error> {
    let state = core.entropy.secret::<16>();
    let verifier = verifier_from_random(core.entropy.bytes());
    let challenge = CodeChallenge::of(&verifier)
        .expect("32 random bytes in base64url are a verifier as the grammar wants it");
    let state_hash = state.hash();
    let scopes = &core.settings.platform.scopes;
    let now = core.clock.now();
    let operation = Start {
        verifier_sealed: core
            .keys
            .seal(&core.entropy, &verifier_place(&state_hash), &verifier),
        state_hash,
        scopes: scopes.to_string(),
        expires_at: now.saturating_add(PATIENCE).unwrap_or(Timestamp::MAX),
        now,
    };
    core.db.write(operation).await?;
    let request = ConnectRequest {
        scopes,
        redirect_uri: Some(&redirect_uri(core)),
        state: Some(state.expose()),
        code_challenge: Some(&challenge),
    };
    Ok(core.platform.authorize_url(&request))
}

/// Ends a connection that the pro declined.
pub(crate) async fn decline(core: &Core, state: &Secret) -> Result<(), database::Error> {
    let state_hash = state.hash();
    core.db.write(Decline { state_hash }).await
}

/// Makes the connection that the code stands for. When this answers, it is on disk.
pub(crate) async fn finish(
    core: &Core,
    state: &Secret,
    code: &Secret,
) -> Result<Connected, ConnectError> {
    let state_hash = state.hash();
    let now = core.clock.now();
    let attempt = connect_attempt::find(&mut core.db.reader(), state_hash.as_str(), now).await?;
    let attempt = attempt.ok_or(ConnectError::UnknownState)?;
    let tokens = tokens(core, &state_hash, &attempt, code).await?;
    let info = ask_info(core, &tokens.access_token).await?;
    establish(core, state_hash, &tokens, &info).await?;
    Ok(Connected {
        business_id: info.business_id,
        business_name: info.business_name,
    })
}

/// The tokens that the code stands for: exchanged once, and kept for whoever comes again.
async fn tokens(
    core: &Core,
    state_hash: &SecretHash,
    attempt: &ConnectAttempt,
    code: &Secret,
) -> Result<IssuedTokens, ConnectError> {
    if let Some(sealed) = &attempt.tokens_sealed {
        return Ok(KeptTokens::open(core, state_hash, sealed)?);
    }
    let verifier = core
        .keys
        .open(&verifier_place(state_hash), &attempt.verifier_sealed)?;
    let tokens = exchange(core, code, &verifier).await?;
    let operation = KeepTokens {
        state_hash: state_hash.clone(),
        tokens_sealed: KeptTokens::seal(core, state_hash, &tokens),
    };
    core.db.write(operation).await?;
    Ok(tokens)
}

/// If the answer was lost, or there was none, the same code is asked once more: the platform either never saw it, or says
/// that it was used, and takes nothing away for that.
async fn exchange(
    core: &Core,
    code: &Secret,
    verifier: &Secret,
) -> Result<IssuedTokens, ConnectError> {
    let asked_at = core.clock.now();
    let exchange = CodeExchange {
        code,
        redirect_uri: &redirect_uri(core),
        code_verifier: Some(verifier),
    };
    let mut answer = core.platform.exchange_code(&exchange).await;
    if answer.as_ref().is_err_and(is_passing) {
        answer = core.platform.exchange_code(&exchange).await;
    }
    match answer {
        Ok(pair) => Ok(IssuedTokens::new(pair, asked_at)),
        Err(error) if error.is_invalid_grant() => Err(ConnectError::CodeRefused),
        Err(error) => Err(failed(error)),
    }
}

async fn ask_info(core: &Core, access_token: &Secret) -> Result<ConnectionInfo, ConnectError> {
    let mut waits = INFO_WAITS.into_iter();
    loop {
        let error = match core.platform.info(access_token).await {
            Ok(info) => return Ok(info),
            Err(error) => error,
        };
        match waits.next() {
            Some(wait) if is_passing(&error) => core.clock.sleep(wait).await,
            _ => return Err(failed(error)),
        }
    }
}

fn is_passing(error: &ClientError) -> bool {
    error.is_retryable() || error.may_have_had_effect()
}

fn failed(error: ClientError) -> ConnectError {
    if is_passing(&error) {
        ConnectError::Later(error)
    } else {
        ConnectError::Refused(error)
    }
}

async fn establish(
    core: &Core,
    state_hash: SecretHash,
    tokens: &IssuedTokens,
    info: &ConnectionInfo,
) -> Result<(), ConnectError> {
    let connection = ConnectionId(core.ids.next_id());
    let operation = Establish {
        state_hash,
        connection,
        sealed: SealedPair::new(&core.keys, &core.entropy, connection, tokens),
        tokens: tokens.clone(),
        info: info.clone(),
        announcer: core.announcer.clone(),
        now: core.clock.now(),
    };
    core.db.write(operation).await?;
    core.announcer.wake();
    core.replies.notify_one();
    tracing::info!(
        business.id = info.business_id.get(),
        connection.id = connection.0,
        "a business was connected"
    );
    Ok(())
}

fn redirect_uri(core: &Core) -> String {
    core.settings.base_url.url(CONNECT_CALLBACK)
}

fn verifier_place(state_hash: &SecretHash) -> String {
    format!("connect_attempt.verifier:{}", state_hash.as_str())
}

/// Tokens whose business is not known yet, as they are sealed.
#[derive(Deserialize, Serialize)]
struct KeptTokens {
    access_token: String,
    expires_at: Timestamp,
    refresh_token: String,
    issued_at: Timestamp,
}

impl KeptTokens {
    fn place(state_hash: &SecretHash) -> String {
        format!("connect_attempt.tokens:{}", state_hash.as_str())
    }

    fn seal(core: &Core, state_hash: &SecretHash, tokens: &IssuedTokens) -> String {
        let kept = Self {
            access_token: tokens.access_token.expose().to_owned(),
            expires_at: tokens.expires_at,
            refresh_token: tokens.refresh_token.expose().to_owned(),
            issued_at: tokens.issued_at,
        };
        let plain = serde_json::to_string(&kept).map(Secret::new);
        let plain = plain.expect("a struct of texts and times can be written as JSON");
        core.keys
            .seal(&core.entropy, &Self::place(state_hash), plain.expose())
    }

    fn open(core: &Core, state_hash: &SecretHash, sealed: &str) -> Result<IssuedTokens, OpenError> {
        let plain = core.keys.open(&Self::place(state_hash), sealed)?;
        let kept: Self = serde_json::from_str(plain.expose()).map_err(|_| OpenError)?;
        Ok(IssuedTokens {
            access_token: Secret::new(kept.access_token),
            expires_at: kept.expires_at,
            refresh_token: Secret::new(kept.refresh_token),
            issued_at: kept.issued_at,
        })
    }
}

struct Start {
    state_hash: SecretHash,
    verifier_sealed: String,
    scopes: String,
    expires_at: Timestamp,
    now: Timestamp,
}

impl Op for Start {
    type Out = ();
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), database::Error> {
        connect_attempt::delete_expired(tx, self.now).await?;
        let state_hash = self.state_hash.as_str();
        connect_attempt::insert(
            tx,
            state_hash,
            &self.verifier_sealed,
            &self.scopes,
            self.expires_at,
        )
        .await
    }
}

struct Decline {
    state_hash: SecretHash,
}

impl Op for Decline {
    type Out = ();
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), database::Error> {
        connect_attempt::delete(tx, self.state_hash.as_str()).await?;
        Ok(())
    }
}

struct KeepTokens {
    state_hash: SecretHash,
    tokens_sealed: String,
}

impl Op for KeepTokens {
    type Out = ();
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), database::Error> {
        connect_attempt::keep_tokens(tx, self.state_hash.as_str(), &self.tokens_sealed).await
    }
}

struct Establish {
    state_hash: SecretHash,
    connection: ConnectionId,
    sealed: SealedPair,
    tokens: IssuedTokens,
    info: ConnectionInfo,
    announcer: Announcer,
    now: Timestamp,
}

impl Op for Establish {
    type Out = ();
    type Error = ConnectError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), ConnectError> {
        // Of two requests with one state the second finds nothing to finish.
        if !connect_attempt::delete(tx, self.state_hash.as_str()).await? {
            return Err(ConnectError::UnknownState);
        }
        let business_id = self.info.business_id;
        let replaced = Ending {
            reason: "replaced",
            now: self.now,
            purge_due_at: None,
        };
        let replaces_another = store::connection::end_live(tx, business_id, replaced).await?;
        store::connection::cancel_purge(tx, business_id).await?;
        let new = NewConnection {
            connection_id: self.connection.0,
            business_id,
            business_name: &self.info.business_name,
            client_id: &self.info.client_id,
            scopes: &self.info.scopes.to_string(),
            access_sealed: &self.sealed.access,
            access_expires_at: self.tokens.expires_at,
            refresh_sealed: &self.sealed.refresh,
            refresh_issued_at: self.tokens.issued_at,
            now: self.now,
        };
        store::connection::insert(tx, &new).await?;
        store::reply::hurry(tx, business_id, self.now).await?;
        let log = self.announcer.open(tx, self.now).await?;
        let turn = Turn::Made { replaces_another };
        connection_events::connection(tx, &log, self.connection.0, turn).await?;
        Ok(())
    }
}
