//! The endpoints of the platform that read JSON, each with a body that it takes: for tests that try all of them.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::World;
use testkit::partner::REDIRECT;
use testkit::world::OPERATOR_KEY;

use crate::support::{FIRST, request};

/// An endpoint that reads JSON.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The header of somebody who may use it.
    pub(crate) authorization: String,
    /// A body that it takes.
    pub(crate) body: Value,
    /// What it answers to that body.
    pub(crate) status: u16,
    /// The members that must be there.
    pub(crate) required: &'static [&'static str],
}

impl Endpoint {
    /// A request to it, without a body.
    pub(crate) fn request(&self, world: &World) -> RequestBuilder {
        request(world, self.method.clone(), &self.path).header("authorization", &self.authorization)
    }
}

/// All of them.
pub(crate) async fn endpoints(world: &World) -> Vec<Endpoint> {
    let mut endpoints = partner_endpoints(world).await;
    endpoints.extend(set_up_endpoints(world).await);
    endpoints.extend(lead_endpoints(world).await);
    endpoints
}

/// What partners call.
async fn partner_endpoints(world: &World) -> Vec<Endpoint> {
    let partner = world.partner("production");
    let tokens = world.connect(&partner, FIRST, "messages targeting").await;
    let (bearer, basic) = (format!("Bearer {}", tokens.access), world.partner_basic());
    let lead = world.lead(FIRST).await;
    let (business, lead) = (lead.business_id, lead.lead_id);
    let category = world.ids.pros[0].businesses[0].categories[0].category_id;
    let service = format!("/v3/accounts/~/services/{business}");
    let endpoint = |method, path: String, authorization: &str, body, required| Endpoint {
        method,
        path,
        authorization: authorization.to_owned(),
        body,
        status: 200,
        required,
    };
    let post = |path, authorization, body, required| {
        endpoint(Method::POST, path, authorization, body, required)
    };
    let patch = |path| {
        let body = json!({"enabled": true});
        endpoint(Method::PATCH, path, &bearer, body, &["enabled"])
    };
    let [v2, v1] =
        ["v2", "v1"].map(|version| format!("/{version}/business/{business}/lead/{lead}/message"));
    vec![
        post(v2, &bearer, json!({"text": "Hello"}), &["text"]),
        post(v1, &basic, json!({"text": "Hello"}), &["text"]),
        patch(format!("{service}/preferences/targeting")),
        patch(format!(
            "{service}/categories/{category}/preferences/targeting"
        )),
        post(
            "/v1/test/create-lead".to_owned(),
            &basic,
            json!({"businessID": business}),
            &[],
        ),
    ]
}

/// An endpoint of the operator.
fn operators(
    method: Method,
    path: &str,
    body: Value,
    status: u16,
    required: &'static [&'static str],
) -> Endpoint {
    Endpoint {
        method,
        path: format!("/operator/v1/{path}"),
        authorization: format!("Bearer {OPERATOR_KEY}"),
        body,
        status,
        required,
    }
}

/// Where the operator says who there is.
async fn set_up_endpoints(world: &World) -> Vec<Endpoint> {
    let partner = world.partner_id().await;
    let account = world.ids.pros[0].account_id;
    let client = json!({
        "partner_id": partner, "kind": "test", "redirect_uris": [REDIRECT], "scopes": ["messages"],
    });
    let pro = json!({"email": "new@pros.example", "password": "long enough", "name": "New"});
    let business = json!({"account_id": account, "name": "New", "categories": ["Painting"]});
    let since = json!({"since": "2026-01-01T00:00:00Z"});
    let replay = format!("partners/{partner}/replay");
    let cancel = format!("partners/{partner}/cancel-deliveries");
    let post = |path, body, status, required| operators(Method::POST, path, body, status, required);
    vec![
        post("partners", json!({"name": "New"}), 201, &["name"]),
        post(
            "clients",
            client,
            201,
            &["partner_id", "kind", "redirect_uris", "scopes"],
        ),
        post("pros", pro, 201, &["email", "password", "name"]),
        post(
            "businesses",
            business,
            201,
            &["account_id", "name", "categories"],
        ),
        post(&replay, since, 202, &["since"]),
        post(
            &cancel,
            json!({"business_id": world.business(0, 1)}),
            200,
            &[],
        ),
    ]
}

/// Where the operator says what happens.
async fn lead_endpoints(world: &World) -> Vec<Endpoint> {
    let stored = world.lead(FIRST).await;
    let business = &stored.business_id;
    let category = world.ids.pros[0].businesses[0].categories[0].category_id;
    let lead = json!({
        "businessID": business,
        "request": {
            "category": "Interior Painting",
            "title": "Walls",
            "location": {"city": "Palo Alto", "state": "CA", "zipCode": "94301"},
            "travelPreferences": "Professional must travel to my address.",
        },
        "customer": {"name": "John Davis"},
    });
    let at_lead = |what: &str| format!("leads/{}/{what}", stored.lead_id);
    let at_business = |what: &str| format!("businesses/{business}/{what}");
    let in_category = at_business(&format!("categories/{category}/targeting"));
    let enabled = json!({"enabled": true});
    let post = |path: &str, body, required| operators(Method::POST, path, body, 201, required);
    let put = |path: &str, body, required| operators(Method::PUT, path, body, 200, required);
    vec![
        post("leads", lead, &["businessID", "request", "customer"]),
        post(&at_lead("messages"), json!({"text": "Hello"}), &["text"]),
        put(&at_lead("price"), json!({"leadPrice": "$26.00"}), &[]),
        post(&at_lead("review"), json!({"rating": "5"}), &["rating"]),
        put(&at_business("targeting"), enabled.clone(), &["enabled"]),
        put(&in_category, enabled, &["enabled"]),
    ]
}
