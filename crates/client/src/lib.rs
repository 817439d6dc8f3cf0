//! The typed client of the platform's partner API, for anybody's Rust code; the gateway uses it too.
//!
//! It knows the calls of a partner (protocol §2 and §3) and how to keep tokens (§6). It does not retry messages, store
//! anything, or serve the other direction: those are the gateway's. The section numbers (§) in this crate's comments are
//! those of the protocol document.
//!
//! # Start here
//!
//! ```no_run
//! use base::outgoing::{AddressPolicy, Outgoing};
//! use base::{Clock, Entropy, Secret, Tasks};
//! use client::{Client, CodeExchange, IssuedTokens, MemoryTokenStore, OutgoingMessage};
//! use client::{PlatformAddresses, TokenKeeper};
//! use protocol::id::LeadId;
//! use protocol::message::MessageText;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let addresses = PlatformAddresses::corkboard("http://127.0.0.1:8300")?;
//! let outgoing = Outgoing::new(AddressPolicy::PublicAndLoopback)?;
//! let client = Client::new(addresses, "my-client", Secret::new("my-secret"), outgoing);
//!
//! // The pro came back from `client.authorize_url(..)` with a code.
//! let clock = Clock::system();
//! let asked_at = clock.now();
//! let exchange = CodeExchange {
//!     code: &Secret::new("BnCICCQ9KWF6WXj_xtiN3A"),
//!     redirect_uri: "http://127.0.0.1:8999/callback",
//!     code_verifier: None,
//! };
//! let pair = client.exchange_code(&exchange).await?;
//! let business_id = client.info(&pair.access_token).await?.business_id;
//!
//! // From here on the keeper refreshes.
//! let store = MemoryTokenStore::new();
//! store.insert(business_id, IssuedTokens::new(pair, asked_at));
//! let keeper = TokenKeeper::new(client.clone(), store, clock, &Entropy::system(), Tasks::new());
//!
//! let message = OutgoingMessage {
//!     business_id,
//!     lead_id: LeadId::parse("380497493950742534")?,
//!     text: &MessageText::parse("Hello, how can I help you?")?,
//!     idempotency_key: None,
//! };
//! let token = keeper.access_token(&business_id).await?;
//! match client.send_message(&token, &message).await {
//!     Err(error) if error.is_unauthorized() => {
//!         let token = keeper.refresh_now(&business_id, &token).await?;
//!         client.send_message(&token, &message).await?;
//!     }
//!     result => result?,
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # When a call fails
//!
//! [`ClientError`] has a variant per thing to do: [`Rejected`](ClientError::Rejected) (read why),
//! [`NotSent`](ClientError::NotSent) (send again), [`Uncertain`](ClientError::Uncertain) (find out first),
//! [`Empty`](ClientError::Empty) and [`Malformed`](ClientError::Malformed) (it was done, most likely). Its predicates
//! answer the usual questions. Neither errors nor `Debug` show a secret, a token or a message's text.
//!
//! # Where things are
//!
//! | calls | file |
//! |---|---|
//! | where a platform lives | `addresses` |
//! | the connect page | `connect` |
//! | codes, tokens, revocation | `oauth`, `tokens` |
//! | info, introspection, disconnect | `connection` |
//! | messages | `messages` |
//! | targeting | `targeting` |
//! | test leads | `test_data` |
//! | keeping tokens fresh | `token_keeper`, `token_store`, `memory_store` |

// Where to and who.
mod addresses;
mod client;

// The wire.
mod error;
mod rejection;
mod transport;

// The calls.
mod connect;
mod connection;
mod messages;
mod oauth;
mod targeting;
mod test_data;
mod tokens;

// Keeping tokens fresh.
mod memory_store;
mod token_keeper;
mod token_store;

pub use addresses::{AddressError, PlatformAddresses, TokenParameters};
pub use client::Client;
pub use connect::ConnectRequest;
pub use connection::{ConnectionInfo, Disconnected, Introspection};
pub use error::{ClientError, Uncertainty};
pub use memory_store::MemoryTokenStore;
pub use messages::{IdempotencyKey, IdempotencyKeyError, OutgoingMessage};
pub use oauth::CodeExchange;
pub use rejection::Rejection;
pub use token_keeper::{KeepError, TokenKeeper, refresh_due};
pub use token_store::{IssuedTokens, Lease, ReconnectReason, StoredTokens, TokenStore};
pub use tokens::TokenPair;
