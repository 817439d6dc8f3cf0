//! A lead's price, told after the lead (§4.3), and the operator's body that causes it (§8.4).

use serde::Serialize;
use serde_json::Value;

use crate::id::LeadId;
use crate::json::{Members, Problem, Problems};
use crate::lead::Charge;
use crate::price::Price;

/// What the platform sends to a partner's lead update endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeadUpdate {
    /// The lead.
    #[serde(rename = "leadID")]
    pub lead_id: LeadId,
    /// `leadPrice` and `chargeState`. `None` only where a sender left both out; we send `null`s.
    #[serde(flatten)]
    pub charge: Option<Charge>,
}

impl LeadUpdate {
    /// Reads an update as a receiver, or names everything that is wrong with it. Unknown members pass.
    pub fn parse(body: &Value) -> Result<Self, Vec<Problem>> {
        let problems = Problems::new();
        let update = Members::of_body(body, &problems).and_then(|members| {
            let lead_id = members.required_parsed("leadID", LeadId::parse);
            let charge = Charge::read(&members);
            Some(Self {
                lead_id: lead_id?,
                charge,
            })
        });
        problems.finish(update)
    }
}

/// The operator's `{"leadPrice": "$26.00"|null}` (§8.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    /// The lead's charge from now on.
    pub charge: Charge,
}

impl PriceChange {
    /// Reads the body, or names everything that is wrong with it. Unlike a receiver the platform demands a plain amount.
    pub fn parse(body: &Value) -> Result<Self, Vec<Problem>> {
        let problems = Problems::new();
        let change = Members::of_body(body, &problems).and_then(|members| {
            let charge = match members.nullable_string("leadPrice")? {
                None => Charge::Unpriced,
                Some(text) => Charge::charged(plain_price(&members, text)?),
            };
            Some(Self { charge })
        });
        problems.finish(change)
    }
}

fn plain_price(members: &Members<'_>, text: &str) -> Option<Price> {
    let price = Price::new(text);
    if price.cents().is_none() || price.unit().is_some() {
        members.report("leadPrice", "must be null or an amount such as \"$26.00\"");
        return None;
    }
    Some(price)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures;
    use crate::json::{JsonFault, parse, sentence};

    #[test]
    fn the_documented_sample_is_not_json_and_is_refused() {
        let error = parse(fixtures::LEAD_UPDATE_WITH_TRAILING_COMMA.as_bytes()).unwrap_err();
        assert_eq!(error.fault, JsonFault::Syntax("trailing comma".into()));
    }

    #[test]
    fn an_update_is_read_and_written_the_same() {
        for text in [
            fixtures::LEAD_UPDATE,
            r#"{"leadID":"5","leadPrice":null,"chargeState":null}"#,
            r#"{"leadID":"5"}"#,
        ] {
            let body = parse(text.as_bytes()).unwrap();
            let update = LeadUpdate::parse(&body).unwrap();
            assert_eq!(serde_json::to_value(update).unwrap(), body);
        }
    }

    #[test]
    fn an_update_needs_a_lead() {
        let problems = LeadUpdate::parse(&json!({"leadPrice": 26})).unwrap_err();
        assert_eq!(
            sentence(&problems),
            "/leadID is required; /leadPrice must be a string."
        );
    }

    #[test]
    fn the_operator_sets_a_plain_amount_or_null() {
        let priced = PriceChange::parse(&json!({"leadPrice": "$26.00"})).unwrap();
        assert_eq!(priced.charge, Charge::charged(Price::from_cents(2600)));
        let unpriced = PriceChange::parse(&json!({"leadPrice": null})).unwrap();
        assert_eq!(unpriced.charge, Charge::Unpriced);
        for wrong in [
            json!({}),
            json!({"leadPrice": "a lot"}),
            json!({"leadPrice": "$5/hour"}),
            json!({"leadPrice": 26}),
            json!([]),
        ] {
            assert!(PriceChange::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
