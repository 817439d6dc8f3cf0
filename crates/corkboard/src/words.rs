//! How the commands speak to people: times, tables, colours, and texts that others wrote.

pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod time;
