//! The bodies that leave the platform, letter by letter: the order of members is part of the contract (§1 D2).

use insta::assert_snapshot;
use serde::Serialize;

use crate::fixtures;
use crate::optional_fields::OptionalFields;

fn wire(body: &impl Serialize) -> String {
    serde_json::to_string_pretty(body).unwrap()
}

#[test]
fn a_lead_with_everything() {
    let lead = fixtures::lead_with_everything();
    assert_eq!(lead.for_partner(OptionalFields::ALL), lead);
    assert_snapshot!(wire(&lead));
}

#[test]
fn a_lead_for_a_partner_of_the_default() {
    let lead = fixtures::lead_with_everything();
    assert_snapshot!(wire(&lead.for_partner(OptionalFields::default())));
}

#[test]
fn a_lead_for_a_partner_of_the_first_hour() {
    let lead = fixtures::lead_with_everything();
    assert_snapshot!(wire(&lead.for_partner(OptionalFields::NONE)));
}

#[test]
fn a_lead_without_a_price() {
    assert_snapshot!(wire(
        &fixtures::lead().for_partner(OptionalFields::default())
    ));
}

#[test]
fn a_message() {
    assert_snapshot!(wire(&fixtures::message()));
}

#[test]
fn a_lead_update() {
    assert_snapshot!(wire(&fixtures::lead_update()));
}

#[test]
fn a_review() {
    assert_snapshot!(wire(&fixtures::review()));
}

#[test]
fn the_fixtures_are_written_as_they_were_read() {
    for (read, text) in [
        (wire(&fixtures::lead()), fixtures::LEAD),
        (wire(&fixtures::created_lead()), fixtures::CREATED_LEAD),
        (wire(&fixtures::real_lead()), fixtures::REAL_LEAD),
        (
            wire(&fixtures::lead_with_everything()),
            fixtures::LEAD_WITH_EVERYTHING,
        ),
        (wire(&fixtures::message()), fixtures::MESSAGE),
        (wire(&fixtures::lead_update()), fixtures::LEAD_UPDATE),
        (wire(&fixtures::review()), fixtures::REVIEW),
    ] {
        assert_eq!(read, text.trim_end());
    }
}
