//! Windows: what they hold is counted, and bounded.
//!
//! The engine gathers the rows under a window without asking its memory pool, and then computes them in one go, which no
//! timeout can interrupt. So the rows on their way in are counted here: at most [`STEPS_MAX`] of them, times the functions
//! over them, and their memory is the statement's. `guard::windows` sees to it that each of those steps is a small one.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};

use super::pass::{Look, Looking, Pass};
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
    let counted = |input: &Arc<dyn ExecutionPlan>| Pass::over(Arc::clone(input), Counted { functions });
    let inputs = node.children().into_iter().map(counted).collect();
    node.replace_children(inputs, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep))
}

/// Counts what goes into a window of so many functions.
#[derive(Debug, Clone)]
struct Counted {
    functions: usize,
}

impl Looking for Counted {
    type Look = Count;
    const NAME: &'static str = "Counted";

    fn begin(&self, context: &TaskContext) -> Result<Count> {
        let held = MemoryConsumer::new("window").register(context.memory_pool());
        Ok(Count { functions: self.functions, steps: 0, held })
    }
}

/// What has gone in so far. Lives as long as the window does, and with it what is held.
struct Count {
    functions: usize,
    steps: usize,
    held: MemoryReservation,
}

impl Look for Count {
    fn after(&mut self, batch: &RecordBatch) -> Result<()> {
        let steps = batch.num_rows().saturating_mul(self.functions);
        self.steps = self.steps.saturating_add(steps);
        if self.steps > STEPS_MAX {
            let message = "a window is over more rows than this server allows";
            let hint = format!("at most {STEPS_MAX} rows, times the functions over them; filter or aggregate first");
            return Err(DataFusionError::External(Box::new(Refusal::new(code::LIMIT, message, hint))));
        }
        let bytes = batch.get_array_memory_size().saturating_add(steps.saturating_mul(STEP_BYTES));
        self.held.try_grow(bytes)
    }
}
