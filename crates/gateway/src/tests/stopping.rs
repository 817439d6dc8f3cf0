//! Whoever follows or waits does not keep the gateway from stopping.

use axum::body::Body;
use database::test_db::TestDb;
use http::{Request, header};
use protocol::paths::gateway::EVENTS;

use super::gateway::{API_KEY, TestGateway};

fn events(query: &str, accept: &str) -> Request<Body> {
    Request::get(format!("{EVENTS}?{query}"))
        .header(header::AUTHORIZATION, format!("Bearer {API_KEY}"))
        .header(header::ACCEPT, accept)
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn a_stream_and_a_wait_end_when_the_gateway_stops() {
    let db = TestDb::sqlite(crate::MIGRATIONS).await;
    let gateway = TestGateway::new(&db).await;
    // The clock stands still, so nothing ends by itself.
    let (stream, waiting, ()) = tokio::join!(
        gateway.send(events("after=0", "text/event-stream")),
        gateway.send(events("after=0&wait=30", "application/json")),
        async {
            tokio::task::yield_now().await;
            gateway.app.core().tasks.begin_stop();
        }
    );
    stream.with_status(200);
    let page = waiting.with_status(200).json();
    assert_eq!(page["data"], serde_json::json!([]));
}
