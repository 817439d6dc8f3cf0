//! Logs: one line an event on standard error, for people or as JSON. They carry ids, never personal data or secrets.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person at a terminal.
    #[default]
    Text,
    /// One JSON object a line, for a collector.
    Json,
}

/// Starts logging for this process. `filter` is in the syntax of `tracing`'s directives, such as `info` or
/// `info,delivery=debug`; what does not parse is an error that names it. A second call changes nothing.
pub fn start(format: LogFormat, filter: &str) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(filter).map_err(|error| format!("log filter `{filter}`: {error}"))?;
    let (filter, fuse) = crate::faults::fuse(filter)?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE)
        .with_target(true);
    // An error means that logging was started already, by an earlier call.
    let _ = match format {
        LogFormat::Text => builder.with_ansi(false).finish().with(fuse).try_init(),
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .finish()
            .with(fuse)
            .try_init(),
    };
    Ok(())
}
