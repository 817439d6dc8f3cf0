//! SQL and rows, a file per table. Whoever changes a lane's rows holds the lane's lock ([`lane::lock`]).

pub(crate) mod attempt;
pub(crate) mod columns;
pub(crate) mod endpoint;
pub(crate) mod lane;
pub(crate) mod node;
pub(crate) mod outcome;
pub(crate) mod page;
pub(crate) mod pending;
pub(crate) mod replay;
pub(crate) mod retention;
pub(crate) mod shard;
pub(crate) mod time;

#[cfg(test)]
mod tests;
