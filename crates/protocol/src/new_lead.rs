//! What the operator posts to make a lead (§8.4): the members of §4.1 without ids and timestamps, plus `businessID`.
//!
//! Unlike a receiver ([`crate::lead`]) the platform judges formats and lengths: what it lets in, partners have to take.

use serde_json::Value;

use crate::attachment::Attachment;
use crate::id::{BusinessId, CategoryId, CustomerId};
use crate::json::{Members, Problem, Problems};
use crate::lead::{Charge, Detail, LeadType};
use crate::limited::{formed, objects, optional, required};
use crate::price::Price;

const LONGEST_HEADING: usize = 200;
const LONGEST_LINE: usize = 500;
const LONGEST_SCHEDULE: usize = 2_000;
const LONGEST_TEXT: usize = 10_000;
const LONGEST_NAME: usize = 100;
const LONGEST_PRICE: usize = 100;
const MOST_DETAILS: usize = 100;

/// A lead to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLead {
    /// The business that the request reaches.
    pub business_id: BusinessId,
    /// The kind of work.
    pub category: CategoryChoice,
    /// A heading.
    pub title: String,
    /// The customer's words.
    pub description: Option<String>,
    /// When, as text.
    pub schedule: Option<String>,
    /// Where.
    pub location: NewLocation,
    /// Who travels to whom.
    pub travel_preferences: String,
    /// Questions and answers.
    pub details: Vec<Detail>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Who asks.
    pub customer: NewCustomer,
    /// The estimate that the customer saw.
    pub price: Option<Price>,
    /// The kind of lead.
    pub lead_type: Option<LeadType>,
    /// What the pro pays, if that is known already.
    pub charge: Charge,
}

/// One of the business's categories, by name, by id, or by both, which then have to agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryChoice {
    /// `request.category`.
    pub name: Option<String>,
    /// `request.categoryID`.
    pub id: Option<CategoryId>,
}

/// Where the work is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLocation {
    /// Street and number.
    pub address1: Option<String>,
    /// The second line.
    pub address2: Option<String>,
    /// The city.
    pub city: String,
    /// Two upper-case letters.
    pub state: String,
    /// Five digits.
    pub zip_code: String,
}

/// A customer, new or known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomer {
    /// A customer that the platform knows; without it a new one is made.
    pub customer_id: Option<CustomerId>,
    /// A name.
    pub name: String,
    /// A phone number as text.
    pub phone: Option<String>,
}

impl NewLead {
    /// Reads the body, or names everything that is wrong with it.
    pub fn parse(body: &Value) -> Result<Self, Vec<Problem>> {
        let problems = Problems::new();
        let lead = Members::of_body(body, &problems).and_then(|members| Self::read(&members));
        problems.finish(lead)
    }

    // Every member is asked for before the first `?`, so that all problems are found.
    fn read(members: &Members<'_>) -> Option<Self> {
        let business_id = members.required_parsed("businessID", BusinessId::parse);
        let customer = members.required_object("customer");
        let customer = customer.and_then(|customer| NewCustomer::read(&customer));
        let price = optional(members, "price", LONGEST_PRICE).map(Price::new);
        let lead_type = members.optional_parsed("leadType", known_lead_type);
        let charge = read_charge(members);
        let request = members.required_object("request")?;
        let category = CategoryChoice::read(&request);
        let title = required(&request, "title", LONGEST_HEADING);
        let description = optional(&request, "description", LONGEST_TEXT);
        let schedule = optional(&request, "schedule", LONGEST_SCHEDULE);
        let location = request.required_object("location");
        let location = location.and_then(|location| NewLocation::read(&location));
        let travel_preferences = required(&request, "travelPreferences", LONGEST_LINE);
        let details = read_details(&request);
        let attachments = Attachment::read_all_new(&request, "attachments");
        Some(Self {
            business_id: business_id?,
            category: category?,
            title: title?,
            description,
            schedule,
            location: location?,
            travel_preferences: travel_preferences?,
            details,
            attachments,
            customer: customer?,
            price,
            lead_type,
            charge,
        })
    }
}

impl CategoryChoice {
    fn read(request: &Members<'_>) -> Option<Self> {
        let id = request.optional_parsed("categoryID", CategoryId::parse);
        if request.optional("category").is_some() {
            let name = required(request, "category", LONGEST_HEADING)?;
            return Some(Self {
                name: Some(name),
                id,
            });
        }
        if request.optional("categoryID").is_none() {
            request.report("category", "is required, or categoryID instead of it");
        }
        Some(Self {
            name: None,
            id: Some(id?),
        })
    }
}

impl NewLocation {
    fn read(members: &Members<'_>) -> Option<Self> {
        let address1 = optional(members, "address1", LONGEST_HEADING);
        let address2 = optional(members, "address2", LONGEST_HEADING);
        let city = required(members, "city", LONGEST_NAME);
        let state = formed(members, "state", is_state, "must be two upper-case letters");
        let zip_code = formed(members, "zipCode", is_zip_code, "must be five digits");
        Some(Self {
            address1,
            address2,
            city: city?,
            state: state?,
            zip_code: zip_code?,
        })
    }
}

impl NewCustomer {
    fn read(members: &Members<'_>) -> Option<Self> {
        let customer_id = members.optional_parsed("customerID", CustomerId::parse);
        let name = required(members, "name", LONGEST_NAME);
        let phone = optional(members, "phone", LONGEST_NAME);
        Some(Self {
            customer_id,
            name: name?,
            phone,
        })
    }
}

/// A receiver takes unknown kinds; whoever makes a lead must not invent one.
fn known_lead_type(name: &str) -> Result<LeadType, String> {
    match LeadType::new(name) {
        LeadType::Other(_) => {
            let names: Vec<&str> = LeadType::KNOWN.iter().map(LeadType::as_str).collect();
            Err(format!("must be one of {}", names.join(", ")))
        }
        known => Ok(known),
    }
}

fn read_charge(members: &Members<'_>) -> Charge {
    let Some(text) = members.optional_string("leadPrice") else {
        return Charge::Unpriced;
    };
    let price = Price::new(text);
    if price.cents().is_none() || price.unit().is_some() {
        members.report("leadPrice", "must be null or an amount such as \"$26.00\"");
    }
    Charge::charged(price)
}

fn read_details(request: &Members<'_>) -> Vec<Detail> {
    let read = |detail: &Members<'_>| {
        let question = required(detail, "question", LONGEST_LINE);
        let answer = detail.required_string("answer");
        let answer = answer.and_then(|_| optional(detail, "answer", LONGEST_TEXT));
        Some(Detail {
            question: question?,
            answer: answer?,
        })
    };
    let details = objects(request, "details", MOST_DETAILS);
    details.iter().filter_map(read).collect()
}

fn is_state(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_zip_code(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures;
    use crate::json::{parse, sentence};

    fn body() -> Value {
        let mut body = parse(fixtures::LEAD_WITH_EVERYTHING.as_bytes()).unwrap();
        body["businessID"] = body["business"]["businessID"].clone();
        body
    }

    fn complaint(body: &Value) -> String {
        sentence(&NewLead::parse(body).unwrap_err())
    }

    #[test]
    fn a_lead_of_the_wire_and_a_business_make_a_new_lead() {
        let lead = NewLead::parse(&body()).unwrap();
        let sample = fixtures::lead_with_everything();
        assert_eq!(lead.business_id, sample.business.business_id);
        assert_eq!(lead.title, sample.request.title);
        assert_eq!(lead.details, sample.request.details);
        assert_eq!(lead.attachments, sample.request.attachments);
        assert_eq!(lead.location.zip_code, "80202");
        assert_eq!(lead.lead_type, Some(LeadType::ServiceCall));
        assert_eq!(lead.charge, Charge::charged(Price::from_cents(2600)));
        assert_eq!(lead.customer.customer_id, Some(sample.customer.customer_id));
    }

    #[test]
    fn the_least_that_makes_a_lead() {
        let lead = NewLead::parse(&json!({
            "businessID": "286900112233445504",
            "request": {
                "categoryID": "109200112233445515",
                "title": " Handyman ",
                "location": {"city": "Denver", "state": "CO", "zipCode": "80202"},
                "travelPreferences": "Professional must travel to my address.",
            },
            "customer": {"name": "Jo Example"},
        }))
        .unwrap();
        assert_eq!(lead.title, "Handyman");
        assert_eq!(lead.category.name, None);
        assert_eq!(
            lead.category.id,
            CategoryId::from_i64(109_200_112_233_445_515)
        );
        assert_eq!(lead.charge, Charge::Unpriced);
        assert_eq!(lead.customer.customer_id, None);
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        assert_eq!(
            complaint(&json!({"request": {"location": {}}})),
            "/businessID is required; /customer is required; \
             /request/category is required, or categoryID instead of it; /request/title is required; \
             /request/location/city is required; /request/location/state is required; \
             /request/location/zipCode is required; /request/travelPreferences is required."
        );
    }

    #[test]
    fn forms_and_lengths_are_judged() {
        let mut body = body();
        body["leadType"] = json!("VIDEO_CALL");
        body["leadPrice"] = json!("a lot");
        let request = &mut body["request"];
        request["category"] = json!(" ");
        request["title"] = json!("x".repeat(201));
        request["description"] = json!("a\0b");
        request["location"]["state"] = json!("co");
        request["location"]["zipCode"] = json!("8020");
        request["details"] = json!(vec![json!({"question": "?", "answer": ""}); 101]);
        request["attachments"] = json!([{"fileName": "a"}]);
        assert_eq!(
            complaint(&body),
            "/leadType must be one of AVAILABILITY, CONTACT, ESTIMATION, CALL, BOOKING, PHONE_CONSULTATION, \
             INSTANT_BOOK, SPONSORED, INSTANT_CONSULT, SERVICE_CALL, FULFILLMENT, REQUEST_A_QUOTE, \
             MISMATCH_REQUEST_A_QUOTE; /leadPrice must be null or an amount such as \"$26.00\"; \
             /request/category must not be empty; /request/title must have at most 200 characters; \
             /request/description must not contain the character U+0000; \
             /request/location/state must be two upper-case letters; /request/location/zipCode must be five digits; \
             /request/details must have at most 100 items; /request/attachments/0/fileSize is required; \
             /request/attachments/0/mimeType is required; /request/attachments/0/url is required."
        );
    }

    #[test]
    fn an_empty_answer_is_an_answer_but_a_missing_one_is_not() {
        let mut body = body();
        body["request"]["details"] = json!([{"question": "Anything else?", "answer": ""}]);
        assert_eq!(NewLead::parse(&body).unwrap().details[0].answer, "");
        body["request"]["details"] = json!([{"question": "Anything else?"}]);
        assert_eq!(complaint(&body), "/request/details/0/answer is required.");
    }
}
