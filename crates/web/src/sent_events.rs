//! Server-sent events: an answer that does not end, one event after the other.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use hyper::body::Frame;

/// What says "still here" when nothing happens, so that proxies do not end the connection.
pub const STILL_HERE: &str = ":\n\n";

/// The text of one event. A line end within `data` begins another line of data; `id` and `kind` have none.
pub fn event_text(id: &str, kind: &str, data: &str) -> String {
    let mut text = format!("id: {id}\nevent: {kind}\n");
    for line in data.lines() {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}

/// An answer whose body is what `next` gives, again and again, until it gives nothing or the caller leaves. Each call gets
/// the state that the one before returned beside its text.
pub fn sent_events<S, N, F>(state: S, next: N) -> Response
where
    S: 'static,
    N: FnMut(S) -> F + Send + Unpin + 'static,
    F: Future<Output = Option<(String, S)>> + Send + 'static,
{
    let mut next = next;
    let running = Some(Box::pin(next(state)));
    let mut response = Body::new(Unfolding { next, running }).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/event-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    let no_store = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, no_store);
    response
}

/// A body that is made as it is read; nothing is made for a caller who has left.
struct Unfolding<N, F> {
    next: N,
    /// Nothing after the end.
    running: Option<Pin<Box<F>>>,
}

impl<S, N, F> HttpBody for Unfolding<N, F>
where
    N: FnMut(S) -> F + Unpin,
    F: Future<Output = Option<(String, S)>>,
{
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        let Some(running) = &mut this.running else {
            return Poll::Ready(None);
        };
        match running.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                this.running = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some((text, state))) => {
                this.running = Some(Box::pin((this.next)(state)));
                Poll::Ready(Some(Ok(Frame::data(text.into()))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn events_follow_each_other_until_there_are_none() {
        let response = sent_events(1, |number| async move {
            let text = event_text(&number.to_string(), "count", "{\n}");
            (number <= 2).then(|| (text, number + 1))
        });
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/event-stream"
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(
            std::str::from_utf8(&body).unwrap(),
            "id: 1\nevent: count\ndata: {\ndata: }\n\nid: 2\nevent: count\ndata: {\ndata: }\n\n"
        );
    }
}
