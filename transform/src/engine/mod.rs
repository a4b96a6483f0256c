//! Runs an indicator's SQL on DataFusion: the same text for the live path, files and restatement.
//!
//! The SQL of an indicator whose figures add up returns cells. That of any other returns records, and the engine makes the
//! cells of every level from them.
//!
//! The engine sees only the rows and periods it is given; which those are is decided by [`crate::live`].

mod levels;
pub mod period;
mod plan;
mod records;
mod result;
mod spans;

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionConfig;
use homeward_contract::geography::Geography;

use crate::book::change::Subject;
use crate::book::view;
use crate::definition::Definition;
pub use plan::PlanFault;
use records::RecordFault;
pub use result::{Atom, AtomValue, EVERY_PROVIDER, EVERY_STRATUM, Place, ResultShapeError};

/// What one run computes.
#[derive(Debug, Clone)]
pub struct Input {
    /// Rows of `csds_clock` and `live_clock`.
    pub clocks: [RecordBatch; 2],
    /// Rows of `csds_contact` and `live_contact`.
    pub contacts: [RecordBatch; 2],
    /// Rows of `csds_referral` and `live_referral`.
    pub referrals: [RecordBatch; 2],
    /// The periods to compute.
    pub periods: Vec<period::Period>,
    /// The instant that the figures speak for (`$as_of`).
    pub as_of: DateTime<Utc>,
}

impl Input {
    /// No rows at all.
    #[must_use]
    pub fn empty(periods: Vec<period::Period>, as_of: DateTime<Utc>) -> Self {
        let twice = |batch: RecordBatch| [batch.clone(), batch];
        Self {
            clocks: twice(RecordBatch::new_empty(view::schema(view::clock()))),
            contacts: twice(RecordBatch::new_empty(view::schema(view::contact()))),
            referrals: twice(RecordBatch::new_empty(view::schema(view::referral()))),
            periods,
            as_of,
        }
    }
}

/// An indicator's SQL could not be run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The SQL does not plan or fails while running.
    #[error(
        "indicator '{indicator}': {source}\n  in transform/indicators/{indicator}/indicator.sql; run `homeward indicator check` after mending it"
    )]
    Sql {
        /// Which indicator.
        indicator: String,
        /// What DataFusion says.
        source: Box<DataFusionError>,
    },
    /// The SQL does more than read.
    #[error("indicator '{indicator}': {fault}")]
    Plan {
        /// Which indicator.
        indicator: String,
        /// What is wrong.
        fault: PlanFault,
    },
    /// The SQL's columns are not those of the contract.
    #[error("indicator '{indicator}': {fault}")]
    Shape {
        /// Which indicator.
        indicator: String,
        /// What is wrong.
        fault: ResultShapeError,
    },
    /// The cells of the levels could not be made of an indicator's records: a defect.
    #[error("indicator '{indicator}': the cells of its levels could not be made: {source}")]
    Levels {
        /// Which indicator.
        indicator: String,
        /// What DataFusion says.
        source: Box<DataFusionError>,
    },
    /// The view batches could not be made or registered: a defect.
    #[error("the views could not be registered: {0}")]
    Views(#[from] Box<DataFusionError>),
}

/// DataFusion with the views registered.
pub struct Engine {
    context: SessionContext,
    geography: Arc<Geography>,
}

impl Engine {
    /// A fresh engine that names regions by this reference geography. One partition: inputs are small, and a plan that fans out costs more than it saves.
    #[must_use]
    pub fn new(geography: Arc<Geography>) -> Self {
        let config = SessionConfig::new()
            .with_target_partitions(1)
            .with_information_schema(false)
            .set_bool("datafusion.sql_parser.enable_ident_normalization", true);
        let context = SessionContext::new_with_config(config);
        spans::register(&context);
        Self { context, geography }
    }

    /// Runs one indicator over the input; rows come in no particular order.
    ///
    /// # Errors
    /// When the SQL does not plan, does more than read, or returns other columns than the contract's.
    pub async fn run(&self, definition: &Definition, input: &Input) -> Result<Vec<(Atom, AtomValue)>, EngineError> {
        self.register(input)?;
        self.run_registered(definition, input.as_of).await
    }

    /// Makes the input's rows the content of the views.
    ///
    /// # Errors
    /// When DataFusion refuses a batch: a defect.
    pub fn register(&self, input: &Input) -> Result<(), EngineError> {
        let periods = period::batch(&input.periods).map_err(|error| boxed(error.into()))?;
        let subjects = [
            (Subject::Clock, &input.clocks),
            (Subject::Contact, &input.contacts),
            (Subject::Referral, &input.referrals),
        ];
        for (subject, batches) in subjects {
            for (name, batch) in view::names(subject).into_iter().zip(batches) {
                self.table(name, batch.clone())?;
            }
        }
        self.table("period", periods)
    }

    /// Runs one indicator over the registered views.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub async fn run_registered(
        &self,
        definition: &Definition,
        as_of: DateTime<Utc>,
    ) -> Result<Vec<(Atom, AtomValue)>, EngineError> {
        let indicator = || definition.id.clone();
        let sql_error = |source: DataFusionError| EngineError::Sql { indicator: indicator(), source: boxed(source) };
        let plan = self.context.state().create_logical_plan(&definition.sql).await.map_err(sql_error)?;
        plan::verify(&plan).map_err(|fault| EngineError::Plan { indicator: indicator(), fault })?;
        let plan = bind(plan, as_of).map_err(sql_error)?;
        let frame = self.context.execute_logical_plan(plan).await.map_err(sql_error)?;
        let batches = frame.collect().await.map_err(sql_error)?;
        if definition.kind.adds_up() {
            return result::read(definition, &batches)
                .map_err(|fault| EngineError::Shape { indicator: indicator(), fault });
        }
        let defect = |source: DataFusionError| EngineError::Levels { indicator: indicator(), source: boxed(source) };
        let read = batches.iter().map(|batch| records::read(definition, &self.geography, batch));
        let records = read.collect::<Result<Vec<_>, _>>().map_err(|fault| match fault {
            RecordFault::Shape(fault) => EngineError::Shape { indicator: indicator(), fault },
            RecordFault::Arrow(error) => defect(error.into()),
        })?;
        self.levels(definition, records).await.map_err(defect)
    }

    /// The cells of every level of some records.
    async fn levels(
        &self,
        definition: &Definition,
        records: Vec<RecordBatch>,
    ) -> Result<Vec<(Atom, AtomValue)>, DataFusionError> {
        let Some(first) = records.first() else { return Ok(Vec::new()) };
        let sql = levels::sql(definition, first);
        let table = MemTable::try_new(first.schema(), vec![records])?;
        self.context.deregister_table(levels::TABLE)?;
        self.context.register_table(levels::TABLE, Arc::new(table))?;
        let cells = self.context.sql(&sql).await?.collect().await?;
        self.context.deregister_table(levels::TABLE)?;
        let shape = || DataFusionError::Internal("the cells do not have the columns asked for".to_owned());
        let read = cells.iter().map(|batch| levels::read(definition, batch).ok_or_else(shape));
        Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Plans and runs an indicator over empty views: everything that can be known about its SQL without data.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub async fn check(&self, definition: &Definition) -> Result<(), EngineError> {
        let as_of = DateTime::UNIX_EPOCH;
        self.run(definition, &Input::empty(vec![period::Period::now(as_of)], as_of)).await.map(drop)
    }

    fn table(&self, name: &str, batch: RecordBatch) -> Result<(), EngineError> {
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(boxed)?;
        self.context.deregister_table(name).map_err(boxed)?;
        self.context.register_table(name, Arc::new(table)).map_err(boxed)?;
        Ok(())
    }
}

fn bind(plan: LogicalPlan, as_of: DateTime<Utc>) -> Result<LogicalPlan, DataFusionError> {
    let instant = ScalarValue::TimestampMicrosecond(Some(as_of.timestamp_micros()), Some(Arc::from("UTC")));
    plan.with_param_values(ParamValues::from(vec![("as_of", instant)]))
}

fn boxed(error: DataFusionError) -> Box<DataFusionError> {
    Box::new(error)
}
