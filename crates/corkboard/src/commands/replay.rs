//! `replay …`: sending a partner again what died, against a running platform.

mod progress;

use jiff::{SignedDuration, Timestamp};
use protocol::id::{PartnerId, ReplayId};
use protocol::paths::operator as paths;
use serde_json::{Value, json};

use crate::cli::{ReplayArguments, ReplayCommand, StartArguments};
use crate::commands::desk::Desk;
use crate::failure::Failure;
use crate::operator_client::{OperatorClient, Partner, Replay, Survey, read};
use crate::printer;
use crate::words::style::{FAINT, STRONG, harmless, of_state, paint};
use crate::words::table::{Cell, lines};
use crate::words::time::{moment, relative, span};
use progress::follow;

const HEADING: [&str; 7] = [
    "REPLAY", "PARTNER", "STATE", "DONE", "RATE", "SINCE", "BEGAN",
];

/// Does what was asked for.
pub(crate) async fn run(arguments: ReplayArguments) -> Result<(), Failure> {
    let desk = Desk::new(&arguments.operator)?;
    match arguments.command {
        ReplayCommand::Start(wanted) => start(&desk, &wanted).await,
        ReplayCommand::Status { replay, wait: true } => {
            let answer = follow(&desk, replay).await?;
            told(&desk, &answer)
        }
        ReplayCommand::Status {
            replay,
            wait: false,
        } => {
            let answer = desk.client.get(&paths::replay(replay)).await?;
            told(&desk, &answer)
        }
        ReplayCommand::Cancel { replay } => {
            let path = paths::replay_cancel(replay);
            let answer = desk.client.post(&path, &json!({})).await?;
            told(&desk, &answer)
        }
        ReplayCommand::List { partner, limit } => list(&desk, partner, limit).await,
    }
}

async fn start(desk: &Desk, wanted: &StartArguments) -> Result<(), Failure> {
    let partner = match wanted.partner {
        Some(partner) => partner,
        None => only_partner(&desk.client).await?,
    };
    let now = desk.clock.now();
    let body = json!({
        "since": wanted.since.seen_from(now).to_string(),
        "until": wanted.until.map(|until| until.seen_from(now).to_string()),
        "rate_per_second": wanted.rate,
        "dry_run": wanted.dry_run,
    });
    let path = paths::partner_replay(partner);
    let answer = desk.client.post(&path, &body).await?;
    if wanted.dry_run {
        if !desk.printed(&answer) {
            printer::line(&surveyed(&read(&answer)?));
        }
        return Ok(());
    }
    let replay: Replay = read(&answer)?;
    if !wanted.wait || replay.state != "running" {
        return told(desk, &answer);
    }
    let id = ReplayId::parse(&replay.replay_id).map_err(|error| Failure::unexpected(&error))?;
    let answer = follow(desk, id).await?;
    told(desk, &answer)
}

/// The partner, if there is exactly one.
async fn only_partner(client: &OperatorClient) -> Result<PartnerId, Failure> {
    let partners = client.list(paths::PARTNERS, "", 20).await?.items;
    let partners = partners.iter().map(read);
    let partners = partners.collect::<Result<Vec<Partner>, Failure>>()?;
    if let [only] = partners.as_slice() {
        return PartnerId::parse(&only.partner_id).map_err(|error| Failure::unexpected(&error));
    }
    let names: Vec<String> = partners
        .iter()
        .map(|partner| format!("{} ({})", partner.partner_id, harmless(&partner.name)))
        .collect();
    Err(Failure::mendable(
        format!("which partner? there are {}", partners.len()),
        format!("name one: {}", names.join(", ")),
    ))
}

async fn list(desk: &Desk, partner: Option<PartnerId>, limit: u32) -> Result<(), Failure> {
    let query = partner.map_or(String::new(), |partner| format!("partner={partner}"));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let listed = desk.client.list(paths::REPLAYS, &query, limit).await?;
    if desk.printed(&json!({"data": listed.items, "next": listed.next})) {
        return Ok(());
    }
    let replays = listed.items.iter().map(read);
    let replays = replays.collect::<Result<Vec<Replay>, Failure>>()?;
    if replays.is_empty() {
        printer::note("no replays");
        return Ok(());
    }
    let now = desk.clock.now();
    let rows: Vec<Vec<Cell>> = replays.iter().map(|replay| row(replay, now)).collect();
    for line in lines(&HEADING, &rows) {
        printer::styled(&line);
    }
    if listed.next.is_some() {
        printer::note("there are more: raise --limit");
    }
    Ok(())
}

fn row(replay: &Replay, now: Timestamp) -> Vec<Cell> {
    vec![
        Cell::styled(&replay.replay_id, STRONG),
        Cell::plain(&replay.partner_id),
        Cell::styled(&replay.state, of_state(&replay.state)),
        Cell::plain(format!("{} of {}", replay.replayed, replay.total)),
        Cell::plain(format!("{}/s", replay.rate_per_second)),
        Cell::plain(moment(replay.since)),
        Cell::styled(relative(replay.created_at, now), FAINT),
    ]
}

/// What a dry run found.
fn surveyed(survey: &Survey) -> String {
    let Survey {
        since,
        until,
        rate_per_second: rate,
        total,
    } = survey;
    let (since, until) = (moment(*since), moment(*until));
    let takes = duration(*total, *rate);
    format!(
        "{total} deliveries died from {since} to {until} UTC; at {rate} a second they are on their way again {takes}"
    )
}

/// How long so many take, in words that end a sentence.
fn duration(total: u64, rate: u64) -> String {
    match total / rate.max(1) {
        0 => "at once".to_owned(),
        seconds => {
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            format!("in about {}", span(SignedDuration::from_secs(seconds)))
        }
    }
}

/// Tells how far a replay is.
fn told(desk: &Desk, answer: &Value) -> Result<(), Failure> {
    if desk.printed(answer) {
        return Ok(());
    }
    for line in described(&read(answer)?, desk.clock.now()) {
        printer::styled(&line);
    }
    Ok(())
}

fn described(replay: &Replay, now: Timestamp) -> Vec<String> {
    let id = &replay.replay_id;
    let state = paint(of_state(&replay.state), &replay.state);
    let name = paint(STRONG, &format!("replay {id}"));
    let mut lines = vec![format!("{name}  {state}")];
    let mut fact = |name: &str, value: String| lines.push(format!("  {name:<10}{value}"));
    fact("partner", replay.partner_id.clone());
    let (since, until) = (moment(replay.since), moment(replay.until));
    fact("died", format!("from {since} to {until} UTC"));
    fact(
        "rate",
        format!("at most {} a second", replay.rate_per_second),
    );
    fact(
        "done",
        format!("{} of {} on their way again", replay.replayed, replay.total),
    );
    fact("began", relative(replay.created_at, now));
    if let Some(finished) = replay.finished_at {
        let took = span(finished.duration_since(replay.created_at));
        fact(
            "ended",
            format!("{}, after {took}", relative(finished, now)),
        );
    }
    let mut say = |words: &str| lines.push(format!("  {:<10}{words}", ""));
    match replay.state.as_str() {
        "running" => {
            say("It goes on by itself.");
            say(&paint(
                STRONG,
                &format!("corkboard replay status {id} --wait"),
            ));
        }
        "done" if replay.replayed < replay.total => {
            say("The others were tried again or called off by somebody else meanwhile.");
        }
        _ => {}
    }
    lines
}
