//! Registering OAuth clients and looking them up.

use base::Secret;
use database::{Op, Tx};
use protocol::id::PartnerId;
use protocol::scope::Scopes;
use serde_json::json;
use thiserror::Error;

use crate::core::Core;
use crate::domain::client::{
    Client, ClientKind, ClientLimit, ClientProfile, ReusePolicy, check_new_client_id,
};
use crate::domain::redirect_uri::RedirectUri;
use crate::service::idempotency::{Answer, KeyedRequest, Once, OnceError};
use crate::service::operator_audit;
use crate::store::{client, partner};

/// A client to be registered.
#[derive(Debug)]
pub(crate) struct NewClient {
    pub(crate) partner_id: PartnerId,
    pub(crate) kind: ClientKind,
    pub(crate) redirect_uris: Vec<RedirectUri>,
    pub(crate) scopes: Scopes,
    pub(crate) profile: ClientProfile,
    pub(crate) reuse_policy: ReusePolicy,
    pub(crate) reconnect_replaces: bool,
    pub(crate) limit: Option<ClientLimit>,
}

/// A client that was registered, and the secret that is shown this once.
#[derive(Debug)]
pub(crate) struct RegisteredClient {
    pub(crate) client: Client,
    pub(crate) secret: Secret,
}

/// Why a client was not registered.
#[derive(Debug, Error)]
pub(crate) enum RegisterClientError {
    /// Nobody has the partner's id.
    #[error("no partner has this id")]
    UnknownPartner,
    /// The database.
    #[error("the client could not be stored")]
    Database(#[from] database::Error),
}

/// Registers a client. Its id and secret are made here; only the secret's hash is stored.
pub(crate) async fn register(
    core: &Core,
    new: NewClient,
    request: Option<KeyedRequest>,
    answer: fn(&RegisteredClient) -> Answer,
) -> Result<Answer, OnceError<RegisterClientError>> {
    let op = Register {
        core: core.clone(),
        client: Client {
            // Its characters read the same raw and decoded, whatever a library does to them.
            client_id: format!("client_{}", core.entropy.secret::<12>().expose()),
            partner_id: new.partner_id,
            kind: new.kind,
            redirect_uris: new.redirect_uris,
            scopes: new.scopes,
            profile: new.profile,
            reuse_policy: new.reuse_policy,
            reconnect_replaces: new.reconnect_replaces,
            limit: new.limit,
            created_at: core.clock.now(),
        },
        secret: core.entropy.secret::<32>(),
    };
    core.db
        .write(Once {
            core: core.clone(),
            request,
            op,
            answer,
        })
        .await
}

/// At most `limit` clients after the one with the id `after`.
pub(crate) async fn list(
    core: &Core,
    after: &str,
    limit: i64,
) -> Result<Vec<Client>, database::Error> {
    client::list(&mut core.db.reader(), after, limit).await
}

/// The client with this id.
pub(crate) async fn find(core: &Core, client_id: &str) -> Result<Option<Client>, database::Error> {
    if check_new_client_id(client_id).is_err() {
        // None of ours has such an id, and PostgreSQL would refuse the question for some.
        return Ok(None);
    }
    client::find(&mut core.db.reader(), client_id).await
}

struct Register {
    core: Core,
    client: Client,
    secret: Secret,
}

impl Op for Register {
    type Out = RegisteredClient;
    type Error = RegisterClientError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<RegisteredClient, RegisterClientError> {
        let partner_id = self.client.partner_id;
        if partner::find(tx, partner_id).await?.is_none() {
            return Err(RegisterClientError::UnknownPartner);
        }
        client::insert(tx, &self.client, &self.secret.hash()).await?;
        let detail = json!({"client_id": self.client.client_id, "partner_id": partner_id});
        operator_audit::record(tx, &self.core, "client.created", None, &detail).await?;
        Ok(RegisteredClient {
            client: self.client.clone(),
            secret: self.secret.clone(),
        })
    }
}
