//! A file that a customer added to a request, a message or a review (§4.1 †). Only its description travels; the bytes stay
//! where the URL points.

use serde::Serialize;

use crate::json::Members;
use crate::limited::{objects, optional, required};

const MOST_ATTACHMENTS: usize = 50;
const LONGEST_FILE_NAME: usize = 255;
const LONGEST_MIME_TYPE: usize = 100;
const LONGEST_URL: usize = 2_000;
const LONGEST_DESCRIPTION: usize = 1_000;

/// A file, described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// The name that the customer's file had.
    pub file_name: String,
    /// Bytes.
    pub file_size: u64,
    /// The media type, such as `image/jpeg`. Not to be trusted.
    pub mime_type: String,
    /// Where the file is. Not to be trusted: pages link to [`Self::web_url`].
    pub url: String,
    /// What the customer said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Attachment {
    /// The URL, if it is one that a person can follow without harm to the page: `https:` or `http:`, not `javascript:`.
    pub fn web_url(&self) -> Option<&str> {
        is_web_url(&self.url).then_some(self.url.as_str())
    }

    /// Reads an array of attachments as a receiver; one that is absent is empty.
    pub(crate) fn read_all(parent: &Members<'_>, name: &str) -> Vec<Self> {
        parent.objects(name).iter().filter_map(Self::read).collect()
    }

    /// Reads an array of attachments that enter the platform: their number, lengths and URLs are judged.
    pub(crate) fn read_all_new(parent: &Members<'_>, name: &str) -> Vec<Self> {
        let attachments = objects(parent, name, MOST_ATTACHMENTS);
        attachments.iter().filter_map(Self::read_new).collect()
    }

    fn read_new(members: &Members<'_>) -> Option<Self> {
        let file_name = required(members, "fileName", LONGEST_FILE_NAME);
        let file_size = members.required_count("fileSize");
        let mime_type = required(members, "mimeType", LONGEST_MIME_TYPE);
        let url = required(members, "url", LONGEST_URL);
        if url.as_deref().is_some_and(|url| !is_web_url(url)) {
            members.report("url", "must start with https:// or http://");
        }
        let description = optional(members, "description", LONGEST_DESCRIPTION);
        Some(Self {
            file_name: file_name?,
            file_size: file_size?,
            mime_type: mime_type?,
            url: url?,
            description,
        })
    }

    fn read(members: &Members<'_>) -> Option<Self> {
        let file_name = members.required_string("fileName");
        let file_size = members.required_count("fileSize");
        let mime_type = members.required_string("mimeType");
        let url = members.required_string("url");
        let description = members.optional_string("description");
        Some(Self {
            file_name: file_name?.to_owned(),
            file_size: file_size?,
            mime_type: mime_type?.to_owned(),
            url: url?.to_owned(),
            description: description.map(str::to_owned),
        })
    }
}

fn is_web_url(url: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    }) && !url
        .chars()
        .any(|character| character.is_control() || character == ' ')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::{Problems, sentence};

    fn body(url: &str) -> serde_json::Value {
        json!({"files": [{"fileName": "a.jpg", "fileSize": 1, "mimeType": "image/jpeg", "url": url}]})
    }

    #[test]
    fn a_receiver_takes_any_url_but_links_only_to_the_web() {
        for (url, is_linked) in [
            ("https://files.example/a.jpg", true),
            ("HTTP://files.example/a.jpg", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("//files.example", false),
            ("https://a\n", false),
            ("", false),
        ] {
            let body = body(url);
            let problems = Problems::new();
            let members = Members::of_body(&body, &problems).unwrap();
            let files = Attachment::read_all(&members, "files");
            assert_eq!(files[0].web_url().is_some(), is_linked, "{url}");
        }
    }

    #[test]
    fn what_enters_the_platform_is_judged() {
        let mut body = body("javascript:alert(1)");
        body["files"][0]["fileName"] = json!("x".repeat(256));
        body["many"] = json!(vec![json!({}); 51]);
        let problems = Problems::new();
        let members = Members::of_body(&body, &problems).unwrap();
        Attachment::read_all_new(&members, "files");
        Attachment::read_all_new(&members, "many");
        assert_eq!(
            sentence(&problems.finish(Some(())).unwrap_err()),
            "/files/0/fileName must have at most 255 characters; /files/0/url must start with https:// or http://; \
             /many must have at most 50 items."
        );
    }
}
