//! Writing to a customer (§3.1).

use std::fmt;

use base::Secret;
use http::Method;
use http::header::HeaderName;
use protocol::basic_credentials::Credentials;
use protocol::id::{BusinessId, LeadId};
use protocol::message::MessageText;
use protocol::paths::partner;
use serde_json::json;
use thiserror::Error;

use crate::client::Client;
use crate::error::ClientError;
use crate::transport::{Authorization, Call};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in characters.
const LONGEST_KEY: usize = 255;

/// Names one message, so that the platform can tell a repetition from a second message with the same text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an idempotency key must be 1 to {LONGEST_KEY} printable ASCII characters without spaces")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// Takes a text that the caller will never use for another message: an id, say.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        let length_is_right = (1..=LONGEST_KEY).contains(&text.len());
        if length_is_right && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdempotencyKeyError)
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A message to the customer of a lead.
#[derive(Clone, Debug)]
pub struct OutgoingMessage<'a> {
    /// The business that writes.
    pub business_id: BusinessId,
    /// The lead that it is about.
    pub lead_id: LeadId,
    /// The pro's words.
    pub text: &'a MessageText,
    /// Is sent to every platform; whether one may rely on it says
    /// [`crate::PlatformAddresses::honours_idempotency_key`].
    pub idempotency_key: Option<&'a IdempotencyKey>,
}

impl Client {
    /// Sends a message with a connection's token, scope `messages` (§3.1, version 2). It is durable at the platform when
    /// this returns. With a test client's token the platform only pretends.
    ///
    /// # Errors
    /// If [`ClientError::may_have_had_effect`], send it again only with the same key, and only where
    /// [`crate::PlatformAddresses::honours_idempotency_key`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// use client::{IdempotencyKey, OutgoingMessage};
    /// use protocol::message::MessageText;
    ///
    /// let message = OutgoingMessage {
    ///     business_id: example.business_id,
    ///     lead_id: example.lead_id,
    ///     text: &MessageText::parse("Hello, how can I help you?")?,
    ///     idempotency_key: Some(&IdempotencyKey::parse("first-answer")?),
    /// };
    /// client.send_message(&example.tokens.access_token, &message).await?;
    /// // Sent again under the same key, it is still one message.
    /// client.send_message(&example.tokens.access_token, &message).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_message(
        &self,
        access_token: &Secret,
        message: &OutgoingMessage<'_>,
    ) -> Result<(), ClientError> {
        let path = partner::message(message.business_id, message.lead_id);
        self.post_message(&Authorization::Bearer(access_token), &path, message)
            .await
    }

    /// Sends a message with the username and password that the platform gave a partner without OAuth (§3.1, version 1).
    ///
    /// # Errors
    /// As for [`Client::send_message`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// use client::OutgoingMessage;
    /// use protocol::message::MessageText;
    ///
    /// // API v1: the user name and password that the platform gave the partner.
    /// let message = OutgoingMessage {
    ///     business_id: example.business_id,
    ///     lead_id: example.lead_id,
    ///     text: &MessageText::parse("Hello, how can I help you?")?,
    ///     idempotency_key: None,
    /// };
    /// client.send_message_basic(&example.partner, &message).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_message_basic(
        &self,
        partner: &Credentials,
        message: &OutgoingMessage<'_>,
    ) -> Result<(), ClientError> {
        let path = partner::message_v1(message.business_id, message.lead_id);
        self.post_message(&Authorization::Basic(partner), &path, message)
            .await
    }

    async fn post_message(
        &self,
        authorization: &Authorization<'_>,
        path: &str,
        message: &OutgoingMessage<'_>,
    ) -> Result<(), ClientError> {
        let url = self.addresses().api(path);
        let mut call = Call::new(Method::POST, url, authorization)?
            .with_json(&json!({ "text": message.text.as_str() }));
        if let Some(key) = message.idempotency_key {
            call = call.with_header(IDEMPOTENCY_KEY, key.as_str())?;
        }
        let success = call.send(self.outgoing()).await?;
        success.expect_status_success()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_a_header_can_carry() {
        assert_eq!(IdempotencyKey::parse("r-42").unwrap().as_str(), "r-42");
        let long = "k".repeat(LONGEST_KEY + 1);
        for text in ["", "a b", "é", "a\r\nX: y", &long] {
            assert_eq!(
                IdempotencyKey::parse(text),
                Err(IdempotencyKeyError),
                "{text}"
            );
        }
    }
}
