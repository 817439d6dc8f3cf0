//! The platform as a partner's receiver sees it: something that posts bodies with HTTP Basic (protocol §4).

use protocol::paths::receiver;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use testkit::partner::basic;
use testkit::{Http, Reply, World};

/// Posts bodies to the gateway of a world.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    http: Http,
    url: String,
    authorization: Option<String>,
}

impl Sender {
    /// One with the right credentials.
    pub(crate) fn of(world: &World) -> Self {
        let endpoints = &world.demo.endpoints;
        Self {
            http: world.http.clone(),
            url: world.gateway_url.clone(),
            authorization: Some(basic(&endpoints.username, endpoints.password.expose())),
        }
    }

    /// The same with this header, or without.
    pub(crate) fn with_authorization(&self, authorization: Option<String>) -> Self {
        Self {
            authorization,
            ..self.clone()
        }
    }

    pub(crate) async fn lead(&self, body: &str) -> Reply {
        self.send(Method::POST, receiver::LEAD, body).await
    }

    pub(crate) async fn message(&self, body: &str) -> Reply {
        self.send(Method::POST, receiver::MESSAGE, body).await
    }

    pub(crate) async fn update(&self, body: &str) -> Reply {
        self.send(Method::PUT, receiver::LEAD_UPDATE, body).await
    }

    /// An update under the sender's own number of it.
    pub(crate) async fn numbered_update(&self, number: &str, body: &Value) -> Reply {
        let request = self
            .request(Method::PUT, receiver::LEAD_UPDATE)
            .header("content-type", "application/json")
            .header("webhook-id", number);
        Http::send(request.body(body.to_string())).await
    }

    pub(crate) async fn review(&self, body: &str) -> Reply {
        self.send(Method::POST, receiver::REVIEW, body).await
    }

    /// A request with the credentials alone.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, &format!("{}{path}", self.url));
        match &self.authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        }
    }

    async fn send(&self, method: Method, path: &str, body: &str) -> Reply {
        let request = self
            .request(method, path)
            .header("content-type", "application/json");
        Http::send(request.body(body.to_owned())).await
    }
}
