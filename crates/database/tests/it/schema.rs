//! The comparison of schemas finds no difference where there is none, and each that matters.

use database::schema::{Family, describe};
use database::test_db::TestDb;
use database::{Migrations, Sql};

const SQLITE: &str = "
    CREATE TABLE owner (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE pet (
        owner_id BIGINT NOT NULL REFERENCES owner (id) ON DELETE CASCADE,
        number BIGINT NOT NULL,
        photo BLOB,
        alive BOOLEAN NOT NULL,
        weight DOUBLE PRECISION,
        PRIMARY KEY (owner_id, number)
    );
    CREATE INDEX pet_alive ON pet (owner_id, alive) WHERE alive;
    CREATE UNIQUE INDEX owner_lower_name ON owner (lower(name), id);";
const POSTGRES: &str = "
    CREATE TABLE owner (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE pet (
        owner_id BIGINT NOT NULL REFERENCES owner (id) ON DELETE CASCADE,
        number BIGINT NOT NULL,
        photo BYTEA,
        alive BOOLEAN NOT NULL,
        weight DOUBLE PRECISION,
        PRIMARY KEY (owner_id, number)
    );
    CREATE INDEX pet_alive ON pet (owner_id, alive) WHERE alive;
    CREATE UNIQUE INDEX owner_lower_name ON owner (lower(name), id);";

#[tokio::test]
async fn equal_schemas_are_described_alike() {
    const EQUAL: Migrations = Migrations::new("pets", &[("V1", SQLITE)], &[("V1", POSTGRES)]);
    let sqlite = describe(TestDb::sqlite(&[EQUAL]).await.db()).await.unwrap();
    let postgres = describe(TestDb::postgres(&[EQUAL]).await.db())
        .await
        .unwrap();
    assert_eq!(sqlite, postgres);
    let pet = &sqlite["pet"];
    assert_eq!(pet.primary_key, ["owner_id", "number"]);
    assert_eq!(pet.columns["photo"].family, Family::Bytes);
    assert!(pet.columns["photo"].nullable && !pet.columns["alive"].nullable);
    assert_eq!(pet.foreign_keys.first().unwrap().on_delete, "CASCADE");
    assert!(pet.indexes.first().unwrap().partial);
    assert_eq!(sqlite["owner"].indexes.len(), 2);
}

#[tokio::test]
async fn each_difference_shows() {
    const PLAIN: &str = "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, name TEXT)";
    let plain = TestDb::sqlite(&[Migrations::new("t", &[("V1", PLAIN)], &[("V1", PLAIN)])]).await;
    let plain = describe(&plain).await.unwrap();
    for other in [
        "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, name BIGINT)",
        "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)",
        "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, name TEXT UNIQUE)",
        "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, label TEXT)",
        "CREATE TABLE t (id BIGINT NOT NULL, name TEXT)",
        "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, name TEXT REFERENCES t (id))",
        "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT)",
    ] {
        let texts = Vec::leak(vec![("V1", other)]);
        let other_db = TestDb::sqlite(&[Migrations::new("t", texts, texts)]).await;
        assert_ne!(describe(&other_db).await.unwrap(), plain, "{other}");
    }
}

#[test]
fn a_statement_has_a_text_for_each_engine() {
    use database::Engine::{Postgres, Sqlite};
    database::statements! {
        PARTS = ("SELECT ", "1");
        LOCKED_PARTS = for_update ("SELECT ", "2");
        TWO_TEXTS = { sqlite: "SELECT 3", postgres: "SELECT 4" };
    }
    let names = STATEMENTS.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    assert_eq!(names, ["PARTS", "LOCKED_PARTS", "TWO_TEXTS"]);
    assert_eq!(PARTS, Sql::both("SELECT 1"));
    assert_eq!(
        LOCKED_PARTS,
        Sql::per_engine("SELECT 2", "SELECT 2 FOR UPDATE")
    );
    assert_eq!(
        (TWO_TEXTS.text(Sqlite), TWO_TEXTS.text(Postgres)),
        ("SELECT 3", "SELECT 4")
    );
}
