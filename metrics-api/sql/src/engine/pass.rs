//! A plan node that hands on what its input makes, with a look at each batch: the frame that [`super::watch`] and
//! [`super::windows`] share.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{Stream, StreamExt};

/// Looks at the batches of one partition. It lives as long as whoever reads them.
pub(super) trait Look: Send + Unpin + 'static {
    /// Before a batch is asked for.
    fn before(&self) -> Result<()> {
        Ok(())
    }

    /// After a batch was made.
    fn after(&mut self, _: &RecordBatch) -> Result<()> {
        Ok(())
    }
}

/// Makes the look of each partition.
pub(super) trait Looking: fmt::Debug + Clone + Send + Sync + 'static {
    /// What it makes.
    type Look: Look;
    /// Name of the node in a plan that is printed.
    const NAME: &'static str;

    /// The look of one partition, before its input begins.
    fn begin(&self, context: &TaskContext) -> Result<Self::Look>;
}

/// The node.
#[derive(Debug)]
pub(super) struct Pass<L> {
    input: Arc<dyn ExecutionPlan>,
    looking: L,
}

impl<L: Looking> Pass<L> {
    /// Around this input.
    pub(super) fn over(input: Arc<dyn ExecutionPlan>, looking: L) -> Arc<dyn ExecutionPlan> {
        Arc::new(Self { input, looking })
    }
}

impl<L: Looking> DisplayAs for Pass<L> {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(L::NAME)
    }
}

impl<L: Looking> ExecutionPlan for Pass<L> {
    fn name(&self) -> &'static str {
        L::NAME
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
            Ok([input]) => Ok(Self::over(input, self.looking.clone())),
            Err(_) => Err(DataFusionError::Internal(format!("a node {} has one child", L::NAME))),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let look = self.looking.begin(&context)?;
        look.before()?;
        Ok(Box::pin(Passing { input: self.input.execute(partition, context)?, look }))
    }
}

struct Passing<L> {
    input: SendableRecordBatchStream,
    look: L,
}

impl<L: Look> Stream for Passing<L> {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Err(error) = self.look.before() {
            return Poll::Ready(Some(Err(error)));
        }
        let budget = ready!(tokio::task::coop::poll_proceed(context));
        let polled = ready!(self.input.poll_next_unpin(context));
        budget.made_progress();
        Poll::Ready(polled.map(|batch| {
            let batch = batch?;
            self.look.after(&batch)?;
            Ok(batch)
        }))
    }
}

impl<L: Look> RecordBatchStream for Passing<L> {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
