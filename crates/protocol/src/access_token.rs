//! Access tokens `K.P.S` (§2.2 D4): a key's number, claims in base64url JSON, and an HMAC-SHA256 over both.
//!
//! A token proves what was granted when it was signed. Whether the grant still stands, and whether the token has run out,
//! are questions for whoever has the store and the clock.

mod claims;
mod token;

pub use claims::{AccessClaims, ClaimsError};
pub use token::{LONGEST_TOKEN, TokenError, decode_without_verifying, sign, verify};
