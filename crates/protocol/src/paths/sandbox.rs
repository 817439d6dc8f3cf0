//! The sandbox's controls (§8.5), on the platform's port.

/// The clock: read, move forward.
pub const CLOCK: &str = "/sandbox/v1/clock";
/// Faults: list, add, clear.
pub const FAULTS: &str = "/sandbox/v1/faults";
/// Making something happen.
pub const TRIGGER: &str = "/sandbox/v1/trigger";
