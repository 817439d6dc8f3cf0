//! What partners' programs call, over HTTP and on one database: the answers, and the order in which things are judged.

mod caller;
mod messages;
mod targeting;
mod test_data;
