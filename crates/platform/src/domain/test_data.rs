//! The dummy business and lead that a partner tries its endpoints out with (protocol §3.3). Invented from end to end.

use jiff::{SignedDuration, Timestamp};
use protocol::id::BusinessId;
use protocol::lead::{Charge, Detail, LeadType};
use protocol::new_lead::{CategoryChoice, NewCustomer, NewLead, NewLocation};
use protocol::price::Price;

/// The name of a dummy business.
pub(crate) const BUSINESS_NAME: &str = "Sparkling Test Cleaners";
/// The kind of work that it does, and that a lead is for where a business does none yet.
pub(crate) const CATEGORY_NAME: &str = "House Cleaning";

/// How far ahead the customer wants the work done.
const NOTICE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A dummy lead for this business and category, wanted a week from `now`.
pub(crate) fn lead(business_id: BusinessId, category: CategoryChoice, now: Timestamp) -> NewLead {
    NewLead {
        business_id,
        category,
        title: "House Cleaning".to_owned(),
        description: Some(
            "This is a test lead: two rooms and a kitchen before we move out.".to_owned(),
        ),
        schedule: Some(schedule(now)),
        location: NewLocation {
            address1: None,
            address2: None,
            city: "San Francisco".to_owned(),
            state: "CA".to_owned(),
            zip_code: "94103".to_owned(),
        },
        travel_preferences: "Professional must travel to my address".to_owned(),
        details: vec![Detail {
            question: "How many bathrooms are there?".to_owned(),
            answer: "1 bathroom".to_owned(),
        }],
        attachments: Vec::new(),
        customer: NewCustomer {
            customer_id: None,
            name: "Taylor Test".to_owned(),
            phone: None,
        },
        price: Some(Price::new("More information needed to give an estimate")),
        lead_type: Some(LeadType::Estimation),
        charge: Charge::Unpriced,
    }
}

/// Three lines as in §4.1.
fn schedule(now: Timestamp) -> String {
    let day = now.saturating_add(NOTICE).unwrap_or(Timestamp::MAX);
    let day = day.strftime("%a, %b %d %Y");
    format!("Date: {day}\nTime: 6:00 PM\nLength: 3.5 hours")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_lead_is_wanted_in_a_week() {
        let now = Timestamp::from_second(1_588_118_400).unwrap();
        assert_eq!(
            schedule(now),
            "Date: Wed, May 06 2020\nTime: 6:00 PM\nLength: 3.5 hours"
        );
        // As late as it gets there is still a text.
        assert!(schedule(Timestamp::MAX).starts_with("Date: "));
    }
}
