//! `deliveries …`: what an operator sees and does when deliveries fail, against a running platform.

mod change;
mod health;
mod list;
mod show;

use crate::cli::{DeliveriesArguments, DeliveriesCommand};
use crate::commands::desk::Desk;
use crate::failure::Failure;

/// Does what was asked for.
pub(crate) async fn run(arguments: DeliveriesArguments) -> Result<(), Failure> {
    let desk = Desk::new(&arguments.operator)?;
    match arguments.command {
        DeliveriesCommand::List(wanted) => list::run(&desk, &wanted).await,
        DeliveriesCommand::Show { delivery } => show::run(&desk, delivery).await,
        DeliveriesCommand::Retry { deliveries } => change::retry(&desk, &deliveries).await,
        DeliveriesCommand::Cancel(wanted) => change::cancel(&desk, &wanted).await,
        DeliveriesCommand::Body { delivery, output } => {
            change::body(&desk, delivery, output.as_deref()).await
        }
        DeliveriesCommand::Pause { partner } => health::pause(&desk, partner).await,
        DeliveriesCommand::Resume { partner } => health::resume(&desk, partner).await,
        DeliveriesCommand::Health { partner: None } => health::of_all(&desk).await,
        DeliveriesCommand::Health {
            partner: Some(partner),
        } => health::of_one(&desk, partner).await,
    }
}
