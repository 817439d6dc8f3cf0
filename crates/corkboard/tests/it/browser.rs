//! The pages in a real browser (protocol §2.1): what a pro does, with the mouse and the keyboard, to connect a business to
//! a partner on another origin. HTTP alone would not notice a Content-Security-Policy that stops a form's redirect.

use std::path::PathBuf;

use protocol::paths::oauth;
use reqwest::Method;
use serde_json::json;
use testkit::partner::{Partner, Tokens, form, parameter};
use testkit::webdriver::Browser;
use testkit::world::Engine;
use testkit::{Answer, Http, Receiver, World};

use crate::support::world;

/// A phone's window and a desk's, in pixels.
const SIZES: [(u32, u32); 2] = [(1_000, 900), (360, 740)];

/// A pro's browser, and a partner's site on another origin.
struct Scene {
    world: World,
    browser: Browser,
    site: Receiver,
    callback: String,
    partner: Partner,
    width: u32,
}

impl Scene {
    async fn start((width, height): (u32, u32)) -> Self {
        let world = world(Engine::Sqlite).await;
        let site = Receiver::start().await;
        let welcome = Answer::json(200, &json!({"welcome": "back at the partner"}));
        site.answer_always_at("/callback", welcome);
        let callback = callback(&site);
        let uris = json!({"redirect_uris": [callback]});
        let partner = world
            .register("production", &["messages", "targeting"], uris)
            .await;
        let browser = Browser::start().await;
        browser.resize(width, height).await;
        Self {
            world,
            browser,
            site,
            callback,
            partner,
            width,
        }
    }

    /// The partner's link; without a redirect URI the page ends with the code.
    fn link(&self, redirect_uri: Option<&str>) -> String {
        let mut parameters = vec![
            ("client_id", self.partner.client_id.as_str()),
            ("response_type", "code"),
            ("scope", "messages targeting"),
            ("state", "the state & more"),
        ];
        parameters.extend(redirect_uri.map(|uri| ("redirect_uri", uri)));
        format!(
            "{}{}?{}",
            self.world.platform_url,
            oauth::CONNECT,
            form(&parameters)
        )
    }

    /// Logs in on the page that is shown.
    async fn log_in(&self) {
        let pro = &self.world.demo.pros[0];
        self.browser.fill("input[name=email]", &pro.email).await;
        self.browser
            .fill("input[name=password]", pro.password.expose())
            .await;
        self.browser.click("main button[type=submit]").await;
        self.browser.wait_for("form[action=\"/logout\"]").await;
    }

    /// Chooses the business with this number.
    async fn choose(&self, business: usize) {
        let business = self.world.business(0, business);
        self.browser
            .click(&format!("input[name=business_id][value=\"{business}\"]"))
            .await;
    }

    async fn confirm(&self) {
        self.browser.click("main form button.primary").await;
    }

    /// Keeps a picture of the page, if the test command wants one, and checks that nothing has to be scrolled sideways.
    async fn look(&self, name: &str) {
        let overflow =
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let overflow = self.browser.run(overflow).await;
        assert_eq!(overflow, 0, "{name} is wider than {} pixels", self.width);
        if let Some(folder) = screenshots() {
            let picture = self.browser.screenshot().await;
            let file = folder.join(format!("{name}-{}.png", self.width));
            std::fs::write(file, picture).expect("the folder for pictures can be written");
        }
    }
}

/// Under a name, because a browser gives one host's cookies to all of its ports.
fn callback(site: &Receiver) -> String {
    let origin = site.url().replace("127.0.0.1", "localhost");
    format!("{origin}/callback?tenant=7")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test command says where pictures go"
)]
fn screenshots() -> Option<PathBuf> {
    std::env::var("CORKBOARD_TEST_SCREENSHOTS")
        .ok()
        .map(PathBuf::from)
}

#[tokio::test]
async fn a_pro_connects_a_business_and_arrives_at_the_partner() {
    for size in SIZES {
        let scene = Scene::start(size).await;
        scene.browser.open(&scene.link(Some(&scene.callback))).await;
        scene.look("log-in").await;
        scene.log_in().await;
        let text = scene.browser.text().await;
        assert!(text.contains("Demo CRM"), "who asks: {text}");
        assert!(
            text.contains("Tim's Painting Business") && text.contains("Tim's Handyman Service"),
            "{text}"
        );
        assert!(!text.contains("Sparkly"), "nobody else's: {text}");
        scene.look("consent").await;
        scene.choose(1).await;
        scene.confirm().await;

        let address = scene
            .browser
            .wait_for_address(&format!("{}&", scene.callback))
            .await;
        assert_eq!(
            parameter(&address, "state").as_deref(),
            Some("the state & more")
        );
        assert_eq!(
            parameter(&address, "scope").as_deref(),
            Some("messages targeting")
        );
        assert_eq!(parameter(&address, "iss"), None, "this path never tells it");
        let visit = &scene.site.received()[0];
        assert_eq!(
            (visit.method.as_str(), visit.header("referer")),
            ("GET", "")
        );
        assert_eq!(visit.header("cookie"), "");
        let code = parameter(&address, "code").unwrap();
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", scene.callback.as_str()),
            ("token_type", "AUTH_CODE"),
        ];
        let tokens = Tokens::of(&scene.partner.tokens(&parameters).await);
        let info = scene.partner.info(&tokens.access).await.json();
        assert_eq!(info["business_pk"], scene.world.business(0, 1));
    }
}

#[tokio::test]
async fn a_pro_who_declines_arrives_at_the_partner_without_a_code() {
    let scene = Scene::start(SIZES[0]).await;
    scene.browser.open(&scene.link(Some(&scene.callback))).await;
    scene.log_in().await;
    // Nothing is chosen: declining needs no business.
    scene.browser.click("button[name=decline]").await;
    let address = scene.browser.wait_for_address(&scene.callback).await;
    assert_eq!(
        parameter(&address, "error").as_deref(),
        Some("access_denied")
    );
    assert_eq!(
        parameter(&address, "state").as_deref(),
        Some("the state & more")
    );
    assert_eq!(parameter(&address, "code"), None);
}

#[tokio::test]
async fn without_a_place_to_go_the_code_is_shown_and_can_be_copied() {
    for size in SIZES {
        let scene = Scene::start(size).await;
        scene.browser.open(&scene.link(None)).await;
        scene.log_in().await;
        scene.choose(0).await;
        scene.confirm().await;
        scene.browser.wait_for(".copy code").await;
        let code = scene
            .browser
            .run("return document.querySelector('.copy code').textContent")
            .await;
        let code = code.as_str().unwrap();
        assert_eq!(code.len(), 22, "{code}");
        assert!(
            scene
                .browser
                .address()
                .await
                .starts_with(&scene.world.platform_url)
        );
        scene.browser.click("button[data-copy]").await;
        scene
            .browser
            .wait_for("button[data-copy]:not([hidden])")
            .await;
        scene.look("code").await;
        // The clipboard answers when it likes.
        let label = scene
            .browser
            .run(
                "return new Promise((tell) => {
                    const look = () => {
                        const label = document.querySelector('button[data-copy]').textContent;
                        if (label === 'Copy') requestAnimationFrame(look); else tell(label);
                    };
                    look();
                })",
            )
            .await;
        assert!(
            ["Copied", "Selected"].contains(&label.as_str().unwrap()),
            "{label}"
        );
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", scene.callback.as_str()),
            ("token_type", "AUTH_CODE"),
        ];
        Tokens::of(&scene.partner.tokens(&parameters).await);
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_beside_the_form_and_what_was_typed_stays() {
    let scene = Scene::start(SIZES[1]).await;
    scene
        .browser
        .open(&format!("{}/login", scene.world.platform_url))
        .await;
    scene
        .browser
        .fill("input[name=email]", "tim@pros.example")
        .await;
    scene
        .browser
        .fill("input[name=password]", "not his password")
        .await;
    scene.browser.click("main button[type=submit]").await;
    scene.browser.wait_for("[role=alert]").await;
    scene.look("log-in-refused").await;
    let email = scene
        .browser
        .run("return document.querySelector('input[name=email]').value")
        .await;
    assert_eq!(email, "tim@pros.example");
    let password = scene
        .browser
        .run("return document.querySelector('input[name=password]').value")
        .await;
    assert_eq!(password, "");
}

#[tokio::test]
async fn a_pro_switches_targeting_and_disconnects_on_the_services_page() {
    for size in SIZES {
        let scene = Scene::start(size).await;
        scene.world.connect_first_business().await;
        let services = format!("{}/services", scene.world.platform_url);
        scene.browser.open(&services).await;
        scene.log_in().await;
        assert_eq!(scene.browser.address().await, services);
        scene.look("services").await;
        let business = format!("#business-{}", scene.world.business(0, 0));
        scene
            .browser
            .click(&format!("{business} .switches button"))
            .await;
        scene
            .browser
            .wait_for(&format!("{business} input[name=enabled][value=true]"))
            .await;
        let refused = scene.world.feed_lead((0, 0)).await;
        assert_eq!(
            refused.status,
            409,
            "its targeting is off: {}",
            refused.text()
        );
        scene.look("services-off").await;
        scene
            .browser
            .click(&format!("{business} button.danger"))
            .await;
        scene
            .browser
            .wait_for(&format!("{business}:not(:has(button.danger))"))
            .await;
        let connections = scene
            .world
            .operator()
            .get("/operator/v1/connections")
            .await
            .json();
        assert_eq!(connections["data"], json!([]));
        scene.browser.click("footer button").await;
        scene
            .browser
            .wait_for("body:not(:has(footer button))")
            .await;
        scene.browser.open(&services).await;
        assert!(
            scene.browser.has("input[name=password]").await,
            "logged out"
        );
    }
}

#[tokio::test]
async fn the_start_page_shows_the_way() {
    for size in SIZES {
        let scene = Scene::start(size).await;
        scene
            .browser
            .open(&format!("{}/", scene.world.platform_url))
            .await;
        scene.look("start").await;
        scene.browser.click("main a.primary").await;
        scene.browser.wait_for("input[name=password]").await;
        scene
            .browser
            .open(&format!("{}/nothing/here", scene.world.platform_url))
            .await;
        scene.look("not-found").await;
    }
}

#[tokio::test]
async fn what_customers_and_partners_write_is_never_run() {
    let scene = Scene::start(SIZES[0]).await;
    let hostile = "<script>window.hit=1</script><img src=x onerror=\"window.hit=1\">'\"{{7*7}}";
    let account = scene.world.ids.pros[0].account_id;
    let business = json!({"account_id": account, "name": hostile, "categories": [hostile]});
    scene
        .world
        .operator()
        .post("/operator/v1/businesses", &business)
        .await
        .expect_status(201);
    for page in ["/services".to_owned(), scene.link(Some(&scene.callback))] {
        let url = if page.starts_with('/') {
            format!("{}{page}", scene.world.platform_url)
        } else {
            page
        };
        scene.browser.open(&url).await;
        if scene.browser.has("input[name=password]").await {
            scene.log_in().await;
        }
        assert!(
            scene
                .browser
                .text()
                .await
                .contains("<script>window.hit=1</script>"),
            "shown as it is"
        );
        assert_eq!(
            scene.browser.run("return window.hit === undefined").await,
            true
        );
    }
    let url = format!("{}/services", scene.world.platform_url);
    let request = scene.world.http.request(Method::GET, &url);
    let reply = Http::send(request).await;
    assert!(reply.header("content-security-policy").is_some());
}
