//! What many of these tests look at.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use testkit::world::Engine;
use testkit::{Http, Reply, World, WorldOptions};

/// A world with nothing special.
pub(crate) async fn world(engine: Engine) -> World {
    World::start(WorldOptions::on(engine)).await
}

/// The names of an object's members, in order.
#[track_caller]
pub(crate) fn members(value: &Value) -> Vec<&str> {
    let object = value.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

/// Checks an error answer against D2: the status, the code, a description, and the request id of the header.
#[track_caller]
pub(crate) fn assert_error(reply: &Reply, status: u16, code: &str) {
    let text = reply.text();
    assert_eq!(reply.status, status, "{text}");
    let body = reply.json();
    assert_eq!(body["error"], code, "{text}");
    let description = body["error_description"].as_str();
    assert!(
        description.is_some_and(|words| words.ends_with('.')),
        "{text}"
    );
    let request_id = reply
        .header("x-request-id")
        .expect("every answer has an id");
    assert_eq!(body["request_id"], request_id, "{text}");
    assert_eq!(
        members(&body)[..3],
        ["error", "error_description", "request_id"]
    );
    let needs_retry_after = matches!(status, 429 | 503);
    assert_eq!(reply.header("retry-after").is_some(), needs_retry_after);
}

/// A request to a path of the platform, without anything.
pub(crate) fn request(world: &World, method: Method, path: &str) -> RequestBuilder {
    let url = format!("{}{path}", world.platform_url);
    world.http.request(method, &url)
}

/// Sends a body as it is, as JSON.
pub(crate) async fn send_json(request: RequestBuilder, body: impl Into<Vec<u8>>) -> Reply {
    let request = request.header("content-type", "application/json");
    Http::send(request.body(body.into())).await
}

/// The business with this number of the first pro.
pub(crate) const FIRST: (usize, usize) = (0, 0);
/// Another business of the same pro.
pub(crate) const SECOND: (usize, usize) = (0, 1);
/// Another pro's business.
pub(crate) const OTHERS: (usize, usize) = (1, 0);
