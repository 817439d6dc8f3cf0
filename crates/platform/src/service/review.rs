//! Reviews: the operator feeds in what a customer wrote about a lead's business, and partners that asked for reviews are
//! told (protocol §4.4).

use base::faults::{self, Point};
use base::{Clock, IdMaker};
use database::{Op, Tx};
use protocol::id::{LeadId, ReviewId};
use protocol::review::{NewReview, Review, ReviewEvent, ReviewEventType};
use protocol::timestamp::UnixMilliseconds;

use crate::core::Core;
use crate::service::fan_out::{self, Content, FanOut, Happening};
use crate::service::idempotency::{Answer, KeyedRequest, Once, OnceError};
use crate::service::ids;
use crate::service::lead::LeadError;
use crate::store::{lead, review};

/// Stores a review of the lead's business and sends it to the partners. It is verified: we know of the job.
pub(crate) async fn create(
    core: &Core,
    lead_id: LeadId,
    new: NewReview,
    request: Option<KeyedRequest>,
    answer: fn(&ReviewEvent) -> Answer,
) -> Result<Answer, OnceError<LeadError>> {
    let fan_out = FanOut::new(core.ids.clone());
    let op = Create {
        ids: core.ids.clone(),
        fan_out: fan_out.clone(),
        clock: core.clock.clone(),
        lead_id,
        new,
    };
    let answered = core
        .db
        .write(Once {
            core: core.clone(),
            request,
            op,
            answer,
        })
        .await?;
    faults::pass(Point::AfterCommitBeforeWake);
    core.deliveries.wake_for(fan_out.touched());
    Ok(answered)
}

struct Create {
    ids: IdMaker,
    fan_out: FanOut,
    clock: Clock,
    lead_id: LeadId,
    new: NewReview,
}

impl Op for Create {
    type Out = ReviewEvent;
    type Error = LeadError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<ReviewEvent, LeadError> {
        let found = lead::lock_by_operator(tx, self.lead_id).await?;
        let lead = found.ok_or(LeadError::UnknownLead)?.lead;
        let now = self.clock.now();
        let event = ReviewEvent {
            review: Review {
                review_id: ids::next(&self.ids, ReviewId::from_i64),
                business_id: lead.business.business_id,
                rating: self.new.rating,
                create_time: UnixMilliseconds::from_timestamp(now),
                verified: true,
                lead_id: Some(lead.lead_id),
                category_id: lead.request.category_id,
                text: self.new.text.clone(),
                reviewer_nickname: self.new.reviewer_nickname.clone(),
                modify_time: None,
                photos: self.new.photos.clone(),
            },
            event_type: ReviewEventType::Added,
        };
        review::insert(tx, &event.review, now).await?;
        let happening = Happening {
            business_id: event.review.business_id,
            lead_id: lead.lead_id,
            content: Content::Review(&event),
        };
        fan_out::record(tx, &self.fan_out, &happening, now).await?;
        Ok(event)
    }
}
