//! Connecting (protocol §2.1): reading a partner's request, and the pro's yes or no to it.
//!
//! What the pro sees in between is `consent.rs`; how a yes becomes a code is `code_issue.rs`.

use base::Secret;
use database::{Op, Tx};
use protocol::id::{AccountId, BusinessId};
use protocol::paths::oauth;
use thiserror::Error;
use url::Url;

use crate::core::Core;
use crate::domain::client::Client;
use crate::domain::connect::{ConnectRequest, ConnectStyle, PageFault, Refusal, client_ids, judge};
use crate::domain::connect_query::ConnectQuery;
use crate::domain::session::Session;
use crate::service::code_issue::{IssueError, Issued, Yes};
use crate::store::{client, connect_request};

/// Why a request is not shown to a pro.
#[derive(Debug, Error)]
pub(crate) enum RequestError {
    /// What becomes of it instead.
    #[error("the connect request is refused")]
    Refused(Refusal),
    /// The database.
    #[error("the client could not be looked up")]
    Database(#[from] database::Error),
}

/// Why an answer of a pro was not taken.
#[derive(Debug, Error)]
pub(crate) enum AnswerError {
    /// The handle is used up, too old or another log-in's.
    #[error("the handle of the consent page is not good")]
    Handle,
    /// No code was issued; the handle is as good as before.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

impl From<database::Error> for AnswerError {
    fn from(error: database::Error) -> Self {
        Self::Issue(error.into())
    }
}

/// Judges the request in this query.
pub(crate) async fn read_request(
    core: &Core,
    query: &ConnectQuery,
    style: ConnectStyle,
) -> Result<(Client, ConnectRequest), RequestError> {
    let refuse = |fault| RequestError::Refused(Refusal::Page(fault));
    let mut found = None;
    for client_id in client_ids(query).map_err(refuse)? {
        if found.is_none() {
            found = client::find(&mut core.db.reader(), &client_id).await?;
        }
    }
    let client = found.ok_or_else(|| refuse(PageFault::ClientUnknown))?;
    let issuer = core.settings.base_url.as_str();
    let request = judge(query, &client, style, issuer).map_err(RequestError::Refused)?;
    Ok((client, request))
}

/// The pro says yes for one business.
pub(crate) async fn accept(
    core: &Core,
    session: &Session,
    handle: &Secret,
    business_id: BusinessId,
) -> Result<Issued, AnswerError> {
    let op = Accept {
        yes: Yes::new(core, session.account_id, business_id),
        answer: Taking::new(core, session, handle),
    };
    let issued = core.db.write(op).await?;
    // An earlier connection may have ended, and what waited for it with it.
    core.deliveries.wake();
    Ok(issued)
}

/// The pro says no: where the browser is sent, if the request named a redirect URI.
pub(crate) async fn decline(
    core: &Core,
    session: &Session,
    handle: &Secret,
) -> Result<Option<String>, AnswerError> {
    let request = core.db.write(Taking::new(core, session, handle)).await?;
    Ok(request.declined(core.settings.base_url.as_str()))
}

/// Why a connection could not be confirmed without a browser.
#[derive(Debug, Error)]
pub(crate) enum ConfirmError {
    /// A pro's browser would not have got to the consent page.
    #[error("the connect request is refused")]
    Refused,
    /// There would be no address to answer with.
    #[error("the connect request names no redirect_uri")]
    NoRedirect,
    /// No code was issued.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

/// What a browser would do in which this pro opens `authorize_url`, chooses the business and confirms: the address that it
/// would be sent to. `None` if the business is connected already. For the sandbox, which starts with a connection.
pub(crate) async fn confirm(
    core: &Core,
    account_id: AccountId,
    business_id: BusinessId,
    authorize_url: &Url,
) -> Result<Option<Url>, ConfirmError> {
    let query = ConnectQuery::parse(authorize_url.query().unwrap_or_default());
    let style = match authorize_url.path() {
        oauth::AUTHORIZE => ConnectStyle::Rfc,
        _ => ConnectStyle::Source,
    };
    let read = read_request(core, &query, style).await;
    let (_, request) = read.map_err(|error| match error {
        RequestError::Refused(_) => ConfirmError::Refused,
        RequestError::Database(error) => IssueError::from(error).into(),
    })?;
    if request.redirect_uri.is_none() {
        return Err(ConfirmError::NoRedirect);
    }
    let yes = Yes::new(core, account_id, business_id);
    let issued = match core.db.write(Confirm { yes, request }).await {
        Err(IssueError::AlreadyConnected(_)) => return Ok(None),
        issued => issued?,
    };
    core.deliveries.wake();
    let location = issued.location.ok_or(ConfirmError::NoRedirect)?;
    let location = Url::parse(&location).map_err(|_| ConfirmError::NoRedirect)?;
    Ok(Some(location))
}

/// Takes the request under a handle; the handle is used up.
struct Taking {
    core: Core,
    session: Session,
    handle: Secret,
}

impl Taking {
    fn new(core: &Core, session: &Session, handle: &Secret) -> Self {
        Self {
            core: core.clone(),
            session: session.clone(),
            handle: handle.clone(),
        }
    }
}

impl Op for Taking {
    type Out = ConnectRequest;
    type Error = AnswerError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<ConnectRequest, AnswerError> {
        let (session_hash, handle_hash) = (&self.session.session_hash, self.handle.hash());
        let now = self.core.clock.now();
        let taken = connect_request::take(tx, session_hash, &handle_hash, now).await?;
        taken.ok_or(AnswerError::Handle)
    }
}

struct Accept {
    answer: Taking,
    yes: Yes,
}

impl Op for Accept {
    type Out = Issued;
    type Error = AnswerError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Issued, AnswerError> {
        let request = self.answer.run(tx).await?;
        Ok(self.yes.issue(tx, &request).await?)
    }
}

struct Confirm {
    yes: Yes,
    request: ConnectRequest,
}

impl Op for Confirm {
    type Out = Issued;
    type Error = IssueError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Issued, IssueError> {
        self.yes.issue(tx, &self.request).await
    }
}

#[cfg(test)]
mod tests;
