//! Rows that have run out and are of no use to anyone, and their removal in bounded batches.

use database::{Error, Sql, Tx, params};
use jiff::Timestamp;

database::statements! {
    DELETE_SESSIONS = "DELETE FROM session WHERE session_hash IN
        (SELECT session_hash FROM session WHERE expires_at_us < $1 LIMIT $2)";
    DELETE_CONNECT_REQUESTS = "DELETE FROM connect_request WHERE handle_hash IN
        (SELECT handle_hash FROM connect_request WHERE expires_at_us < $1 LIMIT $2)";
    DELETE_ANSWERS = "DELETE FROM idempotency WHERE (owner, key_hash) IN
        (SELECT owner, key_hash FROM idempotency WHERE created_at_us < $1 LIMIT $2)";
    /// These times are in nanoseconds.
    DELETE_REVOKED_ACCESS = "DELETE FROM revoked_access WHERE (grant_id, access_expires_at_ns) IN
        (SELECT grant_id, access_expires_at_ns FROM revoked_access
        WHERE access_expires_at_ns < $1 LIMIT $2)";
    DELETE_REFRESH_TOKENS = "DELETE FROM refresh_token WHERE token_hash IN
        (SELECT token_hash FROM refresh_token WHERE expires_at_us < $1 LIMIT $2)";
}

/// A kind of row that runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Perishable {
    /// Pros' log-ins, by the time they end.
    Session,
    /// Connect pages that were left open, by the time they end.
    ConnectRequest,
    /// First answers under an `Idempotency-Key`, by the time they were given.
    Answer,
    /// Access tokens that were revoked alone, by the time they would have run out.
    RevokedAccess,
    /// Refresh tokens, by the time they ran out.
    RefreshToken,
}

impl Perishable {
    /// All kinds.
    pub(crate) const ALL: [Self; 5] = [
        Self::Session,
        Self::ConnectRequest,
        Self::Answer,
        Self::RevokedAccess,
        Self::RefreshToken,
    ];

    const fn statement(self) -> Sql {
        match self {
            Self::Session => DELETE_SESSIONS,
            Self::ConnectRequest => DELETE_CONNECT_REQUESTS,
            Self::Answer => DELETE_ANSWERS,
            Self::RevokedAccess => DELETE_REVOKED_ACCESS,
            Self::RefreshToken => DELETE_REFRESH_TOKENS,
        }
    }
}

/// Removes at most `limit` rows whose time is before `before`; answers how many there were.
pub(crate) async fn delete<T: Tx>(
    tx: &mut T,
    kind: Perishable,
    before: Timestamp,
    limit: i64,
) -> Result<u64, Error> {
    let before = match kind {
        // A time after the year 2262 does not fit: then everything is before it.
        Perishable::RevokedAccess => i64::try_from(before.as_nanosecond()).unwrap_or(i64::MAX),
        _ => before.as_microsecond(),
    };
    tx.execute(kind.statement(), params![before, limit]).await
}

#[cfg(test)]
mod tests {
    use database::on_both_databases;

    use super::*;
    use crate::testing::{MIGRATIONS, PEOPLE, arrange, in_transaction};

    /// Of each kind two rows that run out after 1 s and one after 3 s.
    const ROWS: &str = "
        INSERT INTO session (session_hash, account_id, created_at_us, used_at_us, expires_at_us) VALUES
            ('a', 10, 0, 0, 1000000), ('b', 10, 0, 0, 1000000), ('c', 10, 0, 0, 3000000);
        INSERT INTO connect_request (handle_hash, session_hash, client_id, scopes, with_issuer, expires_at_us) VALUES
            ('a', 'a', 'crm', '', FALSE, 1000000), ('b', 'a', 'crm', '', FALSE, 1000000),
            ('c', 'a', 'crm', '', FALSE, 3000000);
        INSERT INTO idempotency (owner, key_hash, request_hash, status, answer_sealed, created_at_us) VALUES
            ('o', 'a', '', 200, '', 1000000), ('o', 'b', '', 200, '', 1000000), ('p', 'a', '', 200, '', 3000000);
        INSERT INTO oauth_grant (grant_id, code_hash, client_id, partner_id, kind, business_id, account_id, scopes,
            code_expires_at_us, exclusive, created_at_us) VALUES
            (100, 'a', 'crm', 1, 'production', 20, 10, 'messages', 0, TRUE, 0);
        INSERT INTO revoked_access (grant_id, access_expires_at_ns) VALUES
            (100, 1000000000), (100, 1000000001), (100, 3000000000);
        INSERT INTO refresh_token (token_hash, grant_id, issued_at_us, expires_at_us, access_key,
            access_expires_at_ns) VALUES
            ('a', 100, 0, 1000000, 1, 0), ('b', 100, 0, 1000000, 1, 0), ('c', 100, 0, 3000000, 1, 0);
    ";

    on_both_databases!(
        each_kind_is_removed_in_batches_and_only_after_its_time,
        MIGRATIONS,
        |db| async move {
            arrange(&db, PEOPLE).await;
            arrange(&db, ROWS).await;
            for kind in Perishable::ALL {
                for expected in [1, 1, 0] {
                    let removed = in_transaction!(db, [kind: Perishable], |tx| -> u64 {
                        delete(tx, kind, Timestamp::from_second(2).unwrap(), 1).await
                    });
                    assert_eq!(removed.unwrap(), expected, "{kind:?}");
                }
            }
        }
    );
}
