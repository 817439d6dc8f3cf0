//! The token store keeps the promises that the keeper relies on, on both databases.

use std::time::Duration;

use base::Secret;
use database::{Db, on_both_databases};
use jiff::Timestamp;

use super::*;
use crate::tests::{BUSINESS, TestGateway};

/// A connection with its first pair, and the store that has it.
async fn connected(db: &Db) -> (TestGateway, ConnectionTokens, ConnectionId) {
    let gateway = TestGateway::new(db).await.connected().await;
    let core = gateway.app.core();
    let tokens = ConnectionTokens::new(
        db.clone(),
        (core.keys.clone(), core.entropy.clone()),
        (core.clock.clone(), core.announcer.clone()),
    );
    let connection = crate::service::connections::usable(core, BUSINESS.parse().unwrap()).await;
    let connection = connection.unwrap();
    (gateway, tokens, connection)
}

fn lease(holder: &str, second: i64) -> Lease {
    let now = Timestamp::from_second(second).unwrap();
    Lease {
        holder: holder.to_owned(),
        now,
        until: now + Duration::from_secs(20),
    }
}

fn pair(name: &str) -> IssuedTokens {
    IssuedTokens {
        access_token: Secret::new(format!("{name}-access")),
        expires_at: Timestamp::from_second(3_600).unwrap(),
        refresh_token: Secret::new(format!("{name}-refresh")),
        issued_at: Timestamp::UNIX_EPOCH,
    }
}

async fn leases(db: &Db) {
    let (_gateway, tokens, connection) = connected(db).await;
    let take = async |holder, second| {
        let taken = tokens.try_lease(&connection, &lease(holder, second)).await;
        taken.unwrap().map(|stored| stored.version)
    };
    assert_eq!(take("one", 0).await, Some(1));
    assert_eq!(take("other", 19).await, None);
    assert_eq!(take("one", 19).await, Some(1));
    assert_eq!(take("other", 39).await, Some(1));
    // A holder that lost the lease cannot end it for the next.
    tokens.release(&connection, "one").await.unwrap();
    assert_eq!(take("one", 40).await, None);
    tokens.release(&connection, "other").await.unwrap();
    assert_eq!(take("one", 40).await, Some(1));
}

async fn versions(db: &Db) {
    let (_gateway, tokens, connection) = connected(db).await;
    let seen = async || tokens.load(&connection).await.unwrap().unwrap();
    assert_eq!(seen().await.tokens.access_token.expose(), "first-access");
    tokens
        .try_lease(&connection, &lease("one", 0))
        .await
        .unwrap();
    let reason = ReconnectReason::RefreshTokenExpired;
    assert!(tokens.mark_reconnect(&connection, 1, reason).await.unwrap());
    assert_eq!(seen().await.reconnect, Some(reason));

    assert!(tokens.save(&connection, 1, &pair("second")).await.unwrap());
    assert!(!tokens.save(&connection, 1, &pair("late")).await.unwrap());
    assert!(!tokens.mark_reconnect(&connection, 1, reason).await.unwrap());
    let stored = seen().await;
    assert_eq!((stored.version, stored.reconnect), (2, None));
    assert_eq!(stored.tokens.access_token.expose(), "second-access");
    assert_eq!(stored.tokens.refresh_token.expose(), "second-refresh");
    assert_eq!(stored.tokens.expires_at.as_second(), 3_600);
    // Saving has ended the lease, whoever had it.
    let taken = tokens.try_lease(&connection, &lease("other", 0)).await;
    assert!(taken.unwrap().is_some());
}

async fn endings(db: &Db) {
    let (gateway, tokens, connection) = connected(db).await;
    gateway.connect("second").await;
    assert!(tokens.load(&connection).await.unwrap().is_none());
    let taken = tokens.try_lease(&connection, &lease("one", 0)).await;
    assert!(taken.unwrap().is_none());
    assert!(!tokens.save(&connection, 1, &pair("late")).await.unwrap());
    assert_eq!(gateway.connection().await["state"], "connected");
}

async fn moved(db: &Db) {
    let (gateway, tokens, connection) = connected(db).await;
    let row = connection_token::load(&mut db.reader(), connection.0).await;
    let row = row.unwrap().unwrap();
    assert!(!row.access_sealed.contains("first"));
    // What was copied into another row cannot be opened there.
    assert!(tokens.open(ConnectionId(connection.0 + 1), &row).is_err());
    let swapped = TokenRow {
        access_sealed: row.refresh_sealed.clone(),
        ..row
    };
    assert!(tokens.open(connection, &swapped).is_err());
    drop(gateway);
}

on_both_databases!(
    one_holder_at_a_time_has_the_lease,
    crate::MIGRATIONS,
    |db| leases(&db)
);
on_both_databases!(
    a_pair_replaces_only_the_version_that_it_names,
    crate::MIGRATIONS,
    |db| { versions(&db) }
);
on_both_databases!(
    a_connection_that_was_replaced_takes_no_tokens,
    crate::MIGRATIONS,
    |db| { endings(&db) }
);
on_both_databases!(sealed_tokens_belong_to_their_row, crate::MIGRATIONS, |db| {
    moved(&db)
});
