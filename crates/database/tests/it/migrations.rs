//! Migrations: fresh, again, changed, newer, and by several nodes at once.

use database::test_db::TestDb;
use database::{Db, Migrations, Options, on_both_databases};
use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::actors::{Add, COUNTERS, count};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const FIRST: (&str, &str) = (
    "V0001__init",
    "CREATE TABLE a (id BIGINT NOT NULL PRIMARY KEY);",
);
const SECOND: (&str, &str) = (
    "V0002__more",
    "CREATE TABLE b (id BIGINT NOT NULL PRIMARY KEY);",
);
const CHANGED: (&str, &str) = (
    "V0001__init",
    "CREATE TABLE a (id BIGINT NOT NULL PRIMARY KEY) ;",
);
const BROKEN: (&str, &str) = (
    "V0002__more",
    "CREATE TABLE b (id BIGINT NOT NULL PRIMARY KEY); SELECT nonsense FROM b;",
);

const ONE: Migrations = Migrations::new("pages", &[FIRST], &[FIRST]);
const TWO: Migrations = Migrations::new("pages", &[FIRST, SECOND], &[FIRST, SECOND]);

on_both_databases!(
    each_migration_is_applied_once_in_order,
    &[],
    |db| async move {
        assert_eq!(
            db.pending_migrations(&TWO).await.unwrap(),
            ["V0001__init", "V0002__more"]
        );
        assert_eq!(db.migrate(&ONE, NOW).await.unwrap().names, ["V0001__init"]);
        assert_eq!(db.pending_migrations(&TWO).await.unwrap(), ["V0002__more"]);
        assert_eq!(db.migrate(&TWO, NOW).await.unwrap().names, ["V0002__more"]);
        assert!(db.migrate(&TWO, NOW).await.unwrap().names.is_empty());
        assert!(db.pending_migrations(&TWO).await.unwrap().is_empty());
    }
);

on_both_databases!(components_do_not_see_each_other, &[ONE], |db| async move {
    assert_eq!(db.migrate(&COUNTERS, NOW).await.unwrap().names.len(), 1);
    assert!(db.pending_migrations(&ONE).await.unwrap().is_empty());
});

on_both_databases!(
    a_migration_that_was_changed_is_refused,
    &[ONE],
    |db| async move {
        let changed = Migrations::new("pages", &[CHANGED, SECOND], &[CHANGED, SECOND]);
        let error = db.migrate(&changed, NOW).await.unwrap_err().to_string();
        assert!(error.contains("V0001__init was changed"), "{error}");
        assert_eq!(db.pending_migrations(&TWO).await.unwrap(), ["V0002__more"]);
    }
);

on_both_databases!(
    a_database_that_is_newer_than_the_program_is_refused,
    &[TWO],
    |db| async move {
        let error = db.migrate(&ONE, NOW).await.unwrap_err().to_string();
        assert!(
            error.contains("newer than this program: it has V0002__more"),
            "{error}"
        );
    }
);

on_both_databases!(
    a_migration_that_comes_too_late_is_refused,
    &[ONE],
    |db| async move {
        const EARLIER: (&str, &str) = (
            "V0000__before",
            "CREATE TABLE c (id BIGINT NOT NULL PRIMARY KEY);",
        );
        let late = Migrations::new("pages", &[EARLIER, FIRST], &[EARLIER, FIRST]);
        let error = db.migrate(&late, NOW).await.unwrap_err().to_string();
        assert!(
            error.contains("V0001__init was applied before V0000__before"),
            "{error}"
        );
    }
);

on_both_databases!(
    a_migration_that_fails_leaves_nothing_behind,
    &[ONE],
    |db| async move {
        let broken = Migrations::new("pages", &[FIRST, BROKEN], &[FIRST, BROKEN]);
        db.migrate(&broken, NOW).await.unwrap_err();
        assert_eq!(db.migrate(&TWO, NOW).await.unwrap().names, ["V0002__more"]);
    }
);

on_both_databases!(
    nodes_that_start_at_once_migrate_once,
    &[],
    |db| async move {
        let mut nodes = JoinSet::new();
        for _ in 0..4 {
            let node = Db::open(db.url(), &Options::default()).await.unwrap();
            nodes.spawn(async move { node.migrate(&TWO, NOW).await.unwrap().names.len() });
        }
        assert_eq!(nodes.join_all().await.into_iter().sum::<usize>(), 2);
    }
);

#[tokio::test]
async fn test_databases_from_one_template_are_separate() {
    let (left, right) = (
        TestDb::postgres(&[COUNTERS]).await,
        TestDb::postgres(&[COUNTERS]).await,
    );
    left.write(Add(1)).await.unwrap();
    assert_eq!(count(&mut right.reader()).await, 0);
}
