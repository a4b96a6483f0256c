//! Plan nodes that notice a statement's end while they compute.
//!
//! DataFusion yields where batches come from; an operator that makes many batches of few (a cross join under an
//! aggregation) can still run for long without. So every node of a plan is wrapped: before each batch it looks at the
//! [`Interrupt`] and takes part in tokio's co-operative budget. A join's filter looks once more for each block of
//! candidate pairs, as a filter that lets nothing through makes no batches at all. A window looks at nothing while it
//! computes: its size is bounded instead ([`super::windows`]).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{
    ColumnarValue, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{Stream, StreamExt};

use super::interrupt::Interrupt;
use super::windows::count_input;

/// Wraps every node of a plan.
pub(super) fn watch(plan: Arc<dyn ExecutionPlan>, interrupt: &Arc<Interrupt>) -> Result<Arc<dyn ExecutionPlan>> {
    let wrapped = plan.transform_up(|node| {
        let node: Arc<dyn ExecutionPlan> =
            Arc::new(Watched { input: count_input(node)?, interrupt: Arc::clone(interrupt) });
        Ok(Transformed::yes(node))
    })?;
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

#[derive(Debug)]
struct Watched {
    input: Arc<dyn ExecutionPlan>,
    interrupt: Arc<Interrupt>,
}

impl DisplayAs for Watched {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watched")
    }
}

impl ExecutionPlan for Watched {
    fn name(&self) -> &'static str {
        "Watched"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match <[Arc<dyn ExecutionPlan>; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self { input, interrupt: Arc::clone(&self.interrupt) })),
            Err(_) => Err(DataFusionError::Internal("a watched node has one child".to_owned())),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.interrupt.check()?;
        let input = self.input.execute(partition, context)?;
        Ok(Box::pin(WatchedStream { input, interrupt: Arc::clone(&self.interrupt) }))
    }
}

struct WatchedStream {
    input: SendableRecordBatchStream,
    interrupt: Arc<Interrupt>,
}

impl Stream for WatchedStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Err(error) = self.interrupt.check() {
            return Poll::Ready(Some(Err(error)));
        }
        let budget = ready!(tokio::task::coop::poll_proceed(context));
        let polled = self.input.poll_next_unpin(context);
        if polled.is_ready() {
            budget.made_progress();
        }
        polled
    }
}

impl RecordBatchStream for WatchedStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
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
