//! From dirty provider-periods to recomputed units: which rows and periods each run of the SQL sees.
//!
//! Calendar cells are computed month by month, so that one run never joins more than a month of rows with 32 periods.
//! Where figures do not add up, the cells of the wider areas are of all providers' records, whichever of them changed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use roaring::RoaringBitmap;

use crate::book::change::Subject;
use crate::book::dirty::{CalendarPeriod, Causes, DirtyCells};
use crate::book::{Book, VIEWS, view};
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
    for (_, month) in by_month(dirty) {
        let due = |adds_up: bool, stock: bool| -> Vec<&Definition> {
            let due = catalogue.iter().filter(|definition| definition.kind.adds_up() == adds_up);
            due.filter(|definition| definition.stock == stock && is_due(definition, month.values())).collect()
        };
        let providers: BTreeSet<Arc<str>> = month.keys().map(|(provider, _)| Arc::clone(provider)).collect();
        // A load of a whole month makes every provider due: the rows of all are then the rows of those that are.
        let all_are_due = providers.is_superset(&book.providers());
        // A stock adds up: a definition that says otherwise is refused.
        let (sums, others) = (due(true, false), due(false, false));
        let shared: Vec<&Definition> = sums.iter().chain(others.iter().filter(|_| all_are_due)).copied().collect();
        let all_are_there = all_are_due && !sums.is_empty();
        for (definitions, stock) in [(due(true, true), true), (sums, false), (others, false)] {
            let Some(adds_up) = definitions.first().map(|definition| definition.kind.adds_up()) else { continue };
            let due = match adds_up {
                true => Cow::Borrowed(&month),
                false => Cow::Owned(with_every_provider(&month, &definitions)),
            };
            if !adds_up && all_are_there {
                engine.register_periods(&periods(&due)).await?;
            } else {
                let (providers, seen) = match (adds_up, stock) {
                    (true, false) => (Cow::Borrowed(&providers), &shared),
                    (true, true) => (Cow::Borrowed(&providers), &definitions),
                    (false, _) => (Cow::Owned(book.providers()), &definitions),
                };
                engine.register(&month_input(book, &due, &providers, stock, &subjects(seen), as_of)?).await?;
            }
            for definition in definitions {
                let units = group(engine.run_registered(definition, as_of).await?, as_of);
                replace(definition, units, &due, cells, changed);
            }
        }
    }
    Ok(())
}

/// Puts the new units of a definition in the place of the due ones.
fn replace(
    definition: &Definition,
    mut units: BTreeMap<(Arc<str>, PeriodKind), Unit>,
    due: &Due,
    cells: &mut Cells,
    changed: &mut Vec<ChangedUnit>,
) {
    for ((provider, calendar), causes) in due {
        let period = Period::calendar(*calendar);
        let causes = causes_of(definition, causes);
        if causes.is_empty() || !has_grain(definition, &[period.grain()]) {
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
        definitions.iter().any(|definition| has_grain(definition, &[grain]))
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
    has_grain(definition, &["day", "month"])
        && causes.any(|causes| causes.keys().any(|reason| definition.subjects.contains(&reason.subject)))
}

/// The causes that concern what a definition counts.
fn causes_of(definition: &Definition, causes: &Causes) -> Causes {
    let concern = causes.iter().filter(|(reason, _)| definition.subjects.contains(&reason.subject));
    concern.map(|(reason, count)| (*reason, *count)).collect()
}

fn subjects(definitions: &[&Definition]) -> BTreeSet<Subject> {
    definitions.iter().flat_map(|definition| definition.subjects.iter().copied()).collect()
}

/// The rows of some providers and the periods of one dirty month. A stock sees the referrals that may be open at its end,
/// and all else what is anchored in it.
fn month_input(
    book: &mut Book,
    due: &Due,
    providers: &BTreeSet<Arc<str>>,
    stock: bool,
    subjects: &BTreeSet<Subject>,
    as_of: DateTime<Utc>,
) -> Result<Input, ArrowError> {
    let periods = periods(due);
    let seen = due.keys().filter(|(_, period)| !stock || matches!(period, CalendarPeriod::Month(_)));
    let days: BTreeSet<(NaiveDate, NaiveDate)> =
        seen.map(|(_, period)| Period::calendar(*period).local_days()).collect();
    let mut referrals = RoaringBitmap::new();
    for (first, last) in &days {
        for provider in providers {
            referrals |= match stock {
                true => book.referrals_open_in(provider, *first),
                false => book.referrals_on(provider, *first, *last),
            };
        }
    }
    input(book, &referrals, subjects, days.into_iter(), periods, as_of)
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
    let windows: Vec<Period> = Window::ALL.into_iter().map(|window| Period::window(window, as_of)).collect();
    let recent = recent_referrals(book, &windows);
    let days: Vec<(NaiveDate, NaiveDate)> = windows.iter().map(Period::local_days).collect();
    let counted: Vec<&Definition> = catalogue.iter().filter(|definition| has_grain(definition, &["window"])).collect();
    engine.register(&input(book, &recent, &subjects(&counted), days.into_iter(), windows, as_of)?).await?;
    run_moving(engine, catalogue, cells, "window", as_of).await?;
    let now = vec![Period::now(as_of)];
    let clocks = BTreeSet::from([Subject::Clock]);
    engine.register(&input(book, &book.unstopped().clone(), &clocks, std::iter::empty(), now, as_of)?).await?;
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

/// The rows of some referrals; of contacts, those between the first and the last of some days. A view that nobody reads
/// stays empty.
fn input(
    book: &mut Book,
    referrals: &RoaringBitmap,
    subjects: &BTreeSet<Subject>,
    days: impl Iterator<Item = (NaiveDate, NaiveDate)>,
    periods: Vec<Period>,
    as_of: DateTime<Utc>,
) -> Result<Input, ArrowError> {
    let mut input = Input::empty(periods, as_of);
    let days = days.reduce(|one, two| (one.0.min(two.0), one.1.max(two.1)));
    let mut rest = referrals.iter();
    loop {
        let some: RoaringBitmap = rest.by_ref().take(REFERRALS_AT_A_TIME).collect();
        if some.is_empty() {
            return Ok(input);
        }
        if subjects.contains(&Subject::Clock) {
            for view in VIEWS {
                add(&mut input.clocks[view as usize], view::batch(view::clock(), book.clocks(view, &some))?);
            }
        }
        if subjects.iter().any(|subject| view::names(*subject) == view::names(Subject::Referral)) {
            for view in VIEWS {
                let rows = view::batch(view::referral(), book.referral_rows(view, &some))?;
                add(&mut input.referrals[view as usize], rows);
            }
        }
        if let Some((first, last)) = days.filter(|_| subjects.contains(&Subject::Contact)) {
            let mut rows = VIEWS.map(|_| view::Rows::new(view::contact()));
            book.each_contact(&some, first, last, |view, row| rows[view as usize].push(row));
            for (view, rows) in input.contacts.iter_mut().zip(rows) {
                add(view, rows.finish()?);
            }
        }
        book.cool();
    }
}

/// Adds a batch that has rows.
fn add(view: &mut Vec<RecordBatch>, batch: RecordBatch) {
    if batch.num_rows() > 0 {
        view.push(batch);
    }
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
