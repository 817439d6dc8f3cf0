//! Every statement is accepted by both engines, and both have the same tables.
