//! From dirty provider-periods to recomputed units: which rows and periods each run of the SQL sees.
//!
//! Calendar cells are computed month by month, so that one run never joins more than a month of rows with 32 periods.
//! Where figures do not add up, the cells of the wider areas are of all providers' records, whichever of them changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::error::ArrowError;
use chrono::{DateTime, Duration, NaiveDate, Utc};

use crate::book::dirty::{CalendarPeriod, Causes, DirtyCells};
use crate::book::{Book, View, view};
use crate::cells::{Cells, Shelf, Unit};
use crate::definition::{Catalogue, Definition};
use crate::engine::period::{Period, PeriodKind, Window, parse_name};
use crate::engine::{Atom, AtomValue, EVERY_PROVIDER, Engine, EngineError, Input};

/// A unit whose value changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedUnit {
    /// Indicator and provider.
    pub shelf: Shelf,
    /// Definition version.
    pub version: u32,
    /// The calendar period.
    pub period: Period,
    /// Before.
    pub old: Arc<Unit>,
    /// After.
    pub new: Arc<Unit>,
    /// Why.
    pub causes: Causes,
}

/// A computation failed.
#[derive(Debug, thiserror::Error)]
pub enum ComputeError {
    /// An indicator's SQL failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A view batch could not be built: a defect.
    #[error("the clock view could not be built: {0}")]
    View(#[from] ArrowError),
}

/// Recomputes the dirty calendar cells of every definition and adds the units that changed to `changed`.
///
/// # Errors
/// When an indicator's SQL fails. Cells computed before it stay replaced, and `changed` holds them: whoever tries again
/// would not see them change a second time.
pub async fn calendar(
    engine: &Engine,
    catalogue: &Catalogue,
    book: &Book,
    cells: &mut Cells,
    dirty: &DirtyCells,
    as_of: DateTime<Utc>,
    changed: &mut Vec<ChangedUnit>,
) -> Result<(), ComputeError> {
    let (summed, whole): (Vec<&Definition>, Vec<&Definition>) = catalogue
        .iter()
        .filter(|definition| has_grain(definition, &["day", "month"]))
        .partition(|definition| definition.kind.adds_up());
    for (_, mut due) in by_month(dirty) {
        let referrals = referrals_of(book, due.keys().map(|(provider, period)| (provider, *period)));
        let run = Run { engine, book, as_of, due: &due, referrals };
        run.definitions(&summed, cells, changed).await?;
        due.retain(|(_, period), _| is_due(&whole, *period));
        let periods: BTreeSet<CalendarPeriod> = due.keys().map(|(_, period)| *period).collect();
        let providers = book.providers();
        let everywhere = providers.iter().flat_map(|provider| periods.iter().map(move |period| (provider, *period)));
        let run =
            Run { engine, book, as_of, referrals: referrals_of(book, everywhere), due: &with_every_provider(due) };
        run.definitions(&whole, cells, changed).await?;
    }
    Ok(())
}

/// One run of definitions over the rows of some referrals.
struct Run<'a> {
    engine: &'a Engine,
    book: &'a Book,
    as_of: DateTime<Utc>,
    /// The units to replace, and why.
    due: &'a BTreeMap<ProviderPeriod, Causes>,
    referrals: BTreeSet<u32>,
}

impl Run<'_> {
    async fn definitions(
        &self,
        definitions: &[&Definition],
        cells: &mut Cells,
        changed: &mut Vec<ChangedUnit>,
    ) -> Result<(), ComputeError> {
        if definitions.is_empty() || self.due.is_empty() {
            return Ok(());
        }
        let periods: BTreeSet<CalendarPeriod> = self.due.keys().map(|(_, period)| *period).collect();
        let periods = periods.into_iter().map(Period::calendar).collect();
        self.engine.register(&input(self.book, &self.referrals, &self.referrals, periods, self.as_of)?)?;
        for definition in definitions {
            let mut units = group(self.engine.run_registered(definition, self.as_of).await?, self.as_of);
            for ((provider, calendar), causes) in self.due {
                let period = Period::calendar(*calendar);
                if !has_grain(definition, &[period.grain()]) {
                    continue;
                }
                let new = units.remove(&(Arc::clone(provider), period.kind)).unwrap_or_default();
                let shelf = (Arc::from(definition.id.as_str()), Arc::clone(provider));
                let old = cells.replace(&shelf, period.kind, new);
                let new = cells.unit(&shelf, period.kind);
                if old != new {
                    let (version, causes) = (definition.version, causes.clone());
                    changed.push(ChangedUnit { shelf, version, period, old, new, causes });
                }
            }
        }
        Ok(())
    }
}

/// True when one of the definitions has figures of that kind of period.
fn is_due(definitions: &[&Definition], period: CalendarPeriod) -> bool {
    definitions.iter().any(|definition| has_grain(definition, &[Period::calendar(period).grain()]))
}

/// The due units, and for each of their periods the one of all providers, with the causes of all.
fn with_every_provider(mut due: BTreeMap<ProviderPeriod, Causes>) -> BTreeMap<ProviderPeriod, Causes> {
    let everyone: Arc<str> = Arc::from(EVERY_PROVIDER);
    let mut every: BTreeMap<ProviderPeriod, Causes> = BTreeMap::new();
    for ((_, period), causes) in &due {
        let held = every.entry((Arc::clone(&everyone), *period)).or_default();
        for (cause, count) in causes {
            *held.entry(*cause).or_default() += count;
        }
    }
    due.append(&mut every);
    due
}

/// Recomputes rolling windows and snapshots of the present instant; these move with time and are not kept as history.
///
/// # Errors
/// When an indicator's SQL fails.
pub async fn moving(
    engine: &Engine,
    catalogue: &Catalogue,
    book: &Book,
    cells: &mut Cells,
    as_of: DateTime<Utc>,
) -> Result<(), ComputeError> {
    let windows: Vec<Period> = Window::ALL.into_iter().map(|window| Period::window(window, as_of)).collect();
    let recent = recent_referrals(book, &windows);
    engine.register(&input(book, &recent, &recent, windows, as_of)?)?;
    run_moving(engine, catalogue, cells, "window", as_of).await?;
    let now = vec![Period::now(as_of)];
    engine.register(&input(book, &BTreeSet::new(), book.unstopped(), now, as_of)?)?;
    run_moving(engine, catalogue, cells, "now", as_of).await
}

async fn run_moving(
    engine: &Engine,
    catalogue: &Catalogue,
    cells: &mut Cells,
    grain: &str,
    as_of: DateTime<Utc>,
) -> Result<(), ComputeError> {
    for definition in catalogue.iter().filter(|definition| has_grain(definition, &[grain])) {
        let units = group(engine.run_registered(definition, as_of).await?, as_of);
        if grain == "window" || !has_grain(definition, &["window"]) {
            cells.clear_moving(&definition.id);
        }
        for ((provider, period), unit) in units {
            cells.replace(&(Arc::from(definition.id.as_str()), provider), period, unit);
        }
    }
    Ok(())
}

type ProviderPeriod = (Arc<str>, CalendarPeriod);

fn by_month(dirty: &DirtyCells) -> BTreeMap<CalendarPeriod, BTreeMap<ProviderPeriod, Causes>> {
    let mut months: BTreeMap<CalendarPeriod, BTreeMap<ProviderPeriod, Causes>> = BTreeMap::new();
    for (provider, period, causes) in dirty.periods() {
        let month = match period {
            CalendarPeriod::Day(day) => CalendarPeriod::month_of(day),
            CalendarPeriod::Month(_) => period,
        };
        months.entry(month).or_default().insert((Arc::clone(provider), period), causes.clone());
    }
    months
}

fn referrals_of<'a>(book: &Book, periods: impl Iterator<Item = (&'a Arc<str>, CalendarPeriod)>) -> BTreeSet<u32> {
    let mut spans: BTreeSet<(&Arc<str>, NaiveDate, NaiveDate)> = BTreeSet::new();
    for (provider, period) in periods {
        let (first, last) = Period::calendar(period).local_days();
        spans.insert((provider, first, last));
    }
    spans.into_iter().flat_map(|(provider, first, last)| book.referrals_on(provider, first, last)).collect()
}

fn recent_referrals(book: &Book, windows: &[Period]) -> BTreeSet<u32> {
    let days = windows.iter().map(Period::local_days);
    let Some((first, last)) = days.reduce(|one, two| (one.0.min(two.0), one.1.max(two.1))) else {
        return BTreeSet::new();
    };
    let tomorrow = last + Duration::days(1);
    book.providers().iter().flat_map(|provider| book.referrals_on(provider, first, tomorrow)).collect()
}

fn input(
    book: &Book,
    csds: &BTreeSet<u32>,
    live: &BTreeSet<u32>,
    periods: Vec<Period>,
    as_of: DateTime<Utc>,
) -> Result<Input, ArrowError> {
    let rows = |view: View, referrals: &BTreeSet<u32>| {
        let rows: Vec<_> = referrals.iter().flat_map(|index| book.rows(view, *index)).collect();
        view::batch(rows.into_iter())
    };
    Ok(Input { csds_clock: rows(View::Csds, csds)?, live_clock: rows(View::Live, live)?, periods, as_of })
}

fn group(rows: Vec<(Atom, AtomValue)>, as_of: DateTime<Utc>) -> BTreeMap<(Arc<str>, PeriodKind), Unit> {
    let mut units: BTreeMap<(Arc<str>, PeriodKind), Unit> = BTreeMap::new();
    for (atom, value) in rows {
        // A period that is not one of ours cannot come out of a join with the period view.
        let Some(period) = parse_name(&atom.period, as_of) else { continue };
        let unit = units.entry((Arc::clone(&atom.provider), period.kind)).or_default();
        unit.entry(atom).or_default().add(&value);
    }
    units
}

fn has_grain(definition: &Definition, grains: &[&str]) -> bool {
    definition.grains.iter().any(|grain| grains.contains(&grain.as_str()))
}
