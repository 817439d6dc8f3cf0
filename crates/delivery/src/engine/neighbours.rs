//! What the processes on one database say to each other: "look at these endpoints", and "I have left". It saves them the
//! wait for their next poll; whatever is not heard is found then.

use std::time::Duration;

use base::Clock;
use database::Db;
use tokio::sync::mpsc;

use crate::id::EndpointId;
use crate::waker::Waker;

const CHANNEL: &str = "corkboard_delivery";

/// Said by a process that gives its shards up.
const LEFT: &str = "left";

/// So many endpoints are named in one message, which must stay under 8,000 bytes.
const MOST_NAMED: usize = 256;

/// So many endpoints wait to be named; the poll finds the others.
const QUEUE: usize = 1_024;

/// How long to wait before listening again after the connection was lost.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// Names endpoints to those who own them. What is named at about the same time becomes one message.
#[derive(Debug)]
pub(crate) struct Teller {
    queue: mpsc::Sender<EndpointId>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<EndpointId>>,
}

impl Teller {
    pub(crate) fn new() -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = tokio::sync::Mutex::new(waiting);
        Self { queue, waiting }
    }

    /// Somebody else should look at these.
    pub(crate) fn name(&self, endpoints: Vec<EndpointId>) {
        for endpoint in endpoints {
            if self.queue.try_send(endpoint).is_err() {
                return;
            }
        }
    }

    /// Says what is named, for ever.
    pub(crate) async fn run(&self, db: &Db) {
        let mut waiting = self.waiting.lock().await;
        let mut endpoints = Vec::new();
        while waiting.recv_many(&mut endpoints, MOST_NAMED).await > 0 {
            let names: Vec<String> = endpoints.drain(..).map(|id| id.to_string()).collect();
            if let Err(error) = db.notify(CHANNEL, &names.join(" ")).await {
                tracing::debug!(%error, "other processes were not told of new deliveries");
            }
        }
    }
}

/// Tells the others that shards are free.
pub(crate) async fn tell_left(db: &Db) {
    if let Err(error) = db.notify(CHANNEL, LEFT).await {
        tracing::debug!(%error, "other processes were not told that this one ends");
    }
}

/// Wakes the engine by what others say, for ever.
pub(crate) async fn listen(db: &Db, clock: &Clock, waker: &Waker) {
    loop {
        match db.listen(CHANNEL).await {
            Ok(None) => return std::future::pending().await,
            Ok(Some(mut notices)) => {
                // Something may have been said before.
                waker.wake();
                while let Ok(text) = notices.next().await {
                    hear(waker, &text);
                }
            }
            Err(error) => tracing::debug!(%error, "other processes cannot be heard"),
        }
        clock.sleep(LISTEN_AGAIN).await;
    }
}

fn hear(waker: &Waker, text: &str) {
    if text == LEFT {
        waker.wake_for_shards();
    } else {
        let names = text.split_whitespace();
        waker.hear_of(names.filter_map(|name| name.parse().ok().map(EndpointId::new)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_looked_at_and_nonsense_is_not() {
        let waker = Waker::new();
        hear(&waker, "17 x 42");
        let asked = waker.take();
        let mut endpoints: Vec<EndpointId> = asked.heard.into_iter().collect();
        endpoints.sort_unstable();
        assert_eq!(endpoints, [EndpointId::new(17), EndpointId::new(42)]);
        // This process hears itself, too: whatever is heard must not be told again.
        assert!(asked.endpoints.is_empty());
        assert!(!asked.everywhere && !asked.shards);
        hear(&waker, LEFT);
        assert!(waker.take().shards);
    }
}
