//! For tests of leads and what follows them: a [`Bench`] whose business does a kind of work, and whose partner receives.

use base::SecretHash;
use database::test_db::TestDb;
use database::{Error, Op, Read as _, Sql, Tx, params};
use protocol::id::{BusinessId, CategoryId, LeadId, PartnerId};
use protocol::new_lead::NewLead;
use protocol::optional_fields::OptionalFields;
use serde_json::{Value, json};

use crate::domain::endpoint::{Endpoint, Method, Target, Targets};
use crate::domain::partner::Partner;
use crate::service::idempotency::{Answer, KeyedRequest};
use crate::service::{enablement, ids, lead};
use crate::store::{business, endpoint, partner};
use crate::testing::bench::Bench;
use crate::testing::tools::start;

/// The kind of work that the business does.
pub(crate) const CATEGORY: &str = "Plumbing";

/// A marketplace to try things on.
#[derive(Debug)]
pub(crate) struct Market {
    pub(crate) bench: Bench,
    pub(crate) category_id: CategoryId,
}

/// A delivery that waits to be sent.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) partner_id: i64,
    pub(crate) conversation: i64,
    pub(crate) sequence: i64,
    pub(crate) kind: String,
    pub(crate) body: Value,
}

impl Market {
    /// A marketplace on this database, which nobody has used yet. The partner has an endpoint, and no connection.
    pub(crate) async fn new(db: &TestDb) -> Self {
        let bench = Bench::new(db).await;
        let category_id = ids::next(&bench.core.ids, CategoryId::from_i64);
        let step = Step::AddCategory {
            business_id: bench.business_id,
            category_id,
        };
        bench.core.db.write(step).await.unwrap();
        let market = Self { bench, category_id };
        market
            .set_fields(market.bench.partner_id, OptionalFields::ALL)
            .await;
        market
    }

    /// The partner receives from now on, with these opt-ins.
    pub(crate) async fn set_fields(&self, partner_id: PartnerId, fields: OptionalFields) {
        let step = Step::SetEndpoint { partner_id, fields };
        self.bench.core.db.write(step).await.unwrap();
    }

    /// Another partner, with an endpoint, for which the business is enabled.
    pub(crate) async fn add_partner(&self, username: &str, fields: OptionalFields) -> PartnerId {
        let partner_id = ids::next(&self.bench.core.ids, PartnerId::from_i64);
        let username = username.to_owned();
        let step = Step::AddPartner {
            partner_id,
            username,
        };
        self.bench.core.db.write(step).await.unwrap();
        self.set_fields(partner_id, fields).await;
        enablement::enable(&self.bench.core, partner_id, self.bench.business_id)
            .await
            .unwrap();
        partner_id
    }

    /// A request that reaches the business.
    pub(crate) fn new_lead(&self) -> NewLead {
        NewLead::parse(&json!({
            "businessID": self.bench.business_id,
            "request": {
                "category": CATEGORY,
                "title": "A tap drips",
                "location": {"city": "Denver", "state": "CO", "zipCode": "80202"},
                "travelPreferences": "Professional must travel to my address.",
            },
            "customer": {"name": "Jo Example", "phone": "555-0100"},
        }))
        .unwrap()
    }

    /// Makes that lead.
    pub(crate) async fn make_lead(&self) -> LeadId {
        self.make_lead_under(None).await
    }

    /// Makes that lead under a key.
    pub(crate) async fn make_lead_under(&self, request: Option<KeyedRequest>) -> LeadId {
        let answer = |lead: &_| Answer::json(201, &json!(lead));
        let made = lead::create(&self.bench.core, self.new_lead(), request, answer).await;
        let body: Value = serde_json::from_str(&made.unwrap().body).unwrap();
        LeadId::parse(body["leadID"].as_str().unwrap()).unwrap()
    }

    /// All deliveries that wait, in the order in which they were made.
    pub(crate) async fn waiting(&self) -> Vec<Waiting> {
        let sql = Sql::both(
            "SELECT endpoint_id, conversation_id, sequence, kind, body FROM delivery_pending ORDER BY delivery_id",
        );
        let rows = self
            .bench
            .core
            .db
            .reader()
            .query(sql, params![])
            .await
            .unwrap();
        let read = |row: &database::Row| {
            let body: String = row.get("body")?;
            Ok(Waiting {
                partner_id: row.get("endpoint_id")?,
                conversation: row.get("conversation_id")?,
                sequence: row.get("sequence")?,
                kind: row.get("kind")?,
                body: serde_json::from_str(&body).unwrap(),
            })
        };
        let waiting: Result<_, Error> = rows.iter().map(read).collect();
        waiting.unwrap()
    }

    /// The kinds of those that wait for this partner.
    pub(crate) async fn kinds_for(&self, partner_id: PartnerId) -> Vec<String> {
        let waiting = self.waiting().await.into_iter();
        let own = waiting.filter(|waiting| waiting.partner_id == partner_id.get());
        own.map(|waiting| waiting.kind).collect()
    }
}

/// A write that arranges something.
enum Step {
    AddCategory {
        business_id: BusinessId,
        category_id: CategoryId,
    },
    AddPartner {
        partner_id: PartnerId,
        username: String,
    },
    SetEndpoint {
        partner_id: PartnerId,
        fields: OptionalFields,
    },
}

impl Op for Step {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        match self {
            Self::AddCategory {
                business_id,
                category_id,
            } => {
                let category_id = business::category_id_by_name(tx, CATEGORY, *category_id).await?;
                business::add_category(tx, *business_id, category_id, true).await
            }
            Self::AddPartner {
                partner_id,
                username,
            } => {
                let partner = Partner {
                    partner_id: *partner_id,
                    name: username.clone(),
                    username: username.clone(),
                    created_at: start(),
                };
                partner::insert(tx, &partner, &SecretHash::of("password")).await
            }
            Self::SetEndpoint { partner_id, fields } => {
                endpoint::save(tx, *partner_id, &receiving(*fields)).await
            }
        }
    }
}

fn receiving(fields: OptionalFields) -> Endpoint {
    let target = |method| {
        let url = "https://crm.example/receive".to_owned();
        Some(Target { url, method })
    };
    Endpoint {
        targets: Targets {
            lead: target(Method::Post),
            message: target(Method::Post),
            lead_update: target(Method::Put),
            review: target(Method::Post),
        },
        username: "platform".to_owned(),
        password_sealed: "sealed".to_owned(),
        signing_secret_sealed: None,
        fields,
    }
}
