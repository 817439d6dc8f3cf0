//! Parameters and columns come back as they went in, on both engines.

use database::{Error, Migrations, Op, Read, Row, Tx, on_both_databases, params};
use jiff::Timestamp;

use crate::actors::sql;

const COLUMNS: Migrations = Migrations::new(
    "columns",
    &[(
        "V1",
        "CREATE TABLE cell (id BIGINT NOT NULL PRIMARY KEY, number BIGINT, small INTEGER, words TEXT,
                            flag BOOLEAN, bytes BLOB, share DOUBLE PRECISION)",
    )],
    &[(
        "V1",
        "CREATE TABLE cell (id BIGINT NOT NULL PRIMARY KEY, number BIGINT, small INTEGER, words VARCHAR(100),
                            flag BOOLEAN, bytes BYTEA, share DOUBLE PRECISION)",
    )],
);

#[derive(Clone, Default)]
struct Store {
    number: Option<i64>,
    small: Option<i32>,
    words: Option<String>,
    flag: Option<bool>,
    bytes: Option<Vec<u8>>,
    share: Option<f64>,
}

impl Op for Store {
    type Out = Row;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Row, Error> {
        let values = params![
            1,
            self.number,
            self.small,
            self.words.as_ref(),
            self.flag,
            self.bytes.as_ref(),
            self.share
        ];
        tx.execute(sql("DELETE FROM cell"), &[]).await?;
        let insert = "INSERT INTO cell (id, number, small, words, flag, bytes, share)
                      VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING number, small, words, flag, bytes, share";
        tx.query_one(sql(insert), values).await
    }
}

on_both_databases!(
    values_come_back_as_they_went_in,
    &[COLUMNS],
    |db| async move {
        let everything = Store {
            number: Some(i64::MIN),
            small: Some(i32::MAX),
            words: Some("L’été à Oźdź 🦀 '$1'".to_owned()),
            flag: Some(true),
            bytes: Some(vec![0, 1, 255]),
            share: Some(0.1),
        };
        for stored in [
            everything,
            Store {
                number: Some(i64::MAX),
                flag: Some(false),
                ..Store::default()
            },
        ] {
            let row = db.write(stored.clone()).await.unwrap();
            assert_eq!(row.get::<Option<i64>>("number").unwrap(), stored.number);
            assert_eq!(row.get::<Option<i32>>("small").unwrap(), stored.small);
            assert_eq!(row.get::<Option<String>>("words").unwrap(), stored.words);
            assert_eq!(row.get::<Option<bool>>("flag").unwrap(), stored.flag);
            assert_eq!(row.get::<Option<Vec<u8>>>("bytes").unwrap(), stored.bytes);
            assert_eq!(row.get::<Option<f64>>("share").unwrap(), stored.share);
        }
    }
);

on_both_databases!(
    a_time_is_kept_to_the_microsecond,
    &[COLUMNS],
    |db| async move {
        let time: Timestamp = "2026-11-23T22:21:20.123456Z".parse().unwrap();
        let number = Some(time.as_microsecond());
        let row = db
            .write(Store {
                number,
                ..Store::default()
            })
            .await
            .unwrap();
        assert_eq!(row.get::<Timestamp>("number").unwrap(), time);
        let find = sql("SELECT id FROM cell WHERE number = $1");
        assert!(
            db.reader()
                .query_optional(find, params![time])
                .await
                .unwrap()
                .is_some()
        );
    }
);

on_both_databases!(a_nul_character_is_refused, &[COLUMNS], |db| async move {
    let words = Some("a\0b".to_owned());
    let error = db
        .write(Store {
            words,
            ..Store::default()
        })
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Nul(4)), "{error}");
});

on_both_databases!(
    parameters_are_bound_by_number,
    &[COLUMNS],
    |db| async move {
        let mut reader = db.reader();
        let shuffled = sql(
            "SELECT CAST($2 AS TEXT) AS a, CAST($1 AS TEXT) AS b, CAST($2 AS TEXT) AS c, '$1 $3' AS d",
        );
        let row = reader
            .query_one(shuffled, params!["first", "second"])
            .await
            .unwrap();
        let columns = ["a", "b", "c", "d"].map(|name| row.get::<String>(name).unwrap());
        assert_eq!(columns, ["second", "first", "second", "$1 $3"]);
    }
);

on_both_databases!(
    a_wrong_number_of_parameters_is_refused,
    &[COLUMNS],
    |db| async move {
        let mut reader = db.reader();
        let find = sql("SELECT id FROM cell WHERE id = $1");
        for params in [params![] as &[database::Param<'_>], params![1, 2]] {
            let error = reader.query(find, params).await.unwrap_err();
            assert!(error.to_string().contains("parameters"), "{error}");
        }
    }
);

on_both_databases!(
    an_error_of_a_column_names_it_and_what_was_found,
    &[COLUMNS],
    |db| async move {
        let words = Some("not for logs".to_owned());
        let row = db
            .write(Store {
                words,
                ..Store::default()
            })
            .await
            .unwrap();
        let error = row.get::<i64>("words").unwrap_err();
        assert_eq!(
            error.to_string(),
            "column words: expected an integer, found text"
        );
        assert_eq!(
            row.get::<i64>("number").unwrap_err().to_string(),
            "column number: expected an integer, found NULL"
        );
        assert!(
            row.get::<i64>("nothing")
                .unwrap_err()
                .to_string()
                .contains("no such column")
        );
        assert!(!format!("{row:?}").contains("not for logs"));
    }
);

on_both_databases!(
    a_statement_is_checked_without_running,
    &[COLUMNS],
    |db| async move {
        db.prepare_check(sql("INSERT INTO cell (id) VALUES ($1)"))
            .await
            .unwrap();
        db.prepare_check(sql("SELECT nothing FROM cell"))
            .await
            .unwrap_err();
        db.prepare_check(sql("SELECT id FROM cell WHERE id = $2"))
            .await
            .unwrap_err();
    }
);
