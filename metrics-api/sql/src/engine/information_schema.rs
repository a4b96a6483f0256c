//! `information_schema` as PostgreSQL has it: the engine's own names types after itself and lacks what modelling tools ask
//! for. Its rows are the same for every session, because the tables are.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::catalog::{CatalogProvider, MemTable, MemorySchemaProvider, SchemaProvider};
use datafusion::error::Result;
use datafusion::logical_expr::TableType;
use datafusion_postgres::arrow_pg::datatypes::{PG_OID_ALIAS_KEY, into_pg_type, pg_type_for_alias_kind};
use datafusion_postgres::pgwire::api::Type;

use crate::local::DATABASE;

/// The schema's name.
pub(super) const NAME: &str = "information_schema";

/// Most bytes of a text, as PostgreSQL tells it.
const TEXT_BYTES_MAX: i32 = 1 << 30;

const SCHEMATA: &str = "catalog_name schema_name schema_owner default_character_set_catalog \
    default_character_set_schema default_character_set_name sql_path";

const TABLES: &str = "table_catalog table_schema table_name table_type self_referencing_column_name \
    reference_generation user_defined_type_catalog user_defined_type_schema user_defined_type_name is_insertable_into \
    is_typed commit_action";

const VIEWS: &str = "table_catalog table_schema table_name view_definition check_option is_updatable \
    is_insertable_into is_trigger_updatable is_trigger_deletable is_trigger_insertable_into";

const COLUMNS: &str = "table_catalog table_schema table_name column_name ordinal_position column_default is_nullable \
    data_type character_maximum_length character_octet_length numeric_precision numeric_precision_radix numeric_scale \
    datetime_precision interval_type interval_precision character_set_catalog character_set_schema character_set_name \
    collation_catalog collation_schema collation_name domain_catalog domain_schema domain_name udt_catalog udt_schema \
    udt_name scope_catalog scope_schema scope_name maximum_cardinality dtd_identifier is_self_referencing is_identity \
    identity_generation identity_start identity_increment identity_maximum identity_minimum identity_cycle \
    is_generated generation_expression is_updatable";

const CHARACTER_SETS: &str = "character_set_catalog character_set_schema character_set_name character_repertoire \
    form_of_use default_collate_catalog default_collate_schema default_collate_name";

/// Views over figures have no constraints, so these stay empty.
const EMPTY: [(&str, &str); 4] = [
    (
        "table_constraints",
        "constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name constraint_type \
         is_deferrable initially_deferred enforced nulls_distinct",
    ),
    (
        "key_column_usage",
        "constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name column_name \
         ordinal_position position_in_unique_constraint",
    ),
    (
        "referential_constraints",
        "constraint_catalog constraint_schema constraint_name unique_constraint_catalog unique_constraint_schema \
         unique_constraint_name match_option update_rule delete_rule",
    ),
    (
        "constraint_column_usage",
        "table_catalog table_schema table_name column_name constraint_catalog constraint_schema constraint_name",
    ),
];

/// Columns that hold numbers; all others hold text.
const NUMBERS: [&str; 10] = [
    "ordinal_position",
    "character_maximum_length",
    "character_octet_length",
    "numeric_precision",
    "numeric_precision_radix",
    "numeric_scale",
    "datetime_precision",
    "interval_precision",
    "maximum_cardinality",
    "position_in_unique_constraint",
];

/// The values of a row that are not null.
type Row = Vec<(&'static str, Value)>;

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    Number(i32),
}

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

/// Makes the schema over what the catalogue holds.
pub(super) async fn schema(catalogue: &dyn CatalogProvider) -> Result<Arc<dyn SchemaProvider>> {
    let (mut schemata, mut tables, mut views, mut columns) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut names = catalogue.schema_names();
    names.sort_unstable();
    for name in names {
        schemata.push(schema_row(&name));
        let Some(schema) = catalogue.schema(&name) else { continue };
        let mut inside = schema.table_names();
        inside.sort_unstable();
        for table in inside {
            let Some(provider) = schema.table(&table).await? else { continue };
            let place = [("table_catalog", DATABASE), ("table_schema", &name), ("table_name", &table)];
            let place: Row = place.into_iter().map(|(head, value)| (head, text(value))).collect();
            let is_view = provider.table_type() == TableType::View;
            tables.push(table_row(&place, is_view));
            if is_view {
                views.push(view_row(&place));
            }
            for (position, field) in (1..).zip(provider.schema().fields()) {
                columns.push(column_row(&place, position, field));
            }
        }
    }
    schemata.push(schema_row(NAME));
    let made = MemorySchemaProvider::new();
    let filled = [
        ("schemata", SCHEMATA, schemata),
        ("tables", TABLES, tables),
        ("views", VIEWS, views),
        ("columns", COLUMNS, columns),
        ("character_sets", CHARACTER_SETS, vec![character_set()]),
    ];
    let empty = EMPTY.into_iter().map(|(name, heads)| (name, heads, Vec::new()));
    for (name, heads, rows) in filled.into_iter().chain(empty) {
        made.register_table(name.to_owned(), Arc::new(table(heads, &rows)?))?;
    }
    Ok(Arc::new(made))
}

fn schema_row(name: &str) -> Row {
    vec![("catalog_name", text(DATABASE)), ("schema_name", text(name)), ("schema_owner", text("postgres"))]
}

fn with(place: &Row, more: impl IntoIterator<Item = (&'static str, Value)>) -> Row {
    place.iter().cloned().chain(more).collect()
}

fn table_row(place: &Row, is_view: bool) -> Row {
    let kind = if is_view { "VIEW" } else { "BASE TABLE" };
    with(place, [("table_type", text(kind)), ("is_insertable_into", text("NO")), ("is_typed", text("NO"))])
}

fn view_row(place: &Row) -> Row {
    let no = ["is_updatable", "is_insertable_into", "is_trigger_updatable", "is_trigger_deletable"];
    let no = no.into_iter().chain(["is_trigger_insertable_into"]).map(|head| (head, text("NO")));
    // Views are made by the program, so there is no definition to tell.
    with(place, no.chain([("check_option", text("NONE"))]))
}

fn column_row(place: &Row, position: i32, field: &Field) -> Row {
    let kind = type_of(field);
    let mut row = with(
        place,
        [
            ("column_name", text(field.name())),
            ("ordinal_position", Value::Number(position)),
            ("is_nullable", text(if field.is_nullable() { "YES" } else { "NO" })),
            ("data_type", text(type_name(&kind))),
            ("udt_catalog", text(DATABASE)),
            ("udt_schema", text("pg_catalog")),
            ("udt_name", text(kind.name())),
            ("dtd_identifier", text(position.to_string())),
            ("is_self_referencing", text("NO")),
            ("is_identity", text("NO")),
            ("identity_cycle", text("NO")),
            ("is_generated", text("NEVER")),
            ("is_updatable", text("NO")),
        ],
    );
    let (bits, scale) = match kind {
        Type::INT2 => (Some(16), Some(0)),
        Type::INT4 => (Some(32), Some(0)),
        Type::INT8 => (Some(64), Some(0)),
        Type::FLOAT4 => (Some(24), None),
        Type::FLOAT8 => (Some(53), None),
        _ => (None, None),
    };
    row.extend(bits.map(|bits| ("numeric_precision", Value::Number(bits))));
    row.extend(bits.map(|_| ("numeric_precision_radix", Value::Number(2))));
    row.extend(scale.map(|scale| ("numeric_scale", Value::Number(scale))));
    match kind {
        Type::TEXT | Type::VARCHAR => row.push(("character_octet_length", Value::Number(TEXT_BYTES_MAX))),
        Type::TIMESTAMPTZ | Type::TIMESTAMP => row.push(("datetime_precision", Value::Number(6))),
        Type::DATE => row.push(("datetime_precision", Value::Number(0))),
        _ => {}
    }
    row
}

fn character_set() -> Row {
    vec![
        ("character_set_name", text("UTF8")),
        ("character_repertoire", text("UCS")),
        ("form_of_use", text("UTF8")),
        ("default_collate_catalog", text(DATABASE)),
        ("default_collate_schema", text("pg_catalog")),
        ("default_collate_name", text("C")),
    ]
}

/// The type of a column on the wire.
fn type_of(field: &Field) -> Type {
    let alias = field.metadata().get(PG_OID_ALIAS_KEY).and_then(|alias| pg_type_for_alias_kind(alias));
    alias.unwrap_or_else(|| into_pg_type(field.data_type()).unwrap_or(Type::UNKNOWN))
}

/// The name that `information_schema` gives a type.
fn type_name(kind: &Type) -> &str {
    match *kind {
        Type::BOOL => "boolean",
        Type::CHAR => "\"char\"",
        Type::INT2 => "smallint",
        Type::INT4 => "integer",
        Type::INT8 => "bigint",
        Type::FLOAT4 => "real",
        Type::FLOAT8 => "double precision",
        Type::VARCHAR => "character varying",
        Type::BPCHAR => "character",
        Type::TIMESTAMP => "timestamp without time zone",
        Type::TIMESTAMPTZ => "timestamp with time zone",
        Type::TIME => "time without time zone",
        _ if kind.name().starts_with('_') => "ARRAY",
        _ => kind.name(),
    }
}

fn table(heads: &str, rows: &[Row]) -> Result<MemTable> {
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for head in heads.split_whitespace() {
        let values = rows.iter().map(|row| row.iter().find(|(name, _)| *name == head).map(|(_, value)| value));
        if NUMBERS.contains(&head) {
            let numbers =
                values.map(|value| if let Some(Value::Number(number)) = value { Some(*number) } else { None });
            fields.push(Field::new(head, DataType::Int32, true));
            columns.push(Arc::new(numbers.collect::<Int32Array>()));
        } else {
            let texts = values.map(|value| if let Some(Value::Text(text)) = value { Some(text) } else { None });
            fields.push(Field::new(head, DataType::Utf8, true));
            columns.push(Arc::new(texts.collect::<StringArray>()));
        }
    }
    let schema = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)?;
    MemTable::try_new(schema, vec![vec![batch]])
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;

    use super::*;

    #[test]
    fn types_are_called_as_postgresql_calls_them() {
        for (data_type, expected) in [
            (DataType::Int64, "bigint"),
            (DataType::Float64, "double precision"),
            (DataType::Boolean, "boolean"),
            (DataType::Date32, "date"),
            (DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), "timestamp with time zone"),
            (DataType::new_list(DataType::Utf8, true), "ARRAY"),
        ] {
            assert_eq!(type_name(&type_of(&Field::new("x", data_type, true))), expected);
        }
    }

    #[test]
    fn every_number_is_in_a_column_of_numbers_and_every_value_has_a_column() {
        let place = vec![("table_catalog", text("a")), ("table_schema", text("b")), ("table_name", text("c"))];
        let field = Field::new("x", DataType::Int64, true);
        for (heads, row) in [
            (SCHEMATA, schema_row("outcomes")),
            (TABLES, table_row(&place, true)),
            (VIEWS, view_row(&place)),
            (COLUMNS, column_row(&place, 1, &field)),
            (CHARACTER_SETS, character_set()),
        ] {
            for (head, value) in row {
                assert!(heads.split_whitespace().any(|known| known == head), "{head}");
                assert_eq!(NUMBERS.contains(&head), matches!(value, Value::Number(_)), "{head}");
            }
        }
    }
}
