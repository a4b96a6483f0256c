//! Runs an indicator's SQL on DataFusion: the same text for the live path, files and restatement.
//!
//! The SQL of an indicator whose figures add up returns cells. That of any other returns records, and the engine makes the
//! cells of every level from them.
//!
//! The engine sees only the rows and periods it is given; which those are is decided by [`crate::live`].

mod levels;
pub mod period;
mod plan;
mod prepared;
mod records;
mod result;
mod spans;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use datafusion::datasource::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::prelude::SessionConfig;
use homeward_contract::geography::Geography;

use crate::at_home;
use crate::book::change::Subject;
use crate::book::view;
use crate::definition::Definition;
use crate::wards;
pub use plan::PlanFault;
use prepared::{Plans, Slot};
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
    /// Rows of `virtual_ward_stay`.
    pub ward_stays: RecordBatch,
    /// Rows of `virtual_ward_capacity`.
    pub ward_beds: RecordBatch,
    /// Rows of `person_night_span`.
    pub nights: RecordBatch,
    /// Rows of `cohort_member`.
    pub members: RecordBatch,
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
            ward_stays: RecordBatch::new_empty(wards::view::stay_schema()),
            ward_beds: RecordBatch::new_empty(wards::view::bed_schema()),
            nights: RecordBatch::new_empty(at_home::view::night_schema()),
            members: RecordBatch::new_empty(at_home::view::member_schema()),
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
    plans: Plans,
    /// The views, made when their first rows come.
    views: Mutex<BTreeMap<&'static str, Arc<Slot>>>,
    /// Records of definitions that do not add up, and the plans over them, by the query that makes their cells.
    levels: Mutex<BTreeMap<String, Arc<Levels>>>,
}

/// The records of a definition while their cells are made.
struct Levels {
    records: Slot,
    context: SessionContext,
    plans: Plans,
}

impl Engine {
    /// A fresh engine that names regions by this reference geography.
    #[must_use]
    pub fn new(geography: Arc<Geography>) -> Self {
        let context = session();
        spans::register(&context);
        Self { context, geography, plans: Plans::default(), views: Mutex::default(), levels: Mutex::default() }
    }

    /// Runs one indicator over the input; rows come in no particular order.
    ///
    /// # Errors
    /// When the SQL does not plan, does more than read, or returns other columns than the contract's.
    pub async fn run(&self, definition: &Definition, input: &Input) -> Result<Vec<(Atom, AtomValue)>, EngineError> {
        self.register(input).await?;
        self.run_registered(definition, input.as_of).await
    }

    /// Makes the input's rows the content of the views.
    ///
    /// # Errors
    /// When DataFusion refuses a batch: a defect.
    pub async fn register(&self, input: &Input) -> Result<(), EngineError> {
        let periods = period::batch(&input.periods).map_err(|error| boxed(error.into()))?;
        let subjects = [
            (Subject::Clock, &input.clocks),
            (Subject::Contact, &input.contacts),
            (Subject::Referral, &input.referrals),
        ];
        for (subject, batches) in subjects {
            for (name, batch) in view::names(subject).iter().zip(batches) {
                self.view(name, batch.clone()).await?;
            }
        }
        for (name, batch) in wards::view::NAMES.into_iter().zip([&input.ward_stays, &input.ward_beds]) {
            self.view(name, batch.clone()).await?;
        }
        for (name, batch) in at_home::view::NAMES.into_iter().zip([&input.nights, &input.members]) {
            self.view(name, batch.clone()).await?;
        }
        self.view("period", periods).await
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
        let planned = self.plans.get(&self.context, &definition.sql, |plan| plan::verify(plan).map_err(Unfit::Plan));
        let plan = planned.await.map_err(|unfit| match unfit {
            Unfit::Sql(source) => sql_error(source),
            Unfit::Plan(fault) => EngineError::Plan { indicator: indicator(), fault },
        })?;
        let batches = prepared::run(&self.context, plan, as_of).await.map_err(sql_error)?;
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
        let levels = self.levels_of(&sql, first.schema())?;
        levels.records.fill(records).await;
        let plan = levels.plans.get(&levels.context, &sql, |_| Ok::<_, DataFusionError>(())).await?;
        let cells = prepared::run(&levels.context, plan, DateTime::UNIX_EPOCH).await;
        levels.records.fill(Vec::new()).await;
        let cells = cells?;
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

    /// Makes a batch the content of a view.
    async fn view(&self, name: &'static str, batch: RecordBatch) -> Result<(), EngineError> {
        let slot = {
            let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
            match views.get(name) {
                Some(slot) => Arc::clone(slot),
                None => {
                    let slot = Arc::new(Slot::new(batch.schema()).map_err(boxed)?);
                    self.context.register_table(name, slot.table()).map_err(boxed)?;
                    views.insert(name, Arc::clone(&slot));
                    slot
                }
            }
        };
        slot.fill(vec![batch]).await;
        Ok(())
    }

    /// What is kept of a query over records of this shape. Each has a session of its own, with the one table that it reads.
    fn levels_of(&self, sql: &str, schema: SchemaRef) -> Result<Arc<Levels>, DataFusionError> {
        let mut kept = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(levels) = kept.get(sql).filter(|levels| levels.records.table().schema() == schema) {
            return Ok(Arc::clone(levels));
        }
        let levels = Levels { records: Slot::new(schema)?, context: session(), plans: Plans::default() };
        levels.context.register_table(levels::TABLE, levels.records.table())?;
        let levels = Arc::new(levels);
        kept.insert(sql.to_owned(), Arc::clone(&levels));
        Ok(levels)
    }
}

/// Why a definition's SQL has no plan.
enum Unfit {
    Sql(DataFusionError),
    Plan(PlanFault),
}

impl From<DataFusionError> for Unfit {
    fn from(error: DataFusionError) -> Self {
        Self::Sql(error)
    }
}

/// One partition: inputs are small, and a plan that fans out costs more than it saves.
fn session() -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .with_information_schema(false)
        .set_bool("datafusion.sql_parser.enable_ident_normalization", true);
    SessionContext::new_with_config(config)
}

fn boxed(error: DataFusionError) -> Box<DataFusionError> {
    Box::new(error)
}
