//! Events about what a customer wrote.

use serde::Serialize;
use serde_json::{Map, Value};

use super::value::{Arrived, moment, object, text};
use crate::timestamp::UnixSeconds;

/// The data of `message.received` and `message.revised`.
#[derive(Debug, Clone, Serialize)]
pub struct MessageEvent<'a> {
    #[serde(rename = "leadID")]
    lead_id: Option<&'a str>,
    #[serde(rename = "businessID")]
    business_id: Option<&'a str>,
    #[serde(rename = "customerID")]
    customer_id: Option<&'a str>,
    #[serde(rename = "messageID")]
    message_id: Option<&'a str>,
    created_at: Option<String>,
    received_at: String,
    revision: usize,
    lead_known: bool,
    text: Option<&'a str>,
    message: Option<&'a Map<String, Value>>,
}

impl<'a> MessageEvent<'a> {
    /// The message with this body (§4.2), and whether its lead has arrived.
    pub fn read(body: &'a Map<String, Value>, arrived: Arrived, lead_is_known: bool) -> Self {
        let message = object(body, "message");
        let member = |name| message.and_then(|message| text(message, name));
        let made_at = member("createTimestamp").and_then(|count| UnixSeconds::parse(count).ok());
        Self {
            lead_id: text(body, "leadID"),
            business_id: text(body, "businessID"),
            customer_id: text(body, "customerID"),
            message_id: member("messageID"),
            created_at: made_at.map(|count| moment(count.timestamp())),
            received_at: moment(arrived.at),
            revision: arrived.revision,
            lead_known: lead_is_known,
            text: member("text"),
            message,
        }
    }
}
