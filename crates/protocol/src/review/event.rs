//! A review on its way to a partner.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::attachment::Attachment;
use crate::id::{BusinessId, CategoryId, LeadId, ReviewId};
use crate::json::{Members, Problem, Problems};
use crate::timestamp::UnixMilliseconds;

use super::rating::Rating;

/// What the platform sends to a partner's review endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewEvent {
    /// The review.
    pub review: Review,
    /// What happened to it.
    #[serde(rename = "reviewEventType")]
    pub event_type: ReviewEventType,
}

/// What happened to a review. A receiver accepts events that it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ReviewEventType {
    /// It was written.
    Added,
    /// An event that came after this program.
    Other(String),
}

impl ReviewEventType {
    /// The event with this name, whatever it is.
    pub fn new(name: &str) -> Self {
        match name {
            "REVIEW_ADDED" => Self::Added,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Added => "REVIEW_ADDED",
            Self::Other(name) => name,
        }
    }
}

impl Serialize for ReviewEventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A customer's judgement of a business. Members are in the order in which they are sent; those behind `verified` are
/// there where they are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Review {
    /// The review.
    #[serde(rename = "reviewID")]
    pub review_id: ReviewId,
    /// Whom it judges.
    #[serde(rename = "businessID")]
    pub business_id: BusinessId,
    /// One to five.
    pub rating: Rating,
    /// When it was written; milliseconds, unlike every other time on the wire.
    #[serde(rename = "createTime")]
    pub create_time: UnixMilliseconds,
    /// Whether the platform knows of the job.
    pub verified: bool,
    /// The lead that became the job.
    #[serde(rename = "leadID", skip_serializing_if = "Option::is_none")]
    pub lead_id: Option<LeadId>,
    /// The kind of work.
    #[serde(rename = "categoryID", skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// The customer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How the customer signs.
    #[serde(rename = "reviewerNickname", skip_serializing_if = "Option::is_none")]
    pub reviewer_nickname: Option<String>,
    /// When it was last changed.
    #[serde(rename = "modifyTime", skip_serializing_if = "Option::is_none")]
    pub modify_time: Option<UnixMilliseconds>,
    /// The customer's pictures; absent on the wire when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Attachment>,
}

impl ReviewEvent {
    /// Reads a review as a receiver, or names everything that is wrong with it. Unknown members pass.
    pub fn parse(body: &Value) -> Result<Self, Vec<Problem>> {
        let problems = Problems::new();
        let event = Members::of_body(body, &problems).and_then(|members| {
            let review = members.required_object("review");
            let review = review.and_then(|review| Review::read(&review));
            let event_type = members.required_string("reviewEventType");
            Some(Self {
                review: review?,
                event_type: ReviewEventType::new(event_type?),
            })
        });
        problems.finish(event)
    }
}

impl Review {
    fn read(members: &Members<'_>) -> Option<Self> {
        let review_id = members.required_parsed("reviewID", ReviewId::parse);
        let business_id = members.required_parsed("businessID", BusinessId::parse);
        let rating = members.required_parsed("rating", Rating::parse);
        let create_time = members.required_parsed("createTime", UnixMilliseconds::parse);
        let verified = members.required_bool("verified");
        let lead_id = members.optional_parsed("leadID", LeadId::parse);
        let category_id = members.optional_parsed("categoryID", CategoryId::parse);
        let text = members.optional_string("text");
        let reviewer_nickname = members.optional_string("reviewerNickname");
        let modify_time = members.optional_parsed("modifyTime", UnixMilliseconds::parse);
        let photos = Attachment::read_all(members, "photos");
        Some(Self {
            review_id: review_id?,
            business_id: business_id?,
            rating: rating?,
            create_time: create_time?,
            verified: verified?,
            lead_id,
            category_id,
            text: text.map(str::to_owned),
            reviewer_nickname: reviewer_nickname.map(str::to_owned),
            modify_time,
            photos,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures;
    use crate::json::{parse, sentence};

    #[test]
    fn a_review_is_read_and_written_the_same() {
        let body = parse(fixtures::REVIEW.as_bytes()).unwrap();
        let event = ReviewEvent::parse(&body).unwrap();
        assert_eq!(event.event_type, ReviewEventType::Added);
        assert_eq!(serde_json::to_value(event).unwrap(), body);
    }

    #[test]
    fn everything_that_is_missing_or_wrong_is_named() {
        let body = json!({"review": {"rating": 5, "verified": "true", "createTime": "now"}});
        assert_eq!(
            sentence(&ReviewEvent::parse(&body).unwrap_err()),
            "/review/reviewID is required; /review/businessID is required; /review/rating must be a string; \
             /review/createTime must be a count since 1970-01-01 in decimal digits; \
             /review/verified must be true or false; /reviewEventType is required."
        );
    }
}
