//! The client against a platform that answers from a script, over a real socket.
#![cfg(test)]

mod calls;
mod errors;
mod keeper;
mod keeper_failures;
mod keeper_setup;
mod keeper_sharing;
mod scripted_platform;
