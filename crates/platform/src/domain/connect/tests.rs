//! Tables of connect requests, sound, wrong and hostile.

use jiff::Timestamp;
use protocol::id::PartnerId;
use protocol::scope::Scope;

use super::*;
use crate::domain::client::{ClientKind, ClientProfile, ReusePolicy};
use crate::domain::redirect_uri::RedirectUri;

const ISSUER: &str = "https://platform.example";
const CALLBACK: &str = "https://crm.example/callback?tenant=7";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Parameters by name, with their new values.
type Changes<'c> = &'c [(&'c str, Option<&'c str>)];

fn client() -> Client {
    let uris = [CALLBACK, "https://crm.example", "http://[::1]:8999/"];
    Client {
        client_id: "acme".to_owned(),
        partner_id: PartnerId::from_i64(1).unwrap(),
        kind: ClientKind::Production,
        redirect_uris: uris
            .map(|uri| RedirectUri::from_stored(uri.to_owned()))
            .into(),
        scopes: Scopes::from_iter([Scope::Messages, Scope::Targeting]),
        profile: ClientProfile::Strict,
        reuse_policy: ReusePolicy::Deny,
        reconnect_replaces: false,
        limit: None,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

/// A sound query in which some parameters are replaced (or, with `None`, left out) and others added.
fn query(changes: Changes<'_>) -> String {
    let mut pairs = vec![
        ("client_id", "acme"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "messages"),
        ("state", "a b&c"),
    ];
    pairs.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    let added = changes
        .iter()
        .filter_map(|(name, value)| Some((*name, (*value)?)));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .extend_pairs(added)
        .finish()
}

fn judged(query: &str, style: ConnectStyle) -> Result<ConnectRequest, Refusal> {
    judge(&ConnectQuery::parse(query), &client(), style, ISSUER)
}

fn refused(changes: Changes<'_>) -> Refusal {
    judged(&query(changes), ConnectStyle::Source).unwrap_err()
}

#[test]
fn a_sound_request_is_answered_on_the_registered_uri() {
    let request = judged(
        &query(&[
            ("code_challenge", Some(CHALLENGE)),
            ("code_challenge_method", Some("S256")),
        ]),
        ConnectStyle::Source,
    )
    .unwrap();
    assert_eq!(request.code_challenge.as_ref().unwrap().as_str(), CHALLENGE);
    assert_eq!(
        request.granted("c0de", ISSUER).unwrap(),
        "https://crm.example/callback?tenant=7&code=c0de&scope=messages&state=a+b%26c"
    );
    let declined = request.declined(ISSUER).unwrap();
    assert!(declined.starts_with(
        "https://crm.example/callback?tenant=7&error=access_denied&error_description="
    ));
    assert!(declined.ends_with("&state=a+b%26c"));
    assert_eq!(request.form_actions(), ["https://crm.example", "https:"]);
}

#[test]
fn an_empty_path_becomes_a_slash_and_only_the_rfcs_path_adds_iss() {
    let bare = [
        ("redirect_uri", Some("https://crm.example")),
        ("state", None),
    ];
    let locate = |style| {
        judged(&query(&bare), style)
            .unwrap()
            .granted("c0de", ISSUER)
            .unwrap()
    };
    assert_eq!(
        locate(ConnectStyle::Source),
        "https://crm.example/?code=c0de&scope=messages"
    );
    assert_eq!(
        locate(ConnectStyle::Rfc),
        "https://crm.example/?code=c0de&scope=messages&iss=https%3A%2F%2Fplatform.example"
    );
    let wrong = query(&[("scope", None)]);
    let Err(Refusal::Redirect(told)) = judged(&wrong, ConnectStyle::Rfc) else {
        panic!("it is told to the client");
    };
    assert!(
        told.ends_with("&iss=https%3A%2F%2Fplatform.example"),
        "{told}"
    );
}

#[test]
fn without_a_redirect_uri_there_is_no_location() {
    let request = judged(&query(&[("redirect_uri", None)]), ConnectStyle::Rfc).unwrap();
    assert_eq!(request.granted("c0de", ISSUER), None);
    assert_eq!(request.declined(ISSUER), None);
    assert!(request.form_actions().is_empty());
    let refusal = refused(&[("redirect_uri", None), ("response_type", Some("token"))]);
    assert_eq!(
        refusal,
        Refusal::Page(PageFault::Request(RequestFault::ResponseType))
    );
}

#[test]
fn the_host_that_a_policy_cannot_name_is_allowed_by_its_scheme() {
    let request = judged(
        &query(&[("redirect_uri", Some("http://[::1]:8999/"))]),
        ConnectStyle::Source,
    )
    .unwrap();
    assert_eq!(request.form_actions(), ["http:"]);
}

#[test]
fn other_faults_are_told_to_the_client_with_the_state() {
    let long = "s".repeat(LONGEST_STATE + 1);
    let cases: [(Changes<'_>, &str, bool); 17] = [
        (&[("response_type", None)], "invalid_request", true),
        (
            &[("response_type", Some("token"))],
            "unsupported_response_type",
            true,
        ),
        (
            &[("response_type", Some("code id_token"))],
            "unsupported_response_type",
            true,
        ),
        (
            &[("response_type", Some("CODE"))],
            "unsupported_response_type",
            true,
        ),
        (&[("scope", None)], "invalid_scope", true),
        (&[("scope", Some(" ,"))], "invalid_scope", true),
        (&[("scope", Some("messages admin"))], "invalid_scope", true),
        (
            &[("scope", Some("\"><script>\r\n\0"))],
            "invalid_scope",
            true,
        ),
        (&[("scope", Some("bookings"))], "invalid_scope", true),
        (
            &[("code_challenge", Some(CHALLENGE))],
            "invalid_request",
            true,
        ),
        (
            &[
                ("code_challenge", Some(CHALLENGE)),
                ("code_challenge_method", Some("plain")),
            ],
            "invalid_request",
            true,
        ),
        (
            &[
                ("code_challenge", Some("short")),
                ("code_challenge_method", Some("S256")),
            ],
            "invalid_request",
            true,
        ),
        (
            &[("code_challenge_method", Some("S256"))],
            "invalid_request",
            true,
        ),
        (
            &[
                ("response_type", Some("code")),
                ("response_type", Some("code")),
            ],
            "invalid_request",
            true,
        ),
        (
            &[("state", Some("a")), ("state", Some("b"))],
            "invalid_request",
            false,
        ),
        (&[("state", Some("a\0b"))], "invalid_request", false),
        (&[("state", Some(&long))], "invalid_request", false),
    ];
    for (changes, error, with_state) in cases {
        let Refusal::Redirect(told) = refused(changes) else {
            panic!("{changes:?} is told to the client");
        };
        let url = Url::parse(&told).unwrap();
        let find = |name: &str| {
            url.query_pairs()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.into_owned())
        };
        assert!(
            told.starts_with("https://crm.example/callback?tenant=7&error="),
            "{told}"
        );
        assert_eq!(find("error").as_deref(), Some(error), "{changes:?}");
        assert_eq!(
            find("state").as_deref(),
            with_state.then_some("a b&c"),
            "{changes:?}"
        );
        let description = find("error_description").unwrap();
        let fit = |byte: u8| (b' '..=b'~').contains(&byte) && !matches!(byte, b'"' | b'\\');
        assert!(
            description.bytes().all(fit) && description.len() < 120,
            "{description}"
        );
    }
}

#[test]
fn a_client_without_scopes_may_ask_for_nothing() {
    let client = Client {
        scopes: Scopes::default(),
        ..client()
    };
    let query = ConnectQuery::parse(&query(&[]));
    let Err(Refusal::Redirect(told)) = judge(&query, &client, ConnectStyle::Source, ISSUER) else {
        panic!("it is told to the client");
    };
    assert!(told.contains("error=unauthorized_client"));
}

#[test]
fn no_hostile_redirect_uri_gets_a_location() {
    let long = format!("{CALLBACK}{}", "a".repeat(100_000));
    for hostile in [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "//crm.example/callback?tenant=7",
        "/callback",
        "https://evil.example/",
        "https://crm.example.evil.example/",
        "https://crm.example@evil.example/callback?tenant=7",
        "https://me:secret@crm.example/callback?tenant=7",
        "https://evil.example\\@crm.example/callback?tenant=7",
        "https:\\\\crm.example",
        "http://crm.example/callback?tenant=7",
        "https://crm.example:443/callback?tenant=7",
        "https://CRM.example/callback?tenant=7",
        "https://crm.example/callback",
        "https://crm.example/callback?tenant=8",
        "https://crm.example/callback?tenant=7#x",
        "https://crm.example/callback/?tenant=7",
        "https://crm.example/./callback?tenant=7",
        "https://crm.example/%2e%2e/callback?tenant=7",
        "https://crm.example/callback?tenant=7&next=//evil.example",
        " https://crm.example/callback?tenant=7",
        "https://crm.example/callback?tenant=7\t",
        "https://crm.example/call\tback?tenant=7",
        "https://crm.example/callback?tenant=7\r\nLocation: https://evil.example",
        "https://crm.example/callback?tenant=7\0",
        "https://crm.example/\u{202e}callback?tenant=7",
        "https%3A%2F%2Fcrm.example%2Fcallback%3Ftenant%3D7",
        "https://crm.example/",
        long.as_str(),
    ] {
        // However wrong the rest is: the page comes first.
        for rest in [
            ("scope", Some("messages")),
            ("response_type", Some("token")),
        ] {
            let refusal = refused(&[("redirect_uri", Some(hostile)), rest]);
            assert_eq!(
                refusal,
                Refusal::Page(PageFault::RedirectUnregistered),
                "{hostile:?}"
            );
        }
    }
    let twice = refused(&[
        ("redirect_uri", Some(CALLBACK)),
        ("redirect_uri", Some("https://evil.example")),
    ]);
    assert_eq!(
        twice,
        Refusal::Page(PageFault::Repeated(Repeated("redirect_uri")))
    );
}

#[test]
fn a_client_id_with_spaces_is_also_looked_up_with_plus_signs() {
    let ids = |query: &str| client_ids(&ConnectQuery::parse(query));
    assert_eq!(ids("client_id=a+b").unwrap(), ["a b", "a+b"]);
    assert_eq!(ids("client_id=a%2Bb").unwrap(), ["a+b"]);
    assert_eq!(ids("state=x"), Err(PageFault::ClientMissing));
    assert_eq!(ids("client_id="), Err(PageFault::ClientMissing));
    assert_eq!(
        ids("client_id=a&client_id=b"),
        Err(PageFault::Repeated(Repeated("client_id")))
    );
    let long = format!("client_id={}", "a".repeat(LONGEST_CLIENT_ID + 1));
    for hostile in [
        "client_id=a%00",
        "client_id=a%0d%0aX: y",
        "client_id=%1b%5b0m",
        long.as_str(),
    ] {
        assert_eq!(ids(hostile), Err(PageFault::ClientUnknown), "{hostile}");
    }
}

#[test]
fn what_the_client_lost_meanwhile_is_not_granted() {
    let request = judged(&query(&[]), ConnectStyle::Source).unwrap();
    assert!(request.is_allowed_to(&client()));
    assert!(!request.is_allowed_to(&Client {
        redirect_uris: Vec::new(),
        ..client()
    }));
    assert!(!request.is_allowed_to(&Client {
        scopes: Scopes::from_iter([Scope::Targeting]),
        ..client()
    }));
}
