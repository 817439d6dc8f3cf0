//! The pro's side of connecting (protocol §2.1, D3; oauth.md "Consent page"): log-in, the question, the answer.

use serde_json::json;
use testkit::partner::{Tokens, connect_parameters, form, parameter};
use testkit::world::Engine;
use testkit::{Pro, Reply, World};

use crate::support::{FIRST, world};

on_both_databases![
    a_wrong_password_and_an_unknown_address_get_the_same_answer,
    logging_in_gives_a_new_cookie_that_scripts_and_other_sites_cannot_use,
    the_page_says_who_asks_for_what_and_lists_only_own_businesses,
    an_answer_is_taken_once,
    another_log_in_cannot_use_the_page,
    an_answer_from_another_site_is_refused,
    a_page_left_open_for_too_long_is_refused,
    declining_tells_the_client_and_gives_no_code,
    declining_without_redirect_uri_is_a_page,
    without_redirect_uri_the_code_is_shown_and_any_registered_one_exchanges_it,
    a_business_of_another_pro_cannot_be_connected,
    the_pages_forbid_framing_foreign_forms_and_referrers,
    path_and_query_of_a_redirect_uri_are_kept,
];

fn link(world: &World, kind: &str, more: &[(&str, &str)]) -> String {
    let client = world.partner(kind).client_id;
    let query = form(&connect_parameters(&client, "messages targeting", more));
    format!("/services/partner-connect/?{query}")
}

fn link_without_redirect(world: &World) -> String {
    let client = world.partner("test").client_id;
    format!("/services/partner-connect/?client_id={client}&response_type=code&scope=messages")
}

async fn choose(pro: &Pro, page: &Reply, business: &str) -> Reply {
    pro.submit(page, "business_id", &[("business_id", business)])
        .await
}

fn code_in(reply: &Reply) -> Option<String> {
    parameter(reply.header("location")?, "code")
}

async fn a_wrong_password_and_an_unknown_address_get_the_same_answer(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let page = pro
        .open(&link(&world, "test", &[]))
        .await
        .expect_status(200);
    let mut answers = Vec::new();
    for email in ["tim@pros.example", "nobody@pros.example"] {
        let fields = [("email", email), ("password", "wrong")];
        let reply = pro.submit(&page, "password", &fields).await;
        assert_eq!(reply.header("set-cookie"), None);
        answers.push((reply.status, reply.text().replace(email, "…")));
    }
    assert_eq!(answers[0].0, 422);
    assert_eq!(answers[0], answers[1]);
}

async fn logging_in_gives_a_new_cookie_that_scripts_and_other_sites_cannot_use(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let page = pro.open(&link(&world, "test", &[])).await;
    let mut cookies = Vec::new();
    for _ in 0..2 {
        let reply = pro.log_in_at(&page).await.expect_status(303);
        let cookie = reply.header("set-cookie").expect("a cookie").to_owned();
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
            "{cookie}"
        );
        assert!(cookie.contains("Path=/"), "{cookie}");
        cookies.push(cookie);
    }
    assert_ne!(cookies[0], cookies[1]);
}

async fn the_page_says_who_asks_for_what_and_lists_only_own_businesses(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let page = pro.open_logged_in(&link(&world, "production", &[])).await;
    let text = page.expect_status(200).text();
    for expected in [
        "Demo CRM",
        "Leads and messages",
        "Targeting",
        "Handyman Service",
        "redirect.localhost",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains("Sparkly Cleaning Service"));
    assert!(!text.contains("Availability"));
    assert!(!text.contains("test connection"));
}

async fn an_answer_is_taken_once(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let page = pro.open_logged_in(&link(&world, "test", &[])).await;
    let first = choose(&pro, &page, &world.business(0, 0)).await;
    assert!(code_in(&first).is_some());
    for field in ["business_id", "decline"] {
        let business = world.business(0, 0);
        let again = pro.submit(&page, field, &[(field, &business)]).await;
        assert_eq!(again.status, 400);
        assert_eq!(again.header("location"), None);
    }
}

async fn another_log_in_cannot_use_the_page(engine: Engine) {
    let world = world(engine).await;
    let (victim, attacker) = (world.pro(0), world.pro(1));
    let path = link(&world, "test", &[]);
    let page = attacker.open_logged_in(&path).await;
    victim.open_logged_in(&path).await.expect_status(200);
    let refused = choose(&victim, &page, &world.business(0, 0)).await;
    assert_eq!((refused.status, refused.header("location")), (400, None));
    // Not even one's own earlier log-in.
    let second = world.pro(1);
    second.open_logged_in(&path).await.expect_status(200);
    let refused = choose(&second, &page, &world.business(1, 0)).await;
    assert_eq!((refused.status, refused.header("location")), (400, None));
    // The page is still good where it belongs.
    let taken = choose(&attacker, &page, &world.business(1, 0)).await;
    assert!(code_in(&taken).is_some());
}

async fn an_answer_from_another_site_is_refused(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let page = pro.open_logged_in(&link(&world, "test", &[])).await;
    let handle = page.text();
    let (_, handle) = handle
        .split_once("name=\"handle\" value=\"")
        .expect("a handle");
    let handle = handle.split('"').next().unwrap_or_default().to_owned();
    let fields = [
        ("handle".to_owned(), handle),
        ("business_id".to_owned(), world.business(0, 0)),
    ];
    let path = "/services/partner-connect/";
    for (origin, site) in [
        (Some("https://evil.example"), Some("cross-site")),
        (Some("https://evil.example"), None),
        (Some("null"), None),
        (None, Some("cross-site")),
        (None, Some("same-site")),
    ] {
        let reply = pro.post_from(origin, site, path, &fields).await;
        assert_eq!(
            (reply.status, reply.header("location")),
            (403, None),
            "{origin:?} {site:?}"
        );
    }
    let taken = pro.post(path, &fields).await;
    assert!(code_in(&taken).is_some());
}

async fn a_page_left_open_for_too_long_is_refused(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let page = pro.open_logged_in(&link(&world, "test", &[])).await;
    world.advance(std::time::Duration::from_mins(31));
    let late = choose(&pro, &page, &world.business(0, 0)).await;
    assert_eq!((late.status, late.header("location")), (400, None));
}

async fn declining_tells_the_client_and_gives_no_code(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let page = pro
        .open_logged_in(&link(&world, "test", &[("state", "s p+c")]))
        .await;
    let reply = pro
        .submit(&page, "decline", &[("decline", "yes")])
        .await
        .expect_status(303);
    let location = reply.header("location").expect("a redirect");
    assert_eq!(
        parameter(location, "error").as_deref(),
        Some("access_denied")
    );
    assert_eq!(parameter(location, "state").as_deref(), Some("s p+c"));
    assert_eq!(parameter(location, "code"), None);
}

async fn declining_without_redirect_uri_is_a_page(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let page = pro.open_logged_in(&link_without_redirect(&world)).await;
    let reply = pro
        .submit(&page, "decline", &[("decline", "yes")])
        .await
        .expect_status(200);
    assert!(reply.text().contains("Nothing was connected"));
}

async fn without_redirect_uri_the_code_is_shown_and_any_registered_one_exchanges_it(
    engine: Engine,
) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let partner = world.partner("test");
    for redirect in [
        Some("http://127.0.0.1:8999/callback"),
        Some("http://redirect.localhost"),
        None,
    ] {
        let page = pro.open_logged_in(&link_without_redirect(&world)).await;
        let shown = choose(&pro, &page, &world.business(0, 0))
            .await
            .expect_status(200);
        assert_eq!(shown.header("cache-control"), Some("no-store"));
        let text = shown.text();
        let is_code = |word: &&str| word.len() == 22 && !word.contains(['=', '/', '.']);
        let code = text
            .split(['"', '<', '>', ' ', '\n'])
            .find(is_code)
            .expect("a code")
            .to_owned();
        let exchange = |uri: &'static str| {
            let (partner, code) = (partner.clone(), code.clone());
            async move {
                let mut parameters = testkit::partner::exchange_parameters(&code);
                parameters[2].1 = uri;
                partner.tokens(&parameters).await
            }
        };
        let unregistered = exchange("https://evil.example").await;
        assert_eq!(
            (unregistered.status, unregistered.error()),
            (400, "INVALID_GRANT".to_owned())
        );
        if let Some(uri) = redirect {
            Tokens::of(&exchange(uri).await);
        } else {
            // The RFC's style does not ask for one that was never sent.
            let parameters = [("grant_type", "authorization_code"), ("code", &code)];
            Tokens::of(&partner.ask("/oauth2/token", &parameters).await);
        }
    }
}

async fn a_business_of_another_pro_cannot_be_connected(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let page = pro.open_logged_in(&link(&world, "test", &[])).await;
    for business in [world.business(1, 0).as_str(), "1", "0", "-1", "x", ""] {
        let refused = choose(&pro, &page, business).await;
        assert_eq!(
            (refused.status, refused.header("location")),
            (422, None),
            "{business}"
        );
    }
    // Nothing was used up by that.
    assert!(code_in(&choose(&pro, &page, &world.business(0, 0)).await).is_some());
}

async fn the_pages_forbid_framing_foreign_forms_and_referrers(engine: Engine) {
    let world = world(engine).await;
    let pro = world.pro(0);
    let path = link(&world, "test", &[]);
    let log_in = pro.open(&path).await;
    let consent = pro.open_logged_in(&path).await;
    let failed = pro
        .open("/services/partner-connect/?client_id=nobody")
        .await;
    for page in [&log_in, &consent, &failed] {
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    let form_action = |page: &Reply| {
        let policy = page
            .header("content-security-policy")
            .unwrap_or_default()
            .to_owned();
        let found = policy
            .split(';')
            .find(|part| part.trim().starts_with("form-action"));
        found.map(|part| part.trim().to_owned())
    };
    let expected = "form-action 'self' http://redirect.localhost";
    assert_eq!(form_action(&consent).as_deref(), Some(expected));
    assert_eq!(form_action(&failed).as_deref(), Some("form-action 'self'"));
}

async fn path_and_query_of_a_redirect_uri_are_kept(engine: Engine) {
    let world = world(engine).await;
    for (uri, start) in [
        (
            "https://crm.example/cb?tenant=5",
            "https://crm.example/cb?tenant=5&code=",
        ),
        ("https://crm.example/cb?", "https://crm.example/cb?code="),
        ("https://crm.example?a=1", "https://crm.example/?a=1&code="),
        (
            "https://crm.example:8443",
            "https://crm.example:8443/?code=",
        ),
    ] {
        let more = json!({"redirect_uris": [uri]});
        let partner = world.register("test", &["messages"], more).await;
        let mut parameters = connect_parameters(&partner.client_id, "messages", &[]);
        parameters[1].1 = uri;
        let location = world.confirm(FIRST, &parameters).await.expect("a redirect");
        assert!(location.as_str().starts_with(start), "{location}");
    }
}
