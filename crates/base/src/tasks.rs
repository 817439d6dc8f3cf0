//! Background work that shutdown waits for. `clippy.toml` forbids the bare `tokio::spawn`, whose work nobody awaits.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// The tasks of one process: they end when [`Tasks::stop`] is called and are waited for then.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stopping: CancellationToken,
}

impl Tasks {
    /// No tasks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `work` in the background. Long work should end when [`Tasks::stopping`] says so.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let work = work.instrument(tracing::info_span!("task", task.name = name));
        self.tracker.spawn(work);
    }

    /// Runs `work` in the background until it ends or shutdown begins, whichever is first.
    pub fn spawn_until_stop(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let stopping = self.stopping.clone();
        self.spawn(name, async move {
            let _ = stopping.run_until_cancelled(work).await;
        });
    }

    /// Is cancelled when shutdown begins.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Begins the shutdown without waiting for it.
    pub fn begin_stop(&self) {
        self.stopping.cancel();
    }

    /// Begins the shutdown and waits for the tasks, at most for `patience`. Whether all of them ended.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.stopping.cancel();
        self.tracker.close();
        tokio::time::timeout(patience, self.tracker.wait())
            .await
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stop_waits_for_what_was_spawned() {
        let tasks = Tasks::new();
        tasks.spawn_until_stop("for ever", std::future::pending());
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let stopping = tasks.stopping().clone();
        tasks.spawn("tidy", async move {
            stopping.cancelled().await;
            sender.send("tidied").unwrap();
        });
        assert!(tasks.stop(Duration::from_secs(10)).await);
        assert_eq!(receiver.await.unwrap(), "tidied");
    }
}
