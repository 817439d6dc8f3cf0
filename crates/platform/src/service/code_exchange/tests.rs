//! Exchanging codes on both databases: once, in time, by the right client, however many try.

use std::sync::Arc;
use std::time::Duration;

use database::on_both_databases;
use tokio::task::JoinSet;

use super::*;
use crate::schema::MIGRATIONS;
use crate::service::access;
use crate::testing::{Bench, OTHER, OWN};

on_both_databases!(
    a_code_gives_a_pair_that_works_and_the_marketplace_is_told,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let pair = bench.connect(OWN).await;
        assert_eq!(pair.refresh_token.expose().len(), 22);
        let access = access::check(&bench.core, &pair.access_token)
            .await
            .unwrap();
        assert_eq!(access.business_id, bench.business_id);
        assert_eq!(access.account_id, bench.account_id);
        assert_eq!(access.client_id, OWN);
        assert_eq!(bench.published("connection.made").await, 1);
        assert_eq!(bench.audited("connection.made").await, 1);
    },
);

on_both_databases!(
    a_code_is_good_at_five_minutes_and_not_a_microsecond_later,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        // The clock is finer than what is stored; that must not shorten the time.
        bench.clock.advance(Duration::from_nanos(789));
        for (client_id, microseconds, expected) in [
            (OWN, 300_000_000, Ok(())),
            (OTHER, 300_000_001, Err(CodeRefusal::Expired)),
        ] {
            let code = bench.offer(client_id).await;
            bench.advance_microseconds(microseconds);
            let answer = bench.exchange(client_id, &code).await;
            assert_eq!(answer.map(drop), expected);
        }
    },
);

on_both_databases!(
    a_repetition_within_ten_seconds_denies_and_a_later_one_ends_the_connection,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let code = bench.offer(OWN).await;
        let pair = bench.exchange(OWN, &code).await.unwrap();
        bench.advance_microseconds(10_000_000);
        assert_eq!(
            bench.exchange(OWN, &code).await.unwrap_err(),
            CodeRefusal::Repeated
        );
        assert!(access::check(&bench.core, &pair.access_token).await.is_ok());
        bench.advance_microseconds(1);
        assert_eq!(
            bench.exchange(OWN, &code).await.unwrap_err(),
            CodeRefusal::Replayed
        );
        assert!(
            access::check(&bench.core, &pair.access_token)
                .await
                .is_err()
        );
        assert!(bench.refresh(OWN, &pair.refresh_token).await.is_err());
        assert_eq!(bench.published("connection.ended").await, 1);
        assert_eq!(
            bench.exchange(OWN, &code).await.unwrap_err(),
            CodeRefusal::Revoked
        );
    },
);

on_both_databases!(
    another_client_cannot_use_a_code_and_a_used_one_ends_with_its_try,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let code = bench.offer(OWN).await;
        assert_eq!(
            bench.exchange(OTHER, &code).await.unwrap_err(),
            CodeRefusal::Unknown
        );
        let pair = bench.exchange(OWN, &code).await.unwrap();
        assert_eq!(
            bench.exchange(OTHER, &code).await.unwrap_err(),
            CodeRefusal::Replayed
        );
        assert!(
            access::check(&bench.core, &pair.access_token)
                .await
                .is_err()
        );
    },
);

on_both_databases!(
    a_wrong_redirect_uri_leaves_the_code_usable,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let code = bench.offer(OWN).await;
        for redirect_uri in [
            "https://evil.example/callback",
            "https://crm.example/callback/",
        ] {
            let request = CodeRequest {
                code: code.clone(),
                redirect_uri: Some(redirect_uri.to_owned()),
                code_verifier: None,
            };
            let answer = exchange(&bench.core, bench.client(OWN).await, request).await;
            assert!(matches!(answer.unwrap(), Err(CodeRefusal::Redirect(_))));
        }
        assert!(bench.exchange(OWN, &code).await.is_ok());
    },
);

on_both_databases!(
    of_thirty_two_racing_exchanges_one_succeeds_and_its_tokens_live,
    MIGRATIONS,
    |db| async move {
        let bench = Arc::new(Bench::new(&db).await);
        let code = bench.offer(OWN).await;
        let mut callers = JoinSet::new();
        for _ in 0..32 {
            let (bench, code) = (Arc::clone(&bench), code.clone());
            callers.spawn(async move { bench.exchange(OWN, &code).await });
        }
        let answers = callers.join_all().await;
        let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(good.len(), 1);
        for refusal in bad {
            assert_eq!(refusal.unwrap_err(), CodeRefusal::Repeated);
        }
        let pair = good.into_iter().next().unwrap().unwrap();
        assert!(access::check(&bench.core, &pair.access_token).await.is_ok());
        let tokens = bench.count("SELECT count(*) AS total FROM refresh_token", &[]);
        assert_eq!(tokens.await, 1);
    },
);
