//! Which leads an outage made late, on both databases.

use database::on_both_databases;

use super::*;
use crate::testing::{MIGRATIONS, PEOPLE, arrange};

/// An outage of partner 1 from 2020-01-10 to the 11th. A lead's id is the day and hour of January 2020 at which it was
/// made: 1009 is 9 o'clock on the 10th.
const SINCE: i64 = 1_578_614_400;
const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(SINCE + seconds).unwrap()
}

fn outage(until: Option<i64>) -> Outage {
    Outage {
        partner_id: PartnerId::from_i64(1).unwrap(),
        since: at(0),
        until: until.map(at),
    }
}

/// A lead with its delivery: when it was made and when that ended, in seconds from the beginning of the outage.
struct Told {
    number: i64,
    made: i64,
    charged: bool,
    partner: i64,
    kind: &'static str,
    ended: Option<(i64, &'static str)>,
}

const LATE: Told = Told {
    number: 0,
    made: 5,
    charged: true,
    partner: 1,
    kind: "lead",
    ended: Some((DAY, "delivered")),
};

impl Told {
    fn script(&self) -> String {
        let (number, made_us) = (self.number, at(self.made).as_microsecond());
        let lead = id_at(at(self.made)) + number;
        let charge = if self.charged {
            r#""leadPrice":"$26.00","chargeState":"Charged""#
        } else {
            r#""leadPrice":null,"chargeState":null"#
        };
        let (partner, kind) = (self.partner, self.kind);
        let delivery = match self.ended {
            None => format!(
                "INSERT INTO delivery_pending (endpoint_id, conversation_id, sequence, delivery_id, business_id, kind,
                    body, created_at_us, is_head, next_attempt_at_us, attempts, steps, waited_us, refusals)
                VALUES ({partner}, {lead}, 1, {number}, 20, '{kind}', '', {made_us}, TRUE, 0, 0, 0, 0, 0);"
            ),
            Some((ended, state)) => format!(
                "INSERT INTO delivery_outcome (endpoint_id, conversation_id, sequence, delivery_id, business_id, kind,
                    created_at_us, state, finished_at_us, attempts)
                VALUES ({partner}, {lead}, 1, {number}, 20, '{kind}', {made_us}, '{state}', {}, 1);",
                at(ended).as_microsecond()
            ),
        };
        format!(
            "INSERT INTO lead (lead_id, business_id, customer_id, request_id, category_id, content, created_at_us)
            VALUES ({lead}, 20, 1, 1, 1, '{{{charge}}}', {made_us}); {delivery}"
        )
    }
}

async fn deliveries(db: &database::Db, outage: &Outage) -> Vec<i64> {
    let found = list(&mut db.scanner(), outage, 0, 99).await.unwrap();
    found.iter().map(|lead| lead.delivery_id.get()).collect()
}

#[rustfmt::skip]
fn leads() -> Vec<Told> {
    vec![
        Told { number: 1, made: -4 * DAY, ended: None, ..LATE },
        Told { number: 2, made: -2 * DAY, ended: Some((-1, "delivered")), ..LATE },
        Told { number: 3, made: -2 * DAY + 1, ended: Some((-1, "dead")), ..LATE },
        Told { number: 4, made: -2 * DAY + 2, ended: Some((DAY + 7, "delivered")), ..LATE },
        Told { number: 5, made: -2, ..LATE },
        Told { number: 6, made: 1, ended: Some((2, "delivered")), ..LATE },
        Told { number: 7, made: 2, ended: None, ..LATE },
        Told { number: 8, made: 3, ended: Some((9, "cancelled")), ..LATE },
        Told { number: 9, made: 4, ended: Some((3 * DAY, "dead")), ..LATE },
        Told { number: 10, made: 6, charged: false, ..LATE },
        Told { number: 11, made: 7, kind: "message", ..LATE },
        Told { number: 12, made: 8, partner: 2, ..LATE },
        Told { number: 13, made: DAY - 1, ..LATE },
        Told { number: 14, made: DAY, ended: Some((DAY + 1, "delivered")), ..LATE },
        Told { number: 15, made: DAY + 1, ended: None, ..LATE },
    ]
}

on_both_databases!(
    late_is_what_waited_during_the_outage_and_had_not_arrived_when_it_was_over,
    MIGRATIONS,
    |db| async move {
        arrange(&db, PEOPLE).await;
        for told in leads() {
            arrange(&db, told.script().leak()).await;
        }
        let over = outage(Some(DAY));
        assert_eq!(deliveries(&db, &over).await, [4, 5, 7, 8, 9, 13]);
        // As long as it lasts nothing that was delivered since then is late, and everything that waits is.
        let lasting = outage(None);
        assert_eq!(deliveries(&db, &lasting).await, [7, 8, 9, 15]);
        let all = list(&mut db.scanner(), &over, 0, 99).await.unwrap();
        assert_eq!(all[0].price.as_deref(), Some("$26.00"));
        assert_eq!(all[0].delivered_at, Some(at(DAY + 7)));
        assert_eq!(
            (all[2].state.as_str(), all[2].delivered_at),
            ("pending", None)
        );
        assert_eq!(
            (all[3].state.as_str(), all[3].delivered_at),
            ("cancelled", None)
        );
        let mut paged = Vec::new();
        let mut after = 0;
        loop {
            let part = list(&mut db.scanner(), &over, after, 1).await.unwrap();
            let Some(lead) = part.into_iter().next() else {
                break;
            };
            after = lead.lead_id.get();
            paged.push(lead);
        }
        assert_eq!(paged, all);
    }
);
