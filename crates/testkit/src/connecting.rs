//! Shortcuts of a [`World`] to where most tests begin: clients, codes, connections and leads.

use protocol::paths::oauth;
use serde_json::{Value, json};
use url::Url;

use crate::http::Reply;
use crate::partner::{
    LeadIds, Partner, REDIRECT, Tokens, basic, connect_parameters, form, parameter,
};
use crate::world::World;

/// A complete lead without ids, as the operator feeds it in (protocol §8.4); `businessID` and `category` are added.
const LEAD: &str = r#"{
    "request": {
        "title": "Interior Painting",
        "description": "There is a stain on the door that needs to be touched up.",
        "schedule": "Date: Tue, May 05 2020\nTime: 6:00 PM\nLength: 3.5 hours",
        "location": {
            "address1": "101 Alma Street", "address2": "", "city": "Palo Alto", "state": "CA", "zipCode": "94301"
        },
        "travelPreferences": "Professional must travel to my address.",
        "details": [{"question": "Type of property", "answer": "Home"}]
    },
    "customer": {"name": "John Davis", "phone": "1234567890"},
    "leadType": "INSTANT_BOOK"
}"#;

impl World {
    /// The demo client of this kind, `production` or `test`.
    ///
    /// # Panics
    /// If there is none.
    pub fn partner(&self, kind: &str) -> Partner {
        let client = self.demo.client(kind);
        let (id, secret) = (&client.client_id, client.secret.expose());
        Partner::new(self.http.clone(), &self.platform_url, id, secret)
    }

    /// The `Authorization` header of the partner that calls v1 and create-lead.
    pub fn partner_basic(&self) -> String {
        let partner = &self.demo.partner;
        basic(&partner.username, partner.password.expose())
    }

    /// The id of the demo partner.
    ///
    /// # Panics
    /// If the operator API does not list it.
    pub async fn partner_id(&self) -> String {
        let partners = self.operator().get("/operator/v1/partners").await.json();
        let id = partners["data"][0]["partner_id"].as_str();
        id.expect("the demo has a partner").to_owned()
    }

    /// Registers another client of the demo partner: kind, scopes, [`REDIRECT`], and what `more` says.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn register(&self, kind: &str, scopes: &[&str], more: Value) -> Partner {
        let mut body = json!({
            "partner_id": self.partner_id().await,
            "kind": kind,
            "redirect_uris": [REDIRECT],
            "scopes": scopes,
        });
        let members = body.as_object_mut().expect("an object was just written");
        members.extend(more.as_object().cloned().unwrap_or_default());
        let reply = self.operator().post("/operator/v1/clients", &body).await;
        let client = reply.expect_status(201).json();
        let text = |name: &str| client[name].as_str().expect("clients have it").to_owned();
        Partner::new(
            self.http.clone(),
            &self.platform_url,
            &text("client_id"),
            &text("client_secret"),
        )
    }

    /// Where the pro's browser is sent after confirming a connect request with these parameters; nothing if the business is
    /// connected already. No browser takes part.
    ///
    /// # Panics
    /// If the request is refused.
    pub async fn confirm(
        &self,
        (pro, business): (usize, usize),
        parameters: &[(&str, &str)],
    ) -> Option<Url> {
        let page = format!(
            "{}{}?{}",
            self.platform_url,
            oauth::CONNECT,
            form(parameters)
        );
        let page = Url::parse(&page).expect("an address of the platform");
        let pro = &self.ids.pros[pro];
        let business_id = pro.businesses[business].business_id;
        let confirmed = self
            .platform
            .confirm_connection(pro.account_id, business_id, &page);
        confirmed.await.expect("the request is right")
    }

    /// A new code for a business, sent to [`REDIRECT`].
    ///
    /// # Panics
    /// If none is issued.
    pub async fn code(&self, partner: &Partner, business: (usize, usize), scope: &str) -> String {
        let parameters = connect_parameters(&partner.client_id, scope, &[]);
        let location = self.confirm(business, &parameters).await;
        let location = location.expect("the business is not connected");
        parameter(location.as_str(), "code").expect("the redirect carries a code")
    }

    /// Connects a business to a client: its first pair of tokens.
    ///
    /// # Panics
    /// If it cannot be connected.
    pub async fn connect(
        &self,
        partner: &Partner,
        business: (usize, usize),
        scope: &str,
    ) -> Tokens {
        let code = self.code(partner, business, scope).await;
        Tokens::of(&partner.exchange(&code).await)
    }

    /// The answer to the operator who feeds in a lead for the first category of a business.
    pub async fn feed_lead(&self, (pro, business): (usize, usize)) -> Reply {
        let category = &self.ids.pros[pro].businesses[business].categories[0];
        let mut lead: Value = serde_json::from_str(LEAD).expect("it is JSON");
        lead["businessID"] = self.business(pro, business).into();
        lead["request"]["category"] = category.name.as_str().into();
        self.operator().post("/operator/v1/leads", &lead).await
    }

    /// A new lead for a business.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn lead(&self, business: (usize, usize)) -> LeadIds {
        let lead = self.feed_lead(business).await.expect_status(201).json();
        LeadIds {
            business_id: self.business(business.0, business.1),
            lead_id: lead["leadID"]
                .as_str()
                .expect("a lead has an id")
                .to_owned(),
        }
    }

    /// The texts that pros have sent about a lead, oldest first, as the operator sees them.
    ///
    /// # Panics
    /// If the operator API does not answer.
    pub async fn replies(&self, lead: &LeadIds) -> Vec<String> {
        let path = format!("/operator/v1/leads/{}/messages", lead.lead_id);
        let lines = self.operator().get(&path).await.expect_status(200).json();
        let lines = lines["data"].as_array().expect("a list").clone();
        let own = lines.iter().filter(|line| line["from"] == "pro");
        own.filter_map(|line| line["text"].as_str().map(str::to_owned))
            .collect()
    }
}
