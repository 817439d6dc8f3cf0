//! The bounded queue between callers and the writer thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::Error;

/// How often the writer looks again before it goes to sleep: some tens of microseconds. A caller that writes one
/// operation after the other would otherwise pay for waking the thread each time.
const LOOKS_BEFORE_SLEEP: u32 = 400;

/// Jobs in the order in which they came.
#[derive(Debug)]
pub(crate) struct Queue<J> {
    state: Mutex<State<J>>,
    /// The number of waiting jobs, plus one when closed: what the spinning writer looks at without the lock.
    worth_a_look: AtomicUsize,
    changed: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct State<J> {
    waiting: VecDeque<J>,
    closed: bool,
}

impl<J> Queue<J> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                closed: false,
            }),
            worth_a_look: AtomicUsize::new(0),
            changed: Condvar::new(),
            capacity,
        }
    }

    /// Adds a job, or refuses it at once if as many wait as may wait.
    pub(crate) fn push(&self, job: J) -> Result<(), Error> {
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Unavailable("it was closed".to_owned()));
        }
        if state.waiting.len() >= self.capacity {
            return Err(Error::Busy);
        }
        state.waiting.push_back(job);
        self.worth_a_look.fetch_add(1, Ordering::Release);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for jobs and takes up to `most` of them. Takes none only when the queue is closed and empty.
    pub(crate) fn take(&self, most: usize) -> Vec<J> {
        for _ in 0..LOOKS_BEFORE_SLEEP {
            if self.worth_a_look.load(Ordering::Acquire) > 0 {
                break;
            }
            std::hint::spin_loop();
        }
        let mut state = self
            .changed
            .wait_while(self.lock(), |state| {
                state.waiting.is_empty() && !state.closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        let count = state.waiting.len().min(most);
        self.worth_a_look.fetch_sub(count, Ordering::Release);
        state.waiting.drain(..count).collect()
    }

    /// Refuses further jobs; those that wait are still taken.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        if !state.closed {
            state.closed = true;
            self.worth_a_look.fetch_add(1, Ordering::Release);
        }
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_at_once_and_a_taken_job_makes_room() {
        let queue = Queue::new(2);
        queue.push(1).unwrap();
        queue.push(2).unwrap();
        assert!(queue.push(3).unwrap_err().is_busy());
        assert_eq!(queue.take(1), [1]);
        queue.push(4).unwrap();
        assert_eq!(queue.take(9), [2, 4]);
    }

    #[test]
    fn a_closed_queue_hands_out_what_waits_and_then_nothing() {
        let queue = Queue::new(2);
        queue.push(1).unwrap();
        queue.close();
        assert!(queue.push(2).unwrap_err().is_unavailable());
        assert_eq!(queue.take(9), [1]);
        assert!(queue.take(9).is_empty());
    }
}
