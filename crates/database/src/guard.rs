//! Runs an operation so that a panic in it becomes an error: one faulty use case must not stop the writer of all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::error::Error;

/// The output of `future`, or [`Error::Panicked`].
///
/// What the future borrowed may be half done after a panic. The drivers roll back its transaction, and an operation
/// changes nothing else.
pub(crate) async fn guarded<F: Future>(future: F) -> Result<F::Output, Error> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(_panic) => Poll::Ready(Err(Error::Panicked)),
        }
    })
    .await
}
