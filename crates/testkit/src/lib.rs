//! For tests: both sides with a clock that stands still, a partner's receiver that remembers, people who speak HTTP, and
//! a browser. Nothing here is part of the product.

#![expect(
    clippy::missing_panics_doc,
    reason = "everything here panics where a test must fail; the messages say why"
)]

pub mod actors;
pub mod connecting;
pub mod example;
pub mod http;
pub mod partner;
pub mod postgres;
pub mod process;
pub mod raw;
pub mod receiver;
pub mod torture;
pub mod webdriver;
pub mod world;

pub use actors::{ApiUser, Pro};
pub use http::{Http, Reply};
pub use receiver::{Answer, Received, Receiver};
pub use world::{World, WorldOptions};
