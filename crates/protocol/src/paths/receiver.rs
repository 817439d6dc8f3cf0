//! What partners offer to the platform (§4): the source's paths, which are the gateway's defaults. Any partner may choose
//! others.

/// Leads, by POST (§4.1).
pub const LEAD: &str = "/v1/lead";
/// Messages, by POST (§4.2).
pub const MESSAGE: &str = "/v1/message";
/// Lead updates, by PUT (§4.3).
pub const LEAD_UPDATE: &str = "/v1/lead/update";
/// Reviews, by POST (§4.4).
pub const REVIEW: &str = "/v1/review";
