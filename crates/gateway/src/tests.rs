//! The gateway from outside: its API and pages over the real router and a real database of either kind, against a platform
//! that answers from a script. What no caller can bring about (a process that dies) is tested beside the code.

mod connecting;
mod disconnecting;
mod gateway;
mod platform;
mod replying;
mod replying_failures;
mod starting;
mod stopping;
mod targeting;

pub(crate) use gateway::{BUSINESS, LEAD, TestGateway};
pub(crate) use platform::Answer;
