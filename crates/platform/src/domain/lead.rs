//! A lead on the platform's side: how it is made of what the operator posts, for which kind of work, and whether it may be
//! made at all (protocol §8.4, D7). The lead itself, as partners see it, is `protocol::lead`.

use jiff::Timestamp;
use protocol::id::{CustomerId, LeadId, RequestId};
use protocol::lead::{self, Charge, Customer, Lead, Location, Request};
use protocol::new_lead::{CategoryChoice, NewLead};
use protocol::timestamp::UnixSeconds;
use thiserror::Error;

use crate::domain::business::{Business, BusinessCategory};

/// A lead as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredLead {
    /// With every optional member, and with the price as it stands.
    pub(crate) lead: Lead,
    pub(crate) state: LeadState,
}

/// Where a lead stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeadState {
    /// Both sides may write.
    Open,
    /// Over: the pro's messages are refused.
    Closed {
        /// Since when, to the microsecond, as it is stored.
        at: Timestamp,
    },
}

impl StoredLead {
    /// Whether the pro may still write.
    pub(crate) fn is_open(&self) -> bool {
        self.state == LeadState::Open
    }

    /// The lead, over since `now`, or since it was closed first.
    pub(crate) fn close(self, now: Timestamp) -> Self {
        let at = match self.state {
            LeadState::Open => Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now),
            LeadState::Closed { at } => at,
        };
        Self {
            state: LeadState::Closed { at },
            ..self
        }
    }

    /// The lead with this charge from now on.
    pub(crate) fn charge(mut self, charge: Charge) -> Self {
        self.lead.charge = Some(charge);
        self
    }
}

/// The ids of a lead that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeadIds {
    pub(crate) lead_id: LeadId,
    pub(crate) request_id: RequestId,
    /// For a customer that the platform does not know yet.
    pub(crate) customer_id: CustomerId,
}

/// A category that is none of the business's. The message completes the sentence "this member …".
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be one of the categories of the business")]
pub(crate) struct UnknownCategory {
    /// The member that names it, as a JSON pointer.
    pub(crate) pointer: &'static str,
}

/// The category of the business that the operator means: by id, by its exact name, or by both, which then have to agree.
pub(crate) fn choose_category<'a>(
    choice: &CategoryChoice,
    categories: &'a [BusinessCategory],
) -> Result<&'a BusinessCategory, UnknownCategory> {
    let named = |category: &BusinessCategory| {
        let name = choice.name.as_ref();
        name.is_none_or(|name| *name == category.name)
    };
    let Some(id) = choice.id else {
        let pointer = "/request/category";
        let mut categories = categories.iter();
        return categories
            .find(|category| named(category))
            .ok_or(UnknownCategory { pointer });
    };
    let found = categories
        .iter()
        .find(|category| category.category_id == id);
    let pointer = "/request/categoryID";
    let category = found.ok_or(UnknownCategory { pointer })?;
    let pointer = "/request/category";
    if named(category) {
        Ok(category)
    } else {
        Err(UnknownCategory { pointer })
    }
}

/// Why a business is not offered to customers (D7).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum TargetingOff {
    /// For no kind of work.
    #[error("the targeting of the business is off")]
    Business,
    /// For no kind of work, until what is sent to its partner arrives again.
    #[error("the targeting of the business is paused, because its partner's endpoint is impaired")]
    Paused,
    /// For this kind of work.
    #[error("the targeting of the business is off for this category")]
    Category,
}

/// Whether customers are offered the business for this kind of work.
pub(crate) fn judge_targeting(
    business: &Business,
    category: &BusinessCategory,
) -> Result<(), TargetingOff> {
    if !business.targeting {
        return Err(TargetingOff::Business);
    }
    if business.targeting_paused {
        return Err(TargetingOff::Paused);
    }
    if !category.targeting {
        return Err(TargetingOff::Category);
    }
    Ok(())
}

/// The lead that the operator's request becomes. The names of business and category are ours, whatever was posted.
pub(crate) fn compose(
    new: NewLead,
    business: &Business,
    category: &BusinessCategory,
    ids: LeadIds,
    now: Timestamp,
) -> Lead {
    Lead {
        lead_id: ids.lead_id,
        create_timestamp: UnixSeconds::from_timestamp(now),
        request: Request {
            request_id: ids.request_id,
            category: category.name.clone(),
            category_id: Some(category.category_id),
            title: new.title,
            description: new.description,
            schedule: new.schedule,
            location: Location {
                address1: new.location.address1,
                address2: new.location.address2,
                city: new.location.city,
                state: new.location.state,
                zip_code: new.location.zip_code,
            },
            travel_preferences: new.travel_preferences,
            details: new.details,
            attachments: new.attachments,
        },
        customer: Customer {
            customer_id: new.customer.customer_id.unwrap_or(ids.customer_id),
            name: new.customer.name,
            phone: new.customer.phone,
        },
        business: lead::Business {
            business_id: business.business_id,
            name: business.name.clone(),
        },
        price: new.price,
        lead_type: new.lead_type,
        charge: Some(new.charge),
    }
}

#[cfg(test)]
mod tests {
    use protocol::fixtures;
    use protocol::id::{BusinessId, CategoryId};
    use protocol::price::Price;

    use super::*;

    fn category(id: i64, name: &str, targeting: bool) -> BusinessCategory {
        BusinessCategory {
            category_id: CategoryId::from_i64(id).unwrap(),
            name: name.to_owned(),
            targeting,
        }
    }

    fn business(targeting: bool) -> Business {
        Business {
            business_id: BusinessId::from_i64(7).unwrap(),
            account_id: None,
            name: "Our name of it".to_owned(),
            targeting,
            targeting_paused: false,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn choice(name: Option<&str>, id: Option<i64>) -> CategoryChoice {
        CategoryChoice {
            name: name.map(str::to_owned),
            id: id.and_then(CategoryId::from_i64),
        }
    }

    #[test]
    fn a_category_is_named_by_its_id_its_name_or_both() {
        let categories = [category(1, "Plumbing", true), category(2, "Roofing", true)];
        for (name, id, expected) in [
            (Some("Roofing"), None, Ok(2)),
            (None, Some(2), Ok(2)),
            (Some("Roofing"), Some(2), Ok(2)),
            (Some("Plumbing"), Some(2), Err("/request/category")),
            (Some("roofing"), None, Err("/request/category")),
            (Some("Gardening"), None, Err("/request/category")),
            (None, Some(3), Err("/request/categoryID")),
            (Some("Roofing"), Some(3), Err("/request/categoryID")),
        ] {
            let chosen = choose_category(&choice(name, id), &categories);
            let chosen = chosen.map(|category| category.category_id.get());
            assert_eq!(
                chosen.map_err(|error| error.pointer),
                expected,
                "{name:?} {id:?}"
            );
        }
    }

    #[test]
    fn either_switch_keeps_customers_away() {
        for (of_business, of_category, expected) in [
            (true, true, Ok(())),
            (true, false, Err(TargetingOff::Category)),
            (false, true, Err(TargetingOff::Business)),
            (false, false, Err(TargetingOff::Business)),
        ] {
            let category = category(1, "Plumbing", of_category);
            assert_eq!(judge_targeting(&business(of_business), &category), expected);
        }
    }

    #[test]
    fn a_pause_keeps_customers_away_from_what_is_on() {
        let category = category(1, "Plumbing", true);
        for (of_business, expected) in [
            (true, TargetingOff::Paused),
            (false, TargetingOff::Business),
        ] {
            let business = Business {
                targeting_paused: true,
                ..business(of_business)
            };
            assert!(!business.is_offered());
            assert_eq!(judge_targeting(&business, &category), Err(expected));
        }
    }

    #[test]
    fn a_lead_has_our_ids_names_and_time() {
        let sample = fixtures::lead_with_everything();
        let mut body = serde_json::to_value(&sample).unwrap();
        body["businessID"] = body["business"]["businessID"].clone();
        let new = NewLead::parse(&body).unwrap();
        let ids = LeadIds {
            lead_id: LeadId::from_i64(11).unwrap(),
            request_id: RequestId::from_i64(12).unwrap(),
            customer_id: CustomerId::from_i64(13).unwrap(),
        };
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let lead = compose(
            new,
            &business(true),
            &category(5, "Plumbing", true),
            ids,
            now,
        );
        assert_eq!(lead.lead_id, ids.lead_id);
        assert_eq!(lead.create_timestamp.get(), 1_700_000_000);
        assert_eq!(lead.request.category, "Plumbing");
        assert_eq!(lead.request.category_id, CategoryId::from_i64(5));
        assert_eq!(lead.business.name, "Our name of it");
        assert_eq!(lead.customer, sample.customer);
        assert_eq!(lead.request.details, sample.request.details);
        assert_eq!(lead.request.location, sample.request.location);
    }

    #[test]
    fn a_lead_is_closed_once_and_its_price_may_change_all_the_same() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let lead = StoredLead {
            lead: fixtures::lead(),
            state: LeadState::Open,
        };
        assert!(lead.is_open());
        let lead = lead.close(at(5)).close(at(6));
        assert_eq!(lead.state, LeadState::Closed { at: at(5) });
        let charge = Charge::charged(Price::from_cents(2_600));
        let lead = lead.charge(charge.clone());
        assert!(!lead.is_open());
        assert_eq!(lead.lead.charge, Some(charge));
    }
}
