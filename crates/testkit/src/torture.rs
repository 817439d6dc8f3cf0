//! Proving that nothing is lost: a marketplace under load whose processes are killed, frozen and added, and what must be
//! true of it afterwards (protocol §4.5).
//!
//! Who takes part: a [`market`] whose partners are [`witness`]es; clients ([`poster`]) who note in a [`ledger`] what was
//! acknowledged to them; somebody who does harm, either at one fault point (the tests in `corkboard`) or at moments that
//! a seed chooses (a [`plan`] for a [`cluster`]); [`flight`], which knows what was under way when it happened; and the
//! [`verdict`]. [`course`] is a whole run, and [`summary`] what it has shown.
//!
//! # What must be true
//! - Every receiver has everything that was acknowledged, in the order of each lead, once repeats are dropped.
//! - Every delivery is on record once, and delivered.
//! - What came twice was in flight when its process was harmed: a request had come, and its outcome was not stored.
//! - Afterwards new leads arrive as if nothing had happened.

pub mod cluster;
pub mod course;
pub mod flight;
pub mod ledger;
pub mod market;
pub mod plan;
pub mod poster;
pub mod summary;
pub mod verdict;
pub mod witness;
