//! The random source: the system's, or a seeded one that gives tests the same bytes at every run.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// A source of random bytes that can be shared.
#[derive(Clone)]
pub struct Entropy {
    source: Arc<Source>,
}

enum Source {
    System,
    Seeded { seed: u64, drawn: AtomicU64 },
}

impl Entropy {
    /// The operating system's cryptographic random source.
    pub fn system() -> Self {
        Self {
            source: Arc::new(Source::System),
        }
    }

    /// For tests: the same seed gives the same bytes in the same order.
    pub fn seeded(seed: u64) -> Self {
        Self {
            source: Arc::new(Source::Seeded {
                seed,
                drawn: AtomicU64::new(0),
            }),
        }
    }

    /// Fills `target` with random bytes.
    ///
    /// # Panics
    /// If the operating system has no randomness to give: nothing could go on safely then.
    pub fn fill(&self, target: &mut [u8]) {
        match &*self.source {
            Source::System => system_fill(target),
            Source::Seeded { seed, drawn } => {
                for chunk in target.chunks_mut(32) {
                    let count = drawn.fetch_add(1, Ordering::Relaxed);
                    let block = Sha256::new()
                        .chain_update(seed.to_be_bytes())
                        .chain_update(count.to_be_bytes())
                        .finalize();
                    let (block, _) = block.split_at(chunk.len());
                    chunk.copy_from_slice(block);
                }
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// `N` random bytes as base64url without padding: a new credential that fits in a header or a query.
    pub fn secret<const N: usize>(&self) -> Secret {
        Secret::new(BASE64URL_NOPAD.encode(&self.bytes::<N>()))
    }

    /// A number in `0..bound` (`bound` > 0), for jitter; the slight bias of the remainder does not matter there.
    pub fn below(&self, bound: u64) -> u64 {
        u64::from_be_bytes(self.bytes()) % bound.max(1)
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match &*self.source {
            Source::System => "Entropy(system)",
            Source::Seeded { .. } => "Entropy(seeded)",
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the system's random source is read"
)]
fn system_fill(target: &mut [u8]) {
    getrandom::fill(target)
        .expect("an operating system without randomness can run nothing of this");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_never_the_same_twice() {
        let (one, other) = (Entropy::seeded(7), Entropy::seeded(7));
        let first: [u8; 40] = one.bytes();
        assert_eq!(first, other.bytes::<40>());
        assert_ne!(first, one.bytes::<40>());
    }

    #[test]
    fn a_secret_of_16_bytes_has_22_characters() {
        assert_eq!(Entropy::system().secret::<16>().expose().len(), 22);
    }
}
