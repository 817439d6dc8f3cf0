//! Whose log-in a cookie is, and ending it.

use base::{Secret, SecretHash};
use database::{Op, Tx};

use crate::core::Core;
use crate::domain::session::Session;
use crate::store::session;

/// The log-in that belongs to a cookie, if it is not over. Its use is noted.
pub(crate) async fn find(core: &Core, cookie: &Secret) -> Result<Option<Session>, database::Error> {
    let now = core.clock.now();
    let found = session::find(&mut core.db.reader(), &cookie.hash()).await?;
    let Some(found) = found.filter(|session| !session.is_over(now)) else {
        return Ok(None);
    };
    let Some(used) = found.used(now) else {
        return Ok(Some(found));
    };
    let op = NoteUse {
        session: used.clone(),
    };
    core.db.write(op).await?;
    Ok(Some(used))
}

/// Ends the log-in: the cookie is worth nothing from now on.
pub(crate) async fn end(core: &Core, session: Session) -> Result<(), database::Error> {
    let session_hash = session.session_hash;
    core.db.write(End { session_hash }).await
}

struct NoteUse {
    session: Session,
}

impl Op for NoteUse {
    type Out = ();
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), database::Error> {
        session::note_use(tx, &self.session).await
    }
}

struct End {
    session_hash: SecretHash,
}

impl Op for End {
    type Out = ();
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), database::Error> {
        session::delete(tx, &self.session_hash).await
    }
}
