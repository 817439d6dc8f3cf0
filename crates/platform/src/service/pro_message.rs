//! What pros write: partners send it with a bearer token (v2) or with their user name and password (v1), and the operator
//! reads it from the event feed (protocol §3.1). The answer goes out after the commit, so that a success is durable.

use base::{Clock, IdMaker};
use database::{Op, Tx};
use protocol::id::{BusinessId, LeadId, MessageId, PartnerId};
use protocol::message::MessageText;
use protocol::timestamp::UnixSeconds;
use serde_json::json;
use thiserror::Error;

use crate::core::Core;
use crate::domain::lead::StoredLead;
use crate::domain::message::{Author, Message};
use crate::service::access::{self, Access, AccessError};
use crate::service::idempotency::{Answer, KeyedRequest, Once, OnceError};
use crate::service::ids;
use crate::store::partner_access::{self, PartnerAccess};
use crate::store::{event, lead, message};

/// The event that tells the marketplace.
const MESSAGE_SENT: &str = "message.sent";

/// What is kept under an Idempotency-Key: a success is always told in the same words.
const NOTHING_TO_REPEAT: Answer = Answer {
    status: 200,
    body: String::new(),
};

/// Who sends for the pro.
#[derive(Clone, Debug)]
pub(crate) enum Sender {
    /// A client whose token is for the business.
    Client(Access),
    /// A partner that has shown its user name and password.
    Partner(PartnerId),
}

/// A message to be sent.
#[derive(Clone, Debug)]
pub(crate) struct NewProMessage {
    pub(crate) business_id: BusinessId,
    pub(crate) lead_id: LeadId,
    pub(crate) text: MessageText,
}

/// Why a message was not sent.
#[derive(Debug, Error)]
pub(crate) enum ProMessageError {
    /// The token is not good any more.
    #[error(transparent)]
    Access(AccessError),
    /// The business has no such lead, or the partner has nothing to do with the business: it may not learn which.
    #[error("the business has no lead with this id")]
    UnknownLead,
    /// The partner's connection to the business has ended.
    #[error("the business is not connected to the partner any more")]
    Disconnected,
    /// The lead is closed.
    #[error("the lead is closed")]
    Closed,
    /// The database.
    #[error("the message could not be stored")]
    Database(#[from] database::Error),
}

/// Stores the pro's message for the marketplace. What a test client sends goes nowhere and leaves no trace: it was
/// validated, and that is the answer.
pub(crate) async fn send(
    core: &Core,
    sender: Sender,
    new: NewProMessage,
    request: Option<KeyedRequest>,
) -> Result<(), OnceError<ProMessageError>> {
    if let Sender::Client(access) = &sender
        && !access.kind.has_effect()
    {
        return Ok(());
    }
    let op = Send {
        ids: core.ids.clone(),
        clock: core.clock.clone(),
        sender,
        new,
    };
    let once = Once {
        core: core.clone(),
        request,
        op,
        answer: |()| NOTHING_TO_REPEAT,
    };
    core.db.write(once).await?;
    Ok(())
}

struct Send {
    ids: IdMaker,
    clock: Clock,
    sender: Sender,
    new: NewProMessage,
}

impl Op for Send {
    type Out = ();
    type Error = ProMessageError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), ProMessageError> {
        let (business_id, lead_id) = (self.new.business_id, self.new.lead_id);
        // The lead is locked before the grant, as by a customer's message, which finds its receivers last. Who may not
        // send learns nothing of the lead all the same.
        let found = lead::lock(tx, business_id, lead_id).await?;
        let author = self.authorized(tx).await?;
        let stored = found.ok_or(ProMessageError::UnknownLead)?;
        if !stored.is_open() {
            return Err(ProMessageError::Closed);
        }
        let message = Message {
            message_id: ids::next(&self.ids, MessageId::from_i64),
            lead_id,
            business_id,
            author,
            text: self.new.text.as_str().to_owned(),
            attachments: Vec::new(),
            created_at: self.clock.now(),
        };
        message::insert(tx, &message).await?;
        let content = event_content(&stored, &message);
        event::append(
            tx,
            MESSAGE_SENT,
            Some(business_id),
            &content,
            message.created_at,
        )
        .await?;
        Ok(())
    }
}

impl Send {
    /// Who is to be named as the author, if the sender may act for the business at this moment and until the commit.
    async fn authorized<T: Tx>(&self, tx: &mut T) -> Result<Author, ProMessageError> {
        match &self.sender {
            Sender::Client(access) => {
                let live = access::check_live(tx, &access.claims).await;
                let grant = live.map_err(ProMessageError::Access)?;
                Ok(Author::ProByClient(grant.client_id))
            }
            Sender::Partner(partner_id) => {
                match partner_access::hold(tx, *partner_id, self.new.business_id).await? {
                    PartnerAccess::Open => Ok(Author::ProByPartner(*partner_id)),
                    PartnerAccess::Ended => Err(ProMessageError::Disconnected),
                    PartnerAccess::None => Err(ProMessageError::UnknownLead),
                }
            }
        }
    }
}

/// What the marketplace needs to show the message to its customer.
fn event_content(stored: &StoredLead, message: &Message) -> String {
    let content = json!({
        "leadID": message.lead_id,
        "customerID": stored.lead.customer.customer_id,
        "businessID": message.business_id,
        "message": {
            "messageID": message.message_id,
            "createTimestamp": UnixSeconds::from_timestamp(message.created_at),
            "text": message.text,
        },
    });
    content.to_string()
}

#[cfg(test)]
mod tests;
