//! For tests of grants and tokens: one partner with clients of each kind, and one pro with a business. Time stands still
//! until a test moves it.

use std::time::Duration;

use base::{Clock, Secret, SecretHash};
use database::test_db::TestDb;
use database::{Error, Op, Param, Read, Sql, Tx};
use jiff::Timestamp;
use protocol::authorization_code::AuthorizationCode;
use protocol::id::{AccountId, BusinessId, PartnerId};
use protocol::scope::{Scope, Scopes};

use crate::core::Core;
use crate::domain::business::Business;
use crate::domain::client::{Client, ClientKind, ClientProfile, ReusePolicy};
use crate::domain::grant::{CODE_LIFETIME, CodeOffer, CodeRefusal, GrantId, NewGrant};
use crate::domain::partner::Partner;
use crate::domain::pro::Pro;
use crate::domain::redirect_uri::{Redirect, RedirectUri};
use crate::domain::refresh::RefreshRefusal;
use crate::service::code_exchange::{self, CodeRequest};
use crate::service::ids;
use crate::service::refresh::{self, RefreshRequest};
use crate::service::token_pair::TokenPair;
use crate::store::{business, client, grant, partner, pro};
use crate::testing::tools::{core, start};

/// Where every client is sent back to.
pub(crate) const REDIRECT_URI: &str = "https://crm.example/callback";
/// The secret of every client.
pub(crate) const SECRET: &str = "the secret of every client";

/// A production client whose connections survive the reuse of a token.
pub(crate) const OWN: &str = "own";
/// Another production client of the same partner.
pub(crate) const OTHER: &str = "other";
/// A production client whose connections end with the reuse of a token.
pub(crate) const REVOKING: &str = "revoking";
/// A test client.
pub(crate) const TEST: &str = "test";

/// A platform to try things on.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) core: Core,
    pub(crate) clock: Clock,
    pub(crate) partner_id: PartnerId,
    pub(crate) account_id: AccountId,
    pub(crate) business_id: BusinessId,
}

impl Bench {
    /// A platform on this database, which nobody has used yet.
    pub(crate) async fn new(db: &TestDb) -> Self {
        let core = core(db.db());
        let bench = Self {
            partner_id: ids::next(&core.ids, PartnerId::from_i64),
            account_id: ids::next(&core.ids, AccountId::from_i64),
            business_id: ids::next(&core.ids, BusinessId::from_i64),
            clock: core.clock.clone(),
            core,
        };
        let people = People {
            partner_id: bench.partner_id,
            account_id: bench.account_id,
            business_id: bench.business_id,
        };
        bench.core.db.write(people).await.unwrap();
        bench
    }

    /// Lets time pass.
    pub(crate) fn advance_microseconds(&self, microseconds: u64) {
        self.clock.advance(Duration::from_micros(microseconds));
    }

    /// The client with this id.
    pub(crate) async fn client(&self, client_id: &str) -> Client {
        let found = client::find(&mut self.core.db.reader(), client_id).await;
        found.unwrap().unwrap()
    }

    /// The pro confirms: a code for this client.
    pub(crate) async fn offer(&self, client_id: &str) -> Secret {
        let code = AuthorizationCode::from_random(self.core.entropy.bytes());
        let client = self.client(client_id).await;
        let new = NewGrant {
            grant_id: ids::next(&self.core.ids, GrantId::from_i64),
            code_hash: code.handle(),
            client_id: client.client_id,
            partner_id: client.partner_id,
            kind: client.kind,
            business_id: self.business_id,
            account_id: self.account_id,
            scopes: client.scopes,
            offer: CodeOffer {
                redirect: Redirect {
                    asked: Some(REDIRECT_URI.to_owned()),
                    location_hash: None,
                },
                code_challenge: None,
                expires_at: self.clock.now() + CODE_LIFETIME,
            },
            created_at: self.clock.now(),
        };
        self.core.db.write(Offer(new)).await.unwrap();
        Secret::new(code.as_str())
    }

    /// The client presents a code.
    pub(crate) async fn exchange(
        &self,
        client_id: &str,
        code: &Secret,
    ) -> Result<TokenPair, CodeRefusal> {
        let request = CodeRequest {
            code: code.clone(),
            redirect_uri: Some(REDIRECT_URI.to_owned()),
            code_verifier: None,
        };
        let client = self.client(client_id).await;
        code_exchange::exchange(&self.core, client, request)
            .await
            .unwrap()
    }

    /// A connection from the pro's yes to the first tokens.
    pub(crate) async fn connect(&self, client_id: &str) -> TokenPair {
        let code = self.offer(client_id).await;
        self.exchange(client_id, &code).await.unwrap()
    }

    /// The client presents a refresh token.
    pub(crate) async fn refresh(
        &self,
        client_id: &str,
        token: &Secret,
    ) -> Result<TokenPair, RefreshRefusal> {
        let request = RefreshRequest {
            refresh_token: token.clone(),
            scopes: None,
        };
        let client = self.client(client_id).await;
        refresh::refresh(&self.core, client, request).await.unwrap()
    }

    /// The number that this statement counts as `total`.
    pub(crate) async fn count(&self, sql: &'static str, params: &[Param<'_>]) -> i64 {
        let row = self
            .core
            .db
            .reader()
            .query_one(Sql::both(sql), params)
            .await;
        row.unwrap().get("total").unwrap()
    }

    /// How often the audit has this kind.
    pub(crate) async fn audited(&self, kind: &str) -> i64 {
        let sql = "SELECT count(*) AS total FROM audit WHERE kind = $1";
        self.count(sql, &[Param::Text(kind)]).await
    }

    /// How often the marketplace was told this kind.
    pub(crate) async fn published(&self, kind: &str) -> i64 {
        let sql = "SELECT count(*) AS total FROM event WHERE kind = $1";
        self.count(sql, &[Param::Text(kind)]).await
    }
}

/// The two texts of a pair, to be compared.
pub(crate) fn texts(pair: &TokenPair) -> (String, String) {
    let text = |secret: &Secret| secret.expose().to_owned();
    (text(&pair.access_token), text(&pair.refresh_token))
}

struct Offer(NewGrant);

impl Op for Offer {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        grant::insert(tx, &self.0).await
    }
}

/// Everybody who is there from the beginning.
struct People {
    partner_id: PartnerId,
    account_id: AccountId,
    business_id: BusinessId,
}

impl Op for People {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        let created_at: Timestamp = start();
        let partner = Partner {
            partner_id: self.partner_id,
            name: "Acme CRM".to_owned(),
            username: "acme".to_owned(),
            created_at,
        };
        partner::insert(tx, &partner, &SecretHash::of("password")).await?;
        for (client_id, kind, policy) in [
            (OWN, ClientKind::Production, ReusePolicy::Deny),
            (OTHER, ClientKind::Production, ReusePolicy::Deny),
            (REVOKING, ClientKind::Production, ReusePolicy::Revoke),
            (TEST, ClientKind::Test, ReusePolicy::Deny),
        ] {
            let client = self.client(client_id, kind, policy);
            client::insert(tx, &client, &SecretHash::of(SECRET)).await?;
        }
        let pro = Pro {
            account_id: self.account_id,
            email: "pro@example.com".to_owned(),
            name: "A Pro".to_owned(),
            created_at,
        };
        pro::insert(tx, &pro, "no password").await?;
        let business = Business {
            business_id: self.business_id,
            account_id: Some(self.account_id),
            name: "cleaner business".to_owned(),
            targeting: true,
            targeting_paused: false,
            created_at,
        };
        business::insert(tx, &business).await
    }
}

impl People {
    fn client(&self, client_id: &str, kind: ClientKind, reuse_policy: ReusePolicy) -> Client {
        Client {
            client_id: client_id.to_owned(),
            partner_id: self.partner_id,
            kind,
            redirect_uris: vec![RedirectUri::from_stored(REDIRECT_URI.to_owned())],
            scopes: Scopes::from_iter([Scope::Messages, Scope::Targeting]),
            profile: ClientProfile::Strict,
            reuse_policy,
            reconnect_replaces: false,
            limit: None,
            created_at: start(),
        }
    }
}
