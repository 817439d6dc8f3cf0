//! What partners call (§2.3, §2.4, §3, §8.7).

use crate::id::{BusinessId, CategoryId, DeliveryId, LeadId};

use super::fill::filled_paths;

/// What a token is for (§2.3).
pub const INFO: &str = "/v2/get-thumbtack-info";
/// Ending a connection; takes `business_pk` (§2.4).
pub const DISCONNECT: &str = "/v2/disconnect-partner";
/// Making test data, in staging only (§3.3).
pub const CREATE_LEAD: &str = "/v1/test/create-lead";
/// What was, is and will be sent to the partner: list (§8.7).
pub const DELIVERIES: &str = "/v1/deliveries";
/// Whether and why the partner's deliveries wait (§8.7).
pub const ENDPOINT: &str = "/v1/endpoint";
/// The `accountID` that stands for the token's own account (§3.2).
pub const OWN_ACCOUNT: &str = "~";

filled_paths! {
    /// Sending a message with a bearer token (§3.1).
    MESSAGE = "/v2/business/{businessID}/lead/{leadID}/message",
        message(business_id: BusinessId, lead_id: LeadId);
    /// Sending a message with the partner's username and password (§3.1).
    MESSAGE_V1 = "/v1/business/{businessID}/lead/{leadID}/message",
        message_v1(business_id: BusinessId, lead_id: LeadId);
    /// Switching the targeting of a business (§3.2). `accountID` is a number or [`OWN_ACCOUNT`].
    TARGETING = "/v3/accounts/{accountID}/services/{serviceID}/preferences/targeting",
        targeting(account_id: &str, service_id: BusinessId);
    /// Switching the targeting of one category of a business (§3.2).
    CATEGORY_TARGETING =
        "/v3/accounts/{accountID}/services/{serviceID}/categories/{categoryID}/preferences/targeting",
        category_targeting(account_id: &str, service_id: BusinessId, category_id: CategoryId);
    /// One delivery to the partner, with its attempts (§8.7).
    DELIVERY = "/v1/deliveries/{delivery_id}", delivery(delivery_id: DeliveryId);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_the_documented_ones() {
        let business = BusinessId::from_i64(395).unwrap();
        let lead = LeadId::from_i64(123).unwrap();
        let category = CategoryId::from_i64(109).unwrap();
        assert_eq!(message(business, lead), "/v2/business/395/lead/123/message");
        assert_eq!(
            message_v1(business, lead),
            "/v1/business/395/lead/123/message"
        );
        assert_eq!(
            targeting(OWN_ACCOUNT, business),
            "/v3/accounts/~/services/395/preferences/targeting"
        );
        assert_eq!(
            category_targeting(OWN_ACCOUNT, business, category),
            "/v3/accounts/~/services/395/categories/109/preferences/targeting"
        );
    }
}
