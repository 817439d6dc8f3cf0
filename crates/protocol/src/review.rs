//! A customer's review of a business (§4.4 †), and the operator's body that makes one (§8.4).

mod event;
mod new;
mod rating;

pub use event::{Review, ReviewEvent, ReviewEventType};
pub use new::NewReview;
pub use rating::{Rating, RatingError};
