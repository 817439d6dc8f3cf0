//! A request under an `Idempotency-Key` happens once; whoever asks again gets the first answer.
//!
//! The answer is stored in the transaction of the work, so that both exist or neither does, and it is sealed: it may
//! hold a secret that is shown once. [`Once`] wraps a whole operation; [`begin`] and [`finish`] are for operations that
//! must judge something first. Refusals are not stored: the next try may succeed.

use base::keys::OpenError;
use base::{Entropy, Keyring, Secret, SecretHash};
use data_encoding::HEXLOWER;
use database::{Op, Tx};
use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;

use crate::core::Core;
use crate::store::idempotency::{self, KeyOf};

/// One request under a key.
#[derive(Clone, Debug)]
pub(crate) struct KeyedRequest {
    key: KeyOf,
    /// It may hold a password.
    request: Secret,
}

impl KeyedRequest {
    /// `owner` is who may use the key (`operator`, `client:…`, `partner:…`), `request` what tells one request from
    /// another: method, path and body.
    pub(crate) fn new(owner: impl Into<String>, key: &str, request: &str) -> Self {
        Self {
            key: KeyOf {
                owner: owner.into(),
                key_hash: SecretHash::of(key).as_str().to_owned(),
            },
            request: Secret::new(request),
        }
    }

    /// What is stored of the request. It is made with a key of ours, because a person's password in the request could
    /// be guessed from a plain hash.
    fn hash(&self, keys: &Keyring, number: u32) -> Option<String> {
        let key = keys.derive(number, "idempotency")?;
        let keyed = format!("{}{}", HEXLOWER.encode(&*key), self.request.expose());
        Some(format!("{number}.{}", Secret::new(keyed).hash().as_str()))
    }

    /// Whether `stored` is the hash of this request, under whichever key it was made.
    fn is(&self, keys: &Keyring, stored: &str) -> bool {
        let number = stored.split('.').next().and_then(|text| text.parse().ok());
        let hash = number.and_then(|number| self.hash(keys, number));
        hash.as_deref() == Some(stored)
    }

    /// What the sealed answer is bound to.
    fn place(&self) -> String {
        format!("idempotency:{}:{}", self.key.owner, self.key.key_hash)
    }
}

/// An answer as it goes out: what is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// JSON.
    pub(crate) body: String,
}

impl Answer {
    /// An answer with this JSON as its body.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            body: body.to_string(),
        }
    }
}

/// Whether a request is new.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It is: do the work and [`finish`].
    First,
    /// It was answered before.
    Repeat(Answer),
}

/// Why a request under a key was refused.
#[derive(Debug, Error)]
pub(crate) enum IdempotencyError {
    /// The key was used for another request.
    #[error("the Idempotency-Key was used for another request")]
    OtherRequest,
    /// The stored answer cannot be read.
    #[error("a stored answer cannot be read")]
    Damaged(#[from] OpenError),
    /// The database.
    #[error("the database refused")]
    Database(#[from] database::Error),
}

/// Claims the key for this transaction, or finds the first answer under it. A request without a key is always the
/// first.
pub(crate) async fn begin<T: Tx>(
    tx: &mut T,
    keys: &Keyring,
    request: Option<&KeyedRequest>,
    now: Timestamp,
) -> Result<Begun, IdempotencyError> {
    let Some(request) = request else {
        return Ok(Begun::First);
    };
    let hash = request.hash(keys, keys.active()).ok_or(OpenError)?;
    if idempotency::claim(tx, &request.key, &hash, now).await? {
        return Ok(Begun::First);
    }
    let stored = idempotency::find(tx, &request.key)
        .await?
        .ok_or(database::Error::NoRow)?;
    if !request.is(keys, &stored.request_hash) {
        return Err(IdempotencyError::OtherRequest);
    }
    let body = keys.open(&request.place(), &stored.answer_sealed)?;
    Ok(Begun::Repeat(Answer {
        // Only statuses were stored, so it fits.
        status: u16::try_from(stored.status).unwrap_or(u16::MAX),
        body: body.expose().to_owned(),
    }))
}

/// Stores the answer to what [`begin`] called the first.
pub(crate) async fn finish<T: Tx>(
    tx: &mut T,
    (keys, entropy): (&Keyring, &Entropy),
    request: Option<&KeyedRequest>,
    answer: &Answer,
) -> Result<(), database::Error> {
    let Some(request) = request else {
        return Ok(());
    };
    let sealed = keys.seal(entropy, &request.place(), &answer.body);
    idempotency::finish(tx, &request.key, answer.status.into(), &sealed).await
}

/// An operation whose answer is repeated for the same key.
pub(crate) struct Once<O: Op> {
    pub(crate) core: Core,
    pub(crate) request: Option<KeyedRequest>,
    pub(crate) op: O,
    /// What is answered; stored with the work.
    pub(crate) answer: fn(&O::Out) -> Answer,
}

/// Why an operation under a key was refused: its own reason, or the key's.
#[derive(Debug, Error)]
pub(crate) enum OnceError<E> {
    /// The operation's reason.
    #[error(transparent)]
    Refused(E),
    /// The key's.
    #[error(transparent)]
    Idempotency(IdempotencyError),
}

impl<E> From<IdempotencyError> for OnceError<E> {
    fn from(error: IdempotencyError) -> Self {
        Self::Idempotency(error)
    }
}

impl<E> From<database::Error> for OnceError<E> {
    fn from(error: database::Error) -> Self {
        Self::Idempotency(IdempotencyError::Database(error))
    }
}

impl<O: Op> Op for Once<O> {
    type Out = Answer;
    type Error = OnceError<O::Error>;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Answer, Self::Error> {
        let (keys, request) = (&self.core.keys, self.request.as_ref());
        let now = self.core.clock.now();
        if let Begun::Repeat(answer) = begin(tx, keys, request, now).await? {
            return Ok(answer);
        }
        let out = self.op.run(tx).await.map_err(OnceError::Refused)?;
        let answer = (self.answer)(&out);
        finish(tx, (keys, &self.core.entropy), request, &answer).await?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use database::{Db, Error, Read, Sql, on_both_databases};
    use serde_json::json;

    use super::*;
    use crate::testing::{self, MIGRATIONS};

    /// Numbers events, which shows how often it ran; with `fails` it refuses afterwards.
    struct Count {
        fails: bool,
    }

    impl Op for Count {
        type Out = i64;
        type Error = Error;

        async fn run<T: Tx>(&self, tx: &mut T) -> Result<i64, Error> {
            let at = testing::start();
            let number = crate::store::event::append(tx, "counted", None, "{}", at).await?;
            if self.fails {
                Err(Error::NoRow)
            } else {
                Ok(number)
            }
        }
    }

    async fn ask(
        core: &Core,
        request: Option<(&str, &str)>,
        fails: bool,
    ) -> Result<Answer, OnceError<Error>> {
        let once = Once {
            core: core.clone(),
            request: request.map(|(key, body)| KeyedRequest::new("operator", key, body)),
            op: Count { fails },
            answer: |number| Answer::json(201, &json!({"secret": "marked", "number": number})),
        };
        core.db.write(once).await
    }

    async fn stored(db: &Db) -> String {
        const STORED: Sql =
            Sql::both("SELECT request_hash || answer_sealed AS text FROM idempotency");
        let rows = db.reader().query(STORED, &[]).await.unwrap();
        rows.iter()
            .map(|row| row.get::<String>("text").unwrap())
            .collect()
    }

    on_both_databases!(
        a_repetition_gets_the_first_answer_and_does_nothing,
        MIGRATIONS,
        |db| async move {
            let core = testing::core(&db);
            let first = ask(&core, Some(("k", "body")), false).await.unwrap();
            assert_eq!(first.status, 201);
            assert_eq!(ask(&core, Some(("k", "body")), false).await.unwrap(), first);
            assert!(!stored(&db).await.contains("marked"));
            // Another key, and no key at all, are other requests.
            for (request, number) in [(Some(("l", "body")), 2), (None, 3), (None, 4)] {
                let answer = ask(&core, request, false).await.unwrap();
                assert!(answer.body.contains(&format!("\"number\":{number}")));
            }
        }
    );

    on_both_databases!(
        a_key_with_another_body_is_refused,
        MIGRATIONS,
        |db| async move {
            let core = testing::core(&db);
            ask(&core, Some(("k", "body")), false).await.unwrap();
            let other = ask(&core, Some(("k", "other body")), false).await;
            let refused = IdempotencyError::OtherRequest.to_string();
            assert_eq!(other.unwrap_err().to_string(), refused);
        }
    );

    on_both_databases!(a_refusal_is_not_remembered, MIGRATIONS, |db| async move {
        let core = testing::core(&db);
        assert!(ask(&core, Some(("k", "body")), true).await.is_err());
        let answer = ask(&core, Some(("k", "body")), false).await.unwrap();
        assert!(answer.body.contains("\"number\":1"));
    });

    on_both_databases!(
        of_racing_requests_with_one_key_one_happens,
        MIGRATIONS,
        |db| async move {
            let core = testing::core(&db);
            let asked = || ask(&core, Some(("k", "body")), false);
            let (a, b, c) = tokio::join!(asked(), asked(), asked());
            let first = a.unwrap();
            assert_eq!(b.unwrap(), first);
            assert_eq!(c.unwrap(), first);
            assert!(first.body.contains("\"number\":1"));
        }
    );
}
