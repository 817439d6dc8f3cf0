//! People's passwords: argon2id in a bounded pool, so that a flood of log-ins can neither starve the server nor tell
//! by its time which people exist.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::entropy::Entropy;
use crate::secret::Secret;

/// Longer ones are refused before they are hashed. Characters and bytes are the same to this limit.
pub const LONGEST_PASSWORD: usize = 1_024;

/// Hashes and checks passwords, a bounded number at a time.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    entropy: Entropy,
}

/// Why a password could not be hashed or checked.
#[derive(Debug, Error)]
pub enum PasswordError {
    /// Too many are being checked; try again in a moment.
    #[error("too many passwords are being checked at once")]
    Busy,
    /// It has more than [`LONGEST_PASSWORD`] bytes.
    #[error("the password is longer than {LONGEST_PASSWORD} bytes")]
    TooLong,
    /// The stored hash is not one of ours.
    #[error("the stored password hash is damaged")]
    Damaged,
}

impl Passwords {
    /// A pool that hashes `at_once` passwords and lets thirty-two times as many wait.
    pub fn new(entropy: Entropy, at_once: usize) -> Self {
        Self {
            running: Arc::new(Semaphore::new(at_once)),
            waiting: Arc::new(Semaphore::new(at_once * 32)),
            entropy,
        }
    }

    /// What may be stored of a password: a PHC string.
    pub async fn hash(&self, password: &Secret) -> Result<String, PasswordError> {
        let salt: [u8; 16] = self.entropy.bytes();
        self.run(password, move |password| phc_string(password, &salt))
            .await
    }

    /// Whether `password` is the one stored. Without a stored one (nobody has that name) the same work is done, so
    /// that the time tells nothing, and the answer is no.
    pub async fn verify(
        &self,
        password: &Secret,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        self.run(password, move |password| {
            let Some(stored) = stored else {
                argon2id(password, &[0; 16], &Params::DEFAULT)?;
                return Ok(false);
            };
            let stored = PasswordHash::new(&stored).map_err(|_| PasswordError::Damaged)?;
            let params = Params::try_from(&stored).map_err(|_| PasswordError::Damaged)?;
            let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
                return Err(PasswordError::Damaged);
            };
            let output = argon2id(password, &salt, &params)?;
            Ok(output.ct_eq(expected.as_bytes()).into())
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        password: &Secret,
        work: impl FnOnce(&Secret) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        if password.expose().len() > LONGEST_PASSWORD {
            return Err(PasswordError::TooLong);
        }
        let _place = self
            .waiting
            .try_acquire()
            .map_err(|_| PasswordError::Busy)?;
        let _turn = self
            .running
            .acquire()
            .await
            .map_err(|_| PasswordError::Busy)?;
        let password = password.clone();
        tokio::task::spawn_blocking(move || work(&password))
            .await
            .map_err(|_| PasswordError::Busy)?
    }
}

/// So much address space is asked for at once, in blocks of 1 KiB, that the system's allocator gives it back to the system
/// afterwards instead of keeping it: above 32 MiB glibc always does. What is not used of it is never resident.
const RESERVED_BLOCKS: usize = 34 * 1_024;

fn argon2id(password: &Secret, salt: &[u8], params: &Params) -> Result<Vec<u8>, PasswordError> {
    let mut memory: Vec<Block> = Vec::with_capacity(RESERVED_BLOCKS);
    memory.resize(params.block_count(), Block::default());
    let mut output = vec![0; params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(
            password.expose().as_bytes(),
            salt,
            &mut output,
            &mut memory,
        )
        .map_err(|_| PasswordError::Damaged)?;
    Ok(output)
}

fn phc_string(password: &Secret, salt: &[u8]) -> Result<String, PasswordError> {
    let params = Params::DEFAULT;
    let output = argon2id(password, salt, &params)?;
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_| PasswordError::Damaged)?,
        salt: Some(Salt::new(salt).map_err(|_| PasswordError::Damaged)?),
        hash: Some(Output::new(&output).map_err(|_| PasswordError::Damaged)?),
    };
    Ok(hash.to_string())
}

impl fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passwords")
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier as _;

    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let passwords = Passwords::new(Entropy::seeded(1), 1);
        let stored = passwords.hash(&Secret::new("right")).await.unwrap();
        let parsed = PasswordHash::new(&stored).unwrap();
        let by_the_library = Argon2::default().verify_password(b"right", &parsed);
        assert!(by_the_library.is_ok(), "{stored}");
        for (text, expected) in [("right", true), ("wrong", false)] {
            let typed = Secret::new(text);
            let answer = passwords.verify(&typed, Some(stored.clone()));
            assert_eq!(answer.await.unwrap(), expected, "{text}");
        }
        assert!(!passwords.verify(&Secret::new("right"), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_megabyte_is_refused_before_it_is_hashed() {
        let passwords = Passwords::new(Entropy::seeded(1), 1);
        let long = Secret::new("x".repeat(1 << 20));
        assert!(matches!(
            passwords.hash(&long).await,
            Err(PasswordError::TooLong)
        ));
    }
}
