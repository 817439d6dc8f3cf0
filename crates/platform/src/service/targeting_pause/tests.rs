//! Many businesses at once, on both databases.

use database::on_both_databases;
use protocol::id::PartnerId;

use super::*;
use crate::domain::impairment::EndedBy;
use crate::service::impairment::follow;
use crate::testing::{Bench, MIGRATIONS, arrange, in_transaction};

/// 249 businesses more; all receive through the partner, whose endpoint has been impaired for an hour.
const MANY: &str = "
    INSERT INTO business (business_id, account_id, name, targeting, created_at_us)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 249)
        SELECT i, NULL, 'Business', TRUE, 0 FROM n;
    INSERT INTO partner_business (partner_id, business_id, created_at_us)
        SELECT partner_id, business_id, 0 FROM partner, business;
    INSERT INTO endpoint (partner_id, lead_url, lead_method, message_method, lead_update_method, review_method,
            username, password_sealed, fields, version)
        SELECT partner_id, 'https://one.example/', 'POST', 'POST', 'PUT', 'POST', 'u', 'sealed', '', 1 FROM partner;
    INSERT INTO impairment (impairment_id, partner_id, reason, reasons_told, since_us)
        SELECT 100, partner_id, 'failing', 'failing', 1769996400000000 FROM partner;
";

const HOUR: Duration = Duration::from_hours(1);

on_both_databases!(
    many_businesses_are_paused_and_freed_in_batches_each_once,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        arrange(&db, MANY).await;
        let core = &bench.core;
        let open = impairment::list_open(&mut db.reader()).await.unwrap();
        let longer = HOUR + Duration::from_secs(1);
        assert_eq!(pause_lasting(core, &open, longer).await.unwrap(), 0);
        // Two processes at once.
        let (one, other) = tokio::join!(
            pause_lasting(core, &open, HOUR),
            pause_lasting(core, &open, HOUR),
        );
        assert_eq!(one.unwrap() + other.unwrap(), 250);
        assert_eq!(pause_lasting(core, &open, HOUR).await.unwrap(), 0);
        assert_eq!(bench.published("targeting.paused").await, 250);
        assert_eq!(bench.audited("targeting.paused").await, 250);
        assert_eq!(free_needless(core).await.unwrap(), 0);

        // The recovery frees the first at once, and the rest follows.
        let (core_, partner_id) = (core.clone(), bench.partner_id);
        let recovered = in_transaction!(db, [core_: Core, partner_id: PartnerId], |tx| -> () {
            let now = core_.clock.now();
            follow(tx, &core_, partner_id, EndedBy::Probe, now).await
        });
        recovered.unwrap();
        assert_eq!(bench.published("targeting.resumed").await, 100);
        let over = impairment::find(&mut db.reader(), open[0].impairment_id).await;
        let targeting = over.unwrap().unwrap().targeting.unwrap();
        assert_eq!(targeting.resumed_at, None, "not all of them");
        let (one, other) = tokio::join!(free_needless(core), free_needless(core));
        assert_eq!(one.unwrap() + other.unwrap(), 150);
        assert_eq!(bench.published("targeting.resumed").await, 250);
        let over = impairment::find(&mut db.reader(), open[0].impairment_id).await;
        let targeting = over.unwrap().unwrap().targeting.unwrap();
        assert_eq!(targeting.resumed_at, Some(core.clock.now()));
        assert_eq!(pauses::count_standing(&mut db.reader()).await.unwrap(), 0);
    }
);

on_both_databases!(
    the_last_of_exactly_one_batch_is_noted,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        arrange(&db, MANY).await;
        arrange(
            &db,
            "UPDATE business SET targeting = FALSE WHERE business_id <= 150",
        )
        .await;
        let core = bench.core.clone();
        let open = impairment::list_open(&mut db.reader()).await.unwrap();
        assert_eq!(pause_lasting(&core, &open, HOUR).await.unwrap(), 100);
        let partner_id = bench.partner_id;
        let recovered = in_transaction!(db, [core: Core, partner_id: PartnerId], |tx| -> () {
            let now = core.clock.now();
            follow(tx, &core, partner_id, EndedBy::Probe, now).await
        });
        recovered.unwrap();
        let over = impairment::find(&mut db.reader(), open[0].impairment_id).await;
        let targeting = over.unwrap().unwrap().targeting.unwrap();
        assert_eq!(targeting.resumed_at, Some(core.clock.now()));
    }
);
