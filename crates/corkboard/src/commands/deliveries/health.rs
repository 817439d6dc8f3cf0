//! `deliveries health`, `pause` and `resume`.

use jiff::Timestamp;
use protocol::id::PartnerId;
use protocol::paths::operator as paths;
use serde_json::{Value, json};

use crate::commands::desk::Desk;
use crate::failure::Failure;
use crate::operator_client::{Health, Partner, read};
use crate::printer;
use crate::words::style::{STRONG, harmless, of_state, paint, shortened};
use crate::words::table::{Cell, lines};
use crate::words::time::{moment, relative, span};

/// So many partners are looked at, at most.
const PARTNERS: usize = 1_000;

const HEADING: [&str; 6] = ["PARTNER", "NAME", "STATE", "PENDING", "OLDEST", "DEAD"];

/// One partner's, in words.
pub(super) async fn of_one(desk: &Desk, partner: PartnerId) -> Result<(), Failure> {
    let answer = desk.client.get(&paths::partner_health(partner)).await?;
    tell(desk, &answer)
}

/// Every partner's, in a table.
pub(super) async fn of_all(desk: &Desk) -> Result<(), Failure> {
    let partners = desk.client.list(paths::PARTNERS, "", PARTNERS).await?;
    let mut answers = Vec::new();
    for partner in &partners.items {
        let partner: Partner = read(partner)?;
        let id = PartnerId::parse(&partner.partner_id);
        let id = id.map_err(|error| Failure::unexpected(&error))?;
        answers.push(desk.client.get(&paths::partner_health(id)).await?);
    }
    if desk.printed(&json!({"data": answers})) {
        return Ok(());
    }
    let healths = answers.iter().map(read);
    let healths = healths.collect::<Result<Vec<Health>, Failure>>()?;
    let rows: Vec<Vec<Cell>> = healths.iter().map(row).collect();
    if rows.is_empty() {
        printer::note("no partners");
        return Ok(());
    }
    for line in lines(&HEADING, &rows) {
        printer::styled(&line);
    }
    Ok(())
}

/// Holds what goes to a partner.
pub(super) async fn pause(desk: &Desk, partner: PartnerId) -> Result<(), Failure> {
    let path = paths::partner_pause(partner);
    let answer = desk.client.post(&path, &json!({})).await?;
    tell(desk, &answer)
}

/// Lets it go.
pub(super) async fn resume(desk: &Desk, partner: PartnerId) -> Result<(), Failure> {
    let path = paths::partner_resume(partner);
    let answer = desk.client.post(&path, &json!({})).await?;
    tell(desk, &answer)
}

fn row(health: &Health) -> Vec<Cell> {
    let oldest = health.oldest_pending_at;
    let oldest = oldest.map(|at| span(health.as_of.duration_since(at)));
    vec![
        Cell::styled(&health.partner_id, STRONG),
        Cell::plain(shortened(&harmless(&health.name), 40)),
        Cell::styled(&health.state, of_state(&health.state)),
        Cell::plain(counted(health.pending, health.has_more_pending)),
        Cell::plain(oldest.unwrap_or_else(|| "–".to_owned())),
        Cell::plain(counted(health.dead, health.has_more_dead)),
    ]
}

fn tell(desk: &Desk, answer: &Value) -> Result<(), Failure> {
    if desk.printed(answer) {
        return Ok(());
    }
    for line in described(&read(answer)?) {
        printer::styled(&line);
    }
    Ok(())
}

/// The lines for one partner.
fn described(health: &Health) -> Vec<String> {
    let now = health.as_of;
    let state = paint(of_state(&health.state), &health.state.replace('_', " "));
    let name = paint(STRONG, &shortened(&harmless(&health.name), 80));
    let mut lines = vec![
        format!("{name}  partner {}  {state}", health.partner_id),
        String::new(),
        format!("  {}", harmless(&health.explanation)),
    ];
    let mut fact = |name: &str, value: String| lines.push(format!("  {name:<10}{value}"));
    if let Some(hold) = &health.hold {
        fact("since", both(hold.since, now));
        let next = both(hold.next_probe_at, now);
        fact("probe", format!("{next}; {} so far in vain", hold.probes));
    }
    let oldest = health.oldest_pending_at;
    let oldest = oldest.map(|at| format!(", the oldest recorded {}", relative(at, now)));
    let pending = counted(health.pending, health.has_more_pending);
    fact(
        "pending",
        format!("{pending}{}", oldest.unwrap_or_default()),
    );
    fact("dead", counted(health.dead, health.has_more_dead));
    if !health.kinds_off.is_empty() {
        fact("kinds off", health.kinds_off.join(", ").replace('_', " "));
    }
    for replay in &health.running_replays {
        fact("replay", format!("{replay} runs"));
    }
    lines.extend(to_do(health));
    lines
}

/// What to do, each with the commands that do it. What is the matter comes first and the dead last.
fn to_do(health: &Health) -> Vec<String> {
    let id = &health.partner_id;
    let mut lines = Vec::new();
    for (place, step) in health.what_to_do.iter().enumerate() {
        lines.push(String::new());
        lines.push(format!("  → {}", harmless(step)));
        let is_about_dead = health.dead > 0 && place + 1 == health.what_to_do.len();
        let commands = match (health.state.as_str(), place) {
            _ if is_about_dead => vec![
                format!("corkboard deliveries list --state dead --partner {id}"),
                format!("corkboard replay start {id} --since 24h --dry-run"),
            ],
            ("paused", 0) => vec![format!("corkboard deliveries resume {id}")],
            ("failing" | "credentials", 0) => {
                vec![format!("corkboard deliveries list --failed --partner {id}")]
            }
            _ => Vec::new(),
        };
        let shown = commands.iter().map(|command| paint(STRONG, command));
        lines.extend(shown.map(|command| format!("    {command}")));
    }
    lines
}

fn counted(number: u64, has_more: bool) -> String {
    let more = if has_more { "more than " } else { "" };
    format!("{more}{number}")
}

fn both(at: Timestamp, now: Timestamp) -> String {
    format!("{} UTC, {}", moment(at), relative(at, now))
}
