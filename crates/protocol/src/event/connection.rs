//! Events about the connection of a business.

use jiff::Timestamp;
use serde::Serialize;

use super::value::{as_moment, as_optional_moment};
use crate::id::BusinessId;

/// The data of `connection.made`, `connection.reconnect_needed` and `connection.ended`.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionEvent<'a> {
    /// Which business.
    #[serde(rename = "businessID")]
    pub business_id: BusinessId,
    /// Its name.
    pub business_name: &'a str,
    /// `connected`, `reconnect_needed` or `disconnected`.
    pub state: &'a str,
    /// Why it is not connected: a name for programs.
    pub reason: Option<&'a str>,
    /// What the pro granted.
    pub scope: Vec<&'a str>,
    /// When the pro connected it.
    #[serde(serialize_with = "as_moment")]
    pub since: Timestamp,
    /// Whether it takes the place of a connection that stood.
    pub replaces_another: bool,
    /// When it ended.
    #[serde(serialize_with = "as_optional_moment")]
    pub ended_at: Option<Timestamp>,
    /// When the customers' data of the business will have been destroyed here (§7). What was forwarded is yours to destroy.
    #[serde(serialize_with = "as_optional_moment")]
    pub purge_due_at: Option<Timestamp>,
}
