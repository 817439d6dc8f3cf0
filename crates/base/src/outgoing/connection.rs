//! One connection over which requests go one after the other.
//!
//! Whoever has it drives it: there is no task behind a connection, so one that is dropped, because its deadline passed
//! or its caller went away, is closed at that moment, and no request goes through another task.
//!
//! Whether a request was sent is the HTTP library's word, and it is careful: it gives a request back only if it never
//! began to write it.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::header::HeaderMap;
use http_body_util::Full;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::answer::{Answer, LONGEST_ANSWER};
use super::network::Stream;
use super::request::Message;
use super::wire::{Allowance, Wire};

/// The longest status line with header fields.
const LONGEST_HEAD: usize = 64 * 1024;
/// How long a connection is kept that nobody uses.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// How long a connection is used, so that a name whose addresses have changed is looked up again.
const LONGEST_LIFE: Duration = Duration::from_mins(5);

/// Why a connection gave no answer.
pub(super) enum Failure {
    /// Not a byte of the request was written; here it is again.
    Unsent(Box<Message>, String),
    /// The request may have been seen.
    Broken(String),
}

/// An answer, and until when the connection can be used again.
pub(super) struct Answered {
    pub(super) answer: Answer,
    pub(super) reusable_until: Option<Instant>,
}

/// A connection to a vetted address.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// What reads and writes; nothing once the connection has ended.
    driver: Option<http1::Connection<TokioIo<Wire>, Full<Bytes>>>,
    allowance: Allowance,
    opened: Instant,
}

impl Connection {
    /// HTTP/1.1 over a stream. Nothing is written yet.
    pub(super) async fn over(stream: Box<dyn Stream>) -> Result<Self, String> {
        let allowance = Allowance::default();
        let wire = TokioIo::new(Wire::new(stream, allowance.clone()));
        let (sender, driver) = http1::Builder::new()
            .max_buf_size(LONGEST_HEAD)
            .max_header_size(LONGEST_HEAD)
            .handshake(wire)
            .await
            .map_err(|error| chain(&error))?;
        Ok(Self {
            sender,
            driver: Some(driver),
            allowance,
            opened: Instant::now(),
        })
    }

    /// Sends one request and reads its answer. A connection that failed, or whose exchange was given up, is of no
    /// further use.
    pub(super) async fn exchange(&mut self, message: Message) -> Result<Answered, Failure> {
        self.allowance.begin();
        let mut response = pin!(self.sender.try_send_request(message));
        let response = self.until(|context| response.as_mut().poll(context));
        let response = response.await.map_err(|mut error| {
            let reason = chain(error.error());
            match error.take_message() {
                Some(message) => Failure::Unsent(Box::new(message), reason),
                None => Failure::Broken(reason),
            }
        })?;
        self.allowance.lift();
        let (head, body) = response.into_parts();
        let (body, is_complete) = self.read(body).await?;
        let reusable_until = is_complete
            .then(|| self.reusable_until(&head.headers))
            .flatten();
        Ok(Answered {
            answer: Answer {
                status: head.status.as_u16(),
                headers: head.headers,
                body,
            },
            reusable_until,
        })
    }

    /// Whether the other side has kept the connection open, as far as the operating system has told.
    pub(super) fn is_open(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.driver.is_some()
    }

    /// The body as far as it is wanted, and whether that was all of it.
    async fn read(&mut self, mut body: Incoming) -> Result<(Vec<u8>, bool), Failure> {
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(announced.min(LONGEST_ANSWER));
        while bytes.len() < LONGEST_ANSWER && !body.is_end_stream() {
            let frame = self.until(|context| Pin::new(&mut body).poll_frame(context));
            match frame.await {
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        let wanted = piece.len().min(LONGEST_ANSWER - bytes.len());
                        bytes.extend_from_slice(&piece[..wanted]);
                    }
                }
                Some(Err(error)) => return Err(Failure::Broken(chain(&error))),
                None => return Ok((bytes, true)),
            }
        }
        let is_complete = body.is_end_stream();
        Ok((bytes, is_complete))
    }

    /// Drives the connection until `look` finds what only driving it can bring about.
    ///
    /// Whatever is done while nobody can be woken wakes nobody, so it is done like that first, and the task leaves its
    /// waker only when there is nothing to do. Otherwise its own doing would wake it: it would run twice for every answer,
    /// and call a second thread to help.
    async fn until<T>(&mut self, mut look: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        let unwoken = || Context::from_waker(Waker::noop());
        poll_fn(|context| {
            self.drive(&mut unwoken());
            if let Poll::Ready(found) = look(&mut unwoken()) {
                return Poll::Ready(found);
            }
            self.drive(context);
            look(&mut unwoken())
        })
        .await
    }

    /// Reads and writes what can be read and written now. An error of the driver reaches whoever waits for the answer.
    fn drive(&mut self, context: &mut Context<'_>) {
        let ended = self
            .driver
            .as_mut()
            .is_some_and(|driver| Pin::new(driver).poll(context).is_ready());
        if ended {
            self.driver = None;
        }
    }

    /// Until when another request may be sent after an answer that was read to its end.
    fn reusable_until(&mut self, headers: &HeaderMap) -> Option<Instant> {
        if !self.is_open() || !self.sender.is_ready() {
            return None;
        }
        let rest = announced_rest(headers).map_or(LONGEST_REST, |rest| rest.min(LONGEST_REST));
        Some((Instant::now() + rest).min(self.opened + LONGEST_LIFE))
    }
}

/// How long the other side keeps a connection that is not used (`Keep-Alive: timeout=5`), less a second: a request that
/// crosses its end of the connection on the way has an uncertain fate.
fn announced_rest(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("keep-alive")?.to_str().ok()?;
    let timeout = text.split(',').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_timeout = name.trim().eq_ignore_ascii_case("timeout");
        is_timeout.then(|| value.trim().parse::<u32>().ok())?
    })?;
    Some(Duration::from_secs(timeout.saturating_sub(1).into()))
}

/// An error and its sources in one line.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_rests_a_second_less_than_the_other_side_says() {
        for (text, seconds) in [
            ("timeout=5", Some(4)),
            ("max=100, Timeout = 60", Some(59)),
            ("timeout=0", Some(0)),
            ("timeout=soon", None),
            ("max=100", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static("keep-alive"),
                http::HeaderValue::from_static(text),
            )]);
            let rest = announced_rest(&headers);
            assert_eq!(rest, seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(announced_rest(&HeaderMap::new()), None);
    }
}
