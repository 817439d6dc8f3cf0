//! The words of `replay`.

use clap::{Args, Subcommand};
use protocol::id::{PartnerId, ReplayId};

use super::operator::OperatorArguments;
use super::when::When;

/// What to do with replays, at which platform.
#[derive(Args, Debug)]
pub(crate) struct ReplayArguments {
    #[command(flatten)]
    pub(crate) operator: OperatorArguments,

    #[command(subcommand)]
    pub(crate) command: ReplayCommand,
}

/// What to do with replays.
#[derive(Debug, Subcommand)]
pub(crate) enum ReplayCommand {
    /// Send a partner again what died in a span of time. The platform goes on with it by itself.
    Start(StartArguments),

    /// Show how far a replay is.
    Status {
        /// The replay's id.
        #[arg(value_parser = ReplayId::parse)]
        replay: ReplayId,

        /// Follow it until it is over. Ctrl-C stops following; the replay goes on.
        #[arg(long)]
        wait: bool,
    },

    /// Stop a replay. What is on its way again by then stays so.
    Cancel {
        /// The replay's id.
        #[arg(value_parser = ReplayId::parse)]
        replay: ReplayId,
    },

    /// List replays, newest first.
    List {
        /// Only those to this partner.
        #[arg(long, value_name = "ID", value_parser = PartnerId::parse)]
        partner: Option<PartnerId>,

        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
}

/// What to send again.
#[derive(Args, Debug)]
pub(crate) struct StartArguments {
    /// The partner's id; not needed if there is only one.
    #[arg(value_parser = PartnerId::parse)]
    pub(crate) partner: Option<PartnerId>,

    /// What died since then: how long ago, such as `2h`, or a time such as `2026-01-31T09:30:00Z`.
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: When,

    /// And not after then; until now, if left out.
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<When>,

    /// Deliveries a second at most, 1 to 1000.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) rate: u32,

    /// Only say how many it would be.
    #[arg(long, conflicts_with = "wait")]
    pub(crate) dry_run: bool,

    /// Follow it until it is over. Ctrl-C stops following; the replay goes on.
    #[arg(long)]
    pub(crate) wait: bool,
}
