//! What an operation may rely on, whichever the engine.

use database::{Error, Op, Read, Tx, on_both_databases, params};

use crate::actors::{ADD, Add, COUNTERS, Increment, count, sql, value};

on_both_databases!(
    a_committed_write_is_seen_by_readers_and_scanners,
    &[COUNTERS],
    |db| async move {
        assert_eq!(db.write(Add(1)).await.unwrap(), 1);
        assert_eq!(value(&mut db.reader(), 1).await, Some(0));
        assert_eq!(value(&mut db.scanner(), 1).await, Some(0));
        assert_eq!(value(&mut db.reader(), 2).await, None);
    }
);

/// Writes, and then ends in the given way.
struct AddThen(fn() -> Result<(), Error>);

impl Op for AddThen {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.execute(ADD, params![1, 0]).await?;
        (self.0)()
    }
}

on_both_databases!(
    a_refusal_rolls_back_what_the_operation_did,
    &[COUNTERS],
    |db| async move {
        let refusal = db.write(AddThen(|| Err(Error::NoRow))).await.unwrap_err();
        assert!(matches!(refusal, Error::NoRow));
        assert_eq!(count(&mut db.reader()).await, 0);
        db.write(Add(1)).await.unwrap();
    }
);

on_both_databases!(
    a_panic_rolls_back_and_the_next_write_works,
    &[COUNTERS],
    |db| async move {
        let error = db
            .write(AddThen(|| panic!("a mistake in a use case")))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Panicked));
        assert_eq!(count(&mut db.reader()).await, 0);
        db.write(Add(1)).await.unwrap();
    }
);

on_both_databases!(
    a_key_that_exists_is_a_conflict,
    &[COUNTERS],
    |db| async move {
        db.write(Add(1)).await.unwrap();
        let error = db.write(Add(1)).await.unwrap_err();
        assert!(error.is_conflict(), "{error}");
        assert!(error.to_string().contains("counter"), "{error}");
    }
);

/// Goes on after a statement that failed.
struct Heedless;

impl Op for Heedless {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        tx.execute(ADD, params![1, 0]).await?;
        assert!(
            tx.execute(ADD, params![1, 0])
                .await
                .unwrap_err()
                .is_conflict()
        );
        let later = tx.execute(ADD, params![2, 0]).await.unwrap_err();
        assert!(matches!(later, Error::Poisoned));
        Ok(())
    }
}

on_both_databases!(
    an_operation_that_ignores_a_failed_statement_is_not_stored,
    &[COUNTERS],
    |db| async move {
        let error = db.write(Heedless).await.unwrap_err();
        assert!(matches!(error, Error::Poisoned));
        assert_eq!(count(&mut db.reader()).await, 0);
    }
);

on_both_databases!(
    a_lock_for_update_orders_concurrent_writers,
    &[COUNTERS],
    |db| async move {
        db.write(Add(1)).await.unwrap();
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let db = db.db().clone();
            writers.spawn(async move { db.write(Increment(1)).await.unwrap() });
        }
        let mut seen = writers.join_all().await;
        seen.sort_unstable();
        assert_eq!(seen, (1..=20).collect::<Vec<i64>>());
        assert_eq!(value(&mut db.reader(), 1).await, Some(20));
    }
);

on_both_databases!(a_reader_cannot_write, &[COUNTERS], |db| async move {
    let insert = sql("INSERT INTO counter (id, value) VALUES (1, 1) RETURNING id");
    db.reader().query(insert, &[]).await.unwrap_err();
    db.scanner().query(insert, &[]).await.unwrap_err();
    assert_eq!(count(&mut db.reader()).await, 0);
});

on_both_databases!(
    a_finder_of_one_row_refuses_several,
    &[COUNTERS],
    |db| async move {
        db.write(Add(1)).await.unwrap();
        db.write(Add(2)).await.unwrap();
        let all = sql("SELECT id FROM counter");
        let error = db.reader().query_optional(all, &[]).await.unwrap_err();
        assert!(matches!(error, Error::ManyRows(2)));
        let none = db
            .reader()
            .query_one(sql("SELECT id FROM counter WHERE id = 9"), &[])
            .await
            .unwrap_err();
        assert!(matches!(none, Error::NoRow));
    }
);

on_both_databases!(
    a_closed_database_refuses_writes_as_unavailable,
    &[COUNTERS],
    |db| async move {
        db.ping().await.unwrap();
        db.db().clone().close().await;
        assert!(db.write(Add(1)).await.unwrap_err().is_unavailable());
    }
);
