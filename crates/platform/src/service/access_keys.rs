//! Signing access tokens, and believing them (D4). Their keys are derived from the platform's master keys: a new one
//! signs, old ones verify until they are taken out of the key file.

use base::{Keyring, Secret};
use protocol::access_token::{self, AccessClaims, TokenError};

use crate::domain::grant::Grant;
use crate::domain::refresh::IssuedAccess;

/// What the keys are derived for.
const LABEL: &str = "access-token";

/// What an access token of this grant says.
pub(crate) fn claims(grant: &Grant, issued: IssuedAccess) -> AccessClaims {
    AccessClaims {
        business_pk: grant.business_id,
        client_id: grant.client_id.clone(),
        scopes: grant.scopes.clone(),
        expires_at: issued.expires_at,
        src_auth_code: grant.code_hash.clone(),
        account_id: Some(grant.account_id),
    }
}

/// The access token that was issued under this number: the same bytes every time. `None` if its key is gone.
pub(crate) fn sign(keys: &Keyring, grant: &Grant, issued: IssuedAccess) -> Option<Secret> {
    let key = keys.derive(issued.key_number, LABEL)?;
    let token = access_token::sign(issued.key_number, &*key, &claims(grant, issued));
    Some(Secret::new(token))
}

/// What a token says, if one of our keys signed it. Whether it still counts is for `access.rs`.
pub(crate) fn verify(keys: &Keyring, token: &Secret) -> Result<AccessClaims, TokenError> {
    let key = |number| keys.derive(number, LABEL).map(|key| key.to_vec());
    access_token::verify(token.expose(), key)
}
