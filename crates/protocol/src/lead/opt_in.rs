//! What of a lead one partner is sent.

use crate::optional_fields::{OptionalField, OptionalFields};

use super::charge::Charge;
use super::lead_type::LeadType;
use super::shape::Lead;

impl Lead {
    /// This lead as a partner with these opt-ins is sent it. The address goes only with the four kinds of leads that carry
    /// one, and then both lines do; a partner that is sent prices is sent `null`s until there is one (§4.1).
    #[must_use]
    pub fn for_partner(&self, fields: OptionalFields) -> Self {
        let mut lead = self.clone();
        let location = &mut lead.request.location;
        let kind_wants_address = self.lead_type.as_ref().is_some_and(LeadType::wants_address);
        if kind_wants_address && fields.contains(OptionalField::Address) {
            location.address1.get_or_insert_default();
            location.address2.get_or_insert_default();
        } else {
            location.address1 = None;
            location.address2 = None;
        }
        if !fields.contains(OptionalField::Phone) {
            lead.customer.phone = None;
        }
        if !fields.contains(OptionalField::CategoryId) {
            lead.request.category_id = None;
        }
        if !fields.contains(OptionalField::Attachments) {
            lead.request.attachments.clear();
        }
        if !fields.contains(OptionalField::LeadType) {
            lead.lead_type = None;
        }
        if fields.contains(OptionalField::Price) {
            lead.charge.get_or_insert(Charge::Unpriced);
        } else {
            lead.charge = None;
        }
        lead
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    fn lead(kind: &str) -> Lead {
        let mut lead = fixtures::lead();
        lead.lead_type = Some(LeadType::new(kind));
        lead
    }

    #[test]
    fn a_partner_is_sent_nothing_that_it_did_not_ask_for() {
        let sent = lead("INSTANT_BOOK").for_partner(OptionalFields::NONE);
        assert_eq!(sent.customer.phone, None);
        assert_eq!(sent.request.category_id, None);
        assert!(sent.request.attachments.is_empty());
        assert_eq!(sent.request.location.address1, None);
        assert_eq!(sent.lead_type, None);
        assert_eq!(sent.charge, None);
    }

    #[test]
    fn the_address_goes_with_four_kinds_of_leads_only() {
        for kind in LeadType::KNOWN {
            let sent = lead(kind.as_str()).for_partner(OptionalFields::default());
            let location = sent.request.location;
            assert_eq!(location.address1.is_some(), kind.wants_address(), "{kind}");
            assert_eq!(location.address2.is_some(), kind.wants_address(), "{kind}");
        }
    }

    #[test]
    fn the_kind_decides_about_the_address_even_when_it_is_not_sent() {
        let fields = OptionalFields::NONE.with(OptionalField::Address);
        let sent = lead("SERVICE_CALL").for_partner(fields);
        assert_eq!(sent.lead_type, None);
        assert!(sent.request.location.address1.is_some());
    }

    #[test]
    fn a_lead_without_a_price_is_sent_with_nulls() {
        let mut unpriced = fixtures::created_lead();
        unpriced.charge = None;
        let sent = unpriced.for_partner(OptionalFields::default());
        assert_eq!(sent.charge, Some(Charge::Unpriced));
    }
}
