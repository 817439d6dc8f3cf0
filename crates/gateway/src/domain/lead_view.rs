//! A lead as it stands: what arrived first, with the price that was told later. The outcome does not depend on the order
//! of arrival (protocol §5).

use serde_json::{Map, Value};

/// The members of a lead that an update may tell (protocol §4.3).
const CHARGE_MEMBERS: [&str; 2] = ["leadPrice", "chargeState"];

/// The lead's members in their order, unknown ones included, with the price of the newest update if there was one.
///
/// An update always wins over the lead: prices are made after leads, so whatever price the lead carries is older.
pub(crate) fn with_update(lead: &str, update: Option<&str>) -> Map<String, Value> {
    let mut members = object(lead);
    if let Some(update) = update {
        let mut update = object(update);
        for name in CHARGE_MEMBERS {
            if let Some(value) = update.shift_remove(name) {
                members.insert(name.to_owned(), value);
            }
        }
    }
    members
}

/// The members of a stored body. It was an object when it was stored; a damaged one shows as empty.
pub(crate) fn object(body: &str) -> Map<String, Value> {
    serde_json::from_str(body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_changes_the_price_and_keeps_the_order_and_unknown_members() {
        let lead = r#"{"leadID":"1","leadPrice":null,"chargeState":null,"new":[1]}"#;
        let update = r#"{"leadID":"1","leadPrice":"$26.00","chargeState":"Charged"}"#;
        let seen = serde_json::to_string(&with_update(lead, Some(update))).unwrap();
        assert_eq!(
            seen,
            r#"{"leadID":"1","leadPrice":"$26.00","chargeState":"Charged","new":[1]}"#
        );
    }

    #[test]
    fn an_update_that_says_nothing_changes_nothing() {
        let lead = r#"{"leadID":"1","leadPrice":"$5.00"}"#;
        let seen = serde_json::to_string(&with_update(lead, Some(r#"{"leadID":"1"}"#))).unwrap();
        assert_eq!(seen, lead);
    }
}
