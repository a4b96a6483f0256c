//! The tables of one session: schema `outcomes` with released figures, schema `meta` with what they mean.
//!
//! Everything is generated from the definitions: an indicator that is added to the catalogue has its view, its rows in
//! `outcomes.figures` and its pages of the dictionary without a line here. Every number passes the session's release
//! policy; the tables of `meta` hold definitions and the state of the machinery, and the little in them that is counted
//! passes it too.

mod column;
mod comments;
mod data_quality;
mod data_set;
mod definitions;
mod dictionary;
mod examples;
mod figure_table;
mod figures;
mod history_table;
mod meta_table;
mod reconciliation;
mod shelf;
mod state;
mod virtual_wards;
mod wanted;
mod world;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::datasource::TableProvider;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionContext;
use homeward_transform::release::Policy;

use crate::pin::Pin;
use crate::source::Source;
use column::{Cell, Outline};
use figure_table::{FigureTable, Reader};
use history_table::HistoryTable;
use meta_table::{Content, MetaTable};

pub use comments::add_comments;
pub use examples::{EXAMPLES, Example};
pub(crate) use figure_table::slices;
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
        let tables = MemorySchemaProvider::new();
        for table in library(source)?.iter().filter(|table| table.outline.schema == schema) {
            tables.register_table(table.outline.name.clone(), table.open(&reader))?;
        }
        catalogue.register_schema(schema, Arc::new(tables))?;
    }
    Ok(())
}

/// One table of the session: what it is and where its rows come from. Shared by all sessions.
#[derive(Debug)]
pub(crate) struct Table {
    outline: Arc<Outline>,
    schema: SchemaRef,
    rows: Rows,
}

#[derive(Debug, Clone)]
enum Rows {
    /// All figures.
    Figures,
    /// Those of one indicator.
    View(String),
    History,
    Meta(Content),
}

impl Table {
    fn new(outline: Outline, rows: Rows) -> Self {
        Self { schema: outline.arrow(), outline: Arc::new(outline), rows }
    }

    fn open(&self, reader: &Reader) -> Arc<dyn TableProvider> {
        let (outline, schema, reader) = (Arc::clone(&self.outline), Arc::clone(&self.schema), reader.clone());
        match &self.rows {
            Rows::Figures => Arc::new(FigureTable::new(schema, None, reader)),
            Rows::View(indicator) => Arc::new(FigureTable::new(schema, Some(indicator.clone()), reader)),
            Rows::History => Arc::new(HistoryTable::new(outline, schema, reader)),
            Rows::Meta(content) => Arc::new(MetaTable::new(outline, schema, content.clone(), reader)),
        }
    }
}

/// Every table there is, in the order of the dictionary; made once for all sessions.
fn library(source: &Source) -> Result<&[Table], ArrowError> {
    if let Some(made) = source.library.get() {
        return Ok(made);
    }
    let made = tables(source)?;
    Ok(source.library.get_or_init(|| made))
}

fn tables(source: &Source) -> Result<Vec<Table>, ArrowError> {
    let (catalogue, geography) = (&source.catalogue, &source.geography);
    let mut tables = vec![Table::new(figures::all_outline(), Rows::Figures)];
    let view = |definition| Table::new(figures::view_outline(definition), Rows::View(definition.id.clone()));
    tables.extend(catalogue.iter().map(view));
    tables.push(Table::new(figures::history_outline(), Rows::History));
    for (outline, rows) in [
        definitions::indicators(catalogue),
        definitions::definitions(catalogue),
        definitions::bases(catalogue),
        definitions::targets(catalogue),
        definitions::counts(catalogue),
        definitions::flags(catalogue),
        definitions::alerts(catalogue),
        world::areas(geography),
        data_set::csds_items(),
        data_set::csds_codes(),
        data_set::reject_codes(),
        examples::table(),
    ] {
        tables.push(written(outline, &rows)?);
    }
    for (outline, state) in [
        state::freshness(),
        state::providers(),
        state::coverage(),
        state::submissions(),
        state::revisions(),
        reconciliation::outline(),
        data_quality::outline(),
        virtual_wards::outline(),
        world::policies(),
    ] {
        tables.push(Table::new(outline, Rows::Meta(Content::State(state))));
    }
    let (outline, rows) = dictionary::table(tables.iter().map(|table| table.outline.as_ref()));
    tables.push(written(outline, &rows)?);
    Ok(tables)
}

fn written(outline: Outline, rows: &[Vec<Cell>]) -> Result<Table, ArrowError> {
    let batch = outline.batch(rows)?;
    Ok(Table::new(outline, Rows::Meta(Content::Written(batch))))
}
