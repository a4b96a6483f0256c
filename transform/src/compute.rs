//! From dirty provider-periods to recomputed units: which rows and periods each run of the SQL sees.
//!
//! Calendar cells are computed month by month, so that one run never joins more than a month of rows with 32 periods; what
//! stands at the ends of months, as many months together as need much the same referrals.
//! Where figures do not add up, the cells of the wider areas are of all providers' records, whichever of them changed.

pub mod at_home;
mod flows;
mod part;
mod units;
pub mod wards;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::error::ArrowError;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use roaring::RoaringBitmap;

use self::part::{Part, gather};
use self::units::Units;
use crate::book::change::Subject;
use crate::book::dirty::{CalendarPeriod, Causes, DirtyCells};
use crate::book::{Book, VIEWS, view};
use crate::cells::{Cells, Shelf, Unit};
use crate::definition::{Catalogue, Definition};
use crate::engine::period::{Period, Window};
use crate::engine::{ColumnsRead, EVERY_PROVIDER, Engine, EngineError, Input};

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
    #[error("a view could not be built: {0}")]
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
    book: &mut Book,
    cells: &mut Cells,
    dirty: &DirtyCells,
    as_of: DateTime<Utc>,
    changed: &mut Vec<ChangedUnit>,
) -> Result<(), ComputeError> {
    let months = by_month(dirty);
    for month in months.values() {
        flows::recompute(engine, catalogue, book, cells, month, as_of, changed).await?;
    }
    stocks(engine, catalogue, book, cells, months.into_values().flatten().collect(), as_of, changed).await
}

/// Recomputes what stood at the end of some months. A stock adds up: a definition that says otherwise is refused.
async fn stocks(
    engine: &Engine,
    catalogue: &Catalogue,
    book: &mut Book,
    cells: &mut Cells,
    months: Due,
    as_of: DateTime<Utc>,
    changed: &mut Vec<ChangedUnit>,
) -> Result<(), ComputeError> {
    let stocks = catalogue.iter().filter(|definition| definition.stock && is_due(definition, months.values()));
    let stocks: Vec<&Definition> = stocks.collect();
    if stocks.is_empty() {
        return Ok(());
    }
    let subjects: BTreeSet<Subject> = stocks.iter().flat_map(|stock| stock.subjects.iter().copied()).collect();
    let concerns = |causes: &Causes| causes.keys().any(|reason| subjects.contains(&reason.subject));
    let ends = months
        .into_iter()
        .filter(|((_, period), causes)| matches!(period, CalendarPeriod::Month(_)) && concerns(causes));
    let read = engine.columns_read(&stocks).await?;
    for part in gather(Part::of_ends(book, ends.collect()), book.together_max()) {
        engine.register(&part_input(book, &part, &read, as_of)?).await?;
        run_due(engine, &stocks, &part.due, cells, as_of, changed).await?;
    }
    Ok(())
}

async fn run_due(
    engine: &Engine,
    definitions: &[&Definition],
    due: &Due,
    cells: &mut Cells,
    as_of: DateTime<Utc>,
    changed: &mut Vec<ChangedUnit>,
) -> Result<(), ComputeError> {
    for definition in definitions {
        let mut units = Units::default();
        engine.run_registered(definition, as_of, None, |atom, part| units.add(atom, part, as_of)).await?;
        replace(definition, units, due, cells, changed);
    }
    Ok(())
}

fn providers_of(due: &Due) -> BTreeSet<Arc<str>> {
    due.keys().map(|(provider, _)| Arc::clone(provider)).collect()
}

/// Puts the new units of a definition in the place of the due ones.
fn replace(definition: &Definition, units: Units, due: &Due, cells: &mut Cells, changed: &mut Vec<ChangedUnit>) {
    let mut units = units.finish(definition);
    for ((provider, calendar), causes) in due {
        let period = Period::calendar(*calendar);
        let causes = causes_of(definition, causes);
        if causes.is_empty() || !definition.has_grain(period.grain()) {
            continue;
        }
        let new = units.remove(&(Arc::clone(provider), period.kind)).unwrap_or_default();
        let shelf = (Arc::from(definition.id.as_str()), Arc::clone(provider));
        let old = cells.replace(&shelf, period.kind, new);
        let new = cells.unit(&shelf, period.kind);
        if old != new {
            changed.push(ChangedUnit { shelf, version: definition.version, period, old, new, causes });
        }
    }
}

/// The units that these definitions have, and for each of their periods the one of all providers, with the causes of all.
fn with_every_provider(month: &Due, definitions: &[&Definition]) -> Due {
    let has_units = |period: CalendarPeriod| {
        let grain = Period::calendar(period).grain();
        definitions.iter().any(|definition| definition.has_grain(grain))
    };
    let everyone: Arc<str> = Arc::from(EVERY_PROVIDER);
    let mut due = Due::new();
    for ((provider, period), causes) in month.iter().filter(|((_, period), _)| has_units(*period)) {
        let every = due.entry((Arc::clone(&everyone), *period)).or_default();
        for (reason, count) in causes {
            *every.entry(*reason).or_default() += count;
        }
        due.insert((Arc::clone(provider), *period), causes.clone());
    }
    due
}

/// True when something changed that a definition of days or months counts.
fn is_due<'a>(definition: &Definition, mut causes: impl Iterator<Item = &'a Causes>) -> bool {
    ["day", "month"].into_iter().any(|grain| definition.has_grain(grain))
        && causes.any(|causes| causes.keys().any(|reason| definition.subjects.contains(&reason.subject)))
}

/// The causes that concern what a definition counts.
fn causes_of(definition: &Definition, causes: &Causes) -> Causes {
    let concern = causes.iter().filter(|(reason, _)| definition.subjects.contains(&reason.subject));
    concern.map(|(reason, count)| (*reason, *count)).collect()
}

/// The rows and the periods of a part. A stock sees the referrals that may be open at an end, and all else what is
/// anchored in a period.
fn part_input(book: &mut Book, part: &Part, read: &ColumnsRead, as_of: DateTime<Utc>) -> Result<Input, ArrowError> {
    input(book, &part.referrals, read, part.days(), periods(&part.due), as_of)
}

fn periods(due: &Due) -> Vec<Period> {
    let periods: BTreeSet<CalendarPeriod> = due.keys().map(|(_, period)| *period).collect();
    periods.into_iter().map(Period::calendar).collect()
}

/// Recomputes rolling windows and snapshots of the present instant; these move with time and are not kept as history.
///
/// # Errors
/// When an indicator's SQL fails.
pub async fn moving(
    engine: &Engine,
    catalogue: &Catalogue,
    book: &mut Book,
    cells: &mut Cells,
    as_of: DateTime<Utc>,
) -> Result<(), ComputeError> {
    let windows: Vec<Period> = Window::SHORT.into_iter().map(|window| Period::window(window, as_of)).collect();
    let recent = recent_referrals(book, &windows);
    let days: Vec<(NaiveDate, NaiveDate)> = windows.iter().map(Period::local_days).collect();
    let of_records: Vec<&Definition> = catalogue.iter().filter(|definition| !definition.counts_wards()).collect();
    let counted: Vec<&Definition> =
        of_records.iter().copied().filter(|definition| definition.has_grain("window")).collect();
    let read = engine.columns_read(&counted).await?;
    engine.register(&input(book, &recent, &read, days.into_iter(), windows, as_of)?).await?;
    run_moving(engine, &of_records, cells, "window", as_of).await?;
    let now: Vec<&Definition> = of_records.iter().copied().filter(|definition| definition.has_grain("now")).collect();
    let read = engine.columns_read(&now).await?;
    let (unstopped, now) = (book.unstopped().clone(), vec![Period::now(as_of)]);
    engine.register(&input(book, &unstopped, &read, std::iter::empty(), now, as_of)?).await?;
    run_moving(engine, &of_records, cells, "now", as_of).await
}

async fn run_moving(
    engine: &Engine,
    definitions: &[&Definition],
    cells: &mut Cells,
    grain: &str,
    as_of: DateTime<Utc>,
) -> Result<(), ComputeError> {
    for definition in definitions.iter().filter(|definition| definition.has_grain(grain)) {
        let mut units = Units::default();
        engine.run_registered(definition, as_of, None, |atom, part| units.add(atom, part, as_of)).await?;
        if grain == "window" || !definition.has_grain("window") {
            cells.clear_moving(&definition.id);
        }
        for ((provider, period), unit) in units.finish(definition) {
            cells.replace(&(Arc::from(definition.id.as_str()), provider), period, unit);
        }
    }
    Ok(())
}

/// What changed in one month: the units to replace, and why.
type Due = BTreeMap<(Arc<str>, CalendarPeriod), Causes>;

fn by_month(dirty: &DirtyCells) -> BTreeMap<CalendarPeriod, Due> {
    let mut months: BTreeMap<CalendarPeriod, Due> = BTreeMap::new();
    for (provider, period, causes) in dirty.periods() {
        let month = match period {
            CalendarPeriod::Day(day) => CalendarPeriod::month_of(day),
            CalendarPeriod::Month(_) => period,
        };
        months.entry(month).or_default().insert((Arc::clone(provider), period), causes.clone());
    }
    months
}

/// Most units of a run of several months, and most days: a late correction touches a few days of a month or two.
const FEW_UNITS: usize = 32;
const FEW_DAYS: i64 = 93;

/// What is due of a month, or of months that follow each other where little of them is due.
struct Run {
    first: Period,
    last: Period,
    due: Due,
}

fn by_run(dirty: &DirtyCells) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (month, due) in by_month(dirty) {
        let month = Period::calendar(month);
        let is_few = |run: &&mut Run| {
            let days = (month.ends_at - run.first.starts_at).num_days();
            run.last.ends_at == month.starts_at && days <= FEW_DAYS && run.due.len() + due.len() <= FEW_UNITS
        };
        match runs.last_mut().filter(is_few) {
            Some(run) => {
                run.last = month;
                run.due.extend(due);
            }
            None => runs.push(Run { first: month.clone(), last: month, due }),
        }
    }
    runs
}

fn recent_referrals(book: &Book, windows: &[Period]) -> RoaringBitmap {
    let days = windows.iter().map(Period::local_days);
    let Some((first, last)) = days.reduce(|one, two| (one.0.min(two.0), one.1.max(two.1))) else {
        return RoaringBitmap::new();
    };
    let tomorrow = last + Duration::days(1);
    let providers = book.providers();
    providers.iter().fold(RoaringBitmap::new(), |all, provider| all | book.referrals_on(provider, first, tomorrow))
}

/// Referrals whose rows are made at a time: what the book opens for them need not stay open together.
const REFERRALS_AT_A_TIME: usize = 16_384;

/// The rows of some referrals, in the columns that are read; of contacts, those between the first and the last of some
/// days. A view that nobody reads stays empty.
fn input(
    book: &mut Book,
    referrals: &RoaringBitmap,
    read: &ColumnsRead,
    days: impl Iterator<Item = (NaiveDate, NaiveDate)>,
    periods: Vec<Period>,
    as_of: DateTime<Utc>,
) -> Result<Input, ArrowError> {
    let mut input = Input::empty(periods, as_of);
    let days = days.reduce(|one, two| (one.0.min(two.0), one.1.max(two.1)));
    let names = |subject| VIEWS.into_iter().zip(view::names(subject).iter().copied());
    let mut rest = referrals.iter();
    loop {
        let some: RoaringBitmap = rest.by_ref().take(REFERRALS_AT_A_TIME).collect();
        if some.is_empty() {
            return Ok(input);
        }
        for (view, name) in names(Subject::Clock) {
            let Some(columns) = read.get(name) else { continue };
            let is_read = |column: &str| columns.contains(column);
            input.add(name, view::batch(view::clock(), is_read, book.clocks(view, &some))?);
        }
        for (view, name) in names(Subject::Referral) {
            let Some(columns) = read.get(name) else { continue };
            let is_read = |column: &str| columns.contains(column);
            input.add(name, view::batch(view::referral(), is_read, book.referral_rows(view, &some))?);
        }
        let mut contacts = VIEWS.map(|view| {
            let columns = read.get(view::names(Subject::Contact)[view as usize])?;
            Some(view::Rows::new(view::contact(), |column| columns.contains(column)))
        });
        if let Some((first, last)) = days.filter(|_| contacts.iter().any(Option::is_some)) {
            book.each_contact(&some, first, last, |view, row| {
                if let Some(rows) = &mut contacts[view as usize] {
                    rows.push(row);
                }
            });
        }
        for ((_, name), rows) in names(Subject::Contact).zip(contacts) {
            if let Some(rows) = rows {
                input.add(name, rows.finish()?);
            }
        }
        book.cool();
    }
}
