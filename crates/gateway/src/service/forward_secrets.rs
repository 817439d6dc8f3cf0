//! Signing secrets of forwards: made here, sealed for the row that they are stored in.

use base::Secret;
use protocol::standard_webhooks::SigningSecret;

use crate::core::Core;

/// A secret that was made just now.
#[derive(Clone, Debug)]
pub(super) struct NewSecret {
    pub(super) secret_id: i64,
    pub(super) plain: Secret,
    pub(super) sealed: String,
}

/// Makes a secret for a forward.
pub(super) fn new_secret(core: &Core, forward_id: i64) -> NewSecret {
    let secret_id = core.ids.next_id();
    let plain = SigningSecret::from_random(core.entropy.bytes()).to_text();
    let place = secret_place(forward_id, secret_id);
    NewSecret {
        secret_id,
        sealed: core.keys.seal(&core.entropy, &place, &plain),
        plain: Secret::new(plain),
    }
}

/// What a sealed secret is bound to.
pub(super) fn secret_place(forward_id: i64, secret_id: i64) -> String {
    format!("forward.secret:{forward_id}:{secret_id}")
}
