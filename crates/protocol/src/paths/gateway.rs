//! The gateway API (§8.2, §8.4), which a pro's or partner's own programs call.

use crate::id::{BusinessId, CategoryId, LeadId};

use super::fill::filled_paths;

/// Leads: list.
pub const LEADS: &str = "/api/v1/leads";
/// Connections: list, start.
pub const CONNECTIONS: &str = "/api/v1/connections";
/// Where the platform sends a pro back to after the connect page.
pub const CONNECT_CALLBACK: &str = "/connect/callback";
/// Reviews: list.
pub const REVIEWS: &str = "/api/v1/reviews";
/// Bodies that could not be read: list.
pub const QUARANTINE: &str = "/api/v1/quarantine";
/// Everything as CSV or JSON Lines.
pub const EXPORT: &str = "/api/v1/export";
/// Server-sent events.
pub const EVENTS: &str = "/api/v1/events";
/// Forwards to a CRM: list, create.
pub const FORWARDS: &str = "/api/v1/forwards";

filled_paths! {
    /// One lead with its timeline.
    LEAD = "/api/v1/leads/{leadID}", lead(lead_id: LeadId);
    /// Saying that somebody has looked at a lead.
    LEAD_READ = "/api/v1/leads/{leadID}/read", lead_read(lead_id: LeadId);
    /// Replying to a lead.
    LEAD_MESSAGES = "/api/v1/leads/{leadID}/messages", lead_messages(lead_id: LeadId);
    /// One reply and how far it got. Reply ids are the gateway's own.
    REPLY = "/api/v1/replies/{reply_id}", reply(reply_id: i64);
    /// Deciding about a reply of which nobody knows whether it was sent.
    REPLY_RESOLVE = "/api/v1/replies/{reply_id}/resolve", reply_resolve(reply_id: i64);
    /// The connection of one business: read, disconnect.
    CONNECTION = "/api/v1/connections/{business_id}", connection(business_id: BusinessId);
    /// Switching a business's targeting.
    TARGETING = "/api/v1/businesses/{business_id}/targeting", targeting(business_id: BusinessId);
    /// Switching the targeting of one of a business's categories.
    CATEGORY_TARGETING = "/api/v1/businesses/{business_id}/categories/{category_id}/targeting",
        category_targeting(business_id: BusinessId, category_id: CategoryId);
    /// One body that could not be read.
    QUARANTINE_ENTRY = "/api/v1/quarantine/{entry_id}", quarantine_entry(entry_id: i64);
    /// Reading such a body again.
    QUARANTINE_REPROCESS = "/api/v1/quarantine/{entry_id}/reprocess", quarantine_reprocess(entry_id: i64);
    /// One forward: read, replace, remove.
    FORWARD = "/api/v1/forwards/{forward_id}", forward(forward_id: i64);
}
