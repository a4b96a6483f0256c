//! The tables of one session: schema `outcomes` with released figures, schema `meta` with what they mean.
//!
//! Everything is generated from the definitions: an indicator that is added to the catalogue has its view, its rows in
//! `outcomes.figures` and its pages of the dictionary without a line here. Every number passes the session's release
//! policy; the tables of `meta` hold definitions and the state of the machinery, and the little in them that is counted
//! passes it too.

mod column;
mod comments;
mod definitions;
mod dictionary;
mod examples;
mod figure_table;
mod figures;
mod history_table;
mod meta_table;
mod shelf;
mod state;
mod wanted;
mod world;

use std::sync::Arc;

use arrow::error::ArrowError;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::datasource::TableProvider;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionContext;
use homeward_transform::release::Policy;

use crate::pin::Pin;
use crate::source::Source;
use column::Outline;
use figure_table::{FigureTable, Reader};
use history_table::HistoryTable;
use meta_table::{Content, MetaTable};

pub use comments::add_comments;
pub use examples::{EXAMPLES, Example};
pub(crate) use shelf::Shelf;

/// Registers the schemas `outcomes` and `meta` in the session's default catalogue. `pin` decides which snapshot a
/// statement reads, `policy` what of it is shown.
///
/// # Errors
/// When the session has no default catalogue, or a table cannot be made: a defect.
pub fn register(
    context: &SessionContext,
    pin: &Arc<Pin>,
    source: &Source,
    policy: &'static Policy,
) -> Result<(), DataFusionError> {
    let reader = Reader { source: source.clone(), pin: Arc::clone(pin), policy };
    let name = context.state().config_options().catalog.default_catalog.clone();
    let catalogue = context.catalog(&name).ok_or_else(|| {
        DataFusionError::Configuration(format!("the session has no catalogue '{name}' to hold the schemas"))
    })?;
    for schema in [figures::OUTCOMES, meta_table::META] {
        catalogue.register_schema(schema, Arc::new(MemorySchemaProvider::new()))?;
    }
    for (outline, table) in tables(&reader)? {
        let schema = catalogue.schema(outline.schema);
        let schema: Arc<dyn SchemaProvider> =
            schema.ok_or_else(|| DataFusionError::Internal(format!("schema '{}' did not register", outline.schema)))?;
        schema.register_table(outline.name, table)?;
    }
    Ok(())
}

/// Every table with its outline, in the order of the dictionary.
fn tables(reader: &Reader) -> Result<Vec<(Outline, Arc<dyn TableProvider>)>, ArrowError> {
    let mut tables: Vec<(Outline, Arc<dyn TableProvider>)> = Vec::new();
    let all = figures::all_outline();
    tables.push((all.clone(), Arc::new(FigureTable::new(&all, None, reader.clone()))));
    for definition in reader.source.catalogue.iter() {
        let outline = figures::view_outline(definition);
        let table = FigureTable::new(&outline, Some(definition.id.clone()), reader.clone());
        tables.push((outline, Arc::new(table)));
    }
    tables.push((figures::history_outline(), Arc::new(HistoryTable::new(reader.clone()))));
    for (outline, content) in meta(reader)? {
        tables.push((outline.clone(), Arc::new(MetaTable::new(outline, content, reader.clone()))));
    }
    Ok(tables)
}

fn meta(reader: &Reader) -> Result<Vec<(Outline, Content)>, ArrowError> {
    let (catalogue, geography) = (&reader.source.catalogue, &reader.source.geography);
    let mut written = vec![
        definitions::indicators(catalogue),
        definitions::definitions(catalogue),
        definitions::bases(catalogue),
        definitions::targets(catalogue),
        definitions::counts(catalogue),
        definitions::flags(catalogue),
        definitions::alerts(catalogue),
        world::areas(geography),
        world::policies(reader.policy, reader.pin.tick()),
        examples::table(),
    ];
    let live = [state::freshness(), state::providers(), state::coverage(), state::revisions()];
    let mut outlines = vec![figures::all_outline()];
    outlines.extend(catalogue.iter().map(figures::view_outline));
    outlines.push(figures::history_outline());
    outlines.extend(written.iter().map(|(outline, _)| outline.clone()));
    outlines.extend(live.iter().map(|(outline, _)| outline.clone()));
    written.insert(0, dictionary::table(outlines));
    let mut tables = Vec::new();
    for (outline, rows) in written {
        let batch = outline.batch(&rows)?;
        tables.push((outline, Content::Written(batch)));
    }
    tables.extend(live.map(|(outline, state)| (outline, Content::State(state))));
    Ok(tables)
}

/// What every table and column means, by schema and table: what `\d+` shows and `meta.data_dictionary` lists.
fn outlines(source: &Source, policy: &'static Policy) -> Result<Vec<Outline>, ArrowError> {
    let pin = Arc::new(Pin::new(source, None));
    let reader = Reader { source: source.clone(), pin, policy };
    Ok(tables(&reader)?.into_iter().map(|(outline, _)| outline).collect())
}
