//! What a pro is shown before saying yes or no: who asks for what, and for which of their businesses it can be given.

use base::{Secret, SecretHash};
use database::{Op, Tx};
use jiff::{SignedDuration, Timestamp};
use protocol::id::BusinessId;

use crate::core::Core;
use crate::domain::client::{Client, ClientKind};
use crate::domain::connect::ConnectRequest;
use crate::domain::grant::GrantId;
use crate::domain::session::Session;
use crate::store::connection::Connection;
use crate::store::{business, client, connect_request, connection, partner, refresh_token};

/// How long a consent page may stay open.
const HANDLE_LIFETIME: SignedDuration = SignedDuration::from_mins(30);

/// A consent page.
#[derive(Debug)]
pub(crate) struct Consent {
    /// What the answer must carry: good once, and in this log-in only.
    pub(crate) handle: Secret,
    pub(crate) request: ConnectRequest,
    pub(crate) kind: ClientKind,
    pub(crate) partner_name: String,
    /// All businesses of the pro.
    pub(crate) choices: Vec<Choice>,
}

/// A business of the pro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) business_id: BusinessId,
    pub(crate) name: String,
    pub(crate) standing: Standing,
}

/// How a business stands to the client that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It can be connected.
    Free,
    /// It is connected, and connecting it again replaces that.
    Replaceable,
    /// It is connected, which must be ended before it can be connected again (D3).
    Connected,
}

/// Shows a request that was judged: it is kept under a new handle.
pub(crate) async fn show(
    core: &Core,
    session: &Session,
    client: &Client,
    request: ConnectRequest,
) -> Result<Consent, database::Error> {
    let handle = core.entropy.secret::<32>();
    let now = core.clock.now();
    let op = Keep {
        session_hash: session.session_hash.clone(),
        handle_hash: handle.hash(),
        request: request.clone(),
        expires_at: now.saturating_add(HANDLE_LIFETIME).unwrap_or(now),
    };
    core.db.write(op).await?;
    assemble(core, session, client, handle, request).await
}

/// The page that a handle belongs to, to be shown once more; `None` if it is used up, too old or another log-in's.
pub(crate) async fn show_again(
    core: &Core,
    session: &Session,
    handle: Secret,
) -> Result<Option<Consent>, database::Error> {
    let mut reader = core.db.reader();
    let (session_hash, handle_hash) = (&session.session_hash, handle.hash());
    let now = core.clock.now();
    let kept = connect_request::find(&mut reader, session_hash, &handle_hash, now).await?;
    let Some(request) = kept else {
        return Ok(None);
    };
    let Some(client) = client::find(&mut reader, &request.client_id).await? else {
        return Ok(None);
    };
    assemble(core, session, &client, handle, request)
        .await
        .map(Some)
}

async fn assemble(
    core: &Core,
    session: &Session,
    client: &Client,
    handle: Secret,
    request: ConnectRequest,
) -> Result<Consent, database::Error> {
    let mut reader = core.db.reader();
    let partner = partner::find(&mut reader, client.partner_id).await?;
    let connections = connection::of_account(&mut reader, session.account_id).await?;
    let mut choices = Vec::new();
    for business in business::of_account(&mut reader, session.account_id).await? {
        let own = |connection: &&Connection| {
            connection.business_id == business.business_id
                && connection.client_id == client.client_id
        };
        let standing = match connections.iter().find(own) {
            Some(connection) if client.kind == ClientKind::Production => {
                standing(core, client, connection).await?
            }
            _ => Standing::Free,
        };
        choices.push(Choice {
            business_id: business.business_id,
            name: business.name,
            standing,
        });
    }
    Ok(Consent {
        handle,
        request,
        kind: client.kind,
        partner_name: partner.map(|partner| partner.name).unwrap_or_default(),
        choices,
    })
}

/// As `domain::reconnect` will judge it when the pro has said yes.
async fn standing(
    core: &Core,
    client: &Client,
    connection: &Connection,
) -> Result<Standing, database::Error> {
    if client.reconnect_replaces {
        return Ok(Standing::Replaceable);
    }
    let Some(grant_id) = GrantId::from_i64(connection.grant_id) else {
        return Ok(Standing::Connected);
    };
    let now = core.clock.now();
    let is_usable = refresh_token::has_unexpired(&mut core.db.reader(), grant_id, now).await?;
    Ok(if is_usable {
        Standing::Connected
    } else {
        Standing::Free
    })
}

struct Keep {
    session_hash: SecretHash,
    handle_hash: SecretHash,
    request: ConnectRequest,
    expires_at: Timestamp,
}

impl Op for Keep {
    type Out = ();
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), database::Error> {
        connect_request::insert(
            tx,
            &self.session_hash,
            &self.handle_hash,
            &self.request,
            self.expires_at,
        )
        .await
    }
}
