//! A platform with one connected business, for the examples in the client's documentation: each of them runs.

use base::outgoing::AddressPolicy;
use base::{Outgoing, Secret};
use client::{Client, CodeExchange, ConnectRequest, PlatformAddresses, TokenPair};
use protocol::basic_credentials::Credentials;
use protocol::id::{BusinessId, CategoryId, LeadId};
use protocol::paths::operator;
use protocol::scope::Scopes;
use serde_json::json;

use crate::world::{Engine, World, WorldOptions};

/// Where the examples' client lets browsers come back to.
pub const REDIRECT_URI: &str = platform::demo::LOCAL_CALLBACK;

/// What an example starts with.
#[derive(Debug)]
pub struct Example {
    /// The demo's production client.
    pub client: Client,
    /// A business that is connected with the scopes `messages` and `targeting`.
    pub business_id: BusinessId,
    /// A kind of work that it does.
    pub category_id: CategoryId,
    /// A lead of that business.
    pub lead_id: LeadId,
    /// The connection's tokens.
    pub tokens: TokenPair,
    /// The partner's user name and password for API v1.
    pub partner: Credentials,
    world: World,
}

impl Example {
    /// Starts a platform, connects a business and feeds in a lead.
    pub async fn start() -> Self {
        let world = World::start(WorldOptions::on(Engine::Sqlite)).await;
        let registered = world.demo.client("production");
        let addresses = PlatformAddresses::corkboard(&world.platform_url).expect("it is a URL");
        let outgoing =
            Outgoing::new(AddressPolicy::PublicAndLoopback).expect("loopback can be reached");
        let (id, secret) = (registered.client_id.clone(), registered.secret.clone());
        let client = Client::new(addresses, id, secret, outgoing);
        let business = world.ids.pros[0].businesses[0].clone();
        let code = code_for(&world, &client, 0).await;
        let exchange = CodeExchange {
            code: &code,
            redirect_uri: REDIRECT_URI,
            code_verifier: None,
        };
        let tokens = client
            .exchange_code(&exchange)
            .await
            .expect("the code is new");
        let body = json!({
            "businessID": business.business_id,
            "request": {
                "category": business.categories[0].name, "title": "Interior Painting",
                "location": {"city": "Palo Alto", "state": "CA", "zipCode": "94301"},
                "travelPreferences": "Professional must travel to my address."
            },
            "customer": {"name": "John Davis"}
        });
        let lead = world
            .operator()
            .post(operator::LEADS, &body)
            .await
            .expect_status(201)
            .json();
        let lead_id = lead["leadID"].as_str().expect("a lead has an id");
        let partner = &world.demo.partner;
        Self {
            client,
            business_id: business.business_id,
            category_id: business.categories[0].category_id,
            lead_id: LeadId::parse(lead_id).expect("the platform makes good ids"),
            tokens,
            partner: Credentials::new(&partner.username, partner.password.expose()),
            world,
        }
    }

    /// A code that has just come back to [`REDIRECT_URI`], for the pro's other business.
    pub async fn new_code(&self) -> Secret {
        code_for(&self.world, &self.client, 1).await
    }
}

/// What the pro's confirmation on the connect page gives.
async fn code_for(world: &World, client: &Client, business: usize) -> Secret {
    let scopes = Scopes::parse(["messages targeting"]).expect("they exist");
    let page = client.authorize_url(&ConnectRequest {
        scopes: &scopes,
        redirect_uri: Some(REDIRECT_URI),
        state: None,
        code_challenge: None,
    });
    let pro = &world.ids.pros[0];
    let business_id = pro.businesses[business].business_id;
    let confirmed = world
        .platform
        .confirm_connection(pro.account_id, business_id, &page)
        .await;
    let location = confirmed
        .expect("the request is right")
        .expect("it is not connected yet");
    let mut query = location.query_pairs();
    let (_, code) = query
        .find(|(name, _)| name == "code")
        .expect("a confirmation gives a code");
    Secret::new(code)
}
