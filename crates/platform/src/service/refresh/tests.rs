//! Refreshing on both databases: the grace period, races, reuse, and a model that random histories must agree with.

use std::sync::Arc;
use std::time::Duration;

use base::Secret;
use database::on_both_databases;
use database::test_db::TestDb;
use proptest::prelude::*;
use tokio::task::JoinSet;

use super::*;
use crate::schema::MIGRATIONS;
use crate::service::access;
use crate::testing::{Bench, OTHER, OWN, REVOKING, TEST, texts};

const SECOND: u64 = 1_000_000;

on_both_databases!(
    the_grace_period_repeats_the_same_pair_byte_for_byte_and_then_ends,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        // The clock is finer than what is stored; that must not shorten the period.
        bench.clock.advance(Duration::from_nanos(789));
        let old = bench.connect(OWN).await;
        let new = bench.refresh(OWN, &old.refresh_token).await.unwrap();
        assert_ne!(texts(&new).1, texts(&old).1);
        bench.advance_microseconds(9 * SECOND);
        let repeated = bench.refresh(OWN, &old.refresh_token).await.unwrap();
        assert_eq!(texts(&repeated), texts(&new));
        // The repetition did not move the beginning of the period.
        bench.advance_microseconds(SECOND);
        let repeated = bench.refresh(OWN, &old.refresh_token).await.unwrap();
        assert_eq!(texts(&repeated), texts(&new));
        bench.advance_microseconds(1);
        let late = bench.refresh(OWN, &old.refresh_token).await;
        assert_eq!(late.unwrap_err(), RefreshRefusal::Reused);
        assert_eq!(bench.audited("refresh_token.reused").await, 1);
        assert_eq!(bench.published("refresh_token.reused").await, 1);
        // The live pair keeps working.
        assert!(access::check(&bench.core, &new.access_token).await.is_ok());
        assert!(bench.refresh(OWN, &new.refresh_token).await.is_ok());
    },
);

on_both_databases!(
    once_its_successor_was_used_a_token_is_worth_nothing_even_in_the_grace_period,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let first = bench.connect(OWN).await;
        let second = bench.refresh(OWN, &first.refresh_token).await.unwrap();
        let third = bench.refresh(OWN, &second.refresh_token).await.unwrap();
        let again = bench.refresh(OWN, &first.refresh_token).await;
        assert_eq!(again.unwrap_err(), RefreshRefusal::Reused);
        let repeated = bench.refresh(OWN, &second.refresh_token).await.unwrap();
        assert_eq!(texts(&repeated), texts(&third));
    },
);

on_both_databases!(
    a_client_with_that_policy_loses_its_connection_by_reuse,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let old = bench.connect(REVOKING).await;
        let new = bench.refresh(REVOKING, &old.refresh_token).await.unwrap();
        bench.advance_microseconds(10 * SECOND + 1);
        let late = bench.refresh(REVOKING, &old.refresh_token).await;
        assert_eq!(late.unwrap_err(), RefreshRefusal::ReusedFatally);
        assert!(access::check(&bench.core, &new.access_token).await.is_err());
        assert!(bench.refresh(REVOKING, &new.refresh_token).await.is_err());
        assert_eq!(bench.published("connection.ended").await, 1);
    },
);

on_both_databases!(
    another_clients_token_is_unknown_and_stays_good,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let pair = bench.connect(REVOKING).await;
        for client_id in [OWN, OTHER, TEST] {
            let stolen = bench.refresh(client_id, &pair.refresh_token).await;
            assert_eq!(stolen.unwrap_err(), RefreshRefusal::Unknown);
        }
        assert_eq!(bench.audited("refresh_token.refused").await, 3);
        assert!(bench.refresh(REVOKING, &pair.refresh_token).await.is_ok());
    },
);

on_both_databases!(
    more_scope_than_was_granted_is_refused_and_costs_nothing,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let pair = bench.connect(OWN).await;
        let request = RefreshRequest {
            refresh_token: pair.refresh_token.clone(),
            scopes: Some(Scopes::all()),
        };
        let answer = refresh(&bench.core, bench.client(OWN).await, request).await;
        assert_eq!(
            answer.unwrap().unwrap_err(),
            RefreshRefusal::InsufficientScope
        );
        assert!(bench.refresh(OWN, &pair.refresh_token).await.is_ok());
    },
);

on_both_databases!(
    nothing_that_was_issued_is_stored_in_the_clear,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let first = bench.connect(OWN).await;
        let second = bench.refresh(OWN, &first.refresh_token).await.unwrap();
        for token in [&first, &second] {
            let (access, refresh) = texts(token);
            for text in [access, refresh] {
                let found = bench
                    .count(
                        "SELECT count(*) AS total FROM refresh_token WHERE token_hash = $1
                        OR successor_hash = $1 OR successor_sealed LIKE '%' || $1 || '%'",
                        &[(&text).into()],
                    )
                    .await;
                assert_eq!(found, 0);
            }
        }
    },
);

on_both_databases!(
    thirty_two_racing_callers_get_one_rotation_and_the_same_answer,
    MIGRATIONS,
    |db| async move {
        let bench = Arc::new(Bench::new(&db).await);
        let old = bench.connect(OWN).await.refresh_token;
        let mut callers = JoinSet::new();
        for _ in 0..32 {
            let (bench, old) = (Arc::clone(&bench), old.clone());
            callers.spawn(async move { bench.refresh(OWN, &old).await.map(|pair| texts(&pair)) });
        }
        let mut answers = callers.join_all().await;
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(answers[0].is_ok());
        let tokens = bench.count("SELECT count(*) AS total FROM refresh_token", &[]);
        assert_eq!(tokens.await, 2);
    },
);

/// What a model knows of one refresh token.
#[derive(Clone)]
struct ModelToken {
    token: Secret,
    issued_at: u64,
    /// When it was rotated, and the index of what it became.
    rotated: Option<(u64, usize)>,
}

/// The model's answer: the index of the refresh token that is given.
fn predict(tokens: &[ModelToken], index: usize, now: u64) -> Result<Option<usize>, RefreshRefusal> {
    let token = &tokens[index];
    if now > token.issued_at + 720 * 3_600 * SECOND {
        return Err(RefreshRefusal::Expired);
    }
    match token.rotated {
        None => Ok(None),
        Some((at, successor)) if now <= at + 10 * SECOND && tokens[successor].rotated.is_none() => {
            Ok(Some(successor))
        }
        Some(_) => Err(RefreshRefusal::Reused),
    }
}

/// Plays a history of pauses and tokens, and compares every answer with the model's.
async fn play(history: Vec<(u64, prop::sample::Index)>) {
    let db = TestDb::sqlite(MIGRATIONS).await;
    let bench = Bench::new(&db).await;
    let mut now = 0;
    let mut tokens = vec![ModelToken {
        token: bench.connect(OWN).await.refresh_token,
        issued_at: now,
        rotated: None,
    }];
    for (pause, which) in history {
        bench.advance_microseconds(pause);
        now += pause;
        // Old tokens are as likely as the newest ones.
        let index = which.index(tokens.len());
        let answer = bench.refresh(OWN, &tokens[index].token).await;
        let given = answer.map(|pair| pair.refresh_token.expose().to_owned());
        match predict(&tokens, index, now) {
            Err(refusal) => assert_eq!(given, Err(refusal)),
            Ok(Some(successor)) => {
                assert_eq!(given, Ok(tokens[successor].token.expose().to_owned()));
            }
            Ok(None) => {
                let token = Secret::new(given.unwrap());
                assert!(
                    tokens
                        .iter()
                        .all(|known| known.token.expose() != token.expose())
                );
                let successor = tokens.len();
                tokens[index].rotated = Some((now, successor));
                tokens.push(ModelToken {
                    token,
                    issued_at: now,
                    rotated: None,
                });
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_history_agrees_with_the_model(
        history in prop::collection::vec(
            (
                prop::sample::select(vec![
                    0, 1, SECOND, 9 * SECOND, 10 * SECOND, 10 * SECOND + 1, 400 * 3_600 * SECOND,
                ]),
                any::<prop::sample::Index>(),
            ),
            1..30,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(play(history));
    }
}
