//! Which of several addresses answers: the next one gets its chance when the one before it has failed or has been silent
//! for a quarter of a second (RFC 8305, "happy eyeballs"), and the first connection wins.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use super::network::{Begun, Dialled};

/// How long an address is waited for before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);
/// The most addresses of one name that are tried.
const MOST_ATTEMPTS: usize = 8;

/// A connection to one of these addresses, and which one that was. `dial` begins a connection.
pub(super) async fn first(
    addresses: Vec<SocketAddr>,
    dial: impl Fn(SocketAddr) -> Begun<Dialled>,
) -> Result<(SocketAddr, Dialled), String> {
    let mut waiting = alternate(addresses);
    waiting.truncate(MOST_ATTEMPTS);
    let mut running = Vec::new();
    let mut last_error = "the name has no address".to_owned();
    loop {
        if let Some(address) = waiting.pop_front() {
            running.push((address, dial(address)));
        } else if running.is_empty() {
            return Err(last_error);
        }
        let next = next_of(&mut running);
        let outcome = if waiting.is_empty() {
            next.await
        } else {
            match tokio::time::timeout(HEAD_START, next).await {
                Ok(outcome) => outcome,
                Err(_) => continue,
            }
        };
        match outcome {
            (address, Ok(dialled)) => return Ok((address, dialled)),
            (address, Err(error)) => last_error = format!("{address}: {error}"),
        }
    }
}

type Attempt = (SocketAddr, Begun<Dialled>);

/// The outcome of the attempt that ends first.
async fn next_of(running: &mut Vec<Attempt>) -> (SocketAddr, io::Result<Dialled>) {
    poll_fn(|context| {
        for at in 0..running.len() {
            let (address, attempt) = &mut running[at];
            if let Poll::Ready(outcome) = attempt.as_mut().poll(context) {
                let address = *address;
                drop(running.swap_remove(at));
                return Poll::Ready((address, outcome));
            }
        }
        Poll::Pending
    })
    .await
}

/// The same addresses, the first one's family and the other one by turns, so that a family without a route costs one
/// head start and not one for each of its addresses.
fn alternate(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let preferred = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut these, mut others): (VecDeque<_>, VecDeque<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == preferred);
    let mut mixed = VecDeque::new();
    while !(these.is_empty() && others.is_empty()) {
        mixed.extend(these.pop_front());
        mixed.extend(others.pop_front());
    }
    mixed
}
