//! Sends replies in the background: at least once where the platform tells repetitions, at most once elsewhere, in order
//! per lead, several leads at a time. How one reply is sent is `service/reply_sending.rs`.

use std::collections::HashMap;
use std::time::Duration;

use base::Tasks;
use database::Error;
use tokio::task::{Id, JoinSet};

use crate::core::Core;
use crate::service::reply_sending;

/// So many replies are on their way at once.
const AT_ONCE: usize = 16;

/// How often to look although nobody called: for replies whose time has come, and for those of other processes.
const POLL: Duration = Duration::from_secs(1);

/// Sends until shutdown begins, and then finishes what is on its way.
pub(crate) async fn run(core: Core, tasks: Tasks) {
    if let Err(error) = reply_sending::take_over(&core).await {
        tracing::warn!(%error, "replies that a killed process was sending wait for its leases to end");
    }
    let mut sender = Sender::new(core.clone());
    while !tasks.stopping().is_cancelled() {
        // Registered before looking, so that a reply that is queued in between is not missed.
        let notified = core.replies.notified();
        let mut pause = false;
        if let Err(error) = sender.fill().await {
            tracing::warn!(%error, "the replies that are due cannot be read");
            pause = true;
        }
        tokio::select! {
            () = tasks.stopping().cancelled() => {}
            () = notified, if !pause => {}
            () = core.clock.sleep(POLL) => {}
            Some(ended) = sender.next(), if !pause => {
                if let Err(error) = ended {
                    tracing::warn!(%error, "a reply could not be worked on");
                    core.clock.sleep(POLL).await;
                }
            }
        }
    }
    while sender.next().await.is_some() {}
}

/// Sends everything that is due now, and waits for it; how many attempts that were.
pub(crate) async fn drain(core: &Core) -> Result<usize, Error> {
    let mut sender = Sender::new(core.clone());
    let mut done = 0;
    loop {
        sender.fill().await?;
        let Some(ended) = sender.next().await else {
            return Ok(done);
        };
        done += usize::from(ended?);
    }
}

/// The replies that are on their way.
struct Sender {
    core: Core,
    running: JoinSet<Result<bool, Error>>,
    replies: HashMap<Id, i64>,
}

impl Sender {
    fn new(core: Core) -> Self {
        Self {
            core,
            running: JoinSet::new(),
            replies: HashMap::new(),
        }
    }

    /// Begins to send what is due, as far as there is room.
    async fn fill(&mut self) -> Result<(), Error> {
        let room = AT_ONCE - self.running.len();
        if room == 0 {
            return Ok(());
        }
        // Those that are on their way but not claimed yet are still due.
        let rows = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let due = reply_sending::due(&self.core, rows).await?;
        let is_new = |id: i64| !self.replies.values().any(|known| *known == id);
        let due: Vec<_> = due
            .into_iter()
            .filter(|due| is_new(due.reply_id))
            .take(room)
            .collect();
        for due in due {
            let (core, reply_id) = (self.core.clone(), due.reply_id);
            let handle = self
                .running
                .spawn(async move { reply_sending::send(&core, &due).await });
            self.replies.insert(handle.id(), reply_id);
        }
        Ok(())
    }

    /// The next attempt that ends; nothing if none is on its way.
    async fn next(&mut self) -> Option<Result<bool, Error>> {
        match self.running.join_next_with_id().await? {
            Ok((id, ended)) => {
                self.replies.remove(&id);
                Some(ended)
            }
            Err(error) => {
                self.replies.remove(&error.id());
                tracing::error!(%error, "an attempt to send a reply panicked");
                Some(Ok(false))
            }
        }
    }
}
