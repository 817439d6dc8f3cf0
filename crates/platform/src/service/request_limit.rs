//! How often a client or partner may ask (protocol §3.4). Every endpoint that a partner's program calls counts here, once
//! it knows who calls.

use protocol::id::PartnerId;
use web::limits::{Rate, RetryAfter};

use crate::core::Core;
use crate::domain::client::ClientLimit;

/// Counts a request of an OAuth client, whose own limit goes before the platform's.
pub(crate) fn count_client(
    core: &Core,
    client_id: &str,
    own: Option<ClientLimit>,
) -> Result<(), RetryAfter> {
    let own = own.map(|limit| Rate {
        per_second: limit.per_second,
        burst: limit.burst,
    });
    count(core, &format!("client {client_id}"), own)
}

/// Counts a request of a partner that calls with its user name and password.
pub(crate) fn count_partner(core: &Core, partner_id: PartnerId) -> Result<(), RetryAfter> {
    count(core, &format!("partner {partner_id}"), None)
}

fn count(core: &Core, key: &str, own: Option<Rate>) -> Result<(), RetryAfter> {
    let usual = core.settings.request_limit.map(|limit| Rate {
        per_second: limit.per_second,
        burst: limit.burst,
    });
    match own.or(usual) {
        Some(rate) => core.requests.take(key, rate),
        None => Ok(()),
    }
}
