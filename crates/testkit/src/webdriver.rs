//! A real browser for tests: headless Chromium, spoken to in the W3C's WebDriver protocol through ChromeDriver.
//!
//! `cargo xtask ci` installs both where it can and names them in `CORKBOARD_TEST_CHROMEDRIVER` and
//! `CORKBOARD_TEST_CHROMIUM`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base::Clock;
use reqwest::Method;
use serde_json::{Value, json};

use crate::http::Http;

/// One browser with one window. It ends when dropped.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    session: String,
    http: Http,
}

/// The W3C's name for an element's reference.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How often a page is looked at before a test gives up.
const LOOKS: u32 = 200;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

impl Browser {
    /// Starts ChromeDriver and a headless Chromium.
    ///
    /// # Panics
    /// If either is not there; the message says how to get it.
    pub async fn start() -> Self {
        let program = path("CORKBOARD_TEST_CHROMEDRIVER", "/usr/bin/chromedriver");
        let mut driver = Command::new(&program)
            .args(["--port=0", "--allowed-ips=127.0.0.1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{program}: {error}; `cargo xtask ci` installs it, or set CORKBOARD_TEST_CHROMEDRIVER")
            });
        let port = port_of(&mut driver);
        let http = Http::new();
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1000,900",
        ];
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {
                "binary": path("CORKBOARD_TEST_CHROMIUM", "/usr/bin/chromium"),
                "args": arguments,
            },
        }}});
        let base = format!("http://127.0.0.1:{port}/session");
        let reply = http
            .json(Method::POST, &base, None, &capabilities)
            .await
            .expect_status(200)
            .json();
        let id = reply["value"]["sessionId"]
            .as_str()
            .expect("a session has an id")
            .to_owned();
        Self {
            driver,
            session: format!("{base}/{id}"),
            http,
        }
    }

    /// Opens a page and waits until it is loaded.
    pub async fn open(&self, url: &str) {
        self.call("url", json!({ "url": url })).await;
    }

    /// The address of the page that is shown.
    pub async fn address(&self) -> String {
        let reply = self
            .http
            .get(&format!("{}/url", self.session))
            .await
            .expect_status(200);
        reply.json()["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// What a script answers that runs in the page.
    pub async fn run(&self, script: &str) -> Value {
        let body = json!({"script": script, "args": []});
        self.call("execute/sync", body).await
    }

    /// The text of the page that a person sees.
    pub async fn text(&self) -> String {
        let text = self.run("return document.body.innerText").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Types into the field that a CSS selector finds.
    pub async fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        self.call(&format!("element/{element}/value"), json!({ "text": text }))
            .await;
    }

    /// Clicks what a CSS selector finds.
    pub async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        self.call(&format!("element/{element}/click"), json!({}))
            .await;
    }

    /// Whether a CSS selector finds something.
    pub async fn has(&self, selector: &str) -> bool {
        let body = json!({"using": "css selector", "value": selector});
        let found = self.call("elements", body).await;
        found.as_array().is_some_and(|found| !found.is_empty())
    }

    /// Waits until a CSS selector finds something: a click that sends a form answers before the next page is there.
    ///
    /// # Panics
    /// If it finds nothing within some seconds.
    pub async fn wait_for(&self, selector: &str) {
        for _ in 0..LOOKS {
            if self.has(selector).await {
                return;
            }
            Clock::system().sleep(BETWEEN_LOOKS).await;
        }
        panic!(
            "there is no {selector} at {}: {}",
            self.address().await,
            self.text().await
        );
    }

    /// Waits until the page that is shown has an address that begins so.
    ///
    /// # Panics
    /// If it has not within some seconds.
    pub async fn wait_for_address(&self, prefix: &str) -> String {
        for _ in 0..LOOKS {
            let address = self.address().await;
            if address.starts_with(prefix) {
                return address;
            }
            Clock::system().sleep(BETWEEN_LOOKS).await;
        }
        panic!(
            "the browser is at {} and not at {prefix}",
            self.address().await
        );
    }

    /// Sets the window's size in pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        self.call("window/rect", json!({ "width": width, "height": height }))
            .await;
    }

    /// A picture of the page as PNG.
    ///
    /// # Panics
    /// If the browser does not give one.
    pub async fn screenshot(&self) -> Vec<u8> {
        let reply = self
            .http
            .get(&format!("{}/screenshot", self.session))
            .await
            .expect_status(200)
            .json();
        let encoded = reply["value"].as_str().expect("a screenshot is text");
        data_encoding::BASE64
            .decode(encoded.as_bytes())
            .expect("a screenshot is base64")
    }

    async fn find(&self, selector: &str) -> String {
        let body = json!({"using": "css selector", "value": selector});
        let element = self.call("element", body).await;
        element[ELEMENT]
            .as_str()
            .expect("an element has a reference")
            .to_owned()
    }

    async fn call(&self, command: &str, body: Value) -> Value {
        let url = format!("{}/{command}", self.session);
        let reply = self.http.json(Method::POST, &url, None, &body).await;
        assert_eq!(reply.status, 200, "{command} {body}: {}", reply.text());
        reply.json()["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // ChromeDriver takes its browser with it when it is asked to end; killed, it leaves it behind.
        if let Some(session) = self.session.strip_prefix("http://")
            && let Some((address, path)) = session.split_once('/')
            && let Ok(mut stream) = std::net::TcpStream::connect(address)
        {
            let request =
                format!("DELETE /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
            let _ = std::io::Write::write_all(&mut stream, request.as_bytes());
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            // The first bytes of the answer say that the browser is gone; the connection may stay open.
            let _ = std::io::Read::read(&mut stream, &mut [0; 64]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn port_of(driver: &mut Child) -> u16 {
    let output = driver.stdout.take().expect("its output is piped");
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if let Some((_, port)) = line.rsplit_once("on port ")
            && let Ok(port) = port.trim_end_matches('.').parse()
            // The first line tells the port that was asked for, which is "any".
            && port != 0
        {
            return port;
        }
    }
    panic!("ChromeDriver ended without telling its port")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test command tells tests where the browser is"
)]
fn path(variable: &str, usual: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| usual.to_owned())
}
