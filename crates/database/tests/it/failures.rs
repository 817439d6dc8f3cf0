//! Failures of the machine below: a full disk, a file that is no database, broken references.

use database::test_db::TestDb;
use database::{DatabaseUrl, Db, Error, Migrations, Op, Options, Tx, on_both_databases};

use crate::actors::{Add, COUNTERS, count};

/// Runs a script.
struct Script(&'static str);

impl Op for Script {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.run_script(self.0).await
    }
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_the_writer_goes_on_when_there_is_room() {
    let db = TestDb::sqlite(&[COUNTERS]).await;
    db.write(Script("CREATE TABLE big (bytes BLOB)"))
        .await
        .unwrap();
    db.write(Script("PRAGMA max_page_count = 20"))
        .await
        .unwrap();
    let error = db
        .write(Script("INSERT INTO big VALUES (zeroblob(1000000))"))
        .await
        .unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    db.write(Add(1)).await.unwrap();
    db.write(Script("PRAGMA max_page_count = 100000"))
        .await
        .unwrap();
    db.write(Script("INSERT INTO big VALUES (zeroblob(1000000))"))
        .await
        .unwrap();
    assert_eq!(count(&mut db.reader()).await, 1);
}

#[tokio::test]
async fn a_script_that_ends_the_transaction_is_answered_with_an_error() {
    let db = TestDb::sqlite(&[COUNTERS]).await;
    assert!(
        db.write(Script("ROLLBACK"))
            .await
            .unwrap_err()
            .is_unavailable()
    );
    db.write(Add(1)).await.unwrap();
    assert_eq!(count(&mut db.reader()).await, 1);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.txt");
    std::fs::write(
        &file,
        "not a database, but long enough to look like one\n".repeat(100),
    )
    .unwrap();
    let error = Db::open(&DatabaseUrl::sqlite(&file), &Options::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("notes.txt"), "{error}");
}

#[tokio::test]
async fn a_file_in_no_directory_is_refused_by_name() {
    let url = DatabaseUrl::parse("sqlite:/nowhere/at/all.db").unwrap();
    let error = Db::open(&url, &Options::default()).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all.db"), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_refused_without_the_password() {
    let url = DatabaseUrl::parse("postgres://someone:s3cret@127.0.0.1:1/nothing").unwrap();
    let error = Db::open(&url, &Options::default()).await.unwrap_err();
    assert!(matches!(error, Error::Open(_)));
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let server = TestDb::postgres(&[COUNTERS]).await;
    let url = DatabaseUrl::parse(&format!("{}?sslmode=require", server.url())).unwrap();
    let error = Db::open(&url, &Options::default()).await.unwrap_err();
    assert!(matches!(error, Error::Open(_)), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_can_be_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let db = TestDb::sqlite(&[COUNTERS]).await;
    let mode = db
        .url()
        .file()
        .unwrap()
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

const FAMILY: &str = "CREATE TABLE parent (id BIGINT NOT NULL PRIMARY KEY);
    CREATE TABLE child (parent_id BIGINT NOT NULL REFERENCES parent (id), age BIGINT NOT NULL CHECK (age > 0));";
const FAMILIES: Migrations = Migrations::new("families", &[("V1", FAMILY)], &[("V1", FAMILY)]);

on_both_databases!(
    a_reference_to_nothing_is_a_reference_error,
    &[FAMILIES],
    |db| async move {
        let error = db
            .write(Script("INSERT INTO child (parent_id, age) VALUES (1, 1)"))
            .await
            .unwrap_err();
        assert!(error.is_reference(), "{error}");
    }
);

on_both_databases!(
    a_failed_check_names_the_statement,
    &[FAMILIES],
    |db| async move {
        db.write(Script("INSERT INTO parent (id) VALUES (1)"))
            .await
            .unwrap();
        let error = db
            .write(Script("INSERT INTO child (parent_id, age) VALUES (1, 0)"))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Statement { .. }), "{error}");
        assert!(error.to_string().contains("INSERT INTO child"), "{error}");
    }
);
