//! A platform's tools at a fixed time, some people as a script, and small writes: what tests of stores begin with.

use base::{Clock, Entropy, IdMaker, Keyring, Passwords, SecretHash};
use database::{Db, Error, Op, Tx};
use jiff::Timestamp;
use web::client_address::TrustedProxies;
use web::limits::{FailureLimiter, RateLimiter};
use web::origin::ExternalOrigin;
use web::probes::Counters;

use crate::core::{Core, Tools};
use crate::settings::{DeliveryHistory, DeliveryTimes, Environment, Settings};

/// When tests begin.
pub(crate) fn start() -> Timestamp {
    Timestamp::constant(1_770_000_000, 0)
}

/// A platform's tools over this database, with a clock that stands still.
pub(crate) fn core(db: &Db) -> Core {
    core_with(db, |_| ())
}

/// The same with other settings. Tokens of one are good for the other; both make the same ids, so only one may write.
pub(crate) fn core_with(db: &Db, change: impl FnOnce(&mut Settings)) -> Core {
    let mut settings = settings();
    change(&mut settings);
    let (clock, entropy) = (Clock::manual(start()), Entropy::seeded(7));
    Core::new(Tools {
        db: db.clone(),
        ids: IdMaker::new(clock.clone(), 0),
        keys: Keyring::parse(Keyring::generate(&entropy).expose()).unwrap(),
        passwords: Passwords::new(entropy.clone(), 1),
        settings,
        failures: FailureLimiter::new(clock.clone()),
        requests: RateLimiter::new(clock.clone()),
        deliveries: delivery::Waker::new(),
        counters: Counters::new(String::new),
        clock,
        entropy,
    })
}

fn settings() -> Settings {
    Settings {
        base_url: ExternalOrigin::parse("https://platform.example").unwrap(),
        environment: Environment::Staging,
        allow_insecure_endpoints: false,
        operator_key: SecretHash::of("operator-key"),
        request_limit: None,
        trusted_proxies: TrustedProxies::default(),
        operator_listen: None,
        node_name: None,
        delivery_history: DeliveryHistory::default(),
        pause_targeting_after: None,
        delivery_times: DeliveryTimes::default(),
    }
}

/// Two partners (1 and 2) that receive leads, a pro (10) with two businesses (20 and 21), and a production (`crm`) and a
/// test client (`try`) of partner 1.
pub(crate) const PEOPLE: &str = "
    INSERT INTO partner (partner_id, name, username, password_hash, created_at_us) VALUES
        (1, 'One', 'partner_1', 'hash', 0), (2, 'Two', 'partner_2', 'hash', 0);
    INSERT INTO endpoint (partner_id, lead_url, lead_method, message_method, lead_update_method, review_method,
        username, password_sealed, fields, version) VALUES
        (1, 'https://one.example/', 'POST', 'POST', 'PUT', 'POST', 'u', 'sealed', 'phone', 1),
        (2, 'https://two.example/', 'POST', 'POST', 'PUT', 'POST', 'u', 'sealed', '', 1);
    INSERT INTO pro (account_id, email, name, password_hash, created_at_us) VALUES
        (10, 'pat@pros.example', 'Pat', 'hash', 0);
    INSERT INTO business (business_id, account_id, name, targeting, created_at_us) VALUES
        (20, 10, 'Painting', TRUE, 0), (21, 10, 'Cleaning', TRUE, 0);
    INSERT INTO client (client_id, partner_id, kind, secret_hash, redirect_uris, scopes, profile, reuse_policy,
        reconnect_replaces, created_at_us) VALUES
        ('crm', 1, 'production', 'hash', '[]', 'messages', 'strict', 'deny', FALSE, 0),
        ('try', 1, 'test', 'hash', '[]', 'messages', 'strict', 'deny', FALSE, 0);
";

/// Runs a script against the database.
pub(crate) async fn arrange(db: &Db, script: &'static str) {
    db.write(Script(script)).await.unwrap();
}

struct Script(&'static str);

impl Op for Script {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.run_script(self.0).await
    }
}

/// Runs a block with a transaction `tx`, commits, and gives what the block gave. The block sees no local variables but
/// those that are named in brackets with their types; they are cloned.
macro_rules! in_transaction {
    ($db:expr, [$($name:ident: $kind:ty),*], |$tx:ident| -> $out:ty $body:block) => {{
        struct Steps { $($name: $kind),* }

        impl database::Op for Steps {
            type Out = $out;
            type Error = database::Error;

            async fn run<T: database::Tx>(&self, $tx: &mut T) -> Result<$out, database::Error> {
                $(let $name = self.$name.clone();)*
                $body
            }
        }

        let steps = Steps { $($name: $name.clone()),* };
        $db.write(steps).await
    }};
}
pub(crate) use in_transaction;
