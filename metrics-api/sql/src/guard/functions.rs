//! Functions that exist in a session. Whatever the engine brings besides is taken away before a client connects.
//!
//! What is missing on purpose: everything that reads files, servers or the process (`read_csv`, `pg_ls_dir`,
//! `metadata`), everything whose result can be longer than what went in by more than a constant (`repeat`,
//! `array_repeat`, `array_resize`; `lpad`, `rpad` and the series are bounded by `engine`), and everything that
//! depends on how the engine is built (`arrow_cast`, `get_field` stays: the planner needs it).

/// Functions in the place of a table.
pub const TABLE_FUNCTIONS: [&str; 4] = ["generate_series", "range", "unnest", "pg_get_keywords"];

/// Functions of the engine that are taken away although harmless ones are kept by default.
///
/// The list is of refusals, not of permissions, because drivers and dashboards use a long tail of functions; the test
/// below holds it against the engine's registry, so that a new function of a new engine fails the build until
/// somebody has looked at it.
pub const REMOVED: [&str; 6] = ["repeat", "array_repeat", "list_repeat", "array_resize", "list_resize", "arrow_cast"];
