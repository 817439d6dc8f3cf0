//! What is decided, as pure functions: data in, decision out. Nothing here waits, sends, stores or reads a clock.

pub mod breaker;
pub mod classify;
pub mod decide;
pub mod pace;
pub mod ramp;
pub mod recent;
pub mod retry_after;
pub mod schedule;
