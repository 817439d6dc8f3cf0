//! Who is held back and freed, on both databases.

use database::on_both_databases;

use super::*;
use crate::store::business as businesses;
use crate::testing::{MIGRATIONS, PEOPLE, arrange, in_transaction, start};

/// Partner 1 is impaired, partner 2 is not.
const IMPAIRED: &str = "
    INSERT INTO impairment (impairment_id, partner_id, reason, reasons_told, since_us) VALUES
        (100, 1, 'failing', 'failing', 0);
";

/// Both businesses receive through partner 1.
const ENABLED: &str = "
    INSERT INTO partner_business (partner_id, business_id, created_at_us) VALUES (1, 20, 0), (1, 21, 0);
";

fn business(number: i64) -> BusinessId {
    BusinessId::from_i64(number).unwrap()
}

fn impairment(number: i64) -> ImpairmentId {
    ImpairmentId::from_i64(number).unwrap()
}

/// The businesses that impairment 100 would hold back; none of them is.
async fn affected(db: &database::test_db::TestDb) -> Vec<i64> {
    let found = candidates(&mut db.scanner(), impairment(100), 0, 9).await;
    let mut affected = Vec::new();
    for business_id in found.unwrap() {
        let would = in_transaction!(db, [business_id: BusinessId], |tx| -> bool {
            if pause(tx, business_id, impairment(100), start()).await? {
                // What an error rolls back was possible.
                return Err(Error::NoRow);
            }
            Ok(false)
        });
        if would.is_err() {
            affected.push(business_id.get());
        }
    }
    affected
}

on_both_databases!(
    a_business_is_held_back_once_and_freed_once,
    MIGRATIONS,
    |db| async move {
        for script in [PEOPLE, IMPAIRED, ENABLED] {
            arrange(&db, script).await;
        }
        assert_eq!(affected(&db).await, [20, 21]);
        let done = in_transaction!(db, [], |tx| -> [bool; 3] {
            let (first, second) = (business(20), business(21));
            Ok([
                pause(tx, first, impairment(100), start()).await?,
                pause(tx, first, impairment(100), start()).await?,
                pause(tx, second, impairment(100), start()).await?,
            ])
        });
        assert_eq!(done.unwrap(), [true, false, true]);
        assert!(affected(&db).await.is_empty());
        let mut reader = db.reader();
        let standing = standing_of(&mut reader, impairment(100), 1).await.unwrap();
        let expected = HeldBack {
            business_id: business(20),
            targeting: true,
        };
        assert_eq!(standing, [expected]);
        assert_eq!(pausing(&mut reader).await.unwrap(), [impairment(100)]);
        assert_eq!(count_standing(&mut reader).await.unwrap(), 2);
        let own = of_account(&mut reader, AccountId::from_i64(10).unwrap()).await;
        let own = own.unwrap();
        assert_eq!((own.len(), own[0].partner_name.as_str()), (2, "One"));
        assert_eq!(own[0].since, start());
        let found = businesses::find(&mut reader, business(20)).await.unwrap();
        assert!(!found.unwrap().is_offered());

        let done = in_transaction!(db, [], |tx| -> [bool; 2] {
            let end = PauseEnd::Recovered;
            Ok([
                resume(tx, business(20), impairment(100), end, start()).await?,
                resume(tx, business(20), impairment(100), end, start()).await?,
            ])
        });
        assert_eq!(done.unwrap(), [true, false]);
        let counted = count(&mut reader, impairment(100)).await.unwrap();
        assert_eq!((counted.paused, counted.standing), (2, 1));
        let found = businesses::find(&mut reader, business(20)).await.unwrap();
        assert!(found.unwrap().is_offered());
    }
);

on_both_databases!(
    who_is_off_or_receives_elsewhere_is_not_affected,
    MIGRATIONS,
    |db| async move {
        for script in [PEOPLE, IMPAIRED, ENABLED] {
            arrange(&db, script).await;
        }
        for (script, expected) in [
            (
                "UPDATE business SET targeting = FALSE WHERE business_id = 21",
                vec![20],
            ),
            (
                "INSERT INTO partner_business (partner_id, business_id, created_at_us) VALUES (2, 20, 0)",
                vec![],
            ),
            // A partner that takes no leads is no help, nor is one that is impaired itself, once that counts.
            (
                "UPDATE endpoint SET lead_url = NULL WHERE partner_id = 2",
                vec![20],
            ),
            (
                "UPDATE endpoint SET lead_url = 'https://two.example/' WHERE partner_id = 2",
                vec![],
            ),
            (
                "INSERT INTO impairment (impairment_id, partner_id, reason, reasons_told, since_us)
                    VALUES (101, 2, 'busy', '', 0)",
                vec![],
            ),
            (
                "UPDATE impairment SET reasons_told = 'busy' WHERE impairment_id = 101",
                vec![20],
            ),
            (
                "UPDATE impairment SET until_us = 5, ended_by = 'probe' WHERE impairment_id = 101",
                vec![],
            ),
            (
                "DELETE FROM partner_business WHERE partner_id = 2",
                vec![20],
            ),
            (
                "UPDATE endpoint SET lead_url = NULL WHERE partner_id = 1",
                vec![],
            ),
        ] {
            arrange(&db, script).await;
            assert_eq!(affected(&db).await, expected, "{script}");
        }
    }
);

on_both_databases!(
    a_connection_counts_while_it_stands,
    MIGRATIONS,
    |db| async move {
        arrange(&db, PEOPLE).await;
        arrange(&db, IMPAIRED).await;
        for (script, expected) in [
            (
                "INSERT INTO oauth_grant (grant_id, code_hash, client_id, partner_id, kind, business_id, account_id,
                    scopes, code_expires_at_us, exclusive, created_at_us)
                VALUES (200, 'a', 'crm', 1, 'production', 20, 10, 'messages', 0, TRUE, 0)",
                vec![],
            ),
            ("UPDATE oauth_grant SET code_used_at_us = 5", vec![20]),
            ("UPDATE oauth_grant SET kind = 'test'", vec![]),
            ("UPDATE oauth_grant SET kind = 'production'", vec![20]),
            ("UPDATE oauth_grant SET revoked_at_us = 6", vec![]),
        ] {
            arrange(&db, script).await;
            assert_eq!(affected(&db).await, expected, "{script}");
        }
    }
);

on_both_databases!(
    a_pause_that_has_lost_its_reason_is_found_and_may_come_back,
    MIGRATIONS,
    |db| async move {
        for script in [PEOPLE, IMPAIRED, ENABLED] {
            arrange(&db, script).await;
        }
        let paused = in_transaction!(db, [], |tx| -> [bool; 2] {
            Ok([
                pause(tx, business(20), impairment(100), start()).await?,
                pause(tx, business(21), impairment(100), start()).await?,
            ])
        });
        assert_eq!(paused.unwrap(), [true, true]);
        let mut reader = db.reader();
        assert!(
            needless_of(&mut reader, impairment(100), 9)
                .await
                .unwrap()
                .is_empty()
        );
        arrange(
            &db,
            "INSERT INTO partner_business (partner_id, business_id, created_at_us) VALUES (2, 20, 0);
            DELETE FROM partner_business WHERE partner_id = 1 AND business_id = 21",
        )
        .await;
        let needless = needless_of(&mut reader, impairment(100), 9).await.unwrap();
        assert_eq!(needless.len(), 2);
        let freed = in_transaction!(db, [], |tx| -> [bool; 3] {
            Ok([
                resume_needless(tx, business(20), impairment(100), start()).await?,
                resume_needless(tx, business(20), impairment(100), start()).await?,
                pause(tx, business(20), impairment(100), start()).await?,
            ])
        });
        assert_eq!(
            freed.unwrap(),
            [true, false, false],
            "the other partner works"
        );
        arrange(&db, "DELETE FROM partner_business WHERE partner_id = 2").await;
        let again = in_transaction!(db, [], |tx| -> [bool; 2] {
            Ok([
                pause(tx, business(20), impairment(100), start()).await?,
                resume_needless(tx, business(20), impairment(100), start()).await?,
            ])
        });
        assert_eq!(again.unwrap(), [true, false]);
    }
);

on_both_databases!(
    a_hand_ends_a_pause_and_keeps_others_away,
    MIGRATIONS,
    |db| async move {
        for script in [PEOPLE, IMPAIRED, ENABLED] {
            arrange(&db, script).await;
        }
        let overruled = in_transaction!(db, [], |tx| -> [Option<ImpairmentId>; 2] {
            pause(tx, business(20), impairment(100), start()).await?;
            Ok([
                overrule(tx, business(20), PauseEnd::Pro, start()).await?,
                // It was not held back; it will not be.
                overrule(tx, business(21), PauseEnd::Operator, start()).await?,
            ])
        });
        assert_eq!(overruled.unwrap(), [Some(impairment(100)), None]);
        assert!(affected(&db).await.is_empty());
        let refused = in_transaction!(db, [], |tx| -> [bool; 2] {
            Ok([
                pause(tx, business(20), impairment(100), start()).await?,
                pause(tx, business(21), impairment(100), start()).await?,
            ])
        });
        assert_eq!(refused.unwrap(), [false, false]);
        let counted = count(&mut db.reader(), impairment(100)).await.unwrap();
        assert_eq!((counted.paused, counted.standing), (1, 0));
    }
);
