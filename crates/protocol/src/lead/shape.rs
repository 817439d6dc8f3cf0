//! The members of a lead, in the order in which they are sent: one real client reads them by order (§1 D2).

use serde::Serialize;

use crate::attachment::Attachment;
use crate::id::{BusinessId, CategoryId, CustomerId, LeadId, RequestId};
use crate::price::Price;
use crate::timestamp::UnixSeconds;

use super::charge::Charge;
use super::lead_type::LeadType;

/// A customer's request that reached one business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lead {
    /// The lead.
    #[serde(rename = "leadID")]
    pub lead_id: LeadId,
    /// When it was made.
    #[serde(rename = "createTimestamp")]
    pub create_timestamp: UnixSeconds,
    /// What the customer wants.
    pub request: Request,
    /// Who wants it.
    pub customer: Customer,
    /// Whom the request reached.
    pub business: Business,
    /// The estimate that the customer saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The kind of lead.
    #[serde(rename = "leadType", skip_serializing_if = "Option::is_none")]
    pub lead_type: Option<LeadType>,
    /// `leadPrice` and `chargeState`; `None` where neither member is sent.
    #[serde(flatten)]
    pub charge: Option<Charge>,
}

/// What a customer wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// The request; several leads may come of one.
    #[serde(rename = "requestID")]
    pub request_id: RequestId,
    /// The category's name.
    pub category: String,
    /// The category (†).
    #[serde(rename = "categoryID", skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// A heading.
    pub title: String,
    /// The customer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When, as text; [`crate::schedule::Schedule`] reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Where.
    pub location: Location,
    /// Who travels to whom.
    #[serde(rename = "travelPreferences")]
    pub travel_preferences: String,
    /// Questions that the customer answered; absent on the wire when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// Files (†); absent on the wire when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// Where the work is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// Street and number; may be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address1: Option<String>,
    /// The second line; may be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address2: Option<String>,
    /// The city.
    pub city: String,
    /// Two letters.
    pub state: String,
    /// Five digits.
    #[serde(rename = "zipCode")]
    pub zip_code: String,
}

/// A question about the work, and the customer's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Customer {
    /// The customer.
    #[serde(rename = "customerID")]
    pub customer_id: CustomerId,
    /// A name.
    pub name: String,
    /// A phone number as text, for partners that opted in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Business {
    /// The business.
    #[serde(rename = "businessID")]
    pub business_id: BusinessId,
    /// Its name.
    pub name: String,
}
