//! The fuse of one armed fault point. Only builds for tests have this file.

use std::fmt::Debug;
use std::pin::pin;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::{EnvFilter, Layer};

use super::Point;
use crate::clock::Clock;

/// Arms a point: `POINT:N` or `POINT:N:freeze`.
const VARIABLE: &str = "CORKBOARD_FAULT";

/// The target of the events that passages are.
const TARGET: &str = "fault";

/// Long enough for a request to be on its way, and shorter than slow receivers take to answer.
const A_MOMENT: Duration = Duration::from_millis(20);

/// Says that the process is at this point. If a test armed it, that may be the end.
pub fn pass(point: Point) {
    tracing::trace!(target: TARGET, point = point.as_str());
}

/// Does `work`, and passes the point if it is not done after a moment: so it is under way, and waits for somebody else.
pub async fn while_waiting<W: Future>(point: Point, work: W) -> W::Output {
    let mut work = pin!(work);
    let clock = Clock::system();
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = clock.sleep(A_MOMENT) => {}
    }
    pass(point);
    work.await
}

/// The layer that counts passages, if a point is armed, and the filter that lets it see them.
pub(crate) fn fuse(filter: EnvFilter) -> Result<(EnvFilter, Option<Fuse>), String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests arm a point by the environment; no command line reads it"
    )]
    let Ok(words) = std::env::var(VARIABLE) else {
        return Ok((filter, None));
    };
    let fuse = Fuse::parse(&words)
        .ok_or_else(|| format!("{VARIABLE}=`{words}` is not POINT:N or POINT:N:freeze"))?;
    let seen = format!("{TARGET}=trace");
    let seen = seen.parse().expect("a target and a level are a directive");
    Ok((filter.add_directive(seen), Some(fuse)))
}

/// Counts the passages of one point.
#[derive(Debug)]
pub(crate) struct Fuse {
    point: Point,
    left: AtomicU64,
    fate: Fate,
}

/// What happens at the last passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Die,
    Freeze,
}

impl Fuse {
    fn parse(words: &str) -> Option<Self> {
        let mut words = words.split(':');
        let name = words.next()?;
        let point = Point::ALL.into_iter().find(|point| point.as_str() == name);
        let passages: u64 = words
            .next()?
            .parse()
            .ok()
            .filter(|passages| *passages > 0)?;
        let fate = match words.next() {
            None => Fate::Die,
            Some("freeze") => Fate::Freeze,
            Some(_) => return None,
        };
        Some(Self {
            point: point?,
            left: AtomicU64::new(passages),
            fate,
        })
    }

    fn burn(&self) {
        // After the last one it starts again from the largest number, which nobody reaches.
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            match self.fate {
                Fate::Die => std::process::abort(),
                Fate::Freeze => freeze(),
            }
        }
    }
}

impl<S: Subscriber> Layer<S> for Fuse {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        if event.metadata().target() != TARGET {
            return true;
        }
        let mut passage = Passage {
            looked_for: self.point,
            found: false,
        };
        event.record(&mut passage);
        if passage.found {
            self.burn();
        }
        // It is for us alone: no log shows it.
        false
    }
}

/// Reads the point out of an event.
struct Passage {
    looked_for: Point,
    found: bool,
}

impl Visit for Passage {
    fn record_str(&mut self, _: &Field, value: &str) {
        self.found |= value == self.looked_for.as_str();
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// Stops all threads of this process until somebody sends SIGCONT. Every shell has `kill`, and it is its parent that
/// the shell stops.
fn freeze() {
    let stopped = Command::new("sh").args(["-c", "kill -STOP $PPID"]).status();
    if let Err(error) = stopped {
        tracing::error!(%error, "this process could not be frozen");
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn parsed(words: &str) -> Option<(Point, u64, Fate)> {
        let fuse = Fuse::parse(words)?;
        Some((fuse.point, fuse.left.into_inner(), fuse.fate))
    }

    #[test]
    fn a_point_is_armed_by_its_name_and_a_number() {
        for point in Point::ALL {
            let words = format!("{}:3", point.as_str());
            assert_eq!(parsed(&words), Some((point, 3, Fate::Die)));
        }
        let frozen = parsed("mid_batch:1:freeze");
        assert_eq!(frozen, Some((Point::MidBatch, 1, Fate::Freeze)));
        for bad in [
            "",
            "mid_batch",
            "mid_batch:0",
            "mid_batch:x",
            "nowhere:1",
            "mid_batch:1:melt",
        ] {
            assert!(Fuse::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_passages_of_the_armed_point_are_counted() {
        let fuse = Fuse::parse("in_take_over:9").unwrap();
        let log = tracing_subscriber::registry().with(fuse);
        tracing::subscriber::with_default(log, || {
            pass(Point::InTakeOver);
            pass(Point::MidBatch);
            tracing::info!("something else");
            pass(Point::InTakeOver);
            tracing::dispatcher::get_default(|log| {
                let fuse: &Fuse = log.downcast_ref().unwrap();
                assert_eq!(fuse.left.load(Ordering::SeqCst), 7);
            });
        });
    }

    #[tokio::test]
    async fn work_that_is_done_at_once_passes_nothing_and_keeps_its_result() {
        let fuse = Fuse::parse("after_request_written:9").unwrap();
        let _log = tracing::subscriber::set_default(tracing_subscriber::registry().with(fuse));
        let left = || {
            tracing::dispatcher::get_default(|log| {
                let fuse: &Fuse = log.downcast_ref().unwrap();
                fuse.left.load(Ordering::SeqCst)
            })
        };
        let done = while_waiting(Point::AfterRequestWritten, std::future::ready(1));
        assert_eq!((done.await, left()), (1, 9));
        // It is under way until the passage was counted.
        let slow = async {
            while left() == 9 {
                tokio::task::yield_now().await;
            }
            2
        };
        let done = while_waiting(Point::AfterRequestWritten, slow);
        assert_eq!((done.await, left()), (2, 8));
    }
}
