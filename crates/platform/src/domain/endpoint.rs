//! Where a partner receives (protocol §4, §8.4): a URL and a method per kind of delivery, the credentials that we log in
//! with there, and the optional members that it asked for.
//!
//! Whether an endpoint answers is the delivery engine's business.

use std::fmt;

use base::Secret;
use base::outgoing::AddressPolicy;
use base::outgoing::address::RefusedTarget;
use protocol::json::Members;
use protocol::optional_fields::{OptionalField, OptionalFields};
use protocol::standard_webhooks::SigningSecret;
use thiserror::Error;
use url::Url;

/// Where an endpoint's URL has this, the id of the lead is put: some partners take updates on the lead's path.
const LEAD_ID: &str = "{leadID}";
/// The longest URL, in bytes.
const LONGEST_URL: usize = 2_048;
/// The longest user name or password, in bytes.
const LONGEST_CREDENTIAL: usize = 1_024;

/// What a delivery carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// §4.1.
    Lead,
    /// §4.2.
    Message,
    /// §4.3.
    LeadUpdate,
    /// §4.4.
    Review,
}

impl Kind {
    /// All kinds, in the order of the protocol.
    pub(crate) const ALL: [Self; 4] = [Self::Lead, Self::Message, Self::LeadUpdate, Self::Review];

    /// The word on the wire (§8.4).
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Message => "message",
            Self::LeadUpdate => "lead_update",
            Self::Review => "review",
        }
    }

    /// The kind that a word on the wire means.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The member of an endpoint that holds the URL of this kind.
    pub(crate) const fn url_member(self) -> &'static str {
        match self {
            Self::Lead => "lead_url",
            Self::Message => "message_url",
            Self::LeadUpdate => "lead_update_url",
            Self::Review => "review_url",
        }
    }

    /// The member of an endpoint that holds the method of this kind.
    pub(crate) const fn method_member(self) -> &'static str {
        match self {
            Self::Lead => "lead_method",
            Self::Message => "message_method",
            Self::LeadUpdate => "lead_update_method",
            Self::Review => "review_method",
        }
    }

    /// The method of §4 for this kind.
    pub(crate) const fn usual_method(self) -> Method {
        match self {
            Self::LeadUpdate => Method::Put,
            Self::Lead | Self::Message | Self::Review => Method::Post,
        }
    }
}

/// The method that a partner takes a kind of delivery with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Post,
    Put,
    Patch,
}

/// A text that is none of the methods.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be POST, PUT or PATCH")]
pub(crate) struct UnknownMethod;

impl Method {
    /// The method in a request.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }

    /// Reads a method in capitals.
    pub(crate) fn parse(text: &str) -> Result<Self, UnknownMethod> {
        [Self::Post, Self::Put, Self::Patch]
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or(UnknownMethod)
    }
}

/// Where one kind of delivery goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// `{leadID}` in it stands for the lead's id.
    pub(crate) url: String,
    pub(crate) method: Method,
}

impl Target {
    /// The URL for what is about this lead.
    pub(crate) fn url_for(&self, lead_id: i64) -> String {
        self.url.replace(LEAD_ID, &lead_id.to_string())
    }
}

/// Where each kind of delivery goes; a kind without a target is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Targets {
    pub(crate) lead: Option<Target>,
    pub(crate) message: Option<Target>,
    pub(crate) lead_update: Option<Target>,
    pub(crate) review: Option<Target>,
}

impl Targets {
    /// The target of one kind.
    pub(crate) fn get(&self, kind: Kind) -> Option<&Target> {
        match kind {
            Kind::Lead => self.lead.as_ref(),
            Kind::Message => self.message.as_ref(),
            Kind::LeadUpdate => self.lead_update.as_ref(),
            Kind::Review => self.review.as_ref(),
        }
    }
}

/// A partner's endpoint as it is stored: its secrets are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) targets: Targets,
    pub(crate) username: String,
    pub(crate) password_sealed: String,
    pub(crate) signing_secret_sealed: Option<String>,
    pub(crate) fields: OptionalFields,
}

impl Endpoint {
    /// Where this kind of delivery goes, if the partner takes it at all: lead updates and reviews only if asked for.
    pub(crate) fn receives(&self, kind: Kind) -> Option<&Target> {
        let asked_for = match kind {
            Kind::Lead | Kind::Message => true,
            Kind::LeadUpdate => self.fields.contains(OptionalField::Updates),
            Kind::Review => self.fields.contains(OptionalField::Reviews),
        };
        self.targets.get(kind).filter(|_| asked_for)
    }
}

/// An endpoint as an operator gives it, with its secrets in plain.
#[derive(Clone, Debug)]
pub(crate) struct EndpointSettings {
    pub(crate) targets: Targets,
    pub(crate) username: String,
    pub(crate) password: Secret,
    pub(crate) signing_secret: Option<Secret>,
    pub(crate) fields: OptionalFields,
}

impl EndpointSettings {
    /// Whether a body says anything about an endpoint.
    pub(crate) fn is_in(members: &Members<'_>) -> bool {
        let urls = Kind::ALL.map(Kind::url_member);
        let methods = Kind::ALL.map(Kind::method_member);
        let rest = ["username", "password", "fields", "signing_secret"];
        urls.iter()
            .chain(&methods)
            .chain(&rest)
            .any(|name| members.optional(name).is_some())
    }

    /// Reads the members of §8.4; every problem is reported. `lead_url`, `username` and `password` must be there.
    pub(crate) fn read(members: &Members<'_>, policy: AddressPolicy) -> Option<Self> {
        let target = |kind: Kind| {
            let method = members.optional_parsed(kind.method_member(), Method::parse);
            let read = |text| endpoint_url(kind, text, policy);
            let url = members.optional_parsed(kind.url_member(), read)?;
            let method = method.unwrap_or(kind.usual_method());
            Some(Target { url, method })
        };
        let targets = Targets {
            lead: target(Kind::Lead),
            message: target(Kind::Message),
            lead_update: target(Kind::LeadUpdate),
            review: target(Kind::Review),
        };
        if members.optional(Kind::Lead.url_member()).is_none() {
            members.report(Kind::Lead.url_member(), "is required");
        }
        let username = members.required_parsed("username", username);
        let password = members.required_parsed("password", credential);
        let signing_secret = members.optional_parsed("signing_secret", signing_secret);
        let fields = fields(members);
        Some(Self {
            targets,
            username: username?.to_owned(),
            password: Secret::new(password?),
            signing_secret,
            fields,
        })
    }
}

/// Why a text cannot be an endpoint's URL. Each message completes the sentence "this member …".
#[derive(Debug, Error, PartialEq, Eq)]
enum UrlError {
    #[error("must be an absolute https URL of at most {LONGEST_URL} characters")]
    NotUrl,
    #[error("must not have a fragment")]
    Fragment,
    #[error("must not hold {LEAD_ID}: a review may belong to no lead")]
    LeadlessReview,
    #[error("cannot be delivered to: {0}")]
    Refused(RefusedTarget),
}

fn endpoint_url(kind: Kind, text: &str, policy: AddressPolicy) -> Result<String, UrlError> {
    // URL parsers drop tabs and line ends; what is stored must be what is dialled.
    let odd = |character: char| character.is_control() || character.is_whitespace();
    if text.len() > LONGEST_URL || text.contains(odd) {
        return Err(UrlError::NotUrl);
    }
    let url = Url::parse(text).map_err(|_| UrlError::NotUrl)?;
    // Lead ids belong into the path or the query: they must not choose whom we call.
    if url.host_str().is_some_and(|host| host.contains('{')) {
        return Err(UrlError::NotUrl);
    }
    policy.check_url(&url).map_err(UrlError::Refused)?;
    if url.fragment().is_some() {
        return Err(UrlError::Fragment);
    }
    if kind == Kind::Review && text.contains(LEAD_ID) {
        return Err(UrlError::LeadlessReview);
    }
    Ok(text.to_owned())
}

/// Why a text cannot be a user name or password. Each message completes the sentence "this member …".
#[derive(Debug, Error, PartialEq, Eq)]
enum CredentialError {
    #[error("must not be empty")]
    Empty,
    #[error("must have at most {LONGEST_CREDENTIAL} bytes")]
    TooLong,
    #[error("must not hold control characters")]
    Control,
    #[error("must not hold a colon: HTTP Basic ends the user name there")]
    Colon,
}

fn credential(text: &str) -> Result<&str, CredentialError> {
    if text.is_empty() {
        return Err(CredentialError::Empty);
    }
    if text.len() > LONGEST_CREDENTIAL {
        return Err(CredentialError::TooLong);
    }
    if text.contains(char::is_control) {
        return Err(CredentialError::Control);
    }
    Ok(text)
}

fn username(text: &str) -> Result<&str, CredentialError> {
    if text.contains(':') {
        return Err(CredentialError::Colon);
    }
    credential(text)
}

fn signing_secret(text: &str) -> Result<Secret, impl fmt::Display + use<>> {
    SigningSecret::parse(text).map(|secret| Secret::new(secret.to_text()))
}

fn fields(members: &Members<'_>) -> OptionalFields {
    let Some(names) = members.optional_array("fields") else {
        return OptionalFields::default();
    };
    let mut fields = OptionalFields::NONE;
    for (index, name) in names.iter().enumerate() {
        match name.as_str().map(OptionalField::parse) {
            Some(Ok(field)) => fields = fields.with(field),
            Some(Err(error)) => members.report("fields", format!("item {index} {error}")),
            None => members.report("fields", format!("item {index} must be a string")),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use protocol::json::{Problem, Problems};
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Result<EndpointSettings, Vec<Problem>> {
        let problems = Problems::new();
        let settings = Members::of_body(body, &problems)
            .and_then(|members| EndpointSettings::read(&members, AddressPolicy::PublicOnly));
        problems.finish(settings)
    }

    fn good() -> Value {
        json!({"lead_url": "https://crm.example/v1/lead", "username": "platform", "password": "p:w"})
    }

    #[test]
    fn the_defaults_are_those_of_the_protocol() {
        let mut body = good();
        body["lead_update_url"] = json!("https://crm.example/u");
        body["review_url"] = json!("https://crm.example/r");
        let settings = read(&body).unwrap();
        assert_eq!(settings.fields, OptionalFields::default());
        assert_eq!(settings.targets.lead.unwrap().method, Method::Post);
        assert_eq!(settings.targets.lead_update.unwrap().method, Method::Put);
        assert_eq!(settings.targets.message, None);
    }

    #[test]
    fn updates_and_reviews_go_out_only_if_asked_for() {
        let target = || {
            Some(Target {
                url: "https://crm.example/".to_owned(),
                method: Method::Post,
            })
        };
        let mut endpoint = Endpoint {
            targets: Targets {
                lead: target(),
                message: None,
                lead_update: target(),
                review: target(),
            },
            username: "platform".to_owned(),
            password_sealed: String::new(),
            signing_secret_sealed: None,
            fields: OptionalFields::NONE,
        };
        assert!(endpoint.receives(Kind::Lead).is_some());
        assert!(endpoint.receives(Kind::Message).is_none());
        assert!(endpoint.receives(Kind::LeadUpdate).is_none());
        assert!(endpoint.receives(Kind::Review).is_none());
        endpoint.fields = OptionalFields::ALL;
        assert!(endpoint.receives(Kind::LeadUpdate).is_some());
        assert!(endpoint.receives(Kind::Review).is_some());
    }

    #[test]
    fn every_problem_is_named() {
        let body = json!({
            "lead_url": "http://crm.example/v1/lead",
            "message_url": "https://10.0.0.1/",
            "lead_update_url": 5,
            "lead_method": "GET",
            "username": "a:b",
            "password": "",
            "signing_secret": "short",
            "fields": ["phone", "fax", 7],
        });
        let problems: Vec<String> = read(&body)
            .unwrap_err()
            .iter()
            .map(|problem| problem.pointer.clone())
            .collect();
        assert_eq!(
            problems,
            [
                "/lead_method",
                "/lead_url",
                "/message_url",
                "/lead_update_url",
                "/username",
                "/password",
                "/signing_secret",
                "/fields",
                "/fields",
            ]
        );
        let missing = read(&json!({})).unwrap_err();
        assert_eq!(missing.len(), 3);
    }

    #[test]
    fn a_url_may_hold_the_id_of_the_lead_but_not_in_its_host() {
        let mut body = good();
        body["lead_update_url"] = json!("https://crm.example/leads/{leadID}");
        let target = read(&body).unwrap().targets.lead_update.unwrap();
        assert_eq!(target.url_for(7), "https://crm.example/leads/7");
        body["lead_update_url"] = json!("https://{leadID}.example/");
        assert!(read(&body).is_err());
        body["lead_update_url"] = Value::Null;
        body["review_url"] = json!("https://crm.example/{leadID}");
        assert!(read(&body).is_err());
    }

    #[test]
    fn a_url_is_stored_as_it_will_be_dialled() {
        for text in [
            "https://crm.example/a\tb",
            " https://crm.example/",
            "https://crm.example/#x",
            "crm.example",
        ] {
            let mut body = good();
            body["lead_url"] = json!(text);
            assert!(read(&body).is_err(), "{text:?}");
        }
    }
}
