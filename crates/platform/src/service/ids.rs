//! New ids of the protocol's types.

use base::IdMaker;

/// The next id, as the type that `make` makes of a positive number.
pub(crate) fn next<T>(ids: &IdMaker, make: fn(i64) -> Option<T>) -> T {
    make(ids.next_id()).expect("an id maker gives positive numbers only: its first tick is 1")
}
