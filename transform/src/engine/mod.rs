//! Runs an indicator's SQL on DataFusion: the same text for the live path, files and restatement.
//!
//! The SQL of an indicator whose figures add up returns cells. That of any other returns records, and the engine makes the
//! cells of every level from them.
//!
//! The engine sees only the rows and periods it is given; which those are is decided by [`crate::live`].

mod counts;
mod levels;
pub mod period;
mod plan;
mod prepared;
mod records;
mod result;
mod spans;
mod tally;
mod texts;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use datafusion::datasource::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionConfig;
use homeward_contract::geography::Geography;

use crate::at_home;
use crate::book::change::Subject;
use crate::book::shard::Shards;
use crate::book::view;
use crate::definition::{Definition, Kind};
use crate::wards;
pub use counts::Counts;
pub use plan::PlanFault;
pub use prepared::ColumnsRead;
use prepared::{Plans, Slot};
use records::{PERSON, RecordFault};
pub use result::{Atom, AtomValue, EVERY_PROVIDER, EVERY_STRATUM, Place, ResultShapeError};
pub use tally::{Parts, Tally};
pub(crate) use texts::Texts;

/// What one run computes.
#[derive(Debug, Clone)]
pub struct Input {
    /// Rows of the views, by name; one that is not named has none.
    pub views: BTreeMap<&'static str, Vec<RecordBatch>>,
    /// The periods to compute.
    pub periods: Vec<period::Period>,
    /// The instant that the figures speak for (`$as_of`).
    pub as_of: DateTime<Utc>,
}

impl Input {
    /// No rows at all.
    #[must_use]
    pub const fn empty(periods: Vec<period::Period>, as_of: DateTime<Utc>) -> Self {
        Self { views: BTreeMap::new(), periods, as_of }
    }

    /// Adds rows to a view.
    pub fn add(&mut self, view: &'static str, rows: RecordBatch) {
        if rows.num_rows() > 0 {
            self.views.entry(view).or_default().push(rows);
        }
    }
}

/// The views that hold rows, and their columns.
fn views() -> impl Iterator<Item = (&'static str, SchemaRef)> {
    let of_records = [
        (Subject::Clock, view::schema(view::clock())),
        (Subject::Contact, view::schema(view::contact())),
        (Subject::Referral, view::schema(view::referral())),
    ];
    let of_records = of_records
        .into_iter()
        .flat_map(|(subject, schema)| view::names(subject).iter().map(move |name| (*name, Arc::clone(&schema))));
    let of_wards = wards::view::NAMES.into_iter().zip([wards::view::stay_schema(), wards::view::bed_schema()]);
    let of_people =
        at_home::view::NAMES.into_iter().zip([at_home::view::night_schema(), at_home::view::member_schema()]);
    of_records.chain(of_wards).chain(of_people)
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
        let mut parts = Parts::default();
        self.run_registered(definition, input.as_of, None, |atom, tally| parts.add(atom, tally)).await?;
        Ok(parts.finish(definition.quantile).collect())
    }

    /// Makes the input's rows the content of the views.
    ///
    /// # Errors
    /// When DataFusion refuses a batch: a defect.
    pub async fn register(&self, input: &Input) -> Result<(), EngineError> {
        for (name, schema) in views() {
            self.slot(name, &schema)?.fill(input.views.get(name).cloned().unwrap_or_default()).await;
        }
        self.register_periods(&input.periods).await
    }

    /// Makes these the periods to compute, over the rows that the views have.
    ///
    /// # Errors
    /// When DataFusion refuses them: a defect.
    pub async fn register_periods(&self, periods: &[period::Period]) -> Result<(), EngineError> {
        let periods = period::batch(periods).map_err(|error| boxed(error.into()))?;
        self.slot("period", &periods.schema())?.fill(vec![periods]).await;
        Ok(())
    }

    /// The columns that some indicators read, by view: rows need no others.
    ///
    /// # Errors
    /// When SQL does not plan, or does more than read.
    pub async fn columns_read(&self, definitions: &[&Definition]) -> Result<ColumnsRead, EngineError> {
        self.open_views()?;
        let mut read = ColumnsRead::new();
        for definition in definitions {
            prepared::columns_read(&self.plan(definition).await?, &mut read);
        }
        Ok(read)
    }

    /// True when an indicator counts people by the person of a view's row, so that those of some shards are found in the
    /// rows of the referrals that name them.
    ///
    /// # Errors
    /// When its SQL does not plan, or does more than read.
    pub async fn counts_named_people(&self, definition: &Definition) -> Result<bool, EngineError> {
        self.open_views()?;
        let plan = self.plan(definition).await?;
        let person = plan.schema().index_of_column_by_name(None, PERSON);
        let is_own = |place| plan::is_column_of_views(&plan, place, PERSON);
        Ok(definition.kind == Kind::People && person.is_some_and(is_own))
    }

    /// The plan of an indicator's SQL.
    async fn plan(&self, definition: &Definition) -> Result<LogicalPlan, EngineError> {
        let planned = self.plans.get(&self.context, &definition.sql, |plan| plan::verify(plan).map_err(Unfit::Plan));
        planned.await.map_err(|unfit| {
            let indicator = definition.id.clone();
            match unfit {
                Unfit::Sql(source) => EngineError::Sql { indicator, source: boxed(source) },
                Unfit::Plan(fault) => EngineError::Plan { indicator, fault },
            }
        })
    }

    /// Runs one indicator over the registered views, and gives each cell to `take`; one may come in parts. Where it counts
    /// people, and `people` is given, only those are counted.
    ///
    /// # Errors
    /// As [`Engine::run`]; some cells may have been given before.
    pub async fn run_registered(
        &self,
        definition: &Definition,
        as_of: DateTime<Utc>,
        people: Option<&Shards>,
        mut take: impl FnMut(Atom, Tally),
    ) -> Result<(), EngineError> {
        let indicator = || definition.id.clone();
        let sql_error = |source: DataFusionError| EngineError::Sql { indicator: indicator(), source: boxed(source) };
        let plan = self.plan(definition).await?;
        let batches = prepared::run(&self.context, plan, as_of).await.map_err(sql_error)?;
        if definition.kind.adds_up() {
            return result::read(definition, &batches, |atom, value| take(atom, value.into()))
                .map_err(|fault| EngineError::Shape { indicator: indicator(), fault });
        }
        let defect = |source: DataFusionError| EngineError::Levels { indicator: indicator(), source: boxed(source) };
        let read = batches.iter().map(|batch| records::read(definition, &self.geography, batch, people));
        let records = read.collect::<Result<Vec<_>, _>>().map_err(|fault| match fault {
            RecordFault::Shape(fault) => EngineError::Shape { indicator: indicator(), fault },
            RecordFault::Arrow(error) => defect(error.into()),
        })?;
        self.levels(definition, records, take).await.map_err(defect)
    }

    /// The cells of every level of some records.
    async fn levels(
        &self,
        definition: &Definition,
        records: Vec<RecordBatch>,
        mut take: impl FnMut(Atom, Tally),
    ) -> Result<(), DataFusionError> {
        let Some(first) = records.first() else { return Ok(()) };
        let sql = levels::sql(definition, first);
        let levels = self.levels_of(&sql, first.schema())?;
        levels.records.fill(records).await;
        let plan = levels.plans.get(&levels.context, &sql, |_| Ok::<_, DataFusionError>(())).await?;
        let cells = prepared::run(&levels.context, plan, DateTime::UNIX_EPOCH).await;
        levels.records.fill(Vec::new()).await;
        let cells = cells?;
        let shape = || DataFusionError::Internal("the cells do not have the columns asked for".to_owned());
        cells.iter().try_for_each(|batch| levels::read(definition, batch, &mut take).ok_or_else(shape))
    }

    /// Plans and runs an indicator over empty views: everything that can be known about its SQL without data.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub async fn check(&self, definition: &Definition) -> Result<(), EngineError> {
        let as_of = DateTime::UNIX_EPOCH;
        self.run(definition, &Input::empty(vec![period::Period::now(as_of)], as_of)).await.map(drop)
    }

    /// Makes every view be there, so that SQL over it can be planned before its first rows.
    fn open_views(&self) -> Result<(), EngineError> {
        views().chain([("period", period::schema())]).try_for_each(|(name, schema)| self.slot(name, &schema).map(drop))
    }

    /// The rows of a view, which is there from then on.
    fn slot(&self, name: &'static str, schema: &SchemaRef) -> Result<Arc<Slot>, EngineError> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = views.get(name) {
            return Ok(Arc::clone(slot));
        }
        let slot = Arc::new(Slot::new(Arc::clone(schema)).map_err(boxed)?);
        self.context.register_table(name, slot.table()).map_err(boxed)?;
        views.insert(name, Arc::clone(&slot));
        Ok(slot)
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
