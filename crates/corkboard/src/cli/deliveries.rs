//! The words of `deliveries`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use protocol::id::{BusinessId, DeliveryId, LeadId, PartnerId};

use super::operator::OperatorArguments;
use super::when::When;

/// What to do with deliveries, at which platform.
#[derive(Args, Debug)]
pub(crate) struct DeliveriesArguments {
    #[command(flatten)]
    pub(crate) operator: OperatorArguments,

    #[command(subcommand)]
    pub(crate) command: DeliveriesCommand,
}

/// What to do with deliveries.
#[derive(Debug, Subcommand)]
pub(crate) enum DeliveriesCommand {
    /// List deliveries, newest first; those that failed with `--failed`.
    List(ListArguments),

    /// Show one delivery: what happened, in order, what comes next, and how to repeat it by hand.
    Show {
        /// The delivery's id (`webhook-id`).
        #[arg(value_parser = DeliveryId::parse)]
        delivery: DeliveryId,
    },

    /// Try deliveries again now, whether they wait, are dead or were cancelled.
    Retry {
        /// Their ids.
        #[arg(required = true, value_name = "DELIVERY", value_parser = DeliveryId::parse)]
        deliveries: Vec<DeliveryId>,
    },

    /// Call deliveries off: some by their ids, or all that wait for a partner.
    Cancel(CancelArguments),

    /// Print the bytes that a delivery sends, until it is delivered. They are personal: the platform records who reads them.
    Body {
        /// The delivery's id.
        #[arg(value_parser = DeliveryId::parse)]
        delivery: DeliveryId,

        /// Write them to this file, for your eyes only, instead of standard output.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },

    /// Hold everything that goes to a partner. What happens meanwhile is recorded and waits.
    Pause {
        /// The partner's id.
        #[arg(value_parser = PartnerId::parse)]
        partner: PartnerId,
    },

    /// End a pause.
    Resume {
        /// The partner's id.
        #[arg(value_parser = PartnerId::parse)]
        partner: PartnerId,
    },

    /// Say whether and why a partner's deliveries wait, and what to do; of all partners, if none is named.
    Health {
        /// The partner's id.
        #[arg(value_parser = PartnerId::parse)]
        partner: Option<PartnerId>,
    },
}

/// Which deliveries to list.
#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Only those in this state.
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<StateName>,

    /// Only those that failed: dead, or tried in vain and still waiting.
    #[arg(long)]
    pub(crate) failed: bool,

    /// Only those of this lead.
    #[arg(long, value_name = "ID", value_parser = LeadId::parse)]
    pub(crate) lead: Option<LeadId>,

    /// Only those to this partner.
    #[arg(long, value_name = "ID", value_parser = PartnerId::parse)]
    pub(crate) partner: Option<PartnerId>,

    /// Only those of this business.
    #[arg(long, value_name = "ID", value_parser = BusinessId::parse)]
    pub(crate) business: Option<BusinessId>,

    /// Only those of this kind.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<KindName>,

    /// Only those recorded since then: how long ago, such as `2h`, or a time.
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<When>,

    /// Only those recorded before then.
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<When>,

    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
}

/// What to call off.
#[derive(Args, Debug)]
pub(crate) struct CancelArguments {
    /// The deliveries' ids.
    #[arg(value_name = "DELIVERY", value_parser = DeliveryId::parse, required_unless_present = "partner", conflicts_with = "partner")]
    pub(crate) deliveries: Vec<DeliveryId>,

    /// Everything that waits for this partner.
    #[arg(long, value_name = "ID", value_parser = PartnerId::parse)]
    pub(crate) partner: Option<PartnerId>,

    /// Of that only what belongs to this business.
    #[arg(long, value_name = "ID", value_parser = BusinessId::parse, requires = "partner")]
    pub(crate) business: Option<BusinessId>,

    /// Do it without asking first: needed with --partner.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// The word for a state.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum StateName {
    /// It will be tried, or tried again.
    Pending,
    /// The partner has it.
    Delivered,
    /// It was tried in vain.
    Dead,
    /// It was called off.
    Cancelled,
}

impl StateName {
    /// The word of the operator API.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The word for a kind.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum KindName {
    /// A lead.
    Lead,
    /// A customer's message.
    Message,
    /// A lead's price.
    LeadUpdate,
    /// A customer's review.
    Review,
}

impl KindName {
    /// The word of the operator API.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Message => "message",
            Self::LeadUpdate => "lead_update",
            Self::Review => "review",
        }
    }
}
