//! Reading a lead as a receiver: strict about what the protocol promises, tolerant of everything else, because a lead is
//! money (§5). Unknown members and kinds pass, optional members may be `null`, formats of free text are not judged.

use serde_json::Value;

use crate::attachment::Attachment;
use crate::id::{BusinessId, CategoryId, CustomerId, LeadId, RequestId};
use crate::json::{Members, Problem, Problems};
use crate::price::Price;
use crate::timestamp::UnixSeconds;

use super::charge::Charge;
use super::lead_type::LeadType;
use super::shape::{Business, Customer, Detail, Lead, Location, Request};

impl Lead {
    /// Reads a lead, or names everything that is wrong with it.
    pub fn parse(body: &Value) -> Result<Self, Vec<Problem>> {
        let problems = Problems::new();
        let lead = Members::of_body(body, &problems).and_then(|members| Self::read(&members));
        problems.finish(lead)
    }

    // Every member is asked for before the first `?`, so that all problems are found.
    fn read(members: &Members<'_>) -> Option<Self> {
        let lead_id = members.required_parsed("leadID", LeadId::parse);
        let create_timestamp = members.required_parsed("createTimestamp", UnixSeconds::parse);
        let request = members.required_object("request");
        let request = request.and_then(|request| Request::read(&request));
        let customer = members.required_object("customer");
        let customer = customer.and_then(|customer| Customer::read(&customer));
        let business = members.required_object("business");
        let business = business.and_then(|business| Business::read(&business));
        let price = members.optional_string("price").map(Price::new);
        let lead_type = members.optional_string("leadType").map(LeadType::new);
        let charge = Charge::read(members);
        Some(Self {
            lead_id: lead_id?,
            create_timestamp: create_timestamp?,
            request: request?,
            customer: customer?,
            business: business?,
            price,
            lead_type,
            charge,
        })
    }
}

impl Request {
    fn read(members: &Members<'_>) -> Option<Self> {
        let request_id = members.required_parsed("requestID", RequestId::parse);
        let category = members.required_string("category");
        let category_id = members.optional_parsed("categoryID", CategoryId::parse);
        let title = members.required_string("title");
        let description = members.optional_string("description");
        let schedule = members.optional_string("schedule");
        let location = members.required_object("location");
        let location = location.and_then(|location| Location::read(&location));
        let travel_preferences = members.required_string("travelPreferences");
        let details = members.objects("details");
        let details = details.iter().filter_map(Detail::read).collect();
        let attachments = Attachment::read_all(members, "attachments");
        Some(Self {
            request_id: request_id?,
            category: category?.to_owned(),
            category_id,
            title: title?.to_owned(),
            description: description.map(str::to_owned),
            schedule: schedule.map(str::to_owned),
            location: location?,
            travel_preferences: travel_preferences?.to_owned(),
            details,
            attachments,
        })
    }
}

impl Location {
    fn read(members: &Members<'_>) -> Option<Self> {
        let address1 = members.optional_string("address1");
        let address2 = members.optional_string("address2");
        let city = members.required_string("city");
        let state = members.required_string("state");
        let zip_code = members.required_string("zipCode");
        Some(Self {
            address1: address1.map(str::to_owned),
            address2: address2.map(str::to_owned),
            city: city?.to_owned(),
            state: state?.to_owned(),
            zip_code: zip_code?.to_owned(),
        })
    }
}

impl Detail {
    fn read(members: &Members<'_>) -> Option<Self> {
        let question = members.required_string("question");
        let answer = members.required_string("answer");
        Some(Self {
            question: question?.to_owned(),
            answer: answer?.to_owned(),
        })
    }
}

impl Customer {
    fn read(members: &Members<'_>) -> Option<Self> {
        let customer_id = members.required_parsed("customerID", CustomerId::parse);
        let name = members.required_string("name");
        let phone = members.optional_string("phone");
        Some(Self {
            customer_id: customer_id?,
            name: name?.to_owned(),
            phone: phone.map(str::to_owned),
        })
    }
}

impl Business {
    fn read(members: &Members<'_>) -> Option<Self> {
        let business_id = members.required_parsed("businessID", BusinessId::parse);
        let name = members.required_string("name");
        Some(Self {
            business_id: business_id?,
            name: name?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures;
    use crate::json::{parse, sentence};
    use crate::lead::ChargeState;

    fn sample() -> Value {
        parse(fixtures::LEAD.as_bytes()).unwrap()
    }

    #[test]
    fn every_sample_is_read_and_written_with_the_same_members() {
        for text in [fixtures::LEAD, fixtures::CREATED_LEAD, fixtures::REAL_LEAD] {
            let body = parse(text.as_bytes()).unwrap();
            let lead = Lead::parse(&body).unwrap();
            assert_eq!(serde_json::to_value(&lead).unwrap(), body);
        }
    }

    #[test]
    fn an_empty_object_names_everything_that_is_missing() {
        let problems = Lead::parse(&json!({"request": {"location": {}}})).unwrap_err();
        assert_eq!(
            sentence(&problems),
            "/leadID is required; /createTimestamp is required; /request/requestID is required; \
             /request/category is required; /request/title is required; /request/location/city is required; \
             /request/location/state is required; /request/location/zipCode is required; \
             /request/travelPreferences is required; /customer is required; /business is required."
        );
    }

    #[test]
    fn wrong_types_are_named_by_their_place() {
        let mut body = sample();
        body["leadID"] = json!(5);
        body["request"]["details"] = json!([{"question": "Rooms?", "answer": 4}]);
        body["request"]["schedule"] = json!(["tomorrow"]);
        body["customer"] = json!("John");
        let problems = Lead::parse(&body).unwrap_err();
        assert_eq!(
            sentence(&problems),
            "/leadID must be a string; /request/schedule must be a string; \
             /request/details/0/answer must be a string; /customer must be an object."
        );
    }

    #[test]
    fn unknown_members_kinds_and_null_options_are_accepted() {
        let mut body = sample();
        body["leadType"] = json!("VIDEO_CALL");
        body["chargeState"] = json!("Refunded");
        body["leadPrice"] = json!("$26.00");
        body["someday"] = json!({"a": [1]});
        body["request"]["details"] = Value::Null;
        body["request"]["description"] = Value::Null;
        body["customer"]["phone"] = Value::Null;
        let lead = Lead::parse(&body).unwrap();
        assert_eq!(lead.lead_type, Some(LeadType::Other("VIDEO_CALL".into())));
        let charge = lead.charge.unwrap();
        assert_eq!(charge.state(), Some(&ChargeState::Other("Refunded".into())));
        assert_eq!(charge.price().and_then(Price::cents), Some(2600));
        assert_eq!(lead.customer.phone, None);
    }

    #[test]
    fn prices_that_are_null_differ_from_prices_that_are_absent() {
        let mut body = sample();
        assert_eq!(Lead::parse(&body).unwrap().charge, Some(Charge::Unpriced));
        let members = body.as_object_mut().unwrap();
        members.shift_remove("leadPrice");
        members.shift_remove("chargeState");
        assert_eq!(Lead::parse(&body).unwrap().charge, None);
    }
}
