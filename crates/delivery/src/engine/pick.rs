//! Which attempts may begin now: heads of lanes that are due, within the limits, and probes of held endpoints.

use database::{DbReader, Error};
use jiff::Timestamp;

use crate::directory::Addressee;
use crate::engine::board::{Board, Ticket};
use crate::engine::lease::Leases;
use crate::policy::breaker::Breaker;
use crate::policy::decide::Role;
use crate::settings::Settings;
use crate::store::endpoint::{self, Overview};
use crate::store::pending;

/// The attempts that may begin. Endpoints take turns where places are short.
pub(crate) async fn pick(
    reader: &mut DbReader,
    settings: &Settings,
    leases: &Leases,
    board: &mut Board,
    now: Timestamp,
) -> Result<Vec<Ticket>, Error> {
    let mut endpoints = endpoint::overview(reader, &settings.owner).await?;
    board.order(&mut endpoints, |overview| overview.endpoint.id);
    let mut free = settings.max_in_flight.saturating_sub(board.in_flight());
    let mut tickets = Vec::new();
    for overview in &endpoints {
        if free == 0 {
            break;
        }
        let id = overview.endpoint.id;
        if !leases.holds(id.shard(), overview.epoch) || board.rests(&overview.endpoint, now) {
            continue;
        }
        let places = places(settings, overview, board, now).min(free);
        if places == 0 {
            continue;
        }
        let picked = pick_from(reader, overview, places, board, now).await?;
        if !picked.is_empty() {
            board.served(id);
        }
        free -= picked.len();
        tickets.extend(picked);
    }
    Ok(tickets)
}

/// How many attempts the endpoint may begin now.
fn places(settings: &Settings, overview: &Overview, board: &Board, now: Timestamp) -> usize {
    let id = overview.endpoint.id;
    match overview.endpoint.breaker {
        Breaker::Closed { .. } if overview.first_due <= now => settings
            .max_in_flight_per_endpoint
            .saturating_sub(board.in_flight_to(id)),
        Breaker::Held(hold) if hold.probe_at <= now && !board.is_probing(id) => 1,
        _ => 0,
    }
}

async fn pick_from(
    reader: &mut DbReader,
    overview: &Overview,
    places: usize,
    board: &Board,
    now: Timestamp,
) -> Result<Vec<Ticket>, Error> {
    let id = overview.endpoint.id;
    let (role, due_by) = match overview.endpoint.breaker {
        Breaker::Closed { .. } => (Role::Regular, now),
        // A probe is made with the longest waiting head, due or not.
        Breaker::Held(_) => (Role::Probe, Timestamp::MAX),
    };
    // Heads on their way are found too, because nothing in their rows says so.
    let limit = places + board.in_flight_to(id);
    let ready = pending::ready(reader, id, due_by, limit).await?;
    let picked = ready
        .into_iter()
        .filter(|ready| !board.is_busy(id, ready.conversation_id))
        .take(places)
        .map(|ready| Ticket {
            addressee: Addressee {
                endpoint_id: id,
                kind: ready.kind,
                conversation_id: ready.conversation_id,
                business_id: ready.business_id,
                delivery_id: ready.delivery_id,
            },
            attempts: ready.attempts,
            role,
            epoch: overview.epoch,
            version: overview.endpoint.version,
        })
        .collect();
    Ok(picked)
}
