//! The questions to the two catalogues. Both texts of a statement return the same columns.

use crate::sql::Sql;

/// Every column with its type and its place in the primary key (from 1; 0 if it is not in it).
pub(super) const LIST_COLUMNS: Sql = Sql::per_engine(
    "SELECT t.name AS table_name, c.name AS column_name, c.type AS type_name, c.pk AS key_position,
            c.\"notnull\" = 0
            AND NOT (c.pk = 1 AND c.type = 'INTEGER'
                     AND (SELECT count(*) FROM pragma_table_info(t.name) AS k WHERE k.pk > 0) = 1) AS nullable
     FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "SELECT t.relname::text AS table_name, c.attname::text AS column_name,
            format_type(c.atttypid, NULL) AS type_name,
            coalesce(array_position(k.conkey, c.attnum), 0) AS key_position,
            NOT c.attnotnull AS nullable
     FROM pg_class AS t
     JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
     LEFT JOIN pg_constraint AS k ON k.conrelid = t.oid AND k.contype = 'p'
     WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p')",
);

/// Every column of every index but those of the primary keys, in the index's order.
pub(super) const LIST_INDEX_COLUMNS: Sql = Sql::per_engine(
    "SELECT t.name AS table_name, i.name AS index_name, i.\"unique\" AS is_unique, i.partial AS is_partial,
            c.name AS column_name
     FROM sqlite_master AS t JOIN pragma_index_list(t.name) AS i JOIN pragma_index_info(i.name) AS c
     WHERE t.type = 'table' AND i.origin <> 'pk'
     ORDER BY t.name, i.name, c.seqno",
    "SELECT t.relname::text AS table_name, x.relname::text AS index_name, i.indisunique AS is_unique,
            i.indpred IS NOT NULL AS is_partial, c.attname::text AS column_name
     FROM pg_index AS i
     JOIN pg_class AS t ON t.oid = i.indrelid
     JOIN pg_class AS x ON x.oid = i.indexrelid
     CROSS JOIN LATERAL generate_series(1, i.indnkeyatts::int) AS place(number)
     LEFT JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attnum = i.indkey[place.number - 1]
     WHERE t.relnamespace = current_schema()::regnamespace AND NOT i.indisprimary
     ORDER BY t.relname, x.relname, place.number",
);

/// Every column that refers to another table.
pub(super) const LIST_FOREIGN_KEY_COLUMNS: Sql = Sql::per_engine(
    "SELECT t.name AS table_name, k.id AS key_number, k.\"table\" AS target_name, k.on_delete AS on_delete,
            k.\"from\" AS column_name
     FROM sqlite_master AS t JOIN pragma_foreign_key_list(t.name) AS k
     WHERE t.type = 'table'
     ORDER BY t.name, k.id, k.seq",
    "SELECT t.relname::text AS table_name, k.oid::bigint AS key_number, r.relname::text AS target_name,
            CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'r' THEN 'RESTRICT' WHEN 'n' THEN 'SET NULL'
                 WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END AS on_delete,
            c.attname::text AS column_name
     FROM pg_constraint AS k
     JOIN pg_class AS t ON t.oid = k.conrelid
     JOIN pg_class AS r ON r.oid = k.confrelid
     CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS place(attnum, number)
     JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attnum = place.attnum
     WHERE k.contype = 'f' AND t.relnamespace = current_schema()::regnamespace
     ORDER BY t.relname, k.oid, place.number",
);
