//! A review that the operator feeds in.

use serde_json::Value;

use crate::attachment::Attachment;
use crate::json::{Members, Problem, Problems};
use crate::limited::optional;

use super::rating::{Rating, RatingError};

const LONGEST_TEXT: usize = 10_000;
const LONGEST_NICKNAME: usize = 100;

/// What the operator posts to make a review of a lead's business; ids and times are the platform's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReview {
    /// One to five; a number is accepted as well as a string.
    pub rating: Rating,
    /// The customer's words.
    pub text: Option<String>,
    /// How the customer signs.
    pub reviewer_nickname: Option<String>,
    /// The customer's pictures.
    pub photos: Vec<Attachment>,
}

impl NewReview {
    /// Reads the body, or names everything that is wrong with it.
    pub fn parse(body: &Value) -> Result<Self, Vec<Problem>> {
        let problems = Problems::new();
        let review = Members::of_body(body, &problems).and_then(|members| {
            let rating = read_rating(&members);
            let text = optional(&members, "text", LONGEST_TEXT);
            let reviewer_nickname = optional(&members, "reviewerNickname", LONGEST_NICKNAME);
            let photos = Attachment::read_all_new(&members, "photos");
            Some(Self {
                rating: rating?,
                text,
                reviewer_nickname,
                photos,
            })
        });
        problems.finish(review)
    }
}

fn read_rating(members: &Members<'_>) -> Option<Rating> {
    let value = members.required("rating")?;
    let rating = match value {
        Value::Number(number) => number.as_u64().and_then(Rating::from_number),
        Value::String(text) => Rating::parse(text).ok(),
        _ => None,
    };
    if rating.is_none() {
        members.report("rating", RatingError.to_string());
    }
    rating
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::sentence;

    #[test]
    fn a_rating_is_a_digit_or_a_number() {
        for rating in [json!(4), json!("4")] {
            let review = NewReview::parse(&json!({"rating": rating, "text": "Good"})).unwrap();
            assert_eq!(review.rating.get(), 4);
            assert_eq!(review.text.as_deref(), Some("Good"));
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let body = json!({"rating": 4.5, "text": "x".repeat(10_001), "reviewerNickname": 1});
        assert_eq!(
            sentence(&NewReview::parse(&body).unwrap_err()),
            "/rating must be \"1\", \"2\", \"3\", \"4\" or \"5\"; /text must have at most 10000 characters; \
             /reviewerNickname must be a string."
        );
        assert_eq!(
            sentence(&NewReview::parse(&json!({})).unwrap_err()),
            "/rating is required."
        );
    }
}
