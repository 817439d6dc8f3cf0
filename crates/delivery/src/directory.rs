//! Where deliveries go, and with which credentials: asked before every attempt, since it may have changed.

use std::fmt;

use database::{Error, Tx};
use http::Method;
use http::header::HeaderMap;
use jiff::Timestamp;
use protocol::basic_credentials::Credentials;
use protocol::id::{BusinessId, DeliveryId};
use protocol::standard_webhooks::SigningSecret;
use url::Url;

use crate::id::{ConversationId, EndpointId};
use crate::policy::breaker::HoldReason;

/// What an attempt is about to be made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// Where to.
    pub endpoint_id: EndpointId,
    /// As it was recorded.
    pub kind: String,
    /// What it is ordered within: a lead's id, which some partners have in their URL.
    pub conversation_id: ConversationId,
    /// Whose it is.
    pub business_id: BusinessId,
    /// Which delivery.
    pub delivery_id: DeliveryId,
}

/// What the directory says of an addressee.
#[derive(Clone, Debug)]
pub enum Target {
    /// Send it there.
    Send(Box<Destination>),
    /// It is not wanted: it is cancelled with this reason, and the lane goes on.
    Off(String),
    /// Not now: the endpoint has no URL yet, perhaps. It is asked again after some seconds, and at once after a
    /// [`release`](crate::release).
    Hold,
}

/// How to make the request.
#[derive(Clone)]
pub struct Destination {
    /// The method.
    pub method: Method,
    /// The URL.
    pub url: Url,
    /// More header fields. Those that the engine sets replace them.
    pub headers: HeaderMap,
    /// For HTTP Basic.
    pub credentials: Option<Credentials>,
    /// Standard Webhooks secrets in force: none, one, or an old and a new one.
    pub signing_secrets: Vec<SigningSecret>,
}

impl fmt::Debug for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query and the header fields may carry credentials.
        formatter
            .debug_struct("Destination")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

/// Why the directory could not answer. The delivery waits, and it is asked again.
pub type DirectoryError = Box<dyn std::error::Error + Send + Sync>;

/// What an attempt changed about its endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointChange {
    /// Which endpoint.
    pub endpoint_id: EndpointId,
    /// What changed.
    pub change: Change,
    /// When.
    pub at: Timestamp,
}

/// What can change about an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its deliveries wait from now on; or they wait already, and the reason is another now.
    Held(HoldReason),
    /// A probe succeeded: what waited since then goes out.
    Recovered {
        /// When the hold began.
        since: Timestamp,
    },
    /// It answered 410: everything waits until its settings change.
    Gone,
    /// It answered 405 to this kind, and gets none of it any more.
    KindOff(String),
}

/// Knows where deliveries go. Implemented by each side over its own tables.
pub trait Directory: Send + Sync + 'static {
    /// Where this delivery goes, now.
    fn target(
        &self,
        addressee: &Addressee,
    ) -> impl Future<Output = Result<Target, DirectoryError>> + Send;

    /// Told of what an attempt changed about an endpoint, in the transaction that changes it: whatever must follow from
    /// it is stored with it or not at all. The endpoint's row is locked. May run more than once, as any operation.
    ///
    /// What is done by hand ([`pause`](crate::pause), [`release`](crate::release) …) is known to whoever does it, and not
    /// told here.
    fn endpoint_changed<T: Tx>(
        &self,
        _tx: &mut T,
        _change: &EndpointChange,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        std::future::ready(Ok(()))
    }
}
