//! Reads a database's schema into a value that is equal for SQLite and PostgreSQL if the schemas agree.
//!
//! It is for tests: each crate that owns tables compares the two, so that they cannot drift apart. Names of indexes
//! and constraints are left out, because SQLite has none for those that a column declares. CHECK constraints and
//! default values are not compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::db::Db;
use crate::error::Error;
use crate::op::Read;
use crate::row::Row;

mod statements;

/// All tables by name.
pub type Schema = BTreeMap<String, Table>;

/// One table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Its columns by name.
    pub columns: BTreeMap<String, Column>,
    /// The columns of its primary key, in the key's order.
    pub primary_key: Vec<String>,
    /// Its other indexes, unique constraints included.
    pub indexes: BTreeSet<Index>,
    /// Its references to other tables.
    pub foreign_keys: BTreeSet<ForeignKey>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What it holds.
    pub family: Family,
    /// Whether it may hold NULL. In SQLite a primary key may, unless it is `INTEGER` or declared `NOT NULL`.
    pub nullable: bool,
}

/// The types that mean the same on both engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Family {
    /// BIGINT, INTEGER, SMALLINT.
    Integer,
    /// REAL, DOUBLE PRECISION.
    Real,
    /// TEXT, VARCHAR.
    Text,
    /// BOOLEAN.
    Boolean,
    /// BLOB, BYTEA.
    Bytes,
    /// Any other, which should not be in a schema for two engines.
    Other(String),
}

/// One index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Index {
    /// Its columns in order; `None` stands for an expression.
    pub columns: Vec<Option<String>>,
    /// Whether no two rows may be equal in it.
    pub unique: bool,
    /// Whether it has a WHERE clause.
    pub partial: bool,
}

/// One reference to another table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignKey {
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table that is referred to.
    pub table: String,
    /// What happens when the row that is referred to is deleted: `CASCADE`, `NO ACTION` …
    pub on_delete: String,
}

/// Reads the schema: in PostgreSQL that of the current schema, in SQLite that of the file.
pub async fn describe(db: &Db) -> Result<Schema, Error> {
    let mut scanner = db.scanner();
    let mut schema = Schema::new();
    add_columns(
        &mut schema,
        &scanner.query(statements::LIST_COLUMNS, &[]).await?,
    )?;
    add_indexes(
        &mut schema,
        &scanner.query(statements::LIST_INDEX_COLUMNS, &[]).await?,
    )?;
    add_foreign_keys(
        &mut schema,
        &scanner
            .query(statements::LIST_FOREIGN_KEY_COLUMNS, &[])
            .await?,
    )?;
    Ok(schema)
}

fn add_columns(schema: &mut Schema, rows: &[Row]) -> Result<(), Error> {
    let mut keys: BTreeMap<String, BTreeMap<i64, String>> = BTreeMap::new();
    for row in rows {
        let table: String = row.get("table_name")?;
        let name: String = row.get("column_name")?;
        let column = Column {
            family: family(&row.get::<String>("type_name")?),
            nullable: row.get("nullable")?,
        };
        let key_position = row.get("key_position")?;
        if key_position > 0 {
            keys.entry(table.clone())
                .or_default()
                .insert(key_position, name.clone());
        }
        schema
            .entry(table)
            .or_default()
            .columns
            .insert(name, column);
    }
    for (table, key) in keys {
        schema.entry(table).or_default().primary_key = key.into_values().collect();
    }
    Ok(())
}

fn add_indexes(schema: &mut Schema, rows: &[Row]) -> Result<(), Error> {
    let mut indexes: BTreeMap<(String, String), Index> = BTreeMap::new();
    for row in rows {
        let key = (row.get("table_name")?, row.get("index_name")?);
        let (unique, partial) = (row.get("is_unique")?, row.get("is_partial")?);
        let index = indexes.entry(key).or_insert(Index {
            columns: Vec::new(),
            unique,
            partial,
        });
        index.columns.push(row.get("column_name")?);
    }
    for ((table, _), index) in indexes {
        schema.entry(table).or_default().indexes.insert(index);
    }
    Ok(())
}

fn add_foreign_keys(schema: &mut Schema, rows: &[Row]) -> Result<(), Error> {
    let mut keys: BTreeMap<(String, i64), ForeignKey> = BTreeMap::new();
    for row in rows {
        let key = (row.get("table_name")?, row.get("key_number")?);
        let (table, on_delete) = (row.get("target_name")?, row.get("on_delete")?);
        let foreign_key = keys.entry(key).or_insert(ForeignKey {
            columns: Vec::new(),
            table,
            on_delete,
        });
        foreign_key.columns.push(row.get("column_name")?);
    }
    for ((table, _), foreign_key) in keys {
        schema
            .entry(table)
            .or_default()
            .foreign_keys
            .insert(foreign_key);
    }
    Ok(())
}

fn family(type_name: &str) -> Family {
    let name = type_name.to_ascii_uppercase();
    match name.split('(').next().unwrap_or_default().trim() {
        "BIGINT" | "INTEGER" | "INT" | "SMALLINT" => Family::Integer,
        "REAL" | "DOUBLE PRECISION" => Family::Real,
        "TEXT" | "VARCHAR" | "CHARACTER VARYING" => Family::Text,
        "BOOLEAN" => Family::Boolean,
        "BLOB" | "BYTEA" => Family::Bytes,
        _ => Family::Other(name),
    }
}
