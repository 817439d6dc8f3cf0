//! The pro's answer on both databases: what it makes, what it ends, and what a handle is good for.

use std::sync::Arc;
use std::time::Duration;

use base::SecretHash;
use database::{Param, Sql, on_both_databases};
use tokio::task::JoinSet;

use super::*;
use crate::domain::reconnect::AlreadyConnected;
use crate::schema::MIGRATIONS;
use crate::service::code_exchange::{self, CodeRequest};
use crate::service::consent::{self, Consent, Standing};
use crate::testing::{Bench, OWN, REDIRECT_URI, TEST};

const HALF_AN_HOUR: Duration = Duration::from_mins(30);

fn session(bench: &Bench, cookie: &str) -> Session {
    Session::begin(SecretHash::of(cookie), bench.account_id, bench.clock.now())
}

fn query(client_id: &str) -> ConnectQuery {
    let redirect_uri = REDIRECT_URI;
    ConnectQuery::parse(&format!(
        "client_id={client_id}&redirect_uri={redirect_uri}&response_type=code&scope=messages&state=s"
    ))
}

async fn open(bench: &Bench, session: &Session, client_id: &str) -> Consent {
    let read = read_request(&bench.core, &query(client_id), ConnectStyle::Source).await;
    let (client, request) = read.unwrap();
    consent::show(&bench.core, session, &client, request)
        .await
        .unwrap()
}

async fn say_yes(bench: &Bench, client_id: &str) -> Result<Issued, AnswerError> {
    let session = session(bench, "browser");
    let consent = open(bench, &session, client_id).await;
    accept(&bench.core, &session, &consent.handle, bench.business_id).await
}

async fn standing(bench: &Bench, client_id: &str) -> Standing {
    open(bench, &session(bench, "browser"), client_id)
        .await
        .choices[0]
        .standing
}

async fn change(bench: &Bench, statement: Sql) {
    struct Change(Sql);
    impl Op for Change {
        type Out = ();
        type Error = database::Error;

        async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), database::Error> {
            tx.execute(self.0, &[Param::Text(OWN)]).await.map(drop)
        }
    }
    bench.core.db.write(Change(statement)).await.unwrap();
}

fn is_taken<T>(answer: &Result<T, AnswerError>) -> bool {
    matches!(
        answer,
        Err(AnswerError::Issue(IssueError::AlreadyConnected(
            AlreadyConnected
        )))
    )
}

on_both_databases!(
    a_yes_sends_the_pro_back_with_a_code_that_works,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let issued = say_yes(&bench, OWN).await.unwrap();
        let (code, location) = (issued.code.as_str().to_owned(), issued.location.unwrap());
        assert_eq!(
            location,
            format!("{REDIRECT_URI}?code={code}&scope=messages&state=s")
        );
        assert_eq!(bench.audited("code.issued").await, 1);
        // Some clients send all of the address back as their redirect_uri.
        let request = CodeRequest {
            code: Secret::new(code),
            redirect_uri: Some(location),
            code_verifier: None,
        };
        let client = bench.client(OWN).await;
        let exchanged = code_exchange::exchange(&bench.core, client, request)
            .await
            .unwrap();
        assert!(exchanged.is_ok());
        assert_eq!(standing(&bench, OWN).await, Standing::Connected);
    }
);

on_both_databases!(
    a_handle_works_once_and_in_its_own_log_in,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let (own, other) = (session(&bench, "browser"), session(&bench, "other browser"));
        let handle = open(&bench, &own, OWN).await.handle;
        let answer = |session, handle| {
            let core = &bench.core;
            let business_id = bench.business_id;
            async move { accept(core, session, handle, business_id).await }
        };
        let foreign = answer(&other, &handle).await;
        assert!(matches!(foreign, Err(AnswerError::Handle)));
        let declined = decline(&bench.core, &other, &handle).await;
        assert!(matches!(declined, Err(AnswerError::Handle)));
        assert!(
            consent::show_again(&bench.core, &other, handle.clone())
                .await
                .unwrap()
                .is_none()
        );
        assert!(answer(&own, &handle).await.is_ok());
        assert!(matches!(
            answer(&own, &handle).await,
            Err(AnswerError::Handle)
        ));
        let invented = Secret::new("invented");
        assert!(matches!(
            answer(&own, &invented).await,
            Err(AnswerError::Handle)
        ));

        let late = open(&bench, &own, OWN).await.handle;
        bench.clock.advance(HALF_AN_HOUR + Duration::from_micros(1));
        assert!(matches!(
            answer(&own, &late).await,
            Err(AnswerError::Handle)
        ));
    }
);

on_both_databases!(
    a_no_tells_the_client_and_makes_nothing,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let session = session(&bench, "browser");
        let handle = open(&bench, &session, OWN).await.handle;
        let location = decline(&bench.core, &session, &handle)
            .await
            .unwrap()
            .unwrap();
        assert!(
            location.starts_with(&format!("{REDIRECT_URI}?error=access_denied&")),
            "{location}"
        );
        assert!(location.ends_with("&state=s"), "{location}");
        assert_eq!(
            bench
                .count("SELECT count(*) AS total FROM oauth_grant", &[])
                .await,
            0
        );
        let again = decline(&bench.core, &session, &handle).await;
        assert!(matches!(again, Err(AnswerError::Handle)));
    }
);

on_both_databases!(
    a_wrong_choice_leaves_the_handle_good,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let session = session(&bench, "browser");
        let handle = open(&bench, &session, OWN).await.handle;
        let foreign = BusinessId::from_i64(1).unwrap();
        let answer = accept(&bench.core, &session, &handle, foreign).await;
        assert!(matches!(
            answer,
            Err(AnswerError::Issue(IssueError::NotTheirs))
        ));
        let shown = consent::show_again(&bench.core, &session, handle.clone())
            .await
            .unwrap();
        assert_eq!(shown.unwrap().choices[0].business_id, bench.business_id);
        assert!(
            accept(&bench.core, &session, &handle, bench.business_id)
                .await
                .is_ok()
        );
    }
);

on_both_databases!(
    a_production_client_has_one_connection_and_a_test_client_many,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        bench.connect(OWN).await;
        assert!(is_taken(&say_yes(&bench, OWN).await));
        for _ in 0..2 {
            let code = say_yes(&bench, TEST).await.unwrap().code;
            let code = Secret::new(code.as_str());
            assert!(bench.exchange(TEST, &code).await.is_ok());
        }
        assert_eq!(standing(&bench, TEST).await, Standing::Free);
    }
);

on_both_databases!(
    a_second_code_takes_the_place_of_an_unused_one,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let first = say_yes(&bench, OWN).await.unwrap().code;
        let second = say_yes(&bench, OWN).await.unwrap().code;
        assert!(
            bench
                .exchange(OWN, &Secret::new(first.as_str()))
                .await
                .is_err()
        );
        assert!(
            bench
                .exchange(OWN, &Secret::new(second.as_str()))
                .await
                .is_ok()
        );
        assert_eq!(bench.published("connection.ended").await, 0);
    }
);

on_both_databases!(
    a_connection_whose_tokens_ran_out_makes_way,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        bench.connect(OWN).await;
        bench.clock.advance(Duration::from_hours(720));
        assert!(is_taken(&say_yes(&bench, OWN).await));
        bench.clock.advance(Duration::from_micros(1));
        assert_eq!(standing(&bench, OWN).await, Standing::Free);
        assert!(say_yes(&bench, OWN).await.is_ok());
        assert_eq!(bench.published("connection.ended").await, 1);
    }
);

on_both_databases!(
    where_the_client_says_so_a_reconnect_replaces,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        bench.connect(OWN).await;
        change(
            &bench,
            Sql::both("UPDATE client SET reconnect_replaces = TRUE WHERE client_id = $1"),
        )
        .await;
        assert_eq!(standing(&bench, OWN).await, Standing::Replaceable);
        assert!(say_yes(&bench, OWN).await.is_ok());
        assert_eq!(bench.published("connection.ended").await, 1);
    }
);

on_both_databases!(
    a_client_that_changed_meanwhile_is_not_answered,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let session = session(&bench, "browser");
        let handle = open(&bench, &session, OWN).await.handle;
        change(
            &bench,
            Sql::both("UPDATE client SET redirect_uris = '[]' WHERE client_id = $1"),
        )
        .await;
        let answer = accept(&bench.core, &session, &handle, bench.business_id).await;
        assert!(matches!(
            answer,
            Err(AnswerError::Issue(IssueError::Withdrawn))
        ));
    }
);

on_both_databases!(
    of_many_yeses_at_once_one_grant_stands,
    MIGRATIONS,
    |db| async move {
        let bench = Arc::new(Bench::new(&db).await);
        let mut answers = JoinSet::new();
        for _ in 0..8 {
            let bench = bench.clone();
            answers.spawn(async move { say_yes(&bench, OWN).await });
        }
        let answers = answers.join_all().await;
        assert!(answers.iter().any(Result::is_ok));
        assert!(
            answers
                .iter()
                .all(|answer| answer.is_ok() || is_taken(answer))
        );
        let standing = "SELECT count(*) AS total FROM oauth_grant WHERE revoked_at_us IS NULL";
        assert_eq!(bench.count(standing, &[]).await, 1);
    }
);

on_both_databases!(
    the_sandbox_confirms_without_a_browser,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let confirm = |query: &str| {
            let url = Url::parse(&format!("https://platform.example/oauth2/auth?{query}")).unwrap();
            let (core, account_id, business_id) =
                (&bench.core, bench.account_id, bench.business_id);
            async move { confirm(core, account_id, business_id, &url).await }
        };
        let sound = format!(
            "client_id={OWN}&response_type=code&scope=messages&redirect_uri={REDIRECT_URI}"
        );
        let location = confirm(&sound).await.unwrap().unwrap();
        let told = |name: &str| {
            location
                .query_pairs()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.into_owned())
        };
        assert_eq!(
            told("iss").as_deref(),
            Some(bench.core.settings.base_url.as_str())
        );
        let code = Secret::new(told("code").unwrap());
        assert!(bench.exchange(OWN, &code).await.is_ok());
        assert_eq!(confirm(&sound).await.unwrap(), None);

        let nowhere = format!("client_id={OWN}&response_type=code&scope=messages");
        assert!(matches!(
            confirm(&nowhere).await,
            Err(ConfirmError::NoRedirect)
        ));
        for refused in ["client_id=nobody", "", &format!("{sound}&scope=bookings")] {
            assert!(
                matches!(confirm(refused).await, Err(ConfirmError::Refused)),
                "{refused}"
            );
        }
    }
);
