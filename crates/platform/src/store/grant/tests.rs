//! Grants on both databases: what is stored comes back, and one connection of a production client is alive at a time.

use database::test_db::TestDb;
use database::{Op, on_both_databases};
use protocol::scope::Scope;

use super::*;
use crate::schema::MIGRATIONS;
use crate::testing::start;
use crate::testing::{Bench, OWN, TEST};

/// A write with a single step.
enum Step {
    Insert(Box<NewGrant>),
    MarkExchanged(GrantId),
    Revoke(GrantId),
}

impl Op for Step {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        match self {
            Self::Insert(new) => insert(tx, new).await,
            Self::MarkExchanged(id) => mark_exchanged(tx, *id, start()).await,
            Self::Revoke(id) => revoke(tx, *id, RevocationReason::DisconnectedByPro, start()).await,
        }
    }
}

fn new_grant(bench: &Bench, number: i64, client_id: &str, kind: ClientKind) -> NewGrant {
    NewGrant {
        grant_id: GrantId::from_i64(number).unwrap(),
        code_hash: format!("{number:064}"),
        client_id: client_id.to_owned(),
        partner_id: bench.partner_id,
        kind,
        business_id: bench.business_id,
        account_id: bench.account_id,
        scopes: Scopes::from_iter([Scope::Targeting, Scope::Messages]),
        offer: CodeOffer {
            redirect: Redirect {
                asked: Some("https://crm.example".to_owned()),
                location_hash: Some(SecretHash::of("location")),
            },
            code_challenge: CodeChallenge::of(&"v".repeat(43)).ok(),
            expires_at: start(),
        },
        created_at: start(),
    }
}

async fn bench_with_grant(db: &TestDb, kind: ClientKind) -> (Bench, NewGrant) {
    let bench = Bench::new(db).await;
    let client_id = match kind {
        ClientKind::Production => OWN,
        ClientKind::Test => TEST,
    };
    let new = new_grant(&bench, 1, client_id, kind);
    db.write(Step::Insert(Box::new(new.clone()))).await.unwrap();
    (bench, new)
}

on_both_databases!(
    a_grant_comes_back_as_it_was_stored_in_each_of_its_states,
    MIGRATIONS,
    |db| async move {
        let (_, new) = bench_with_grant(&db, ClientKind::Production).await;
        let read = async || find(&mut db.reader(), new.grant_id).await.unwrap().unwrap();
        let grant = read().await;
        assert_eq!(grant.state, GrantState::Offered(new.offer.clone()));
        assert_eq!(grant.code_hash, new.code_hash);
        assert_eq!(grant.scopes, new.scopes);
        assert_eq!(grant.created_at, new.created_at);
        db.write(Step::MarkExchanged(new.grant_id)).await.unwrap();
        let exchanged_at = start();
        assert_eq!(read().await.state, GrantState::Live { exchanged_at });
        db.write(Step::Revoke(new.grant_id)).await.unwrap();
        assert_eq!(read().await.state, GrantState::Revoked);
    },
);

on_both_databases!(
    a_production_client_has_one_grant_that_is_not_ended_and_a_test_client_any_number,
    MIGRATIONS,
    |db| async move {
        let (bench, first) = bench_with_grant(&db, ClientKind::Production).await;
        let second = new_grant(&bench, 2, OWN, ClientKind::Production);
        let refused = db
            .write(Step::Insert(Box::new(second.clone())))
            .await
            .unwrap_err();
        assert!(refused.is_conflict());
        db.write(Step::Revoke(first.grant_id)).await.unwrap();
        db.write(Step::Insert(Box::new(second))).await.unwrap();
        for number in 3..6 {
            let test = new_grant(&bench, number, TEST, ClientKind::Test);
            db.write(Step::Insert(Box::new(test))).await.unwrap();
        }
    },
);
