//! `deliveries retry`, `cancel` and `body`.

use std::path::Path;

use protocol::id::DeliveryId;
use protocol::paths::operator as paths;
use serde_json::{Value, json};

use crate::cli::CancelArguments;
use crate::commands::desk::Desk;
use crate::commands::keys::write_new_secret;
use crate::failure::Failure;
use crate::operator_client::{Dossier, Health, read};
use crate::printer;
use crate::words::style::{GOOD, paint};

/// Tries some again. Those that cannot be do not keep the others from it.
pub(super) async fn retry(desk: &Desk, deliveries: &[DeliveryId]) -> Result<(), Failure> {
    one_by_one(desk, deliveries, paths::delivery_retry, "due again").await
}

/// Calls some off, or all that waits for a partner.
pub(super) async fn cancel(desk: &Desk, wanted: &CancelArguments) -> Result<(), Failure> {
    let Some(partner) = wanted.partner else {
        return one_by_one(
            desk,
            &wanted.deliveries,
            paths::delivery_cancel,
            "cancelled",
        )
        .await;
    };
    if !wanted.yes {
        let health: Health = read(&desk.client.get(&paths::partner_health(partner)).await?)?;
        let more = if health.has_more_pending {
            "more than "
        } else {
            ""
        };
        return Err(Failure::mendable(
            format!(
                "{more}{} deliveries wait for partner {partner} in all; what is cancelled is not sent",
                health.pending
            ),
            "add --yes to call them off, or `corkboard deliveries pause` to hold them",
        ));
    }
    let body = json!({"business_id": wanted.business});
    let path = paths::partner_cancel_deliveries(partner);
    let answer = desk.client.post(&path, &body).await?;
    if !desk.printed(&answer) {
        printer::line(&format!("{} deliveries cancelled", answer["cancelled"]));
    }
    Ok(())
}

/// Prints the bytes, or writes them to a new file.
pub(super) async fn body(
    desk: &Desk,
    delivery: DeliveryId,
    output: Option<&Path>,
) -> Result<(), Failure> {
    let bytes = desk
        .client
        .get_bytes(&paths::delivery_body(delivery))
        .await?;
    let Some(path) = output else {
        printer::bytes(&bytes);
        return Ok(());
    };
    let text = String::from_utf8_lossy(&bytes);
    write_new_secret(path, &text).map_err(|error| {
        Failure::mendable(
            format!("{} cannot be made: {error}", path.display()),
            "name a file that does not exist, in a folder that you may write to",
        )
    })?;
    printer::note(&format!(
        "wrote {} bytes to {}: they are a customer's, so delete the file when you are done",
        bytes.len(),
        path.display()
    ));
    Ok(())
}

async fn one_by_one(
    desk: &Desk,
    deliveries: &[DeliveryId],
    path: fn(DeliveryId) -> String,
    what: &str,
) -> Result<(), Failure> {
    let mut failed = None;
    for delivery in deliveries {
        match desk.client.post(&path(*delivery), &json!({})).await {
            Ok(answer) => tell(desk, &answer, what)?,
            // The last one is told in the end, with its hint.
            Err(failure) => {
                if let Some(earlier) = failed.replace((*delivery, failure)) {
                    note(&earlier);
                }
            }
        }
    }
    match failed {
        None => Ok(()),
        Some((delivery, failure)) if deliveries.len() > 1 => {
            Err(failure.about(&format!("delivery {delivery}")))
        }
        Some((_, failure)) => Err(failure),
    }
}

fn tell(desk: &Desk, answer: &Value, what: &str) -> Result<(), Failure> {
    if desk.printed(answer) {
        return Ok(());
    }
    let dossier: Dossier = read(answer)?;
    let id = &dossier.delivery.delivery_id;
    printer::styled(&format!("{id} {}", paint(GOOD, what)));
    if dossier.delivery.state == "pending" && dossier.next.waits_for != "attempt" {
        printer::note(&format!("{id}: {}", dossier.next.explanation));
    }
    Ok(())
}

fn note((delivery, failure): &(DeliveryId, Failure)) {
    printer::note(&format!("delivery {delivery}: {}", failure.what()));
}
