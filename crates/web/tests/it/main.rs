//! The kit over a real socket: what a caller sees of the rules that hold for every endpoint.

mod json;
#[cfg(test)]
mod kit;
mod logs;
#[cfg(test)]
mod pages;
mod parameters;
mod rules;
mod serving;
