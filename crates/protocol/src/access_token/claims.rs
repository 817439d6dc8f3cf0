//! What a token says.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::id::{AccountId, BusinessId};
use crate::json::{JsonError, parse};
use crate::scope::Scopes;

/// What a token says: who may do what for which business, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// The business that the token is for.
    pub business_pk: BusinessId,
    /// The client that the token was given to.
    pub client_id: String,
    /// What the pro granted. Older tokens with no scope at all have been seen.
    pub scopes: Scopes,
    /// From this moment on the token is worth nothing.
    pub expires_at: Timestamp,
    /// The grant's handle: hex of the SHA-256 of the authorization code. The original's is twice as telling.
    pub src_auth_code: String,
    /// The pro's account. Older tokens have none; ours always do.
    pub account_id: Option<AccountId>,
}

/// Why the middle part of a token is not claims.
#[derive(Debug, thiserror::Error)]
pub enum ClaimsError {
    /// It is not acceptable JSON.
    #[error("the claims are not JSON")]
    Json(#[from] JsonError),
    /// A member is missing or wrong.
    #[error("the claims do not have the members of a token: {0}")]
    Members(String),
}

/// The claims with the types that they have on the wire: numbers, not strings.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ClaimsOnTheWire {
    #[serde(rename = "BusinessPK")]
    business_pk: i64,
    #[serde(rename = "ClientID")]
    client_id: String,
    scope: Scopes,
    expires_at: String,
    src_auth_code: String,
    #[serde(rename = "AccountID")]
    account_id: Option<i64>,
}

impl AccessClaims {
    /// Whether the token is worth nothing any more; there is no leeway.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// The JSON of the claims, byte for byte the same for the same claims: it is what is signed, and a token that is
    /// asked for again in the grace period (§2.2 D5) is signed again.
    pub(super) fn to_json(&self) -> String {
        let mut members = json!({
            "BusinessPK": self.business_pk.get(),
            "ClientID": self.client_id,
            "Scope": self.scopes.iter().map(crate::scope::Scope::as_str).collect::<Vec<_>>(),
            "ExpiresAt": format!("{:.9}", self.expires_at),
            "SrcAuthCode": self.src_auth_code,
        });
        if let Some(account_id) = self.account_id {
            members["AccountID"] = Value::from(account_id.get());
        }
        members.to_string()
    }

    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, ClaimsError> {
        let value = parse(bytes)?;
        let wire = ClaimsOnTheWire::deserialize(value)
            .map_err(|error| ClaimsError::Members(error.to_string()))?;
        let wrong = |member: &str| ClaimsError::Members(format!("{member} is out of range"));
        let account_id = match wire.account_id {
            Some(number) => Some(AccountId::from_i64(number).ok_or_else(|| wrong("AccountID"))?),
            None => None,
        };
        Ok(Self {
            business_pk: BusinessId::from_i64(wire.business_pk)
                .ok_or_else(|| wrong("BusinessPK"))?,
            client_id: wire.client_id,
            scopes: wire.scope,
            expires_at: wire.expires_at.parse().map_err(|_| wrong("ExpiresAt"))?,
            src_auth_code: wire.src_auth_code,
            account_id,
        })
    }
}
