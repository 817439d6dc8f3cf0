//! Messages about a lead, in both directions: [`CustomerMessage`] goes from the platform to partners (§4.2),
//! [`SendMessage`] from a partner to the platform (§3.1), [`NewMessage`] from the operator to the platform (§8.4).

mod from_customer;
mod send;
mod text;

pub use from_customer::{CustomerMessage, MessageContent};
pub use send::{NewMessage, SendMessage};
pub use text::{LONGEST_MESSAGE, MessageText, MessageTextError};
