//! `deliveries show`: what happened to one delivery, in order, and what comes next.

use jiff::Timestamp;
use protocol::id::DeliveryId;
use protocol::paths::operator as paths;

use crate::commands::desk::Desk;
use crate::failure::Failure;
use crate::operator_client::{Attempt, Dossier, Next, read};
use crate::printer;
use crate::words::style::{BAD, FAINT, GOOD, STRONG, harmless, of_state, paint, shortened};
use crate::words::time::{day, moment, relative, span, time_of_day};

/// How many signs of an answer are shown; `--json` has all that is kept.
const ANSWER: usize = 160;
/// Where a second line of an event begins.
const INDENT: &str = "                                  ";
/// How many attempts are shown at the beginning and at the end of a long log.
const SHOWN: usize = 12;

/// Shows one delivery.
pub(super) async fn run(desk: &Desk, delivery: DeliveryId) -> Result<(), Failure> {
    let answer = desk.client.get(&paths::delivery(delivery)).await?;
    if desk.printed(&answer) {
        return Ok(());
    }
    for line in story(&read(&answer)?) {
        printer::styled(&line);
    }
    Ok(())
}

/// The lines for one delivery.
fn story(dossier: &Dossier) -> Vec<String> {
    let mut lines = head(dossier);
    lines.push(String::new());
    lines.extend(happened(dossier));
    lines.push(String::new());
    lines.extend(next(dossier));
    lines.extend(by_hand(dossier));
    lines
}

/// What it is, and where it goes.
fn head(dossier: &Dossier) -> Vec<String> {
    let delivery = &dossier.delivery;
    let name = format!(
        "{} {}",
        delivery.kind.replace('_', " "),
        delivery.delivery_id
    );
    let state = paint(of_state(&delivery.state), &delivery.state);
    let mut lines = vec![format!("{}  {state}", paint(STRONG, &name))];
    let mut fact = |name: &str, value: String| lines.push(format!("  {name:<10}{value}"));
    if let Some(lead) = &delivery.lead_id {
        fact("lead", lead.clone());
    }
    fact("business", delivery.business_id.clone());
    let partner = dossier.partner_name.as_deref().unwrap_or_default();
    let partner = shortened(&harmless(partner), 60);
    fact("partner", format!("{}  {partner}", delivery.partner_id));
    if let (Some(method), Some(url)) = (&dossier.method, &dossier.url) {
        fact("goes to", format!("{method} {}", harmless(url)));
    }
    lines
}

/// Every event with its time, oldest first, under its day.
fn happened(dossier: &Dossier) -> Vec<String> {
    let delivery = &dossier.delivery;
    let mut log = Log {
        lines: Vec::new(),
        day: String::new(),
        now: dossier.as_of,
    };
    log.event(delivery.created_at, "recorded", &[]);
    let attempts = &dossier.attempt_log;
    let left_out = attempts.len().saturating_sub(2 * SHOWN);
    let mut earlier = None;
    for (place, attempt) in attempts.iter().enumerate() {
        let is_left_out = left_out > 0 && (SHOWN..SHOWN + left_out).contains(&place);
        if is_left_out && place == SHOWN {
            log.remark(&format!("… {left_out} attempts more; --json has them all"));
        }
        if !is_left_out {
            log.attempt(attempt, earlier);
        }
        earlier = Some(attempt);
    }
    if let Some(at) = delivery.finished_at {
        let state = paint(of_state(&delivery.state), &delivery.state);
        let reason = delivery.last_error.as_deref().map(harmless);
        let reason = reason.map_or(String::new(), |reason| format!(": {reason}"));
        log.event(at, &format!("{state}{reason}"), &[]);
    }
    log.lines
}

/// The lines of what happened.
struct Log {
    lines: Vec<String>,
    /// The day that was told last.
    day: String,
    now: Timestamp,
}

impl Log {
    fn event(&mut self, at: Timestamp, what: &str, more: &[String]) {
        let day = day(at);
        if day != self.day {
            let heading = format!("  {day} UTC");
            self.lines.push(paint(FAINT, &heading));
            self.day = day;
        }
        let ago = paint(FAINT, &format!("{:>14}", relative(at, self.now)));
        let line = format!("  {}  {ago}  {what}", time_of_day(at));
        self.lines.push(line);
        for more in more {
            self.lines.push(format!("{INDENT}{more}"));
        }
    }

    fn remark(&mut self, what: &str) {
        self.lines.push(format!("{INDENT}{}", paint(FAINT, what)));
    }

    fn attempt(&mut self, attempt: &Attempt, earlier: Option<&Attempt>) {
        let took = span(attempt.ended_at.duration_since(attempt.started_at));
        let (style, came) = match attempt.status {
            Some(status @ 200..=299) => (GOOD, status.to_string()),
            Some(status) => (BAD, status.to_string()),
            None => (BAD, "no answer".to_owned()),
        };
        let is_same = attempt.answer.is_some()
            && earlier.and_then(|earlier| earlier.answer.as_ref()) == attempt.answer.as_ref();
        let again = if is_same {
            ", with the same answer"
        } else {
            ""
        };
        let what = format!(
            "attempt {}  {} after {took}: {}{}",
            attempt.attempt,
            paint(style, &came),
            meaning(&attempt.class),
            paint(FAINT, again)
        );
        let mut more = Vec::new();
        if let (None, Some(error)) = (attempt.status, &attempt.error) {
            more.push(harmless(error));
        }
        if let Some(answer) = attempt.answer.as_deref().filter(|_| !is_same) {
            let answer = shortened(&harmless(answer.trim()), ANSWER);
            more.push(paint(FAINT, &format!("│ {answer}")));
        }
        self.event(attempt.started_at, &what, &more);
    }
}

/// What a class of outcome says, in words.
fn meaning(class: &str) -> &str {
    match class {
        "delivered" => "delivered",
        "endpoint" => "the endpoint fails",
        "busy" => "the endpoint asks for time",
        "credentials" => "the endpoint refuses our credentials",
        "refused" => "refused as it is",
        "method_not_allowed" => "the endpoint does not take this kind",
        "gone" => "the endpoint is gone",
        _ => "not what was expected",
    }
}

/// What comes next, and the commands that change it.
fn next(dossier: &Dossier) -> Vec<String> {
    let delivery = &dossier.delivery;
    let Next {
        waits_for,
        at,
        explanation,
    } = &dossier.next;
    let words = match (waits_for.as_str(), at) {
        ("attempt", Some(at)) => format!(
            "attempt {} {}",
            delivery.attempts + 1,
            both(*at, dossier.as_of)
        ),
        (_, Some(at)) => format!("{explanation} Next probe {}.", both(*at, dossier.as_of)),
        (_, None) => explanation.clone(),
    };
    let mut lines = vec![format!("  {:<10}{}", "next", harmless(&words))];
    let mut command = |command: String| {
        lines.push(format!("  {:<10}{}", "", paint(STRONG, &command)));
    };
    let (id, partner) = (&delivery.delivery_id, &delivery.partner_id);
    match (delivery.state.as_str(), waits_for.as_str()) {
        ("dead" | "cancelled", _) | ("pending", "attempt") => {
            command(format!("corkboard deliveries retry {id}"));
        }
        ("pending", "resume") => command(format!("corkboard deliveries resume {partner}")),
        ("pending", "probe" | "settings") => {
            command(format!("corkboard deliveries health {partner}"));
        }
        _ => {}
    }
    lines
}

fn both(at: Timestamp, now: Timestamp) -> String {
    if at <= now {
        return "now".to_owned();
    }
    format!("{} ({} UTC)", relative(at, now), moment(at))
}

/// How to repeat it without the platform.
fn by_hand(dossier: &Dossier) -> Vec<String> {
    let (Some(curl), true) = (&dossier.curl, dossier.body.kept) else {
        let explanation = harmless(&dossier.body.explanation);
        return vec![format!("  {:<10}{}", "body", paint(FAINT, &explanation))];
    };
    let id = &dossier.delivery.delivery_id;
    vec![
        String::new(),
        paint(
            FAINT,
            "  The same request by hand, with the partner's password:",
        ),
        format!("  corkboard deliveries body {id} --output body.json"),
        format!("  PASSWORD='…' {}", harmless(curl)),
    ]
}
