//! The pages as a browser walks them, over HTTP: what each step shows, and what no step does.

mod browser;

use base::Secret;
use http::header;
use protocol::paths::oauth;

use super::routes;
use crate::pages::tests::browser::{Browser, EMAIL, PASSWORD};
use crate::testing::{OWN, REDIRECT_URI};

async fn open_browser() -> Browser {
    Browser::open_new(routes()).await
}

fn connect_path(path: &str, more: &str) -> String {
    format!("{path}?client_id={OWN}&response_type=code&scope=messages&state=s%26t{more}")
}

fn with_redirect(path: &str) -> String {
    connect_path(path, &format!("&redirect_uri={REDIRECT_URI}"))
}

#[tokio::test]
async fn a_pro_logs_in_on_the_way_and_connects() {
    let mut browser = open_browser().await;
    for path in [
        oauth::CONNECT,
        oauth::CONNECT_WITHOUT_SLASH,
        oauth::AUTHORIZE,
    ] {
        browser.cookie = None;
        let asked = with_redirect(path);
        let form = browser.get(&asked).await;
        assert!(form.page(200).contains("type=\"password\""));
        let next = form.field("next");
        let fields = [("email", EMAIL), ("password", PASSWORD), ("next", &next)];
        let logged_in = browser.post(oauth::LOG_IN, &fields).await;
        assert_eq!(logged_in.location(), asked);
        let cookie = logged_in.header(header::SET_COOKIE).unwrap();
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");

        let consent = browser.get(&asked).await;
        assert!(consent.page(200).contains("Confirm Connection"));
        let policy = consent.header(header::CONTENT_SECURITY_POLICY).unwrap();
        assert!(
            policy.ends_with("form-action 'self' https://crm.example https:"),
            "{policy}"
        );
        assert_eq!(consent.header(header::REFERRER_POLICY), Some("no-referrer"));
        assert_eq!(consent.header(header::CACHE_CONTROL), Some("no-store"));

        let handle = consent.field("handle");
        let business_id = browser.bench.business_id.to_string();
        let unchosen = browser.post(oauth::CONNECT, &[("handle", &handle)]).await;
        assert!(
            unchosen
                .page(422)
                .contains("Choose one of your businesses.")
        );
        let answer = [("handle", handle.as_str()), ("business_id", &business_id)];
        let confirmed = browser.post(oauth::CONNECT, &answer).await;
        let location = confirmed.location();
        assert!(
            location.starts_with(&format!("{REDIRECT_URI}?code=")),
            "{location}"
        );
        assert!(
            location.contains("&scope=messages&state=s%26t"),
            "{location}"
        );
        assert_eq!(
            location.contains("&iss="),
            path == oauth::AUTHORIZE,
            "{location}"
        );
        browser.post(oauth::CONNECT, &answer).await.page(400);
    }
}

#[tokio::test]
async fn a_no_is_told_to_the_client_or_to_the_pro() {
    let mut browser = open_browser().await;
    browser.log_in().await;
    let handle = browser
        .get(&with_redirect(oauth::CONNECT))
        .await
        .field("handle");
    let no = [("handle", handle.as_str()), ("decline", "yes")];
    let declined = browser.post(oauth::CONNECT, &no).await;
    assert!(
        declined
            .location()
            .starts_with(&format!("{REDIRECT_URI}?error=access_denied&"))
    );
    let handle = browser
        .get(&connect_path(oauth::CONNECT, ""))
        .await
        .field("handle");
    let no = [("handle", handle.as_str()), ("decline", "yes")];
    browser.post(oauth::CONNECT, &no).await.page(200);
}

#[tokio::test]
async fn without_a_redirect_uri_the_code_is_shown_to_be_copied() {
    let mut browser = open_browser().await;
    browser.log_in().await;
    let consent = browser.get(&connect_path(oauth::CONNECT, "")).await;
    let policy = consent.header(header::CONTENT_SECURITY_POLICY).unwrap();
    assert!(policy.ends_with("form-action 'self'"), "{policy}");
    let (handle, business_id) = (
        consent.field("handle"),
        browser.bench.business_id.to_string(),
    );
    let answer = [("handle", handle.as_str()), ("business_id", &business_id)];
    let shown = browser.post(oauth::CONNECT, &answer).await;
    let (_, rest) = shown.page(200).split_once("<code id=\"code\">").unwrap();
    let (code, _) = rest.split_once("</code>").unwrap();
    assert!(
        browser
            .bench
            .exchange(OWN, &Secret::new(code))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn what_is_wrong_with_client_or_redirect_is_a_page_and_the_rest_a_redirect() {
    let mut browser = open_browser().await;
    for query in [
        "",
        "client_id=nobody",
        "client_id=nobody+else&response_type=code",
        "client_id=a%00b",
        "client_id=%ff%fe",
        "client_id=own&redirect_uri=https://evil.example/",
        "client_id=own&redirect_uri=//evil.example",
        "client_id=own&redirect_uri=javascript:alert(1)",
        "client_id=own&redirect_uri=https://crm.example/callback%0d%0aX:y",
        "client_id=own&client_id=other",
        "client_id=own&response_type=token",
        "client_id=own&response_type=code&scope=%00",
    ] {
        for path in [oauth::CONNECT, oauth::AUTHORIZE] {
            browser.get(&format!("{path}?{query}")).await.page(400);
        }
    }
    let told = browser
        .get(&format!(
            "/oauth2/auth?client_id=own&redirect_uri={REDIRECT_URI}&state=s"
        ))
        .await;
    assert!(told.location().starts_with(&format!(
        "{REDIRECT_URI}?error=invalid_request&error_description="
    )));
    assert!(
        told.location().contains("&state=s&iss="),
        "{}",
        told.location()
    );
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let mut browser = open_browser().await;
    for path in [oauth::LOG_OUT, oauth::CONNECT, oauth::SERVICES_TARGETING] {
        let foreign = Some("https://evil.example");
        browser.post_from(foreign, path, &[]).await.page(403);
    }
    browser.log_in().await;
    for path in [
        oauth::LOG_IN,
        oauth::LOG_OUT,
        oauth::CONNECT,
        oauth::CONNECT_WITHOUT_SLASH,
        oauth::AUTHORIZE,
        oauth::SERVICES_TARGETING,
        oauth::SERVICES_DISCONNECT,
    ] {
        for origin in ["null", "https://evil.example", ""] {
            browser
                .post_from(Some(origin), path, &[("enabled", "false")])
                .await
                .page(403);
        }
        // No form is sent by GET.
        let opened = browser.get(path).await;
        assert!(opened.status.as_u16() >= 300, "{path} {}", opened.status);
    }
    browser.get(oauth::SERVICES).await.page(200);
}

#[tokio::test]
async fn a_log_in_leads_to_our_own_pages_only_and_is_gone_after_the_log_out() {
    let mut browser = open_browser().await;
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
    ] {
        browser.cookie = None;
        let fields = [("email", EMAIL), ("password", PASSWORD), ("next", next)];
        assert_eq!(
            browser.post(oauth::LOG_IN, &fields).await.location(),
            "/services"
        );
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("next", next)
            .finish();
        assert_eq!(
            browser.get(&format!("/login?{query}")).await.location(),
            "/services"
        );
    }
    let cookie = browser.cookie.clone();
    assert_eq!(browser.post(oauth::LOG_OUT, &[]).await.location(), "/");
    browser.cookie = cookie;
    assert_eq!(
        browser.get(oauth::SERVICES).await.location(),
        "/login?next=%2Fservices"
    );
}

#[tokio::test]
async fn a_wrong_password_keeps_the_address_and_the_eleventh_waits() {
    let mut browser = open_browser().await;
    let empty = browser.post(oauth::LOG_IN, &[]).await;
    assert!(
        empty.page(422).contains("Enter your email address.")
            && empty.text.contains("Enter your password.")
    );
    let wrong = [("email", "Some@One"), ("password", "marked")];
    for _ in 0..10 {
        let refused = browser.post(oauth::LOG_IN, &wrong).await;
        assert!(
            refused.page(422).contains("value=\"Some@One\"") && !refused.text.contains("marked")
        );
    }
    let refused = browser.post(oauth::LOG_IN, &wrong).await;
    refused.page(429);
    assert_eq!(refused.header(header::RETRY_AFTER), Some("60"));
    browser.log_in().await;
}

#[tokio::test]
async fn the_services_page_switches_and_disconnects() {
    let mut browser = open_browser().await;
    browser.bench.connect(OWN).await;
    browser.log_in().await;
    let business_id = browser.bench.business_id.to_string();
    let page = browser.get(oauth::SERVICES).await;
    assert!(page.page(200).contains("Disconnect") && page.text.contains(">Turn off<"));
    let off = [("business_id", business_id.as_str()), ("enabled", "false")];
    let switched = browser.post(oauth::SERVICES_TARGETING, &off).await;
    assert_eq!(
        switched.location(),
        format!("/services#business-{business_id}")
    );
    assert!(
        browser
            .get(oauth::SERVICES)
            .await
            .page(200)
            .contains(">Turn on<")
    );
    let partner = [("business_id", business_id.as_str()), ("client_id", OWN)];
    browser
        .post(oauth::SERVICES_DISCONNECT, &partner)
        .await
        .location();
    assert!(
        !browser
            .get(oauth::SERVICES)
            .await
            .page(200)
            .contains(">Disconnect<")
    );

    for (path, fields, status) in [
        (
            oauth::SERVICES_TARGETING,
            [("business_id", "1"), ("enabled", "true")],
            404,
        ),
        (
            oauth::SERVICES_TARGETING,
            [("business_id", "x"), ("enabled", "true")],
            400,
        ),
        (
            oauth::SERVICES_TARGETING,
            [("business_id", &business_id), ("enabled", "perhaps")],
            400,
        ),
        (
            oauth::SERVICES_DISCONNECT,
            [("business_id", "1"), ("client_id", OWN)],
            404,
        ),
        (
            oauth::SERVICES_DISCONNECT,
            [("business_id", &business_id), ("client_id", "a\0b")],
            400,
        ),
    ] {
        browser.post(path, &fields).await.page(status);
    }
}

#[tokio::test]
async fn the_start_page_says_what_this_is_and_tells_no_client() {
    let mut browser = open_browser().await;
    let page = browser.get("/").await;
    assert!(page.page(200).contains("/services") && !page.text.contains(OWN));
}
