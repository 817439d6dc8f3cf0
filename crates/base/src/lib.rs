//! What every other room stands on: time, randomness, ids, secrets, background tasks, outgoing HTTP and logs.
//!
//! The system's clock and its random source are read here and nowhere else, so that a test can replace both.
//! Nothing here knows the marketplace, a database or a page.

pub mod clock;
pub mod entropy;
pub mod faults;
pub mod ids;
pub mod keys;
pub mod outgoing;
pub mod password;
pub mod secret;
pub mod tasks;
pub mod telemetry;
pub mod tls;

pub use clock::Clock;
pub use entropy::Entropy;
pub use ids::IdMaker;
pub use keys::Keyring;
pub use outgoing::Outgoing;
pub use password::Passwords;
pub use secret::{Secret, SecretHash};
pub use tasks::Tasks;
