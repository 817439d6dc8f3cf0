//! Background work of the platform besides deliveries: each job runs for as long as the process.

pub(crate) mod node_lease;
pub(crate) mod sweep;
