//! Events about what a pro, or a program for a pro, wrote.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::value::{as_moment, as_optional_moment};
use crate::id::{BusinessId, LeadId};

/// The data of `reply.sent`, `reply.failed` and `reply.uncertain`.
#[derive(Debug, Clone, Serialize)]
pub struct ReplyEvent<'a> {
    /// The gateway's own id of it.
    #[serde(serialize_with = "as_text")]
    pub reply_id: i64,
    /// The lead that it answers.
    #[serde(rename = "leadID")]
    pub lead_id: LeadId,
    /// Whose lead that is.
    #[serde(rename = "businessID")]
    pub business_id: BusinessId,
    /// `sent`, `failed` or `uncertain`.
    pub state: &'a str,
    /// What was or was not sent.
    pub text: &'a str,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it is not sent, in words for people.
    pub reason: Option<&'a str>,
    /// When it was made.
    #[serde(serialize_with = "as_moment")]
    pub created_at: Timestamp,
    /// When that was settled; not while it is uncertain.
    #[serde(serialize_with = "as_optional_moment")]
    pub finished_at: Option<Timestamp>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference to the member"
)]
fn as_text<S: Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}
