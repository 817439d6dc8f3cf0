//! A file that a customer added to a request, a message or a review (§4.1 †). Only its description travels; the bytes stay
//! where the URL points.

use serde::Serialize;

use crate::json::Members;

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
    /// Where the file is. Not to be trusted.
    pub url: String,
    /// What the customer said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Attachment {
    /// Reads an array of attachments; one that is absent is empty.
    pub fn read_all(parent: &Members<'_>, name: &str) -> Vec<Self> {
        parent.objects(name).iter().filter_map(Self::read).collect()
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
