//! What a connection is and how it ends: info (§2.3), introspection (RFC 7662) and disconnect (§2.4).

use base::Secret;
use http::Method;
use jiff::Timestamp;
use protocol::id::BusinessId;
use protocol::json::Members;
use protocol::paths::{oauth, partner};
use protocol::scope::{Scope, Scopes};

use crate::client::Client;
use crate::error::ClientError;
use crate::tokens::known_scopes;
use crate::transport::{Authorization, Call};

/// Whom an access token speaks for (§2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// The business that the pro chose.
    pub business_id: BusinessId,
    /// The client that was given the token.
    pub client_id: String,
    /// What the pro granted, of the scopes that the protocol knows.
    pub scopes: Scopes,
    /// The business's name.
    pub business_name: String,
}

/// What the platform says about a token (RFC 7662).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// Expired, revoked, unknown or another client's.
    Inactive,
    /// Good.
    Active {
        /// What it allows, of the scopes that the protocol knows.
        scopes: Scopes,
        /// Whose it is, if told.
        client_id: Option<String>,
        /// Until when, if told.
        expires_at: Option<Timestamp>,
    },
}

/// A connection that was ended (§2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnected {
    /// The business that is no longer connected.
    pub business_id: BusinessId,
    /// The client that it is no longer connected to.
    pub client_id: String,
}

impl Client {
    /// Asks whom a token speaks for (§2.3). Any scope will do.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// let info = client.info(&example.tokens.access_token).await?;
    /// assert_eq!(info.business_name, "Tim's Painting Business");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn info(&self, access_token: &Secret) -> Result<ConnectionInfo, ClientError> {
        let url = self.addresses().api(partner::INFO);
        let call = Call::new(Method::GET, url, &Authorization::Bearer(access_token))?;
        let success = call.announcing_json().send(self.outgoing()).await?;
        success.read(ConnectionInfo::read)
    }

    /// Asks whether a token is good (RFC 7662). The real platform does not document it; see [`Client::info`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// use base::Secret;
    /// use client::Introspection;
    ///
    /// let told = client.introspect(&example.tokens.access_token).await?;
    /// assert!(matches!(told, Introspection::Active { .. }));
    /// let told = client.introspect(&Secret::new("nobody's")).await?;
    /// assert!(matches!(told, Introspection::Inactive));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn introspect(&self, token: &Secret) -> Result<Introspection, ClientError> {
        let url = self.addresses().api(oauth::TOKENS_INTROSPECT);
        let credentials = self.credentials();
        let call = Call::new(Method::POST, url, &Authorization::Basic(&credentials))?
            .with_form(&[("token", token.expose())]);
        let success = call.send(self.outgoing()).await?;
        success.read(Introspection::read)
    }

    /// Ends the connection to a business: every code and token of it is gone when this returns (§2.4 D6). Doing it again
    /// changes nothing, so it may be repeated after an uncertain answer.
    ///
    /// # Errors
    /// [`ClientError::is_not_found`] if the platform has no such business.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// client.disconnect(example.business_id).await?;
    /// assert!(client.info(&example.tokens.access_token).await.unwrap_err().is_unauthorized());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn disconnect(&self, business_id: BusinessId) -> Result<Disconnected, ClientError> {
        let url = self.addresses().api(partner::DISCONNECT);
        let credentials = self.credentials();
        let call = Call::new(Method::POST, url, &Authorization::Basic(&credentials))?
            .with_query(&[("business_pk", &business_id.to_string())]);
        let success = call.send(self.outgoing()).await?;
        success.read(Disconnected::read)
    }
}

impl ConnectionInfo {
    fn read(members: &Members<'_>) -> Option<Self> {
        let business_id = members.required_parsed("business_pk", BusinessId::parse);
        let client_id = members.required_string("client_id");
        let names = members.required_array("scope");
        let business_name = members.required_string("business_name");
        let scopes = names?.iter().filter_map(|name| name.as_str());
        Some(Self {
            business_id: business_id?,
            client_id: client_id?.to_owned(),
            scopes: scopes.filter_map(|name| Scope::parse(name).ok()).collect(),
            business_name: business_name?.to_owned(),
        })
    }
}

impl Introspection {
    fn read(members: &Members<'_>) -> Option<Self> {
        if !members.required_bool("active")? {
            return Some(Self::Inactive);
        }
        let expires = members.optional("exp").and_then(serde_json::Value::as_i64);
        Some(Self::Active {
            scopes: members
                .optional_string("scope")
                .map(known_scopes)
                .unwrap_or_default(),
            client_id: members.optional_string("client_id").map(str::to_owned),
            expires_at: expires.and_then(|second| Timestamp::from_second(second).ok()),
        })
    }
}

impl Disconnected {
    fn read(members: &Members<'_>) -> Option<Self> {
        let business_id = members.required_parsed("business_pk", BusinessId::parse);
        let client_id = members.required_string("client_id");
        Some(Self {
            business_id: business_id?,
            client_id: client_id?.to_owned(),
        })
    }
}
