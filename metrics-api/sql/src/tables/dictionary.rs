//! `meta.data_dictionary`: what every table and column means. Pure.

use super::column::{Cell, Kind, Outline, always, maybe};
use super::meta_table::{Written, outline};
use Kind::{Bigint, Boolean, Text};

/// The dictionary of these tables and of itself.
pub(crate) fn table<'a>(outlines: impl Iterator<Item = &'a Outline>) -> Written {
    let own = outline(
        "data_dictionary",
        "What every table and column means. The same text stands as comments of the tables: psql shows it with \\d+.",
        vec![
            always("schema_name", Text, "outcomes or meta."),
            always("table_name", Text, "Table or view."),
            maybe("column_name", Text, "Column; null in the row that describes the table itself."),
            always("position", Bigint, "Place of the column in the table, from 1; 0 for the table itself."),
            maybe("data_type", Text, "PostgreSQL type of the column; null for the table itself."),
            maybe("nullable", Boolean, "False where a value is always present; null for the table itself."),
            always("description", Text, "What it means."),
        ],
    );
    let mut rows: Vec<Vec<Cell>> = outlines.flat_map(described).collect();
    rows.extend(described(&own));
    (own, rows)
}

fn described(outline: &Outline) -> Vec<Vec<Cell>> {
    let table = vec![
        outline.schema.into(),
        outline.name.clone().into(),
        Cell::Null,
        0.into(),
        Cell::Null,
        Cell::Null,
        outline.description.as_ref().into(),
    ];
    let column = |(position, column): (i64, &super::column::Column)| {
        vec![
            outline.schema.into(),
            outline.name.clone().into(),
            column.name.clone().into(),
            position.into(),
            column.kind.postgres().into(),
            column.nullable.into(),
            column.description.as_ref().into(),
        ]
    };
    std::iter::once(table).chain((1..).zip(&outline.columns).map(column)).collect()
}
