//! Logging in and out on both databases.

use std::time::Duration;

use database::on_both_databases;
use jiff::Timestamp;
use protocol::id::AccountId;

use super::*;
use crate::domain::pro::Pro;
use crate::schema::MIGRATIONS;
use crate::service::{ids, session as sessions};
use crate::testing::Bench;

struct Insert(Pro, String);

impl Op for Insert {
    type Out = bool;
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<bool, database::Error> {
        pro::insert(tx, &self.0, &self.1).await
    }
}

/// A bench with a pro whose password is `right`.
async fn bench(db: &database::Db, bench: Bench) -> Bench {
    let pro = Pro {
        account_id: ids::next(&bench.core.ids, AccountId::from_i64),
        email: "tim@pros.example".to_owned(),
        name: "Tim".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
    };
    let hash = bench
        .core
        .passwords
        .hash(&Secret::new("right"))
        .await
        .unwrap();
    assert!(db.write(Insert(pro, hash)).await.unwrap());
    bench
}

async fn attempt(
    bench: &Bench,
    email: &str,
    password: &str,
    earlier: Option<&Secret>,
) -> Result<Secret, LoginError> {
    let attempt = Attempt {
        email,
        password: Secret::new(password),
        source: ClientAddress([192, 0, 2, 1].into()),
        earlier: earlier.cloned(),
    };
    log_in(&bench.core, attempt).await
}

async fn is_in(bench: &Bench, cookie: &Secret) -> bool {
    sessions::find(&bench.core, cookie).await.unwrap().is_some()
}

on_both_databases!(
    a_log_in_has_a_new_id_and_ends_with_the_log_out,
    MIGRATIONS,
    |db| async move {
        let bench = bench(&db, Bench::new(&db).await).await;
        let first = attempt(&bench, " Tim@Pros.Example", "right", None)
            .await
            .unwrap();
        assert!(is_in(&bench, &first).await);
        let second = attempt(&bench, "tim@pros.example", "right", Some(&first))
            .await
            .unwrap();
        assert!(!is_in(&bench, &first).await);
        let session = sessions::find(&bench.core, &second).await.unwrap().unwrap();
        sessions::end(&bench.core, session).await.unwrap();
        assert!(!is_in(&bench, &second).await);
        assert!(!is_in(&bench, &Secret::new("invented\0")).await);
    }
);

on_both_databases!(
    a_log_in_lives_while_it_is_used,
    MIGRATIONS,
    |db| async move {
        let bench = bench(&db, Bench::new(&db).await).await;
        let cookie = attempt(&bench, "tim@pros.example", "right", None)
            .await
            .unwrap();
        for _ in 0..3 {
            bench.clock.advance(Duration::from_mins(719));
            assert!(is_in(&bench, &cookie).await);
        }
        bench.clock.advance(Duration::from_mins(721));
        assert!(!is_in(&bench, &cookie).await);
    }
);

on_both_databases!(
    wrong_words_are_slowed_down_and_right_ones_never,
    MIGRATIONS,
    |db| async move {
        let bench = bench(&db, Bench::new(&db).await).await;
        let long = "x".repeat(1 << 20);
        let wrong = [
            ("tim@pros.example", "wrong"),
            ("nobody@pros.example", "right"),
            ("not an address\0", "right"),
            ("tim@pros.example", &long),
        ];
        for (email, password) in wrong.into_iter().cycle().take(10) {
            let refused = attempt(&bench, email, password, None).await;
            assert!(matches!(refused, Err(LoginError::Wrong)), "{email:?}");
        }
        for (email, password) in wrong {
            let refused = attempt(&bench, email, password, None).await;
            assert!(
                matches!(refused, Err(LoginError::TooManyFailures(_))),
                "{email:?}"
            );
        }
        assert!(
            attempt(&bench, "tim@pros.example", "right", None)
                .await
                .is_ok()
        );
    }
);
