//! A marketplace to be tortured: partners, each a [`Witness`], and businesses whose leads reach one or two of them.

use protocol::paths::receiver;
use reqwest::Method;
use serde_json::{Value, json};

use super::witness::{Manner, Witness};
use crate::actors::ApiUser;
use crate::http::Http;

/// What a partner takes besides leads and messages.
const FIELDS: [&str; 3] = ["price", "leadType", "updates"];
/// What every business does.
const CATEGORY: &str = "Plumbing";

/// Who there is.
#[derive(Clone, Debug)]
pub struct Market {
    /// The partners' endpoints.
    pub witnesses: Vec<Witness>,
    /// The partners' ids, in the order of the witnesses.
    pub partners: Vec<String>,
    /// The businesses.
    pub businesses: Vec<Business>,
}

/// A business.
#[derive(Clone, Debug)]
pub struct Business {
    /// Its id.
    pub business_id: String,
    /// Which partners receive what happens to it, by their places in the market.
    pub receivers: Vec<usize>,
}

impl Market {
    /// Sets up a partner for each of these manners, and two businesses for each partner. What happens to one of three
    /// businesses reaches a second partner too.
    ///
    /// # Panics
    /// If the operator is refused.
    pub async fn open(operator: &ApiUser, manners: &[Manner], seed: u64) -> Self {
        let mut market = Self {
            witnesses: Vec::new(),
            partners: Vec::new(),
            businesses: Vec::new(),
        };
        for (&manner, seed) in manners.iter().zip(seed..) {
            let witness = Witness::start(manner, seed).await;
            market.partners.push(partner(operator, &witness).await);
            market.witnesses.push(witness);
        }
        let pro =
            json!({"email": "pro@pros.example", "password": "a good password", "name": "Pro"});
        let pro = made(operator, "/operator/v1/pros", &pro).await;
        for number in 0..manners.len() * 2 {
            let business = json!({
                "account_id": pro["account_id"], "name": format!("Business {number}"), "categories": [CATEGORY],
            });
            let business = made(operator, "/operator/v1/businesses", &business).await;
            let mut receivers = vec![number % manners.len()];
            if number % 3 == 2 && manners.len() > 1 {
                receivers.push((number + 1) % manners.len());
            }
            let business = Business {
                business_id: text(&business["business_id"]),
                receivers,
            };
            market.enable(operator, &business).await;
            market.businesses.push(business);
        }
        market
    }

    /// A new lead for the business with this place.
    ///
    /// # Panics
    /// If there is no such business.
    pub fn lead(&self, business: usize, title: &str) -> Value {
        json!({
            "businessID": self.businesses[business].business_id,
            "request": {
                "category": CATEGORY, "title": title, "travelPreferences": "Professional must travel to me.",
                "location": {"city": "Austin", "state": "TX", "zipCode": "78701"}
            },
            "customer": {"name": "Jo Example"},
        })
    }

    async fn enable(&self, operator: &ApiUser, business: &Business) {
        for &receiver in &business.receivers {
            let (partner, business) = (&self.partners[receiver], &business.business_id);
            let path = format!("/operator/v1/partners/{partner}/businesses/{business}");
            Http::send(operator.request(Method::PUT, &path))
                .await
                .expect_status(200);
        }
    }
}

async fn partner(operator: &ApiUser, witness: &Witness) -> String {
    let url = |path: &str| format!("{}{path}", witness.url());
    let partner = json!({
        "name": witness.url(), "username": "platform", "password": "a password", "fields": FIELDS,
        "lead_url": url(receiver::LEAD), "message_url": url(receiver::MESSAGE),
        "lead_update_url": url(receiver::LEAD_UPDATE),
    });
    text(&made(operator, "/operator/v1/partners", &partner).await["partner_id"])
}

async fn made(operator: &ApiUser, path: &str, body: &Value) -> Value {
    operator.post(path, body).await.expect_status(201).json()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
