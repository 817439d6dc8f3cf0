//! The PostgreSQL driver: a pool of connections, and a transaction of its own for each operation.
//!
//! [`driver`] is the whole of it as `Db` sees it; [`pool`] makes connections, [`tx`] is what an operation sees,
//! [`value`] converts parameters and columns, [`failure`] translates errors.

pub(crate) mod driver;
mod failure;
pub(crate) mod notices;
pub(crate) mod pool;
mod tx;
mod value;
