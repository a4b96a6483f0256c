//! Plan nodes that notice a statement's end while they compute.
//!
//! DataFusion yields where batches come from; an operator that makes many batches of few (a cross join under an
//! aggregation) can still run for long without. So every node of a plan is wrapped: before each batch it looks at the
//! [`Interrupt`] and takes part in tokio's co-operative budget. A join's filter looks once more for each block of
//! candidate pairs, as a filter that lets nothing through makes no batches at all. A window looks at nothing while it
//! computes: its size is bounded instead ([`super::windows`]).

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{
    ColumnarValue, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_plan::ExecutionPlan;

use super::interrupt::Interrupt;
use super::pass::{Look, Looking, Pass};
use super::windows::count_input;

/// Wraps every node of a plan.
pub(super) fn watch(plan: Arc<dyn ExecutionPlan>, interrupt: &Arc<Interrupt>) -> Result<Arc<dyn ExecutionPlan>> {
    let wrapped =
        plan.transform_up(|node| Ok(Transformed::yes(Pass::over(count_input(node)?, Watched(Arc::clone(interrupt))))))?;
    Ok(wrapped.data)
}

/// Gives every join's filter the second look.
pub(super) fn watch_joins(plan: LogicalPlan, interrupt: &Arc<Interrupt>) -> Result<LogicalPlan> {
    let watched = plan.transform_down_with_subqueries(|node| match node {
        LogicalPlan::Join(mut join) if join.filter.is_some() => {
            let function = Arc::new(ScalarUDF::new_from_impl(WatchedFilter::new(Arc::clone(interrupt))));
            join.filter = join.filter.map(|filter| function.call(vec![filter]));
            Ok(Transformed::yes(LogicalPlan::Join(join)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(watched.data)
}

/// Ends a stream when its statement has ended.
#[derive(Debug, Clone)]
struct Watched(Arc<Interrupt>);

impl Looking for Watched {
    type Look = Self;
    const NAME: &'static str = "Watched";

    fn begin(&self, _: &TaskContext) -> Result<Self> {
        Ok(self.clone())
    }
}

impl Look for Watched {
    fn before(&self) -> Result<()> {
        self.0.check()
    }
}

/// Hands its argument on, unless the statement has ended.
#[derive(Debug)]
struct WatchedFilter {
    interrupt: Arc<Interrupt>,
    signature: Signature,
}

impl WatchedFilter {
    fn new(interrupt: Arc<Interrupt>) -> Self {
        // Volatile: it must be evaluated each time, and not be moved away from the join.
        Self { interrupt, signature: Signature::exact(vec![DataType::Boolean], Volatility::Volatile) }
    }
}

impl PartialEq for WatchedFilter {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.interrupt, &other.interrupt)
    }
}

impl Eq for WatchedFilter {}

impl Hash for WatchedFilter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.interrupt).hash(state);
    }
}

impl ScalarUDFImpl for WatchedFilter {
    fn name(&self) -> &'static str {
        "watched"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, mut arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.interrupt.check()?;
        arguments.args.pop().ok_or_else(|| DataFusionError::Internal("a watched filter has one argument".to_owned()))
    }
}
