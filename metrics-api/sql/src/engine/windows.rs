//! Windows: what they hold is counted, and bounded.
//!
//! The engine gathers the rows under a window without asking its memory pool, and then computes them in one go, which no
//! timeout can interrupt. So the rows on their way in are counted here: at most [`STEPS_MAX`] of them, times the functions
//! over them, and their memory is the statement's. `guard::windows` sees to it that each of those steps is a small one.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{Stream, StreamExt};

use crate::refusal::{Refusal, code};

/// Most rows under a window, times the functions over it. An optimised build takes about a second for so many.
const STEPS_MAX: usize = 1_000_000;

/// What the engine makes for one row and one function before it is a column.
const STEP_BYTES: usize = 64;

/// The same node, with its input counted where it is a window.
pub(super) fn count_input(node: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let functions = match (node.downcast_ref::<WindowAggExec>(), node.downcast_ref::<BoundedWindowAggExec>()) {
        (Some(window), _) => window.window_expr().len(),
        (_, Some(window)) => window.window_expr().len(),
        (None, None) => return Ok(node),
    };
    let counted = |input: &Arc<dyn ExecutionPlan>| -> Arc<dyn ExecutionPlan> {
        Arc::new(Counted { input: Arc::clone(input), functions })
    };
    let inputs = node.children().into_iter().map(counted).collect();
    node.replace_children(inputs, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep))
}

#[derive(Debug)]
struct Counted {
    input: Arc<dyn ExecutionPlan>,
    functions: usize,
}

impl DisplayAs for Counted {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Counted")
    }
}

impl ExecutionPlan for Counted {
    fn name(&self) -> &'static str {
        "Counted"
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
            Ok([input]) => Ok(Arc::new(Self { input, functions: self.functions })),
            Err(_) => Err(DataFusionError::Internal("a counted node has one child".to_owned())),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let held = MemoryConsumer::new("window").register(context.memory_pool());
        let input = self.input.execute(partition, context)?;
        Ok(Box::pin(CountedStream { input, functions: self.functions, steps: 0, held }))
    }
}

/// Lives as long as the window does, and with it what is held.
struct CountedStream {
    input: SendableRecordBatchStream,
    functions: usize,
    steps: usize,
    held: MemoryReservation,
}

impl CountedStream {
    fn take_in(&mut self, batch: &RecordBatch) -> Result<()> {
        let steps = batch.num_rows().saturating_mul(self.functions);
        self.steps = self.steps.saturating_add(steps);
        if self.steps > STEPS_MAX {
            let message = "a window is over more rows than this server allows";
            let hint = "at most 1,000,000 rows, times the functions over them; filter or aggregate first";
            return Err(DataFusionError::External(Box::new(Refusal::new(code::LIMIT, message, hint))));
        }
        let bytes = batch.get_array_memory_size().saturating_add(steps.saturating_mul(STEP_BYTES));
        self.held.try_grow(bytes)
    }
}

impl Stream for CountedStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = ready!(self.input.poll_next_unpin(context));
        Poll::Ready(polled.map(|batch| {
            let batch = batch?;
            self.take_in(&batch)?;
            Ok(batch)
        }))
    }
}

impl RecordBatchStream for CountedStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
