//! Rules of the partner's side, pure: no database, no HTTP, no clock.

pub(crate) mod arrival;
pub(crate) mod forward;
pub(crate) mod lead_view;
pub(crate) mod purge;
pub(crate) mod reply;
