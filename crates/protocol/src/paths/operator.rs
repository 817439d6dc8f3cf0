//! The operator API (§8.1, §8.4, §8.6).

use crate::id::{
    AccountId, BusinessId, CategoryId, CustomerId, DeliveryId, ImpairmentId, LeadId, PartnerId,
    ReplayId,
};

use super::fill::filled_paths;

/// Partners: list, create.
pub const PARTNERS: &str = "/operator/v1/partners";
/// OAuth clients: list, create.
pub const CLIENTS: &str = "/operator/v1/clients";
/// Pros: list, create.
pub const PROS: &str = "/operator/v1/pros";
/// Businesses: list, create.
pub const BUSINESSES: &str = "/operator/v1/businesses";
/// Leads: list, create.
pub const LEADS: &str = "/operator/v1/leads";
/// Connections: list.
pub const CONNECTIONS: &str = "/operator/v1/connections";
/// Deliveries: list, by state, failure, lead, partner, business, kind and time.
pub const DELIVERIES: &str = "/operator/v1/deliveries";
/// Replays: list.
pub const REPLAYS: &str = "/operator/v1/replays";
/// Impairments of partners' endpoints: list, by partner, open or over.
pub const IMPAIRMENTS: &str = "/operator/v1/impairments";
/// The event feed, by cursor or as server-sent events.
pub const EVENTS: &str = "/operator/v1/events";

filled_paths! {
    /// One partner.
    PARTNER = "/operator/v1/partners/{partner_id}", partner(partner_id: PartnerId);
    /// A partner's endpoints: read, replace.
    PARTNER_ENDPOINTS = "/operator/v1/partners/{partner_id}/endpoints", partner_endpoints(partner_id: PartnerId);
    /// Sending a partner again what died since a time: a replay begins.
    PARTNER_REPLAY = "/operator/v1/partners/{partner_id}/replay", partner_replay(partner_id: PartnerId);
    /// Whether and why a partner's deliveries wait.
    PARTNER_HEALTH = "/operator/v1/partners/{partner_id}/health", partner_health(partner_id: PartnerId);
    /// Holding a partner's deliveries.
    PARTNER_PAUSE = "/operator/v1/partners/{partner_id}/pause", partner_pause(partner_id: PartnerId);
    /// How much of the platform's sending a partner gets.
    PARTNER_LIMITS = "/operator/v1/partners/{partner_id}/limits", partner_limits(partner_id: PartnerId);
    /// Letting them go again.
    PARTNER_RESUME = "/operator/v1/partners/{partner_id}/resume", partner_resume(partner_id: PartnerId);
    /// Calling off what waits for a partner.
    PARTNER_CANCEL_DELIVERIES = "/operator/v1/partners/{partner_id}/cancel-deliveries",
        partner_cancel_deliveries(partner_id: PartnerId);
    /// The businesses that a partner may act for without OAuth: list.
    PARTNER_BUSINESSES = "/operator/v1/partners/{partner_id}/businesses",
        partner_businesses(partner_id: PartnerId);
    /// Enabling a business for a partner without OAuth.
    PARTNER_BUSINESS = "/operator/v1/partners/{partner_id}/businesses/{business_id}",
        partner_business(partner_id: PartnerId, business_id: BusinessId);
    /// One OAuth client. Client ids are text.
    CLIENT = "/operator/v1/clients/{client_id}", client(client_id: &str);
    /// One pro.
    PRO = "/operator/v1/pros/{account_id}", pro(account_id: AccountId);
    /// One business.
    BUSINESS = "/operator/v1/businesses/{business_id}", business(business_id: BusinessId);
    /// Switching a business's targeting by hand.
    BUSINESS_TARGETING = "/operator/v1/businesses/{business_id}/targeting",
        business_targeting(business_id: BusinessId);
    /// Switching the targeting of one of a business's categories by hand.
    BUSINESS_CATEGORY_TARGETING = "/operator/v1/businesses/{business_id}/categories/{category_id}/targeting",
        business_category_targeting(business_id: BusinessId, category_id: CategoryId);
    /// One customer; deleting destroys what is known of them (§7).
    CUSTOMER = "/operator/v1/customers/{customer_id}", customer(customer_id: CustomerId);
    /// One lead.
    LEAD = "/operator/v1/leads/{leadID}", lead(lead_id: LeadId);
    /// A lead's messages: list, the customer writes.
    LEAD_MESSAGES = "/operator/v1/leads/{leadID}/messages", lead_messages(lead_id: LeadId);
    /// A lead's price; causes a lead update.
    LEAD_PRICE = "/operator/v1/leads/{leadID}/price", lead_price(lead_id: LeadId);
    /// A review of the lead's business.
    LEAD_REVIEW = "/operator/v1/leads/{leadID}/review", lead_review(lead_id: LeadId);
    /// Closing a lead: no more messages.
    LEAD_CLOSE = "/operator/v1/leads/{leadID}/close", lead_close(lead_id: LeadId);
    /// The connections of one client and one business: ending them.
    CONNECTION = "/operator/v1/connections/{client_id}/{business_id}",
        connection(client_id: &str, business_id: BusinessId);
    /// One delivery with its attempts.
    DELIVERY = "/operator/v1/deliveries/{delivery_id}", delivery(delivery_id: DeliveryId);
    /// The bytes that a delivery sends, while they are kept.
    DELIVERY_BODY = "/operator/v1/deliveries/{delivery_id}/body", delivery_body(delivery_id: DeliveryId);
    /// Calling a delivery off.
    DELIVERY_CANCEL = "/operator/v1/deliveries/{delivery_id}/cancel", delivery_cancel(delivery_id: DeliveryId);
    /// Trying a delivery again now.
    DELIVERY_RETRY = "/operator/v1/deliveries/{delivery_id}/retry", delivery_retry(delivery_id: DeliveryId);
    /// One replay.
    REPLAY = "/operator/v1/replays/{replay_id}", replay(replay_id: ReplayId);
    /// Stopping a replay.
    REPLAY_CANCEL = "/operator/v1/replays/{replay_id}/cancel", replay_cancel(replay_id: ReplayId);
    /// One impairment.
    IMPAIRMENT = "/operator/v1/impairments/{impairment_id}", impairment(impairment_id: ImpairmentId);
    /// Leads that were charged and came late because of an impairment, or not at all: list, also as CSV.
    IMPAIRMENT_CHARGED_LEADS = "/operator/v1/impairments/{impairment_id}/charged-leads",
        impairment_charged_leads(impairment_id: ImpairmentId);
}
