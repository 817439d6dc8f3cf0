//! People and programs that speak HTTP to a platform under test.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base::Clock;
use reqwest::Method;
use serde_json::Value;

use crate::http::{Http, Reply};

/// A program that calls an API with a key: the operator API's, or the gateway API's.
#[derive(Clone, Debug)]
pub struct ApiUser {
    http: Http,
    url: String,
    authorization: String,
}

impl ApiUser {
    /// A program with a key.
    pub fn new(http: Http, url: &str, key: &str) -> Self {
        Self {
            http,
            url: url.to_owned(),
            authorization: format!("Bearer {key}"),
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        Http::send(self.request(Method::GET, path)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path, body).await
    }

    /// POST with a JSON body and an Idempotency-Key.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> Reply {
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/json");
        Http::send(
            request
                .header("idempotency-key", key)
                .body(body.to_string()),
        )
        .await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::PUT, path, body).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        Http::send(self.request(Method::DELETE, path)).await
    }

    /// Waits until a list has nothing in it, when real processes work on it.
    ///
    /// # Panics
    /// If it still has something after a minute.
    pub async fn wait_for_empty(&self, path: &str) {
        let clock = Clock::system();
        let deadline = clock.now() + Duration::from_mins(1);
        loop {
            let list = self.get(path).await.expect_status(200).json();
            if list["data"].as_array().is_some_and(Vec::is_empty) {
                return;
            }
            assert!(clock.now() < deadline, "{path} still has {list}");
            clock.sleep(Duration::from_millis(20)).await;
        }
    }

    /// A request with the key, which can be changed before it is [sent](Http::send).
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, &format!("{}{path}", self.url));
        request.header("authorization", &self.authorization)
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Reply {
        let url = format!("{}{path}", self.url);
        self.http
            .json(method, &url, Some(&self.authorization), body)
            .await
    }
}

/// A pro with a browser that keeps one cookie, fills in forms and does not follow redirects by itself.
#[derive(Debug)]
pub struct Pro {
    http: Http,
    url: String,
    email: String,
    password: String,
    cookie: Mutex<Option<String>>,
}

impl Pro {
    /// A pro who is not logged in.
    pub fn new(http: Http, url: &str, email: &str, password: &str) -> Self {
        Self {
            http,
            url: url.to_owned(),
            email: email.to_owned(),
            password: password.to_owned(),
            cookie: Mutex::new(None),
        }
    }

    /// Opens a page (a path with its query).
    pub async fn open(&self, path: &str) -> Reply {
        let mut request = self
            .http
            .request(Method::GET, &format!("{}{path}", self.url));
        if let Some(cookie) = self.cookie() {
            request = request.header("cookie", cookie);
        }
        self.remember(Http::send(request).await)
    }

    /// Posts a form as the browser would from one of the platform's own pages.
    pub async fn post(&self, path: &str, fields: &[(String, String)]) -> Reply {
        self.post_from(Some(&self.url), Some("same-origin"), path, fields)
            .await
    }

    /// Posts a form as the browser would from a page of another site: with these values of `Origin` and `Sec-Fetch-Site`.
    pub async fn post_from(
        &self,
        origin: Option<&str>,
        site: Option<&str>,
        path: &str,
        fields: &[(String, String)],
    ) -> Reply {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let mut request = self
            .http
            .request(Method::POST, &format!("{}{path}", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.finish());
        let cookie = self.cookie();
        let told = [
            ("origin", origin),
            ("sec-fetch-site", site),
            ("cookie", cookie.as_deref()),
        ];
        for (name, value) in told {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        self.remember(Http::send(request).await)
    }

    /// Sends the form of `page` that has a field (or button) named `with`, its hidden fields kept and `fields` filled in.
    ///
    /// # Panics
    /// If the page has no such form.
    pub async fn submit(&self, page: &Reply, with: &str, fields: &[(&str, &str)]) -> Reply {
        let html = page.text();
        let form = html
            .split("<form")
            .skip(1)
            .filter_map(|rest| rest.split("</form>").next())
            .find(|form| form.contains(&format!("name=\"{with}\"")))
            .unwrap_or_else(|| panic!("no form with {with} in {html}"));
        let action = attribute(form, "action").unwrap_or_default();
        let mut values: Vec<(String, String)> = Vec::new();
        for input in form.split("<input").skip(1) {
            let input = input.split('>').next().unwrap_or_default();
            if attribute(input, "type").as_deref() == Some("hidden")
                && let Some(name) = attribute(input, "name")
            {
                values.push((name, attribute(input, "value").unwrap_or_default()));
            }
        }
        values.extend(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        self.post(&action, &values).await
    }

    /// Logs in from the form that `page` shows, and answers what came back.
    pub async fn log_in_at(&self, page: &Reply) -> Reply {
        let fields = [
            ("email", self.email.as_str()),
            ("password", self.password.as_str()),
        ];
        self.submit(page, "password", &fields).await
    }

    /// Opens a page, logging in on the way if need be.
    pub async fn open_logged_in(&self, path: &str) -> Reply {
        let page = self.follow(self.open(path).await).await;
        if !page.text().contains("name=\"password\"") {
            return page;
        }
        let reply = self.log_in_at(&page).await;
        self.follow(reply).await
    }

    /// The page that an answer leads to, if it leads anywhere.
    async fn follow(&self, reply: Reply) -> Reply {
        let Some(location) = reply.header("location") else {
            return reply;
        };
        self.open(location.strip_prefix(&self.url).unwrap_or(location))
            .await
    }

    fn cookie(&self) -> Option<String> {
        self.cookie
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn remember(&self, reply: Reply) -> Reply {
        if let Some(cookie) = reply.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default().to_owned();
            *self.cookie.lock().unwrap_or_else(PoisonError::into_inner) = Some(pair);
        }
        reply
    }
}

/// The value of an HTML attribute, its entities resolved.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(
        value
            .replace("&#x2f;", "/")
            .replace("&#x27;", "'")
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}
