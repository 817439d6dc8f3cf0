//! The Services page (protocol §2.4): a pro's businesses, their targeting by hand, and the partners that are connected.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use protocol::id::{BusinessId, CategoryId};
use protocol::paths::oauth;
use protocol::targeting::TargetingChange;
use serde::Serialize;
use web::error::ApiError;
use web::pages::Page;

use crate::core::Core;
use crate::domain::business::BusinessCategory;
use crate::domain::client::ClientKind;
use crate::pages::errors::Stop;
use crate::pages::form::{OwnForm, ProForm};
use crate::pages::scope_words::{ScopeWords, words};
use crate::pages::visitor::LoggedIn;
use crate::service::disconnect::{Disconnector, disconnect};
use crate::service::services_page::{self, ConnectedPartner, OwnBusiness};
use crate::service::targeting::{self, Switch, SwitchedBy};
use crate::store::targeting_pause::OwnPause;

#[derive(Debug, Serialize)]
pub(super) struct ServicesContext {
    targeting_action: &'static str,
    disconnect_action: &'static str,
    businesses: Vec<BusinessContext>,
}

#[derive(Debug, Serialize)]
struct BusinessContext {
    business_id: String,
    name: String,
    is_on: bool,
    /// Why it is not offered although it is on.
    pause: Option<PauseContext>,
    categories: Vec<CategoryContext>,
    partners: Vec<PartnerContext>,
}

#[derive(Debug, Serialize)]
struct PauseContext {
    partner: String,
    since: String,
}

#[derive(Debug, Serialize)]
struct CategoryContext {
    category_id: String,
    name: String,
    is_on: bool,
}

#[derive(Debug, Serialize)]
struct PartnerContext {
    client_id: String,
    name: String,
    is_test: bool,
    scopes: Vec<ScopeWords>,
    since: String,
}

pub(super) async fn show_services(
    State(core): State<Core>,
    LoggedIn(session): LoggedIn,
) -> Result<Page, Stop> {
    let businesses = services_page::overview(&core, session.account_id).await?;
    Ok(ServicesContext::new(businesses).page())
}

pub(super) async fn switch_targeting(
    State(core): State<Core>,
    ProForm { session, fields }: ProForm,
) -> Result<Response, Stop> {
    let business_id = business_id(&fields)?;
    let category_id = fields.get("category_id").map(CategoryId::parse).transpose();
    let enabled = match fields.get("enabled") {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(unreadable("enabled", "must be true or false")),
    };
    let switch = Switch {
        business_id,
        category_id: category_id.map_err(|error| unreadable("category_id", error))?,
        change: TargetingChange { enabled },
    };
    targeting::set(&core, SwitchedBy::Pro(session.account_id), switch).await?;
    Ok(back_to(business_id))
}

pub(super) async fn disconnect_partner(
    State(core): State<Core>,
    ProForm { session, fields }: ProForm,
) -> Result<Response, Stop> {
    let business_id = business_id(&fields)?;
    let client_id = fields.get("client_id").unwrap_or_default();
    if client_id.contains(char::is_control) {
        return Err(unreadable("client_id", "must not hold control characters"));
    }
    let pro = Disconnector::Pro(session.account_id);
    disconnect(&core, pro, client_id, business_id).await?;
    Ok(back_to(business_id))
}

fn business_id(fields: &OwnForm) -> Result<BusinessId, Stop> {
    let text = fields.get("business_id").unwrap_or_default();
    BusinessId::parse(text).map_err(|error| unreadable("business_id", error))
}

fn unreadable(field: &str, error: impl std::fmt::Display) -> Stop {
    ApiError::bad_request(format!("The field {field} {error}.")).into()
}

fn back_to(business_id: BusinessId) -> Response {
    Redirect::to(&format!("{}#business-{business_id}", oauth::SERVICES)).into_response()
}

impl ServicesContext {
    fn new(businesses: Vec<OwnBusiness>) -> Self {
        Self {
            targeting_action: oauth::SERVICES_TARGETING,
            disconnect_action: oauth::SERVICES_DISCONNECT,
            businesses: businesses.into_iter().map(BusinessContext::from).collect(),
        }
    }

    fn page(self) -> Page {
        Page::new("services.html", self)
    }

    #[cfg(test)]
    pub(super) fn samples() -> Vec<Page> {
        use jiff::Timestamp;
        use protocol::scope::{Scope, Scopes};

        use crate::domain::business::Business;

        let business = |id, name: &str, targeting, partners| OwnBusiness {
            business: Business {
                business_id: BusinessId::from_i64(id).unwrap(),
                account_id: None,
                name: name.to_owned(),
                targeting,
                targeting_paused: id % 2 == 0,
                created_at: Timestamp::UNIX_EPOCH,
            },
            pause: (id % 2 == 0).then(|| OwnPause {
                business_id: BusinessId::from_i64(id).unwrap(),
                partner_name: "Demo <script>".to_owned(),
                since: Timestamp::constant(1_790_000_000, 0),
            }),
            categories: [
                (1, "Interior Painting", true),
                (2, "Exterior <script>", false),
            ]
            .map(|(id, name, targeting)| BusinessCategory {
                category_id: CategoryId::from_i64(id).unwrap(),
                name: name.to_owned(),
                targeting,
            })
            .into(),
            partners,
        };
        let partner = |name: &str, kind: ClientKind| ConnectedPartner {
            client_id: "demo".to_owned(),
            name: name.to_owned(),
            kind: kind.as_str().to_owned(),
            scopes: Scopes::from_iter([Scope::Messages, Scope::Targeting]),
            since: Timestamp::constant(1_790_000_000, 0),
        };
        let partners = vec![
            partner("Demo CRM", ClientKind::Production),
            partner("Other CRM", ClientKind::Test),
        ];
        let businesses = vec![
            business(
                380_497_493_950_742_534,
                "Tim's Painting Business",
                true,
                partners,
            ),
            business(
                380_497_493_950_742_535,
                "Tim's Handyman Service",
                false,
                Vec::new(),
            ),
        ];
        vec![Self::new(businesses).page(), Self::new(Vec::new()).page()]
    }
}

impl From<OwnBusiness> for BusinessContext {
    fn from(own: OwnBusiness) -> Self {
        Self {
            business_id: own.business.business_id.to_string(),
            name: own.business.name,
            is_on: own.business.targeting,
            // Who switched it off themselves need not hear that it would be off anyway.
            pause: own
                .pause
                .filter(|_| own.business.targeting)
                .map(PauseContext::from),
            categories: own
                .categories
                .into_iter()
                .map(CategoryContext::from)
                .collect(),
            partners: own.partners.into_iter().map(PartnerContext::from).collect(),
        }
    }
}

impl From<OwnPause> for PauseContext {
    fn from(pause: OwnPause) -> Self {
        Self {
            partner: pause.partner_name,
            since: pause.since.strftime("%B %-d, %Y, %H:%M UTC").to_string(),
        }
    }
}

impl From<BusinessCategory> for CategoryContext {
    fn from(category: BusinessCategory) -> Self {
        Self {
            category_id: category.category_id.to_string(),
            name: category.name,
            is_on: category.targeting,
        }
    }
}

impl From<ConnectedPartner> for PartnerContext {
    fn from(partner: ConnectedPartner) -> Self {
        Self {
            client_id: partner.client_id,
            name: partner.name,
            is_test: partner.kind == ClientKind::Test.as_str(),
            scopes: partner.scopes.iter().map(words).collect(),
            since: partner.since.strftime("%B %-d, %Y").to_string(),
        }
    }
}
