//! Calls of the operator API, for the commands that need a running platform.
//!
//! The person at the terminal names the platform, which may well be in a private network: no address policy here, unlike
//! for whatever partners name. Refusals become failures with the platform's own words.

mod answers;

use std::net::IpAddr;
use std::time::Duration;

use base::Secret;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cli::OperatorArguments;
use crate::commands::settings::secret_line;
use crate::failure::{Failure, chain};
use crate::printer;
use crate::words::style::harmless;

pub(crate) use answers::{Attempt, Delivery, Dossier, Health, Next, Partner, Replay, Survey};

/// How long one call may take.
const DEADLINE: Duration = Duration::from_mins(1);

/// The most items of a page.
const PAGE: usize = 100;

/// A platform, seen by its operator.
#[derive(Debug)]
pub(crate) struct OperatorClient {
    http: reqwest::Client,
    /// Without a last slash.
    base_url: String,
    authorization: HeaderValue,
}

/// Several pages of a list in one.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) items: Vec<Value>,
    /// Where it would go on.
    pub(crate) next: Option<String>,
}

impl OperatorClient {
    /// A client for the platform that the arguments name.
    pub(crate) fn new(arguments: &OperatorArguments) -> Result<Self, Failure> {
        let (base_url, key) = address(arguments)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the person names the platform, perhaps in a private network"
        )]
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(base::tls::client_config())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .timeout(DEADLINE)
            .build()
            .map_err(|error| Failure::unexpected(&error))?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", key.expose()))
            .map_err(|_| {
                Failure::mendable(
                    "--operator-key-file: the key has characters that no request can carry",
                    "name the file that `platform serve` has",
                )
            })?;
        authorization.set_sensitive(true);
        Ok(Self {
            http,
            base_url,
            authorization,
        })
    }

    /// GET, with the answer as JSON.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        let response = self.send(Method::GET, path, None).await?;
        self.json(response).await
    }

    /// GET, with the answer's bytes.
    pub(crate) async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let response = self.send(Method::GET, path, None).await?;
        let bytes = response.bytes().await;
        Ok(bytes.map_err(|error| self.silent(&error))?.to_vec())
    }

    /// POST, with the answer as JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let response = self.send(Method::POST, path, Some(body)).await?;
        self.json(response).await
    }

    /// At most `limit` items of a list, page by page. `query` may be empty.
    pub(crate) async fn list(
        &self,
        path: &str,
        query: &str,
        limit: usize,
    ) -> Result<Listed, Failure> {
        let mut listed = Listed {
            items: Vec::new(),
            next: Some(String::new()),
        };
        while let Some(after) = listed.next.take_if(|_| listed.items.len() < limit) {
            let count = PAGE.min(limit - listed.items.len());
            let mut page = self
                .get(&format!("{path}?{query}&limit={count}&after={after}"))
                .await?;
            if let Value::Array(items) = page["data"].take() {
                listed.items.extend(items);
            }
            listed.next = page["next"].as_str().map(str::to_owned);
        }
        Ok(listed)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response, Failure> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base_url))
            .header(AUTHORIZATION, self.authorization.clone());
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.map_err(|error| self.silent(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.refused(response).await)
    }

    async fn json(&self, response: Response) -> Result<Value, Failure> {
        let bytes = response.bytes().await;
        let bytes = bytes.map_err(|error| self.silent(&error))?;
        serde_json::from_slice(&bytes).map_err(|_| self.foreign())
    }

    async fn refused(&self, response: Response) -> Failure {
        let status = response.status().as_u16();
        let wait = response.headers().get(RETRY_AFTER);
        let wait = wait.and_then(|value| value.to_str().ok()).unwrap_or("some");
        let wait = harmless(wait);
        let bytes = response.bytes().await.unwrap_or_default();
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let Some(words) = body["error_description"].as_str() else {
            return self.foreign();
        };
        let words = harmless(words);
        match status {
            401 | 403 => Failure::mendable(
                format!(
                    "the platform at {} does not accept the operator key",
                    self.base_url
                ),
                "name the file that `platform serve` has, with --operator-key-file",
            ),
            429 | 503 => Failure::mendable(
                format!("the platform at {} is busy: {words}", self.base_url),
                format!("try again in {wait} seconds"),
            ),
            404 => Failure::mendable(
                words,
                "`corkboard deliveries list`, `replay list` and `deliveries health` show the ids that there are",
            ),
            409 | 410 => Failure::mendable(
                words,
                "`corkboard deliveries show` and `replay status` say how it stands",
            ),
            400..=499 => Failure::mendable(words, "`--help` says what the command expects"),
            _ => Failure::Unexpected(format!(
                "the platform answered {status}: {words} (request {})",
                harmless(body["request_id"].as_str().unwrap_or_default())
            )),
        }
    }

    /// What to say if no answer came.
    fn silent(&self, error: &reqwest::Error) -> Failure {
        // The error's own words repeat the URL; its causes say why.
        let why = std::error::Error::source(error).map_or_else(|| error.to_string(), chain);
        Failure::mendable(
            format!("the platform at {} does not answer: {why}", self.base_url),
            "is it running? --platform-url (or --ready-file) says where it is",
        )
    }

    /// What to say if somebody else answered.
    fn foreign(&self) -> Failure {
        Failure::mendable(
            format!("what answers at {} is no Corkboard platform", self.base_url),
            "name the address of the operator API with --platform-url, without a path",
        )
    }
}

/// An answer as what it should be.
pub(crate) fn read<T: DeserializeOwned>(answer: &Value) -> Result<T, Failure> {
    serde_json::from_value(answer.clone()).map_err(|error| {
        Failure::mendable(
            format!("the platform's answer is not understood: {error}"),
            "use the same version of `corkboard` as the platform, or --json",
        )
    })
}

/// The address without a last slash, and the key: from their own flags, or else from a ready file.
fn address(arguments: &OperatorArguments) -> Result<(String, Secret), Failure> {
    let ready = match &arguments.ready_file {
        Some(path) if arguments.platform_url.is_none() || arguments.operator_key_file.is_none() => {
            let text = std::fs::read(path).ok();
            let ready = text.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
            Some(ready.ok_or_else(|| {
                Failure::mendable(
                    format!(
                        "--ready-file: {} is not there, or no ready file",
                        path.display()
                    ),
                    "start `corkboard sandbox --ready-file FILE`, and name that file",
                )
            })?)
        }
        _ => None,
    };
    let of_ready = |name: &str| {
        let text = ready.as_ref()?.get("platform")?.get(name)?.as_str();
        text.map(str::to_owned)
    };
    let url = arguments
        .platform_url
        .clone()
        .or_else(|| of_ready("base_url"));
    let url = url.ok_or_else(|| missing("--platform-url"))?;
    let key = match &arguments.operator_key_file {
        Some(path) => Some(secret_line(path, "--operator-key-file", 1)?),
        None => of_ready("operator_key").map(Secret::new),
    };
    let key = key.ok_or_else(|| missing("--operator-key-file"))?;
    let parsed = Url::parse(&url).ok();
    let Some(parsed) = parsed.filter(|url| matches!(url.scheme(), "http" | "https")) else {
        return Err(Failure::mendable(
            format!("--platform-url: `{url}` is no http or https address"),
            "give scheme and host, such as `http://127.0.0.1:8300`",
        ));
    };
    if parsed.scheme() == "http" && !is_this_machine(&parsed) {
        printer::note("note: the operator key goes over the network unencrypted; use https");
    }
    Ok((url.trim_end_matches('/').to_owned(), key))
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn missing(flag: &str) -> Failure {
    Failure::mendable(
        format!("which platform? {flag} is missing"),
        "give --platform-url and --operator-key-file, or the --ready-file of a sandbox; \
         CORKBOARD_PLATFORM_URL, CORKBOARD_OPERATOR_KEY_FILE and CORKBOARD_READY_FILE do the same",
    )
}
