//! Following a replay until it is over: a bar on a terminal, plain lines elsewhere. Ctrl-C stops following, and nothing
//! else.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use protocol::id::ReplayId;
use protocol::paths::operator as paths;
use serde_json::Value;

use crate::commands::desk::Desk;
use crate::failure::Failure;
use crate::operator_client::{Replay, read};
use crate::printer;
use crate::words::time::span;

/// How often to look.
const INTERVAL: Duration = Duration::from_millis(200);
/// Where nobody watches, a line so often is enough.
const BETWEEN_LINES: SignedDuration = SignedDuration::from_secs(5);

const BAR: &str = "  {bar:40} {pos} of {len} on their way again, {msg}";

/// Follows a replay; its last answer.
pub(super) async fn follow(desk: &Desk, replay: ReplayId) -> Result<Value, Failure> {
    let mut watcher = Watcher::new(std::io::stderr().is_terminal());
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    // It is listened to from the first poll on: before anything is shown that could be interrupted.
    tokio::select! {
        biased;
        _ = &mut interrupted => return Err(stopped(replay, "")),
        () = std::future::ready(()) => {}
    }
    loop {
        let answer = desk.client.get(&paths::replay(replay)).await?;
        let seen: Replay = read(&answer)?;
        watcher.show(&seen, desk.clock.now());
        if seen.state != "running" {
            watcher.end();
            return Ok(answer);
        }
        tokio::select! {
            () = desk.clock.sleep(INTERVAL) => {}
            _ = &mut interrupted => {
                watcher.end();
                let so_far = format!(", {} of {} are on their way again", seen.replayed, seen.total);
                return Err(stopped(replay, &so_far));
            }
        }
    }
}

/// What to say to whoever interrupts.
fn stopped(replay: ReplayId, so_far: &str) -> Failure {
    Failure::mendable(
        format!("stopped watching; replay {replay} goes on{so_far}"),
        format!(
            "`corkboard replay status {replay} --wait` watches again, `replay cancel {replay}` stops it"
        ),
    )
}

/// Shows how far it is.
enum Watcher {
    Bar(ProgressBar),
    Lines { next_at: Timestamp },
}

impl Watcher {
    fn new(is_watched: bool) -> Self {
        if !is_watched {
            return Self::Lines {
                next_at: Timestamp::MIN,
            };
        }
        let style = ProgressStyle::with_template(BAR)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸─");
        Self::Bar(ProgressBar::new(0).with_style(style))
    }

    fn show(&mut self, replay: &Replay, now: Timestamp) {
        match self {
            Self::Bar(bar) => {
                bar.set_message(left(replay));
                bar.update(|bar| {
                    bar.set_len(replay.total);
                    bar.set_pos(replay.replayed);
                });
            }
            Self::Lines { next_at } => {
                let is_over = replay.state != "running";
                if now < *next_at && !is_over {
                    return;
                }
                *next_at = now.saturating_add(BETWEEN_LINES).unwrap_or(Timestamp::MAX);
                printer::note(&format!(
                    "{} of {} on their way again, {}",
                    replay.replayed,
                    replay.total,
                    left(replay)
                ));
            }
        }
    }

    fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// How long it still takes.
fn left(replay: &Replay) -> String {
    if replay.state != "running" {
        return replay.state.clone();
    }
    let open = replay.total.saturating_sub(replay.replayed);
    let seconds = open.div_ceil(replay.rate_per_second.max(1));
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    match seconds {
        0..60 => format!("about {seconds} s left"),
        _ => format!("about {} left", span(SignedDuration::from_secs(seconds))),
    }
}
