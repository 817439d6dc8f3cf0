//! The master keys: read from a file, numbered, and never used directly.
//!
//! Every use derives a key of its own (HKDF-SHA256 with a label), so that a leak of one says nothing of another. The
//! first key in the file signs and seals; the others still verify and open, until they are taken out (rotation).

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::secret::Secret;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// The master keys of one deployment, the active one first.
#[derive(Clone)]
pub struct Keyring {
    keys: Arc<Vec<MasterKey>>,
}

struct MasterKey {
    number: u32,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

/// Why a key file was refused.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file could not be read.
    #[error("key file {path} cannot be read")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A line is neither `NUMBER:BASE64` nor a random text that is long enough.
    #[error(
        "line {line} of the key file is neither NUMBER:BASE64 with 32 bytes nor at least 32 random characters"
    )]
    Malformed {
        /// Counted from 1.
        line: usize,
    },
    /// A key that anyone could guess.
    #[error("key number {number} of the key file is a sample, not a random key")]
    Weak {
        /// The key's number.
        number: u32,
    },
    /// Two keys with one number.
    #[error("key number {number} stands twice in the key file")]
    Repeated {
        /// The key's number.
        number: u32,
    },
    /// There is no key at all.
    #[error("the key file holds no key")]
    Empty,
}

/// Why a sealed value could not be opened. It does not say more, so that it helps nobody to forge one.
#[derive(Debug, Error)]
#[error(
    "a sealed value cannot be opened: it was altered, moved to another row, or its key is gone"
)]
pub struct OpenError;

impl Keyring {
    /// Reads a key file: one `NUMBER:BASE64` a line, 32 random bytes each, the active key first; `#` starts a comment.
    ///
    /// What other programs make works too: a line of at least 32 random characters, or a file of at least 32 random
    /// bytes that are no text, is key number 1.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let bytes = std::fs::read(path).map_err(|source| KeyError::Unreadable {
            path: path.display().to_string(),
            source,
        })?;
        let bytes = Zeroizing::new(bytes);
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::parse(text),
            Err(_) if bytes.len() >= KEY_BYTES => Ok(Self {
                keys: Arc::new(vec![MasterKey::of_foreign(&bytes)]),
            }),
            Err(_) => Err(KeyError::Malformed { line: 1 }),
        }
    }

    /// Reads the text of a key file.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = MasterKey::parse(line).ok_or(KeyError::Malformed { line: index + 1 })?;
            let number = key.number;
            if key.is_weak() {
                return Err(KeyError::Weak { number });
            }
            if keys.iter().any(|other| other.number == number) {
                return Err(KeyError::Repeated { number });
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(KeyError::Empty);
        }
        Ok(Self {
            keys: Arc::new(keys),
        })
    }

    /// The text of a new key file with one random key, number 1.
    pub fn generate(entropy: &Entropy) -> Secret {
        let bytes: Zeroizing<[u8; KEY_BYTES]> = Zeroizing::new(entropy.bytes());
        Secret::new(format!("1:{}\n", BASE64.encode(&*bytes)))
    }

    /// The number of the key that signs and seals now.
    pub fn active(&self) -> u32 {
        self.keys[0].number
    }

    /// The key that number `number` gives for the use named by `label`, if there is such a number.
    pub fn derive(&self, number: u32, label: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
        let key = self.keys.iter().find(|key| key.number == number)?;
        Some(derive_key(&*key.bytes, label))
    }

    /// Encrypts `plain` for storage in the row and column that `place` names (`connection.access:17`).
    pub fn seal(&self, entropy: &Entropy, place: &str, plain: &str) -> String {
        let key = derive_key(&*self.keys[0].bytes, "seal");
        format!(
            "{}.{}",
            self.active(),
            seal_with(&key, entropy, place, plain)
        )
    }

    /// Decrypts what [`Keyring::seal`] made for the same `place`.
    pub fn open(&self, place: &str, sealed: &str) -> Result<Secret, OpenError> {
        let (number, sealed) = sealed.split_once('.').ok_or(OpenError)?;
        let number = number.parse().map_err(|_| OpenError)?;
        let key = self.derive(number, "seal").ok_or(OpenError)?;
        open_with(&key, place, sealed)
    }
}

/// Encrypts `plain` under a key made from another secret: only who presents `holder` again can open it.
pub fn seal_for_holder(entropy: &Entropy, holder: &Secret, place: &str, plain: &str) -> String {
    let key = derive_key(holder.expose().as_bytes(), "holder");
    seal_with(&key, entropy, place, plain)
}

/// Decrypts what [`seal_for_holder`] made, given the same secret and place.
pub fn open_as_holder(holder: &Secret, place: &str, sealed: &str) -> Result<Secret, OpenError> {
    let key = derive_key(holder.expose().as_bytes(), "holder");
    open_with(&key, place, sealed)
}

fn derive_key(master: &[u8], label: &str) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    Hkdf::<Sha256>::new(None, master)
        .expand(label.as_bytes(), &mut *key)
        .expect("32 bytes are far below what HKDF-SHA256 can give");
    key
}

fn seal_with(key: &[u8; KEY_BYTES], entropy: &Entropy, place: &str, plain: &str) -> String {
    let nonce: [u8; NONCE_BYTES] = entropy.bytes();
    let payload = Payload {
        msg: plain.as_bytes(),
        aad: place.as_bytes(),
    };
    let sealed = XChaCha20Poly1305::new(&(*key).into())
        .encrypt(&XNonce::from(nonce), payload)
        .expect("a text is shorter than the 256 GiB that the cipher takes");
    BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat())
}

fn open_with(key: &[u8; KEY_BYTES], place: &str, sealed: &str) -> Result<Secret, OpenError> {
    let bytes = BASE64URL_NOPAD
        .decode(sealed.as_bytes())
        .map_err(|_| OpenError)?;
    let (nonce, message) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError)?;
    let payload = Payload {
        msg: message,
        aad: place.as_bytes(),
    };
    let plain = XChaCha20Poly1305::new(&(*key).into())
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| OpenError)?;
    Ok(Secret::new(
        String::from_utf8(plain).map_err(|_| OpenError)?,
    ))
}

impl MasterKey {
    fn parse(line: &str) -> Option<Self> {
        let Some((number, encoded)) = line.split_once(':') else {
            return Self::of_text(line);
        };
        let bytes = Zeroizing::new(BASE64.decode(encoded.trim().as_bytes()).ok()?);
        Some(Self {
            number: number.trim().parse().ok()?,
            bytes: Zeroizing::new(bytes.as_slice().try_into().ok()?),
        })
    }

    /// A text that was not made by [`Keyring::generate`]. Fewer than ten different characters are a sample.
    fn of_text(text: &str) -> Option<Self> {
        let mut characters: Vec<char> = text.chars().collect();
        let length = characters.len();
        characters.sort_unstable();
        characters.dedup();
        (length >= KEY_BYTES && characters.len() >= 10).then(|| Self::of_foreign(text.as_bytes()))
    }

    fn of_foreign(bytes: &[u8]) -> Self {
        Self {
            number: 1,
            bytes: Zeroizing::new(Sha256::digest(bytes).into()),
        }
    }

    /// Random bytes have some 30 different values among 32; a sample such as all zeros or `0123…` repeated has few.
    fn is_weak(&self) -> bool {
        let mut bytes = *self.bytes;
        bytes.sort_unstable();
        let rising = self
            .bytes
            .windows(2)
            .all(|pair| pair[1] == pair[0].wrapping_add(1));
        rising || bytes.chunk_by(|a, b| a == b).count() < 17
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<u32> = self.keys.iter().map(|key| key.number).collect();
        formatter
            .debug_struct("Keyring")
            .field("numbers", &numbers)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(seed: u64) -> Keyring {
        Keyring::parse(Keyring::generate(&Entropy::seeded(seed)).expose()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_place_only() {
        let (keys, entropy) = (keyring(1), Entropy::seeded(2));
        let sealed = keys.seal(&entropy, "connection.access:1", "plain");
        assert_eq!(
            keys.open("connection.access:1", &sealed).unwrap().expose(),
            "plain"
        );
        assert!(keys.open("connection.access:2", &sealed).is_err());
        assert!(keyring(3).open("connection.access:1", &sealed).is_err());
        assert!(keys.open("connection.access:1", "1.AAAA").is_err());
    }

    #[test]
    fn after_a_rotation_the_old_key_still_opens() {
        let entropy = Entropy::seeded(2);
        let old = Keyring::generate(&Entropy::seeded(1));
        let sealed = Keyring::parse(old.expose())
            .unwrap()
            .seal(&entropy, "x", "plain");
        let new = Keyring::generate(&Entropy::seeded(9))
            .expose()
            .replacen("1:", "2:", 1);
        let both = Keyring::parse(&format!("{new}{}", old.expose())).unwrap();
        assert_eq!(both.active(), 2);
        assert_eq!(both.open("x", &sealed).unwrap().expose(), "plain");
    }

    #[test]
    fn only_the_holder_of_the_old_secret_opens_what_was_sealed_for_it() {
        let (entropy, holder) = (Entropy::seeded(1), Secret::new("old token"));
        let sealed = seal_for_holder(&entropy, &holder, "token:5", "new token");
        assert_eq!(
            open_as_holder(&holder, "token:5", &sealed)
                .unwrap()
                .expose(),
            "new token"
        );
        assert!(open_as_holder(&Secret::new("other"), "token:5", &sealed).is_err());
    }

    #[test]
    fn a_random_text_of_another_program_is_a_key_too() {
        let text = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert_eq!(Keyring::parse(text).unwrap().active(), 1);
        for weak in ["short", &"ab".repeat(20), &"0".repeat(64)] {
            assert!(Keyring::parse(weak).is_err(), "{weak}");
        }
    }

    #[test]
    fn sample_keys_are_refused() {
        for weak in [
            [0_u8; 32],
            [7; 32],
            core::array::from_fn(|index| u8::try_from(index).unwrap()),
        ] {
            let text = format!("1:{}", BASE64.encode(&weak));
            assert!(matches!(
                Keyring::parse(&text),
                Err(KeyError::Weak { number: 1 })
            ));
        }
        assert!(matches!(
            Keyring::parse("# nothing\n"),
            Err(KeyError::Empty)
        ));
        assert!(matches!(
            Keyring::parse("1:AAAA"),
            Err(KeyError::Malformed { line: 1 })
        ));
    }
}
