//! A forward as its owner wants it (protocol §8.2): where events are pushed to, and which of them. Whether the URL answers
//! is the delivery engine's business.

use std::fmt;

use base::outgoing::AddressPolicy;
use base::outgoing::address::RefusedTarget;
use jiff::SignedDuration;
use protocol::event::EventType;
use protocol::id::BusinessId;
use protocol::json::Members;
use thiserror::Error;
use url::Url;

/// So many forwards there can be: each costs every event some writes.
pub(crate) const MOST_FORWARDS: i64 = 50;
/// So many secrets a forward can have in force: each makes the signature header longer.
pub(crate) const MOST_SECRETS: usize = 5;

/// Why a delivery to a forward that was removed is cancelled.
pub(crate) const REMOVED: &str = "the forward was removed";

/// The longest URL, in bytes.
const LONGEST_URL: usize = 2_048;
const LONGEST_DESCRIPTION: usize = 200;
const MOST_BUSINESSES: usize = 500;

/// How long an old secret is still used beside a new one, unless it is said.
const USUAL_OVERLAP: SignedDuration = SignedDuration::from_hours(24);
const LONGEST_OVERLAP: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Where a forward goes and what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForwardSettings {
    pub(crate) url: ForwardUrl,
    /// For people; may be empty.
    pub(crate) description: String,
    pub(crate) wanted: Wanted,
}

/// A URL as it was given. It may carry a token, so `Debug` shows the host alone.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ForwardUrl(String);

/// Which events a forward takes. Nothing said is everything, what comes later included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    kinds: Option<Vec<EventType>>,
    businesses: Option<Vec<BusinessId>>,
}

/// Why a text cannot be a forward's URL. Each message completes the sentence "this member …".
#[derive(Debug, Error, PartialEq, Eq)]
enum UrlError {
    #[error("must be an absolute https URL of at most {LONGEST_URL} characters")]
    NotUrl,
    #[error("must not have a fragment")]
    Fragment,
    #[error("cannot be sent to: {0}")]
    Refused(RefusedTarget),
}

impl ForwardSettings {
    /// Reads `url`, `description`, `event_types` and `business_ids`; every problem is reported.
    pub(crate) fn read(members: &Members<'_>, policy: AddressPolicy) -> Option<Self> {
        let url = members.required_parsed("url", |text| ForwardUrl::parse(text, policy));
        let description = members.optional_parsed("description", description);
        let wanted = Wanted::read(members);
        Some(Self {
            url: url?,
            description: description.unwrap_or_default().to_owned(),
            wanted,
        })
    }
}

impl ForwardUrl {
    fn parse(text: &str, policy: AddressPolicy) -> Result<Self, UrlError> {
        // URL parsers drop tabs and line ends; what is stored must be what is dialled.
        let odd = |character: char| character.is_control() || character.is_whitespace();
        if text.len() > LONGEST_URL || text.contains(odd) {
            return Err(UrlError::NotUrl);
        }
        let url = Url::parse(text).map_err(|_| UrlError::NotUrl)?;
        policy.check_url(&url).map_err(UrlError::Refused)?;
        if url.fragment().is_some() {
            return Err(UrlError::Fragment);
        }
        Ok(Self(text.to_owned()))
    }

    /// The URL that was stored.
    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ForwardUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = Url::parse(&self.0).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        write!(formatter, "ForwardUrl({host})")
    }
}

impl Wanted {
    /// Whether an event of this type and business is taken.
    pub(crate) fn takes(&self, kind: EventType, business_id: BusinessId) -> bool {
        let kinds = self.kinds.as_ref();
        let businesses = self.businesses.as_ref();
        kinds.is_none_or(|kinds| kinds.contains(&kind))
            && businesses.is_none_or(|businesses| businesses.contains(&business_id))
    }

    /// The types that are taken, if not all.
    pub(crate) fn kinds(&self) -> Option<&[EventType]> {
        self.kinds.as_deref()
    }

    /// The businesses whose events are taken, if not all.
    pub(crate) fn businesses(&self) -> Option<&[BusinessId]> {
        self.businesses.as_deref()
    }

    /// The types and the businesses as they are stored.
    pub(crate) fn stored(&self) -> (Option<String>, Option<String>) {
        (join(self.kinds()), join(self.businesses()))
    }

    /// What was stored. A type that only another version of this program knows is left out.
    pub(crate) fn from_stored(kinds: Option<&str>, businesses: Option<&str>) -> Self {
        let split = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let kind = |name: &String| EventType::parse(name).ok();
        let business = |text: &String| BusinessId::parse(text).ok();
        Self {
            kinds: kinds.map(|text| split(text).iter().filter_map(kind).collect()),
            businesses: businesses.map(|text| split(text).iter().filter_map(business).collect()),
        }
    }

    fn read(members: &Members<'_>) -> Self {
        let kinds = choice(members, "event_types", EventType::parse);
        let businesses = choice(members, "business_ids", BusinessId::parse);
        Self { kinds, businesses }
    }
}

/// How long an old secret is still used beside a new one, from `overlap_seconds`.
pub(crate) fn read_overlap(members: &Members<'_>) -> Option<SignedDuration> {
    const NAME: &str = "overlap_seconds";
    let Some(value) = members.optional(NAME) else {
        return Some(USUAL_OVERLAP);
    };
    let seconds = value.as_i64().filter(|seconds| *seconds >= 0);
    let overlap = seconds.map(SignedDuration::from_secs);
    let overlap = overlap.filter(|overlap| *overlap <= LONGEST_OVERLAP);
    if overlap.is_none() {
        let longest = LONGEST_OVERLAP.as_secs();
        members.report(NAME, format!("must be a whole number from 0 to {longest}"));
    }
    overlap
}

fn description(text: &str) -> Result<&str, String> {
    if text.chars().count() > LONGEST_DESCRIPTION {
        return Err(format!(
            "must have at most {LONGEST_DESCRIPTION} characters"
        ));
    }
    if text.contains(char::is_control) {
        return Err("must not hold control characters".to_owned());
    }
    Ok(text)
}

/// A list of names, each once; `None` if it is not there, or wrong, which is reported.
fn choice<T: PartialEq, E: fmt::Display>(
    members: &Members<'_>,
    name: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<Vec<T>> {
    let items = members.optional_array(name)?;
    if items.is_empty() || items.len() > MOST_BUSINESSES {
        let reason = format!("must have 1 to {MOST_BUSINESSES} items, or be left out for all");
        members.report(name, reason);
        return None;
    }
    let mut chosen = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match item.as_str().map(&parse) {
            Some(Ok(item)) if chosen.contains(&item) => {}
            Some(Ok(item)) => chosen.push(item),
            Some(Err(error)) => members.report(name, format!("item {index} {error}")),
            None => members.report(name, format!("item {index} must be a string")),
        }
    }
    Some(chosen)
}

fn join<T: fmt::Display>(items: Option<&[T]>) -> Option<String> {
    let texts: Vec<String> = items?.iter().map(ToString::to_string).collect();
    Some(texts.join(" "))
}

#[cfg(test)]
mod tests {
    use protocol::json::{Problem, Problems};
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Result<ForwardSettings, Vec<Problem>> {
        let problems = Problems::new();
        let settings = Members::of_body(body, &problems)
            .and_then(|members| ForwardSettings::read(&members, AddressPolicy::PublicOnly));
        problems.finish(settings)
    }

    fn refusals(body: &Value) -> Vec<String> {
        let problems = read(body).unwrap_err();
        problems.iter().map(ToString::to_string).collect()
    }

    fn business(number: i64) -> BusinessId {
        BusinessId::from_i64(number).unwrap()
    }

    #[test]
    fn nothing_said_is_everything() {
        let forward = read(&json!({"url": "https://crm.example/hook?token=marked"})).unwrap();
        assert_eq!(forward.wanted, Wanted::default());
        assert_eq!(forward.description, "");
        for kind in EventType::ALL {
            assert!(forward.wanted.takes(*kind, business(7)));
        }
        assert!(!format!("{forward:?}").contains("marked"));
    }

    #[test]
    fn what_is_chosen_is_taken_and_survives_the_database() {
        let body = json!({
            "url": "https://crm.example/", "description": "The CRM",
            "event_types": ["lead.received", "lead.updated", "lead.received"],
            "business_ids": ["7", "8"],
        });
        let wanted = read(&body).unwrap().wanted;
        assert_eq!(wanted.kinds().unwrap().len(), 2);
        for (kind, business_id, taken) in [
            (EventType::LeadReceived, 7, true),
            (EventType::LeadUpdated, 8, true),
            (EventType::LeadRevised, 7, false),
            (EventType::LeadReceived, 9, false),
        ] {
            assert_eq!(wanted.takes(kind, business(business_id)), taken);
        }
        let (kinds, businesses) = wanted.stored();
        let again = Wanted::from_stored(kinds.as_deref(), businesses.as_deref());
        assert_eq!(again, wanted);
        let unknown = Wanted::from_stored(Some("lead.received someday.new"), None);
        assert_eq!(unknown.kinds(), Some(&[EventType::LeadReceived][..]));
        // Not "all": it was chosen from others.
        let none_known = Wanted::from_stored(Some("someday.new"), None);
        assert!(!none_known.takes(EventType::LeadReceived, business(7)));
    }

    #[test]
    fn every_problem_is_named() {
        let body = json!({
            "url": "http://crm.example/", "description": "two\nlines",
            "event_types": ["lead.received", "lead.lost", 5], "business_ids": [],
        });
        let found = refusals(&body);
        assert!(
            found[0].starts_with("/url cannot be sent to: http is allowed"),
            "{found:?}"
        );
        assert_eq!(found[1], "/description must not hold control characters");
        assert!(found[2].starts_with("/event_types item 1 must be one of lead.received,"));
        assert_eq!(found[3], "/event_types item 2 must be a string");
        assert!(
            found[4].starts_with("/business_ids must have 1 to"),
            "{found:?}"
        );
        assert_eq!(refusals(&json!({})), ["/url is required"]);
        let long = json!({"url": "https://crm.example/", "description": "x".repeat(201)});
        assert_eq!(
            refusals(&long),
            ["/description must have at most 200 characters"]
        );
    }

    #[test]
    fn a_url_is_stored_as_it_will_be_dialled() {
        for text in [
            "https://crm.example/a\tb",
            " https://crm.example/",
            "https://crm.example/#x",
            "https://user:password@crm.example/",
            "https://10.0.0.1/",
            "https://[::1]/",
            "ftp://crm.example/",
            "crm.example",
            "",
        ] {
            assert!(read(&json!({ "url": text })).is_err(), "{text:?}");
        }
        let long = format!("https://crm.example/{}", "x".repeat(LONGEST_URL));
        assert!(read(&json!({ "url": long })).is_err());
    }

    #[test]
    fn an_overlap_is_a_day_unless_it_is_said() {
        let read = |body: Value| {
            let problems = Problems::new();
            let members = Members::of_body(&body, &problems).unwrap();
            let overlap = read_overlap(&members);
            problems.finish(overlap)
        };
        assert_eq!(read(json!({})), Ok(SignedDuration::from_hours(24)));
        assert_eq!(
            read(json!({"overlap_seconds": 0})),
            Ok(SignedDuration::ZERO)
        );
        for wrong in [
            json!(-1),
            json!(604_801),
            json!(1.5),
            json!("60"),
            json!(u64::MAX),
        ] {
            assert!(read(json!({ "overlap_seconds": wrong })).is_err());
        }
    }
}
