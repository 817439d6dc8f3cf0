//! The gateway API (§8.2, §8.4), which a pro's or partner's own programs call.

use crate::id::{BusinessId, CategoryId, DeliveryId, LeadId};

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
/// Everything that happened: by cursor, waiting if asked to, or as server-sent events.
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
    /// Giving a forward another signing secret.
    FORWARD_ROTATE = "/api/v1/forwards/{forward_id}/rotate-secret", forward_rotate(forward_id: i64);
    /// Stopping a forward for a while.
    FORWARD_PAUSE = "/api/v1/forwards/{forward_id}/pause", forward_pause(forward_id: i64);
    /// Letting a forward go on, whatever held it.
    FORWARD_RESUME = "/api/v1/forwards/{forward_id}/resume", forward_resume(forward_id: i64);
    /// Sending a forward an event that means nothing.
    FORWARD_TEST = "/api/v1/forwards/{forward_id}/test", forward_test(forward_id: i64);
    /// Sending again what died since a moment.
    FORWARD_REPLAY = "/api/v1/forwards/{forward_id}/replay", forward_replay(forward_id: i64);
    /// Deliveries of a forward: list.
    FORWARD_DELIVERIES = "/api/v1/forwards/{forward_id}/deliveries", forward_deliveries(forward_id: i64);
    /// One delivery with its attempts.
    FORWARD_DELIVERY = "/api/v1/forwards/{forward_id}/deliveries/{delivery_id}",
        forward_delivery(forward_id: i64, delivery_id: DeliveryId);
    /// Trying a delivery again now.
    FORWARD_DELIVERY_RETRY = "/api/v1/forwards/{forward_id}/deliveries/{delivery_id}/retry",
        forward_delivery_retry(forward_id: i64, delivery_id: DeliveryId);
}
