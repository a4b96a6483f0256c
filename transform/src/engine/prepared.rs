//! Plans that are made once: what is computed anew at each run is only what depends on the rows and on `$as_of`.
//!
//! Planning a query costs more than running it over a month of one system, and the same few definitions run for every month
//! that changed. So the optimised logical plan of each SQL text is kept, with `$as_of` left open, over tables whose rows
//! are exchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Field, SchemaRef};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::collect;

use crate::book::view::instant_type;

/// Most plans kept; past it all are made anew. A catalogue has some fifty definitions.
const KEPT_MAX: usize = 512;

/// A table whose rows are exchanged from run to run.
pub(super) struct Slot(Arc<MemTable>);

impl Slot {
    /// An empty table.
    pub(super) fn new(schema: SchemaRef) -> Result<Self> {
        Ok(Self(Arc::new(MemTable::try_new(schema, vec![Vec::new()])?)))
    }

    /// The table, to be registered.
    pub(super) fn table(&self) -> Arc<MemTable> {
        Arc::clone(&self.0)
    }

    /// Makes these its rows.
    pub(super) async fn fill(&self, rows: Vec<RecordBatch>) {
        for partition in &self.0.batches {
            partition.write().await.clone_from(&rows);
        }
    }
}

/// Plans by the SQL that they are of.
#[derive(Default)]
pub(super) struct Plans(Mutex<BTreeMap<String, LogicalPlan>>);

impl Plans {
    /// The optimised plan of a query.
    ///
    /// # Errors
    /// What planning says, or `check` of the plan before it is optimised.
    pub(super) async fn get<E: From<DataFusionError>>(
        &self,
        context: &SessionContext,
        sql: &str,
        check: impl FnOnce(&LogicalPlan) -> std::result::Result<(), E>,
    ) -> std::result::Result<LogicalPlan, E> {
        if let Some(plan) = self.kept().get(sql) {
            return Ok(plan.clone());
        }
        let state = context.state();
        let plan = state.create_logical_plan(sql).await?;
        check(&plan)?;
        let plan = state.optimize(&with_types(plan)?)?;
        let mut kept = self.kept();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(sql.to_owned(), plan.clone());
        Ok(plan)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, LogicalPlan>> {
        // A map of finished plans is whole whenever it is let go.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The columns that are read of each table.
pub type ColumnsRead = BTreeMap<String, BTreeSet<String>>;

/// Adds the columns that an optimised plan reads of each table.
pub(super) fn columns_read(plan: &LogicalPlan, read: &mut ColumnsRead) {
    let scanned = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let columns = read.entry(scan.table_name.table().to_owned()).or_default();
            columns.extend(scan.projected_schema.fields().iter().map(|field| field.name().clone()));
            columns.extend(scan.filters.iter().flat_map(Expr::column_refs).map(|column| column.name.clone()));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    debug_assert!(scanned.is_ok(), "nothing fails while it is looked at");
}

/// Runs an optimised plan over the rows that its tables hold now.
pub(super) async fn run(context: &SessionContext, plan: LogicalPlan, as_of: DateTime<Utc>) -> Result<Vec<RecordBatch>> {
    let instant = ScalarValue::TimestampMicrosecond(Some(as_of.timestamp_micros()), Some(Arc::from("UTC")));
    let plan = plan.with_param_values(ParamValues::from(vec![("as_of", instant)]))?;
    let state = context.state();
    let plan = state.query_planner().create_physical_plan(&plan, &state).await?;
    collect(plan, state.task_ctx()).await
}

/// Says what `$as_of` will be, so that a plan can be optimised before it is known. The parser's guess from what it is
/// compared with is another type where that is a literal.
fn with_types(plan: LogicalPlan) -> Result<LogicalPlan> {
    let instant = Arc::new(Field::new("as_of", instant_type(), false));
    let typed = plan.transform_up_with_subqueries(|node| {
        node.map_expressions(|expression| {
            expression.transform_up(|part| {
                Ok(match part {
                    Expr::Placeholder(Placeholder { id, .. }) => {
                        let field = Some(Arc::clone(&instant));
                        Transformed::yes(Expr::Placeholder(Placeholder::new_with_field(id, field)))
                    }
                    other => Transformed::no(other),
                })
            })
        })
    })?;
    Ok(typed.data)
}
