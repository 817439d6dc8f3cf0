//! The clock: the system's, or one that a test or the sandbox moves by hand.
//!
//! Whoever needs to know the time, or to wait, takes a [`Clock`]; `clippy.toml` forbids the other ways.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// A source of time that can be shared and, where it was made for that, moved forward.
///
/// Clones are the same clock: moving one moves all, and wakes whoever sleeps on any of them.
#[derive(Clone)]
pub struct Clock {
    inner: Arc<Inner>,
}

struct Inner {
    ticking: bool,
    made: Instant,
    /// A ticking clock: its offset from the system's. A manual one: the time itself, since the Unix epoch.
    moved: watch::Sender<SignedDuration>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::new(true, SignedDuration::ZERO)
    }

    /// A clock that stands still at `start` until it is [advanced](Self::advance).
    pub fn manual(start: Timestamp) -> Self {
        Self::new(false, start.duration_since(Timestamp::UNIX_EPOCH))
    }

    fn new(ticking: bool, moved: SignedDuration) -> Self {
        let (moved, _) = watch::channel(moved);
        Self {
            inner: Arc::new(Inner {
                ticking,
                made: system_instant(),
                moved,
            }),
        }
    }

    /// The time now, with the precision of the system's clock (nanoseconds).
    pub fn now(&self) -> Timestamp {
        let moved = *self.inner.moved.borrow();
        let start = if self.inner.ticking {
            system_now()
        } else {
            Timestamp::UNIX_EPOCH
        };
        start.saturating_add(moved).unwrap_or(Timestamp::MAX)
    }

    /// How much time has passed, from a beginning that means nothing. Unlike [`Clock::now`] it does not notice when the
    /// system's clock is set, forward or back, nor when a ticking clock is [advanced](Self::advance): for judging how long
    /// ago something happened in this process. A manual clock's moves with its time.
    pub fn monotonic(&self) -> Duration {
        if self.inner.ticking {
            self.inner.made.elapsed()
        } else {
            self.inner.moved.borrow().unsigned_abs()
        }
    }

    /// Whether time stands still until it is advanced.
    pub fn is_manual(&self) -> bool {
        !self.inner.ticking
    }

    /// Moves the clock forward. A clock never goes back.
    pub fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.inner
            .moved
            .send_modify(|moved| *moved = moved.saturating_add(by));
    }

    /// How far the clock has been moved ahead of the system's; nothing for a manual clock.
    pub fn offset(&self) -> SignedDuration {
        if self.inner.ticking {
            *self.inner.moved.borrow()
        } else {
            SignedDuration::ZERO
        }
    }

    /// How many wait on this clock right now. A test that moves a clock by hand asks this first, so that it does not move
    /// it before there is anybody to wake.
    pub fn sleepers(&self) -> usize {
        self.inner.moved.receiver_count()
    }

    /// Waits until the clock shows `moment`, whether time passes by itself or by [`Clock::advance`].
    pub async fn sleep_until(&self, moment: Timestamp) {
        // Subscribed before the first look, so that a move in between is not missed.
        let mut moved = self.inner.moved.subscribe();
        loop {
            let left = moment.duration_since(self.now());
            if !left.is_positive() {
                return;
            }
            if self.inner.ticking {
                tokio::select! {
                    () = system_sleep(left.unsigned_abs()) => {}
                    _ = moved.changed() => {}
                }
            } else {
                // The sender lives in `self`, so this returns only when the clock was moved.
                let _ = moved.changed().await;
            }
        }
    }

    /// Waits for `duration` on this clock. Should the system's clock be set back meanwhile, it waits no longer for that.
    pub async fn sleep(&self, duration: Duration) {
        let signed = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        let moment = self.now().saturating_add(signed);
        let moment = self.sleep_until(moment.unwrap_or(Timestamp::MAX));
        if self.inner.ticking {
            tokio::select! {
                () = moment => {}
                () = system_sleep(duration) => {}
            }
        } else {
            moment.await;
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Clock")
            .field("ticking", &self.inner.ticking)
            .field("now", &self.now())
            .finish()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the system's clock is read"
)]
fn system_now() -> Timestamp {
    Timestamp::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the system's monotonic clock is read"
)]
fn system_instant() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the system's timer is used"
)]
async fn system_sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn a_manual_clock_stands_still_until_it_is_advanced() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
        let other = clock.clone();
        other.advance(HOUR);
        assert_eq!(clock.now().as_second(), 3_600);
        assert_eq!(other.now(), clock.now());
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_passes_its_moment() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let sleeper = clock.sleep(HOUR);
        let mover = async {
            clock.advance(HOUR / 2);
            clock.advance(HOUR / 2);
        };
        tokio::join!(sleeper, mover);
        assert_eq!(clock.now().as_second(), 3_600);
    }

    #[tokio::test]
    async fn sleepers_are_counted_while_they_sleep() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let mover = async {
            while clock.sleepers() == 0 {
                tokio::task::yield_now().await;
            }
            clock.advance(HOUR);
        };
        tokio::join!(mover, clock.sleep(HOUR));
        assert_eq!(clock.sleepers(), 0);
    }

    #[test]
    fn time_that_has_passed_is_not_moved_with_a_ticking_clock_and_is_with_a_manual_one() {
        let (ticking, manual) = (Clock::system(), Clock::manual(Timestamp::UNIX_EPOCH));
        let before = (ticking.monotonic(), manual.monotonic());
        ticking.advance(HOUR);
        manual.advance(HOUR);
        assert!(ticking.monotonic() < before.0 + HOUR);
        assert_eq!(manual.monotonic(), before.1 + HOUR);
        assert!(manual.is_manual() && !ticking.is_manual());
    }

    #[tokio::test]
    async fn a_ticking_clock_can_be_moved_ahead() {
        let clock = Clock::system();
        let before = clock.now();
        let sleeper = clock.sleep(HOUR);
        let mover = async { clock.advance(HOUR) };
        tokio::join!(sleeper, mover);
        assert!(clock.now().duration_since(before).as_secs() >= 3_600);
        assert_eq!(clock.offset().as_secs(), 3_600);
    }
}
