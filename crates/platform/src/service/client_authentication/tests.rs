//! Which credentials are tried, and who is let in.

use std::net::{IpAddr, Ipv4Addr};

use database::on_both_databases;
use protocol::basic_credentials::Credentials;

use super::*;
use crate::schema::MIGRATIONS;
use crate::testing::{Bench, OWN, SECRET};

fn pairs(
    basic: Option<(&str, &str)>,
    client_id: Option<&str>,
    client_secret: Option<&str>,
) -> Option<[(String, String); 2]> {
    let header = basic.map(|(name, secret)| Credentials::new(name, secret).to_header());
    let basic = BasicCredentials::parse(header.as_deref());
    let presented = PresentedClient {
        basic: basic.as_ref().map_err(|error| *error),
        client_id,
        client_secret,
    };
    let pairs = presented.pairs()?;
    Some(pairs.map(|(name, secret)| (name.to_owned(), secret.to_owned())))
}

fn twice(name: &str, secret: &str) -> [(String, String); 2] {
    [(); 2].map(|()| (name.to_owned(), secret.to_owned()))
}

#[test]
fn header_and_parameters_must_agree_in_either_reading() {
    let raw = Some(("a+b", "s%2Fs"));
    let [first, second] = pairs(raw, None, None).unwrap();
    assert_eq!(first, ("a+b".to_owned(), "s%2Fs".to_owned()));
    assert_eq!(second, ("a b".to_owned(), "s/s".to_owned()));
    assert_eq!(
        pairs(raw, Some("a b"), Some("s/s")),
        Some(twice("a b", "s/s"))
    );
    assert_eq!(pairs(raw, Some("a+b"), None), Some(twice("a+b", "s%2Fs")));
    assert_eq!(pairs(raw, None, Some("s/s")), Some(twice("a b", "s/s")));
    assert_eq!(pairs(raw, Some("a+b"), Some("s/s")), None);
    assert_eq!(pairs(raw, Some("other"), None), None);
}

#[test]
fn parameters_alone_need_both_halves() {
    assert_eq!(pairs(None, Some("a"), Some("s")), Some(twice("a", "s")));
    assert_eq!(pairs(None, Some("a"), None), None);
    assert_eq!(pairs(None, None, Some("s")), None);
    assert_eq!(pairs(None, None, None), None);
}

#[test]
fn an_unreadable_header_is_not_made_good_by_parameters() {
    let presented = PresentedClient {
        basic: Err(BasicError::OtherScheme),
        client_id: Some("a"),
        client_secret: Some("s"),
    };
    assert_eq!(presented.pairs(), None);
}

/// Tries credentials from an address that ends in `host`.
async fn log_in(
    bench: &Bench,
    name: &str,
    secret: &str,
    host: u8,
) -> Result<String, ClientAuthenticationError> {
    let presented = PresentedClient {
        basic: Err(BasicError::Missing),
        client_id: Some(name),
        client_secret: Some(secret),
    };
    let source = ClientAddress(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)));
    let client = authenticate(&bench.core, &presented, source).await?;
    Ok(client.client_id)
}

on_both_databases!(
    the_right_secret_lets_in_and_nothing_tells_a_wrong_one_from_an_unknown_client,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        assert_eq!(log_in(&bench, OWN, SECRET, 1).await.unwrap(), OWN);
        for (name, secret) in [
            (OWN, "wrong"),
            ("nobody", SECRET),
            ("", ""),
            ("a\0b", SECRET),
            (OWN, ""),
        ] {
            let refused = log_in(&bench, name, secret, 1).await.unwrap_err();
            assert!(
                matches!(refused, ClientAuthenticationError::Refused),
                "{name:?}"
            );
        }
    },
);

on_both_databases!(
    failures_are_slowed_down_and_the_rightful_owner_gets_in,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        for count in 0..20 {
            let refused = log_in(&bench, OWN, "wrong", 1).await.unwrap_err();
            let is_slowed = matches!(refused, ClientAuthenticationError::TooManyFailures(_));
            assert_eq!(is_slowed, count >= 10, "{count}");
        }
        // The account is counted wherever the tries come from, and so is the source whichever account it tries.
        let elsewhere = log_in(&bench, OWN, "wrong", 2).await.unwrap_err();
        assert!(matches!(
            elsewhere,
            ClientAuthenticationError::TooManyFailures(_)
        ));
        let another = log_in(&bench, "nobody", "wrong", 1).await.unwrap_err();
        assert!(matches!(
            another,
            ClientAuthenticationError::TooManyFailures(_)
        ));
        assert_eq!(log_in(&bench, OWN, SECRET, 1).await.unwrap(), OWN);
    },
);

on_both_databases!(
    a_request_without_readable_credentials_is_no_guess,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let source = ClientAddress(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        for error in [BasicError::Missing, BasicError::OtherScheme].repeat(10) {
            let presented = PresentedClient {
                basic: Err(error),
                client_id: None,
                client_secret: None,
            };
            let refused = authenticate(&bench.core, &presented, source).await;
            assert!(matches!(refused, Err(ClientAuthenticationError::Refused)));
        }
        let wrong = log_in(&bench, OWN, "wrong", 1).await.unwrap_err();
        assert!(matches!(wrong, ClientAuthenticationError::Refused));
    },
);
