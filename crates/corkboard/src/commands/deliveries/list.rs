//! `deliveries list`.

use jiff::Timestamp;
use protocol::paths::operator as paths;
use serde_json::json;

use crate::cli::{ListArguments, When};
use crate::commands::desk::Desk;
use crate::failure::Failure;
use crate::operator_client::{Delivery, read};
use crate::printer;
use crate::words::style::{BAD, FAINT, STRONG, of_state};
use crate::words::table::{Cell, lines};
use crate::words::time::{moment, relative};

const HEADING: [&str; 9] = [
    "DELIVERY", "KIND", "LEAD", "PARTNER", "STATE", "TRIES", "LAST", "WHEN", "RECORDED",
];

/// Lists deliveries.
pub(super) async fn run(desk: &Desk, wanted: &ListArguments) -> Result<(), Failure> {
    let query = query(wanted, desk.clock.now());
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let listed = desk.client.list(paths::DELIVERIES, &query, limit).await?;
    if desk.printed(&json!({"data": listed.items, "next": listed.next})) {
        return Ok(());
    }
    let deliveries = listed.items.iter().map(read);
    let deliveries = deliveries.collect::<Result<Vec<Delivery>, Failure>>()?;
    let Some(first) = deliveries.first() else {
        printer::note("no deliveries");
        return Ok(());
    };
    // Worth a column only if there are several.
    let many = deliveries
        .iter()
        .any(|delivery| delivery.partner_id != first.partner_id);
    let now = desk.clock.now();
    let rows: Vec<Vec<Cell>> = deliveries
        .iter()
        .map(|delivery| row(delivery, many, now))
        .collect();
    for line in lines(&HEADING, &rows) {
        printer::styled(&line);
    }
    if listed.next.is_some() {
        printer::note(&format!(
            "{} shown, and there are more: raise --limit, or narrow the list with --since, --state, --lead …",
            deliveries.len()
        ));
    }
    Ok(())
}

fn query(wanted: &ListArguments, now: Timestamp) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    };
    add("state", wanted.state.map(|state| state.as_str().to_owned()));
    add("failed", wanted.failed.then(|| "true".to_owned()));
    add("lead", wanted.lead.map(|id| id.to_string()));
    add("partner", wanted.partner.map(|id| id.to_string()));
    add("business", wanted.business.map(|id| id.to_string()));
    add("kind", wanted.kind.map(|kind| kind.as_str().to_owned()));
    let seen = |when: When| when.seen_from(now).to_string();
    add("since", wanted.since.map(seen));
    add("until", wanted.until.map(seen));
    query.finish()
}

fn row(delivery: &Delivery, with_partner: bool, now: Timestamp) -> Vec<Cell> {
    let when = match (delivery.next_attempt_at, delivery.finished_at) {
        // Its time has come, but another goes first, or its endpoint takes nothing.
        (Some(next), _) if next <= now => "waits".to_owned(),
        (Some(next), _) => relative(next, now),
        (None, Some(finished)) => relative(finished, now),
        (None, None) => String::new(),
    };
    let partner = if with_partner {
        delivery.partner_id.as_str()
    } else {
        ""
    };
    vec![
        Cell::styled(&delivery.delivery_id, STRONG),
        Cell::plain(delivery.kind.replace('_', " ")),
        Cell::plain(delivery.lead_id.as_deref().unwrap_or("–")),
        Cell::plain(partner),
        Cell::styled(&delivery.state, of_state(&delivery.state)),
        Cell::plain(delivery.attempts.to_string()),
        last(delivery),
        Cell::plain(when),
        Cell::styled(moment(delivery.created_at), FAINT),
    ]
}

/// What the last attempt came to.
fn last(delivery: &Delivery) -> Cell {
    match delivery.last_status {
        Some(status @ 200..=299) => Cell::plain(status.to_string()),
        Some(status) => Cell::styled(status.to_string(), BAD),
        None if delivery.attempts > 0 => Cell::styled("no answer", BAD),
        None => Cell::plain("–"),
    }
}
