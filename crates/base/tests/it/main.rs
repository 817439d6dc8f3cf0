//! Outgoing HTTP against scripted networks and raw servers on loopback.
#![cfg(test)]

mod answers;
mod broken_answers;
mod connecting;
mod hostile_targets;
mod keep_alive;
mod raw_server;
mod requests;
mod scripted_network;
mod tls;
