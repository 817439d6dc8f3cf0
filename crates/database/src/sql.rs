//! A statement, written once for both engines, and the [`statements!`](crate::statements) macro that lists them.
//!
//! Parameters are `$1`, `$2` … on both. What works unchanged on both engines, and what to avoid, is listed in
//! `docs/decisions/0001-two-databases-one-text.md`.

/// The two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// An embedded SQLite file with one writer.
    Sqlite,
    /// A PostgreSQL server, shared by any number of nodes.
    Postgres,
}

/// The text of one statement, usually the same for both engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Sql {
    /// One text for both engines: the normal case.
    pub const fn both(text: &'static str) -> Self {
        Self {
            sqlite: text,
            postgres: text,
        }
    }

    /// Two texts with the same parameters, columns and meaning, where one text cannot do.
    pub const fn per_engine(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }

    /// The text for `engine`.
    pub const fn text(self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

/// Declares the statements of one store module, and `STATEMENTS` (in tests), the list of all of them by name.
///
/// A text is one literal, several parts in parentheses that are joined (so a column list can be a macro), or one per
/// engine. `for_update` locks the rows that a query finds: PostgreSQL gets ` FOR UPDATE` at the end, SQLite needs
/// nothing because it has one writer.
///
/// ```
/// database::statements! {
///     /// The lead with this id.
///     FIND_LEAD = "SELECT id, version FROM lead WHERE business_id = $1 AND id = $2";
///     /// The grant, locked until the end of the transaction.
///     LOCK_GRANT = for_update "SELECT id FROM oauth_grant WHERE id = $1";
///     /// The newest leads.
///     LIST_LEADS = ("SELECT id, ", "version", " FROM lead WHERE business_id = $1 ORDER BY id DESC LIMIT 50");
///     /// Takes work that nobody has taken.
///     CLAIM = {
///         sqlite: "SELECT id FROM work LIMIT $1",
///         postgres: "SELECT id FROM work LIMIT $1 FOR UPDATE SKIP LOCKED",
///     };
/// }
/// # fn main() {
/// # let _used = (FIND_LEAD, LIST_LEADS, CLAIM);
/// assert!(LOCK_GRANT.text(database::Engine::Postgres).ends_with(" FOR UPDATE"));
/// # }
/// ```
#[macro_export]
macro_rules! statements {
    ($(
        $(#[$attribute:meta])*
        $visibility:vis $name:ident = $($keyword:ident)? $($text:literal)? $(($($part:tt)*))?
            $({ sqlite: $sqlite:expr, postgres: $postgres:expr $(,)? })? ;
    )*) => {
        $(
            $(#[$attribute])*
            $visibility const $name: $crate::Sql = $crate::__statement!(
                $($keyword)? $($text)? $(($($part)*))? $({ $sqlite, $postgres })?
            );
        )*

        /// Every statement of this module, for the test that prepares each of them on both engines.
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, $crate::Sql)] = &[$((stringify!($name), $name)),*];
    };
}

/// One right-hand side of [`statements!`](crate::statements); not for direct use.
#[doc(hidden)]
#[macro_export]
macro_rules! __statement {
    ($text:literal) => {
        $crate::Sql::both($text)
    };
    (($($part:tt)*)) => {
        $crate::Sql::both(concat!($($part)*))
    };
    (for_update $text:literal) => {
        $crate::__statement!(for_update ($text))
    };
    (for_update ($($part:tt)*)) => {
        $crate::Sql::per_engine(concat!($($part)*), concat!(concat!($($part)*), " FOR UPDATE"))
    };
    ({ $sqlite:expr, $postgres:expr }) => {
        $crate::Sql::per_engine($sqlite, $postgres)
    };
}
