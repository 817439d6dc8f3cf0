//! Events about a customer's judgement.

use serde::Serialize;
use serde_json::{Map, Value};

use super::value::{Arrived, moment, object, text};
use crate::review::Rating;
use crate::timestamp::UnixMilliseconds;

/// The data of `review.received` and `review.revised`.
#[derive(Debug, Clone, Serialize)]
pub struct ReviewedEvent<'a> {
    #[serde(rename = "reviewID")]
    review_id: Option<&'a str>,
    #[serde(rename = "businessID")]
    business_id: Option<&'a str>,
    #[serde(rename = "leadID")]
    lead_id: Option<&'a str>,
    created_at: Option<String>,
    modified_at: Option<String>,
    received_at: String,
    revision: usize,
    rating: Option<u8>,
    verified: Option<bool>,
    text: Option<&'a str>,
    review_event_type: Option<&'a str>,
    review: Option<&'a Map<String, Value>>,
}

impl<'a> ReviewedEvent<'a> {
    /// The review with this body (§4.4).
    pub fn read(body: &'a Map<String, Value>, arrived: Arrived) -> Self {
        let review = object(body, "review");
        let member = |name| review.and_then(|review| text(review, name));
        let time = |name| {
            let count = UnixMilliseconds::parse(member(name)?).ok()?;
            Some(moment(count.timestamp()))
        };
        let rating = member("rating").and_then(|rating| Rating::parse(rating).ok());
        Self {
            review_id: member("reviewID"),
            business_id: member("businessID"),
            lead_id: member("leadID"),
            created_at: time("createTime"),
            modified_at: time("modifyTime"),
            received_at: moment(arrived.at),
            revision: arrived.revision,
            rating: rating.map(Rating::get),
            verified: review.and_then(|review| review.get("verified")?.as_bool()),
            text: member("text"),
            review_event_type: text(body, "reviewEventType"),
            review,
        }
    }
}
