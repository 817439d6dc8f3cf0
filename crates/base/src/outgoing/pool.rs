//! Connections that wait for their next request, by origin.
//!
//! Only a connection whose address was vetted gets here, so a request that finds one asks no name service: a name that
//! has come to mean something hostile gets no new connection, and the old one leads where it led.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, interval_at};

use super::connection::Connection;
use super::origin::Origin;
use crate::Tasks;

/// The most that wait for one origin, and for all.
const MOST_PER_ORIGIN: usize = 32;
const MOST: usize = 1_024;
/// How often connections are closed that have waited too long, or that the other side has closed.
const SWEEP: Duration = Duration::from_secs(5);

/// What can wait.
pub(super) trait Resting: Send + 'static {
    /// Whether it is still of use.
    fn is_usable(&mut self) -> bool;
}

impl Resting for Connection {
    fn is_usable(&mut self) -> bool {
        self.is_open()
    }
}

/// The connections that wait.
pub(super) struct Pool<C = Connection> {
    shelves: Mutex<Shelves<C>>,
    /// Nobody waits for the sweeper at shutdown: it has nothing to finish.
    tasks: Tasks,
}

struct Shelves<C> {
    by_origin: HashMap<Origin, Vec<Kept<C>>>,
    count: usize,
    is_swept: bool,
}

struct Kept<C> {
    connection: C,
    until: Instant,
}

impl<C: Resting> Pool<C> {
    pub(super) fn new() -> Arc<Self> {
        let shelves = Shelves {
            by_origin: HashMap::new(),
            count: 0,
            is_swept: false,
        };
        Arc::new(Self {
            shelves: Mutex::new(shelves),
            tasks: Tasks::new(),
        })
    }

    /// The connection to `origin` that was used last, which leaves the others to be closed when they are not needed.
    pub(super) fn take(&self, origin: &Origin, now: Instant) -> Option<C> {
        let mut shelves = self.lock();
        while let Some(kept) = shelves.by_origin.get_mut(origin).and_then(Vec::pop) {
            shelves.count -= 1;
            if kept.until > now {
                return Some(kept.connection);
            }
        }
        None
    }

    /// Keeps a connection for the next request to `origin`, if there is room.
    pub(super) fn put(self: &Arc<Self>, origin: Origin, connection: C, until: Instant) {
        let mut shelves = self.lock();
        if shelves.count >= MOST {
            return;
        }
        let shelf = shelves.by_origin.entry(origin).or_default();
        if shelf.len() >= MOST_PER_ORIGIN {
            return;
        }
        shelf.push(Kept { connection, until });
        shelves.count += 1;
        if !shelves.is_swept {
            shelves.is_swept = true;
            let sweeping = keep_swept(Arc::downgrade(self));
            self.tasks.spawn("idle connections", sweeping);
        }
    }

    /// Closes all that wait for `origin`.
    pub(super) fn forget(&self, origin: &Origin) {
        let mut shelves = self.lock();
        let forgotten = shelves.by_origin.remove(origin).unwrap_or_default();
        shelves.count -= forgotten.len();
    }

    /// Closes what is of no more use. Whether anything is left.
    fn sweep(&self, now: Instant) -> bool {
        let mut shelves = self.lock();
        let mut count = 0;
        shelves.by_origin.retain(|_, shelf| {
            shelf.retain_mut(|kept| kept.until > now && kept.connection.is_usable());
            count += shelf.len();
            !shelf.is_empty()
        });
        shelves.count = count;
        shelves.is_swept = count > 0;
        count > 0
    }

    fn lock(&self) -> MutexGuard<'_, Shelves<C>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sweeps as long as there is a pool with anything in it.
async fn keep_swept<C: Resting>(pool: Weak<Pool<C>>) {
    let mut ticks = interval_at(Instant::now() + SWEEP, SWEEP);
    loop {
        ticks.tick().await;
        let Some(pool) = pool.upgrade() else { return };
        if !pool.sweep(Instant::now()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    /// A connection that says of itself whether it is usable.
    #[derive(Debug, PartialEq, Eq)]
    struct Fake(u16, bool);

    impl Resting for Fake {
        fn is_usable(&mut self) -> bool {
            self.1
        }
    }

    fn origin(port: u16) -> Origin {
        let url = format!("https://partner.example:{port}/");
        Origin::of(&Url::parse(&url).unwrap()).unwrap()
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[tokio::test]
    async fn the_connection_that_was_used_last_comes_first_if_its_time_has_not_come() {
        let (pool, now) = (Pool::new(), Instant::now());
        for (number, rest) in [(1, 30), (2, 10), (3, 30), (4, 10)] {
            pool.put(origin(1), Fake(number, true), now + seconds(rest));
        }
        pool.put(origin(2), Fake(5, true), now + seconds(30));
        let later = now + seconds(10);
        assert_eq!(pool.take(&origin(1), now), Some(Fake(4, true)));
        assert_eq!(pool.take(&origin(1), later), Some(Fake(3, true)));
        assert_eq!(pool.take(&origin(1), later), Some(Fake(1, true)));
        assert_eq!(pool.take(&origin(1), later), None);
        assert_eq!(pool.take(&origin(2), later), Some(Fake(5, true)));
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_of_one_origin_and_so_many_in_all() {
        let (pool, now) = (Pool::new(), Instant::now());
        for _ in 0..40 {
            for port in 0..40 {
                pool.put(origin(port), Fake(port, true), now + seconds(30));
            }
        }
        assert_eq!(pool.lock().count, MOST);
        let first = std::iter::from_fn(|| pool.take(&origin(0), now));
        assert!(first.count() <= MOST_PER_ORIGIN);
        for _ in 0..40 {
            pool.put(origin(0), Fake(0, true), now + seconds(30));
        }
        let first = std::iter::from_fn(|| pool.take(&origin(0), now));
        assert!(first.count() <= MOST_PER_ORIGIN);
    }

    #[tokio::test]
    async fn a_sweep_leaves_what_is_usable_and_a_forgotten_origin_has_nothing() {
        let (pool, now) = (Pool::new(), Instant::now());
        for (number, rest, is_usable) in [(1, 10, true), (2, 30, false), (3, 30, true)] {
            let connection = Fake(number, is_usable);
            pool.put(origin(1), connection, now + seconds(rest));
        }
        assert!(pool.sweep(now + seconds(10)));
        assert_eq!(pool.lock().count, 1);
        assert_eq!(pool.take(&origin(1), now), Some(Fake(3, true)));

        pool.put(origin(1), Fake(4, true), now + seconds(30));
        pool.forget(&origin(1));
        pool.forget(&origin(2));
        assert_eq!(pool.take(&origin(1), now), None);
        assert!(!pool.sweep(now), "nothing is left to sweep");
        assert!(pool.lock().by_origin.is_empty());
    }
}
