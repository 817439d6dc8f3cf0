//! A plain HTTP client for tests: no redirects, no cookies, bodies in memory, panics instead of errors.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// Sends requests and reads whole answers.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub bytes: Vec<u8>,
}

impl Http {
    /// A client with no state but its connections.
    ///
    /// # Panics
    /// If the client cannot be made.
    #[expect(clippy::disallowed_methods, reason = "tests talk to loopback only")]
    pub fn new() -> Self {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(base::tls::client_config())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_mins(1))
            .build()
            .expect("a client without special settings can be made");
        Self { client }
    }

    /// A request that can be changed before it is [sent](Http::send).
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends a request and reads its answer.
    ///
    /// # Panics
    /// If no answer comes.
    pub async fn send(request: RequestBuilder) -> Reply {
        Self::try_send(request).await.expect("an answer comes")
    }

    /// Sends a request and reads its answer, if one comes.
    pub async fn try_send(request: RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        Ok(Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.bytes().await?.to_vec(),
        })
    }

    /// GET.
    pub async fn get(&self, url: &str) -> Reply {
        Self::send(self.request(Method::GET, url)).await
    }

    /// A JSON body with an Authorization header, if one is given.
    pub async fn json(
        &self,
        method: Method,
        url: &str,
        authorization: Option<&str>,
        body: &Value,
    ) -> Reply {
        let mut request = self
            .request(method, url)
            .header("content-type", "application/json")
            .body(body.to_string());
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        Self::send(request).await
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON; the message shows it.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error} in {} {}", self.status, self.text()))
    }

    /// A header field's value, or nothing.
    pub fn header(&self, name: &str) -> Option<&str> {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        self.headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    }

    /// The member `error` of an error body.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The member `error_description` of an error body.
    pub fn description(&self) -> String {
        self.json()["error_description"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// This reply, if it has the status.
    ///
    /// # Panics
    /// If it has another one; the message shows the body.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "often the status is all that a test looks at"
    )]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}
