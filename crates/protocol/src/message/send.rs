//! Bodies that ask the platform to carry a message.

use serde::Serialize;
use serde_json::Value;

use crate::attachment::Attachment;
use crate::json::{Members, Problem, Problems};

use super::text::MessageText;

/// A partner's message to a customer: `{"text"}` (§3.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SendMessage {
    /// The pro's words.
    pub text: MessageText,
}

impl SendMessage {
    /// Reads the body, or names everything that is wrong with it.
    pub fn parse(body: &Value) -> Result<Self, Vec<Problem>> {
        let problems = Problems::new();
        let text = Members::of_body(body, &problems)
            .and_then(|members| members.required_parsed("text", MessageText::parse));
        problems.finish(text.map(|text| Self { text }))
    }
}

/// A customer's message that the operator feeds in: `{"text", "attachments"?}` (§8.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The customer's words.
    pub text: MessageText,
    /// The customer's files.
    pub attachments: Vec<Attachment>,
}

impl NewMessage {
    /// Reads the body, or names everything that is wrong with it.
    pub fn parse(body: &Value) -> Result<Self, Vec<Problem>> {
        let problems = Problems::new();
        let message = Members::of_body(body, &problems).and_then(|members| {
            let text = members.required_parsed("text", MessageText::parse);
            let attachments = Attachment::read_all_new(&members, "attachments");
            Some(Self {
                text: text?,
                attachments,
            })
        });
        problems.finish(message)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::sentence;

    #[test]
    fn a_message_needs_a_text() {
        for (body, complaint) in [
            (json!({}), "/text is required."),
            (json!({"text": null}), "/text must not be null."),
            (json!({"text": 5}), "/text must be a string."),
            (json!({"text": " "}), "/text must not be empty."),
            (json!("hello"), "the body must be an object."),
        ] {
            assert_eq!(sentence(&SendMessage::parse(&body).unwrap_err()), complaint);
            assert!(NewMessage::parse(&body).is_err());
        }
        let body = json!({"text": "Hello", "unknown": 1});
        assert_eq!(SendMessage::parse(&body).unwrap().text.as_str(), "Hello");
    }

    #[test]
    fn an_attachment_that_is_wrong_is_named() {
        let body = json!({"text": "See", "attachments": [{"fileName": "a.jpg", "fileSize": "5"}]});
        assert_eq!(
            sentence(&NewMessage::parse(&body).unwrap_err()),
            "/attachments/0/fileSize must be a whole number, zero or more; /attachments/0/mimeType is required; \
             /attachments/0/url is required."
        );
    }
}
