//! Bearer checks on both databases: what is forged, expired, revoked or of another grant gives nothing.

use database::{Op, on_both_databases};

use super::*;
use crate::domain::refresh::ACCESS_LIFETIME;
use crate::schema::MIGRATIONS;
use crate::service::{introspection, revocation};
use crate::testing::{Bench, OTHER, OWN};

/// A write that does nothing but check.
struct Check(AccessClaims);

impl Op for Check {
    type Out = ();
    type Error = AccessError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), AccessError> {
        check_live(tx, &self.0).await.map(drop)
    }
}

on_both_databases!(
    a_token_expires_to_the_nanosecond,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let pair = bench.connect(OWN).await;
        let end = bench.clock.now() + ACCESS_LIFETIME;
        bench.advance_microseconds(3_600_000_000 - 1);
        let access = check(&bench.core, &pair.access_token).await.unwrap();
        assert_eq!(access.claims.expires_at, end);
        bench.advance_microseconds(1);
        let checked = check(&bench.core, &pair.access_token).await;
        assert!(matches!(checked, Err(AccessError::Expired)));
    },
);

on_both_databases!(
    what_we_did_not_sign_is_not_believed,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let pair = bench.connect(OWN).await;
        let text = pair.access_token.expose();
        let forged = text.replacen("1.", "2.", 1);
        for token in ["", "x", "1..", forged.as_str(), pair.refresh_token.expose()] {
            let checked = check(&bench.core, &Secret::new(token)).await;
            assert!(
                matches!(checked, Err(AccessError::NotBelieved(_))),
                "{token}"
            );
        }
    },
);

on_both_databases!(
    a_signed_token_that_disagrees_with_its_grant_gives_nothing,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let pair = bench.connect(OWN).await;
        let claims = check(&bench.core, &pair.access_token).await.unwrap().claims;
        let key = bench.core.keys.derive(1, "access-token").unwrap();
        for lie in [
            AccessClaims {
                client_id: OTHER.to_owned(),
                ..claims.clone()
            },
            AccessClaims {
                scopes: Scopes::all(),
                ..claims.clone()
            },
            AccessClaims {
                account_id: None,
                ..claims.clone()
            },
            AccessClaims {
                business_pk: BusinessId::from_i64(5).unwrap(),
                ..claims.clone()
            },
            AccessClaims {
                src_auth_code: "ab".repeat(32),
                ..claims.clone()
            },
        ] {
            let token = Secret::new(protocol::access_token::sign(1, &*key, &lie));
            let checked = check(&bench.core, &token).await;
            assert!(matches!(checked, Err(AccessError::Ended)));
            let written = bench.core.db.write(Check(lie)).await;
            assert!(matches!(written, Err(AccessError::Ended)));
        }
        bench.core.db.write(Check(claims)).await.unwrap();
    },
);

on_both_databases!(
    revoking_an_access_token_ends_it_alone,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let first = bench.connect(OWN).await;
        bench.advance_microseconds(1);
        let second = bench.refresh(OWN, &first.refresh_token).await.unwrap();
        let claims = check(&bench.core, &first.access_token)
            .await
            .unwrap()
            .claims;
        let other = bench.client(OTHER).await;
        revocation::revoke(&bench.core, other, &first.access_token)
            .await
            .unwrap();
        assert!(check(&bench.core, &first.access_token).await.is_ok());
        for _ in 0..2 {
            let own = bench.client(OWN).await;
            revocation::revoke(&bench.core, own, &first.access_token)
                .await
                .unwrap();
        }
        assert!(matches!(
            check(&bench.core, &first.access_token).await,
            Err(AccessError::Ended)
        ));
        assert!(bench.core.db.write(Check(claims)).await.is_err());
        assert!(check(&bench.core, &second.access_token).await.is_ok());
        assert!(bench.refresh(OWN, &second.refresh_token).await.is_ok());
    },
);

on_both_databases!(
    revoking_a_refresh_token_ends_the_connection,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let pair = bench.connect(OWN).await;
        let other = bench.client(OTHER).await;
        revocation::revoke(&bench.core, other, &pair.refresh_token)
            .await
            .unwrap();
        assert!(check(&bench.core, &pair.access_token).await.is_ok());
        for _ in 0..2 {
            let own = bench.client(OWN).await;
            revocation::revoke(&bench.core, own, &pair.refresh_token)
                .await
                .unwrap();
        }
        assert!(check(&bench.core, &pair.access_token).await.is_err());
        assert_eq!(bench.published("connection.ended").await, 1);
    },
);

on_both_databases!(
    a_client_learns_of_its_own_working_tokens_only,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        let (own, other) = (bench.client(OWN).await, bench.client(OTHER).await);
        let first = bench.connect(OWN).await;
        let second = bench.refresh(OWN, &first.refresh_token).await.unwrap();
        let is_active = async |client, token: &Secret| {
            let found = introspection::introspect(&bench.core, client, token).await;
            found.unwrap().is_some()
        };
        assert!(is_active(&own, &second.access_token).await);
        assert!(is_active(&own, &second.refresh_token).await);
        assert!(!is_active(&own, &first.refresh_token).await);
        assert!(!is_active(&own, &Secret::new("unknown")).await);
        assert!(!is_active(&other, &second.access_token).await);
        assert!(!is_active(&other, &second.refresh_token).await);
        bench.advance_microseconds(3_600_000_000);
        assert!(!is_active(&own, &second.access_token).await);
        assert!(is_active(&own, &second.refresh_token).await);
    },
);
