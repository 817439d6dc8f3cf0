//! The engine against a real receiver on a loopback socket, on both databases, with a clock that tests move.
#![cfg(test)]

mod backlog;
mod by_hand;
mod failures;
mod holds;
mod lists;
mod neighbours;
mod nodes;
mod order;
mod published;
mod receiver;
mod replay;
mod replay_beside;
mod replaying;
mod retention;
mod world;
