//! A lead (§4.1): what the platform sends to a partner's lead endpoint, and what a receiver reads there.
//!
//! What an operator posts to make one is [`crate::new_lead`]; what follows a lead is [`crate::message`] and
//! [`crate::lead_update`].

mod charge;
mod lead_type;
mod opt_in;
mod receive;
mod shape;

pub use charge::{Charge, ChargeState};
pub use lead_type::LeadType;
pub use shape::{Business, Customer, Detail, Lead, Location, Request};
