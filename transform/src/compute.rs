//! From dirty provider-periods to recomputed units: which rows and periods each run of the SQL sees.
//!
//! Calendar cells are computed month by month, so that one run never joins more than a month of rows with 32 periods.
//! Where figures do not add up, the cells of the wider areas are of all providers' records, whichever of them changed.

pub mod at_home;
pub mod wards;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use roaring::RoaringBitmap;

use crate::book::change::Subject;
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
    book: &Book,
    cells: &mut Cells,
    dirty: &DirtyCells,
    as_of: DateTime<Utc>,
    changed: &mut Vec<ChangedUnit>,
) -> Result<(), ComputeError> {
    for (_, month) in by_month(dirty) {
        // A stock adds up: a definition that says otherwise is refused.
        for (adds_up, stock) in [(true, false), (true, true), (false, false)] {
            let due = |definition: &&Definition| {
                definition.kind.adds_up() == adds_up && definition.stock == stock && is_due(definition, month.values())
            };
            let definitions: Vec<&Definition> = catalogue.iter().filter(due).collect();
            if definitions.is_empty() {
                continue;
            }
            let (providers, due) = if adds_up {
                (month.keys().map(|(provider, _)| Arc::clone(provider)).collect(), Cow::Borrowed(&month))
            } else {
                (book.providers(), Cow::Owned(with_every_provider(&month, &definitions)))
            };
            engine.register(&month_input(book, &due, &providers, stock, &subjects(&definitions), as_of)?).await?;
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
    book: &Book,
    due: &Due,
    providers: &BTreeSet<Arc<str>>,
    stock: bool,
    subjects: &BTreeSet<Subject>,
    as_of: DateTime<Utc>,
) -> Result<Input, ArrowError> {
    let periods: BTreeSet<CalendarPeriod> = due.keys().map(|(_, period)| *period).collect();
    let seen = periods.iter().filter(|period| !stock || matches!(period, CalendarPeriod::Month(_)));
    let days: BTreeSet<(NaiveDate, NaiveDate)> = seen.map(|period| Period::calendar(*period).local_days()).collect();
    let mut referrals = RoaringBitmap::new();
    for (first, last) in &days {
        for provider in providers {
            referrals |= match stock {
                true => book.referrals_open_in(provider, *first),
                false => book.referrals_on(provider, *first, *last),
            };
        }
    }
    let periods = periods.into_iter().map(Period::calendar).collect();
    input(book, &referrals, subjects, days.into_iter(), periods, as_of)
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
    let windows: Vec<Period> = Window::SHORT.into_iter().map(|window| Period::window(window, as_of)).collect();
    let recent = recent_referrals(book, &windows);
    let days: Vec<(NaiveDate, NaiveDate)> = windows.iter().map(Period::local_days).collect();
    let of_records: Vec<&Definition> = catalogue.iter().filter(|definition| !definition.counts_wards()).collect();
    let counted: Vec<&Definition> =
        of_records.iter().copied().filter(|definition| has_grain(definition, &["window"])).collect();
    engine.register(&input(book, &recent, &subjects(&counted), days.into_iter(), windows, as_of)?).await?;
    run_moving(engine, &of_records, cells, "window", as_of).await?;
    let now = vec![Period::now(as_of)];
    let clocks = BTreeSet::from([Subject::Clock]);
    engine.register(&input(book, book.unstopped(), &clocks, std::iter::empty(), now, as_of)?).await?;
    run_moving(engine, &of_records, cells, "now", as_of).await
}

async fn run_moving(
    engine: &Engine,
    definitions: &[&Definition],
    cells: &mut Cells,
    grain: &str,
    as_of: DateTime<Utc>,
) -> Result<(), ComputeError> {
    for definition in definitions.iter().filter(|definition| has_grain(definition, &[grain])) {
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

/// The rows of some referrals; of contacts, those between the first and the last of some days. A view that nobody reads
/// stays empty.
fn input(
    book: &Book,
    referrals: &RoaringBitmap,
    subjects: &BTreeSet<Subject>,
    days: impl Iterator<Item = (NaiveDate, NaiveDate)>,
    periods: Vec<Period>,
    as_of: DateTime<Utc>,
) -> Result<Input, ArrowError> {
    let mut input = Input::empty(periods, as_of);
    if subjects.contains(&Subject::Clock) {
        input.clocks = both(|view| view::batch(view::clock(), book.clocks(view, referrals)))?;
    }
    if subjects.iter().any(|subject| view::names(*subject) == view::names(Subject::Referral)) {
        input.referrals = both(|view| view::batch(view::referral(), book.referral_rows(view, referrals)))?;
    }
    let days = days.reduce(|one, two| (one.0.min(two.0), one.1.max(two.1)));
    if let Some((first, last)) = days.filter(|_| subjects.contains(&Subject::Contact)) {
        let rows = book.contacts(referrals, first, last);
        input.contacts = both(|view| view::batch(view::contact(), rows[view as usize].iter()))?;
    }
    Ok(input)
}

fn both(batch: impl Fn(View) -> Result<RecordBatch, ArrowError>) -> Result<[RecordBatch; 2], ArrowError> {
    Ok([batch(View::Csds)?, batch(View::Live)?])
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
