//! Following what the engine holds, on both databases.

use database::on_both_databases;

use super::*;
use crate::testing::{Bench, MIGRATIONS, arrange, in_transaction};

/// The partner's endpoint refuses our credentials.
const HELD: &str = "
    INSERT INTO delivery_endpoint (endpoint_id, shard, paused, gone, kinds_off, failures, hold_reason, held_since_us,
            probes, probe_at_us, version)
        SELECT partner_id, 0, FALSE, FALSE, '', 0, 'credentials', 1000000, 0, 0, 0 FROM partner;
";

async fn follow_now(bench: &Bench, by: EndedBy) {
    let (core, partner_id) = (bench.core.clone(), bench.partner_id);
    let followed = in_transaction!(bench.core.db, [core: Core, partner_id: PartnerId, by: EndedBy], |tx| -> () {
        let now = core.clock.now();
        follow(tx, &core, partner_id, by, now).await
    });
    followed.unwrap();
}

on_both_databases!(
    following_again_tells_nothing_twice,
    MIGRATIONS,
    |db| async move {
        let bench = Bench::new(&db).await;
        for (script, by, expected) in [
            ("", EndedBy::Probe, [0, 0, 0]),
            (HELD, EndedBy::Probe, [1, 0, 0]),
            (
                "UPDATE delivery_endpoint SET paused = TRUE",
                EndedBy::Probe,
                [1, 0, 0],
            ),
            (
                "UPDATE delivery_endpoint SET gone = TRUE",
                EndedBy::Probe,
                [1, 1, 0],
            ),
            (
                "UPDATE delivery_endpoint SET gone = FALSE, hold_reason = NULL",
                EndedBy::Settings,
                [1, 1, 1],
            ),
            // A pause by hand alone is no impairment.
            (
                "UPDATE delivery_endpoint SET paused = TRUE",
                EndedBy::Probe,
                [1, 1, 1],
            ),
        ] {
            arrange(&db, script).await;
            for _ in 0..2 {
                follow_now(&bench, by).await;
                let kinds = ["endpoint.impaired", "endpoint.gone", "endpoint.recovered"];
                for (kind, expected) in kinds.into_iter().zip(expected) {
                    assert_eq!(
                        bench.published(kind).await,
                        expected,
                        "{kind} after {script}"
                    );
                    assert_eq!(bench.audited(kind).await, expected, "{kind} after {script}");
                }
            }
        }
        let filter = ImpairmentFilter::default();
        let all = list(&bench.core, &filter, 9).await.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].since.as_second(), 1, "when the hold began");
        let found = find(&bench.core, all[0].impairment_id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.impairment, all[0]);
        assert_eq!(found.businesses, PauseCount::default());
    }
);
