//! Demo data for the sandbox and for tests: who there is, and the ids that they got. Making it twice changes nothing.

use base::Secret;
use protocol::id::{AccountId, BusinessId, CategoryId};
use protocol::paths::{self, receiver};

/// The callback that a partner's engineer most likely listens on while trying (protocol §8.3).
pub const LOCAL_CALLBACK: &str = "http://127.0.0.1:8999/callback";
/// A redirect without a path, as in the source's samples.
pub const BARE_REDIRECT: &str = "http://redirect.localhost";

/// Everything that a demo platform starts with.
#[derive(Clone, Debug)]
pub struct DemoPlatform {
    /// The partner that all clients belong to.
    pub partner: DemoPartner,
    /// Where the partner receives.
    pub endpoints: DemoEndpoints,
    /// The partner's OAuth clients, with all four scopes each.
    pub clients: Vec<DemoClient>,
    /// The pros and their businesses.
    pub pros: Vec<DemoPro>,
}

/// The partner, and what it logs in with for API v1.
#[derive(Clone, Debug)]
pub struct DemoPartner {
    /// Shown on the connect page.
    pub name: String,
    /// For HTTP Basic.
    pub username: String,
    /// For HTTP Basic.
    pub password: Secret,
}

/// Where the partner receives, and what the platform logs in with there. Every optional member is sent.
#[derive(Clone, Debug)]
pub struct DemoEndpoints {
    /// Takes leads (protocol §4.1).
    pub lead_url: String,
    /// Takes messages (§4.2).
    pub message_url: String,
    /// Takes lead updates (§4.3).
    pub lead_update_url: String,
    /// Takes reviews (§4.4).
    pub review_url: String,
    /// For HTTP Basic.
    pub username: String,
    /// For HTTP Basic.
    pub password: Secret,
}

/// An OAuth client.
#[derive(Clone, Debug)]
pub struct DemoClient {
    /// `production` or `test`.
    pub kind: String,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub secret: Secret,
    /// Registered character for character.
    pub redirect_uris: Vec<String>,
}

/// A pro.
#[derive(Clone, Debug)]
pub struct DemoPro {
    /// To log in with.
    pub email: String,
    /// The pro's name.
    pub name: String,
    /// To log in with.
    pub password: Secret,
    /// What the pro owns.
    pub businesses: Vec<DemoBusiness>,
}

/// A business.
#[derive(Clone, Debug)]
pub struct DemoBusiness {
    /// The business's name.
    pub name: String,
    /// The names of its categories.
    pub categories: Vec<String>,
}

/// The ids of a [`DemoPlatform`]'s pros, in its order.
#[derive(Clone, Debug)]
pub struct DemoIds {
    /// One for each pro.
    pub pros: Vec<DemoProIds>,
}

/// The ids of one pro.
#[derive(Clone, Debug)]
pub struct DemoProIds {
    /// The account.
    pub account_id: AccountId,
    /// One for each business.
    pub businesses: Vec<DemoBusinessIds>,
}

/// The ids of one business.
#[derive(Clone, Debug)]
pub struct DemoBusinessIds {
    /// The business.
    pub business_id: BusinessId,
    /// Its categories, each with its name.
    pub categories: Vec<DemoCategoryIds>,
}

/// The id of one category.
#[derive(Clone, Debug)]
pub struct DemoCategoryIds {
    /// The category.
    pub category_id: CategoryId,
    /// Its name.
    pub name: String,
}

impl DemoPlatform {
    /// A partner whose endpoints are those of a gateway at `gateway_url`, with a production and a test client, and two pros
    /// with three businesses. `secret` gives the secret that goes by a name.
    pub fn sample(gateway_url: &str, secret: &dyn Fn(&str) -> Secret) -> Self {
        Self {
            partner: DemoPartner {
                name: "Demo CRM".to_owned(),
                username: "partner".to_owned(),
                password: secret("partner password"),
            },
            endpoints: DemoEndpoints {
                lead_url: format!("{gateway_url}{}", receiver::LEAD),
                message_url: format!("{gateway_url}{}", receiver::MESSAGE),
                lead_update_url: format!("{gateway_url}{}", receiver::LEAD_UPDATE),
                review_url: format!("{gateway_url}{}", receiver::REVIEW),
                username: "platform".to_owned(),
                password: secret("receiver password"),
            },
            clients: ["production", "test"]
                .map(|kind| client(kind, gateway_url, secret))
                .into(),
            pros: sample_pros(secret),
        }
    }

    /// The client of a kind.
    ///
    /// # Panics
    /// If there is none.
    pub fn client(&self, kind: &str) -> &DemoClient {
        let found = self.clients.iter().find(|client| client.kind == kind);
        found.expect("the demo has a client of each kind")
    }
}

fn client(kind: &str, gateway_url: &str, secret: &dyn Fn(&str) -> Secret) -> DemoClient {
    let random = secret(&format!("{kind} client id"));
    let random: String = random.expose().chars().take(12).collect();
    DemoClient {
        kind: kind.to_owned(),
        client_id: format!("{kind}_{random}"),
        secret: secret(&format!("{kind} client secret")),
        redirect_uris: vec![
            LOCAL_CALLBACK.to_owned(),
            BARE_REDIRECT.to_owned(),
            format!("{gateway_url}{}", paths::gateway::CONNECT_CALLBACK),
        ],
    }
}

fn sample_pros(secret: &dyn Fn(&str) -> Secret) -> Vec<DemoPro> {
    let business = |name: &str, categories: &[&str]| DemoBusiness {
        name: name.to_owned(),
        categories: categories.iter().map(ToString::to_string).collect(),
    };
    let pro = |email: &str, name: &str, businesses| DemoPro {
        email: email.to_owned(),
        name: name.to_owned(),
        password: secret(&format!("pro {email}")),
        businesses,
    };
    vec![
        pro(
            "tim@pros.example",
            "Tim Painter",
            vec![
                business(
                    "Tim's Painting Business",
                    &["Interior Painting", "Exterior Painting"],
                ),
                business("Tim's Handyman Service", &["Handyman"]),
            ],
        ),
        pro(
            "mary@pros.example",
            "Mary Sparkle",
            vec![business(
                "Sparkly Cleaning Service",
                &["House Cleaning", "Carpet Cleaning"],
            )],
        ),
    ]
}
