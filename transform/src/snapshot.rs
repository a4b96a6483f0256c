//! One consistent picture at one `as_of`: what every outlet reads. Immutable and shared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Months, NaiveDate, Utc};
use homeward_contract::geography::Geography;
use homeward_contract::time::london;

use crate::book::dirty::CalendarPeriod;
use crate::book::roll::Line;
use crate::cells::Cells;
use crate::conditions::Condition;
use crate::definition::{Catalogue, Definition};
use crate::engine::period::{Period, PeriodKind, parse_name};
use crate::engine::{Atom, AtomValue, EVERY_STRATUM};
use crate::feedback::DataQuality;
use crate::figure::{Dimension, Figure};
use crate::levels;
use crate::population;
use crate::reconcile::Reconciliation;
use crate::revision::Revision;

/// Area value of a clock whose area is not known.
pub const UNKNOWN_AREA: &str = "unknown";

/// The nation's code as the published workbook prints it.
pub const NATION: &str = "National";

/// Which figures to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FigureQuery {
    /// Indicator id.
    pub indicator: String,
    /// Bases wanted; empty means all.
    pub bases: Vec<String>,
    /// Dimensions, in the order wanted. At most one of them is a period; with none, months are summed, or the present instant is read.
    pub by: Vec<Dimension>,
    /// First local day of periods wanted; twelve months stand with the last of them.
    pub from: Option<NaiveDate>,
    /// Last local day of periods wanted.
    pub to: Option<NaiveDate>,
    /// One period by its name, for example `window:28d`.
    pub period: Option<String>,
}

/// How fresh the picture is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Freshness {
    /// When Homeward took in the newest fact counted here.
    pub known_at: Option<DateTime<Utc>>,
    /// Newest event time a provider: what the live feed has told up to.
    pub watermarks: BTreeMap<Arc<str>, DateTime<Utc>>,
    /// When each provider last recorded a stay on a virtual ward.
    pub ward_stays: BTreeMap<Arc<str>, DateTime<Utc>>,
    /// When the beds of each virtual ward that has some now were last recorded, by provider and ward.
    pub ward_beds: BTreeMap<(Arc<str>, Arc<str>), DateTime<Utc>>,
}

/// Everything an outlet may ask for, at one instant.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(crate) as_of: DateTime<Utc>,
    pub(crate) sequence: u64,
    pub(crate) revision_count: u64,
    pub(crate) cells: Cells,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) geography: Arc<Geography>,
    pub(crate) freshness: Freshness,
    pub(crate) revisions: Arc<[Revision]>,
    pub(crate) conditions: Arc<[Condition]>,
    pub(crate) submissions: Arc<[Line]>,
    pub(crate) reconciliation: Arc<Reconciliation>,
    pub(crate) data_quality: Arc<DataQuality>,
}

impl Snapshot {
    /// A picture of cells at an instant, without live state: for files and for the past.
    #[must_use]
    pub fn of_cells(cells: Cells, catalogue: Arc<Catalogue>, geography: Arc<Geography>, as_of: DateTime<Utc>) -> Self {
        Self {
            as_of,
            sequence: 0,
            revision_count: 0,
            cells,
            catalogue,
            geography,
            freshness: Freshness::default(),
            revisions: Arc::from([]),
            conditions: Arc::from([]),
            submissions: Arc::from([]),
            reconciliation: Arc::default(),
            data_quality: Arc::default(),
        }
    }

    /// The same picture with what stands beside its figures: for a picture that is planted.
    #[must_use]
    pub fn with_state(self, sequence: u64, freshness: Freshness, revisions: Vec<Revision>) -> Self {
        Self { sequence, freshness, revision_count: revisions.len() as u64, revisions: Arc::from(revisions), ..self }
    }

    /// The instant that every figure here speaks for.
    #[must_use]
    pub const fn as_of(&self) -> DateTime<Utc> {
        self.as_of
    }

    /// Rises by one with each snapshot of a process.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// How often a figure of a period that was over has been restated.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision_count
    }

    /// How fresh the picture is.
    #[must_use]
    pub const fn freshness(&self) -> &Freshness {
        &self.freshness
    }

    /// The newest restatements, oldest first.
    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// Every CSDS submission, and whether it counts. Empty for the past.
    #[must_use]
    pub fn submissions(&self) -> &[Line] {
        &self.submissions
    }

    /// The same picture with these submissions: for a picture that is planted.
    #[must_use]
    pub fn with_submissions(self, submissions: Vec<Line>) -> Self {
        Self { submissions: Arc::from(submissions), ..self }
    }

    /// The two-hour figure of every provider and month from live events to the workbook. Empty for the past.
    #[must_use]
    pub fn reconciliation(&self) -> &Reconciliation {
        &self.reconciliation
    }

    /// The same picture with this reconciliation: for a picture that is planted.
    #[must_use]
    pub fn with_reconciliation(self, reconciliation: Reconciliation) -> Self {
        Self { reconciliation: Arc::new(reconciliation), ..self }
    }

    /// Data quality of every provider and month, of the submissions that count and were reviewed. Empty for the past.
    #[must_use]
    pub fn data_quality(&self) -> &DataQuality {
        &self.data_quality
    }

    /// The same picture with this data quality: for a picture that is planted.
    #[must_use]
    pub fn with_data_quality(self, data_quality: DataQuality) -> Self {
        Self { data_quality: Arc::new(data_quality), ..self }
    }

    /// Alert conditions that hold now.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The definitions that made the figures.
    #[must_use]
    pub const fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The reference geography in force.
    #[must_use]
    pub const fn geography(&self) -> &Arc<Geography> {
        &self.geography
    }

    /// Exact figures: numerators and denominators summed over the cells of each group, never ratios. Where figures do not
    /// add up each is one cell, and a question that crosses cells has none ([`levels::has_figure`]).
    /// Sorted by basis, dimension values and period. Empty when the indicator is not known.
    #[must_use]
    pub fn figures(&self, query: &FigureQuery) -> Vec<Figure> {
        let Some(definition) = self.catalogue.get(&query.indicator) else { return Vec::new() };
        let has_twelve = definition.has_grain(Dimension::TwelveMonths.as_str());
        if !levels::has_figure(definition, query) || twelve_months(query) && !has_twelve {
            return Vec::new();
        }
        let mut groups: BTreeMap<GroupKey, (AtomValue, Period, BTreeSet<NaiveDate>)> = BTreeMap::new();
        for (_, kind, unit) in self.cells.units(&query.indicator) {
            if !wanted_period(query, kind) {
                continue;
            }
            // All cells of a unit are of one period.
            let own = unit.iter().next().and_then(|(atom, _)| parse_name(&atom.period, self.as_of));
            let Some(own) = own else { continue };
            let begin = london(own.starts_at).date();
            let mut periods = counted_in(query, own, self.as_of);
            periods.retain(|period| {
                within(query, period) && (!definition.stock || is_summed_at(query, period, self.as_of))
            });
            let read = |atom: &Atom| wanted_basis(query, atom) && levels::is_read(definition, &query.by, atom);
            for (atom, value) in unit.iter().filter(|(atom, _)| read(atom)) {
                for period in &periods {
                    let key = self.group_key(definition, query, atom, period);
                    let new = || (AtomValue::default(), period.clone(), BTreeSet::new());
                    let (sum, span, begins) = groups.entry(key).or_insert_with(new);
                    sum.add(value);
                    begins.insert(begin);
                    span.starts_at = span.starts_at.min(period.starts_at);
                    span.ends_at = span.ends_at.max(period.ends_at);
                }
            }
        }
        if twelve_months(query) {
            groups.retain(|_, (_, _, begins)| begins.len() == 12);
        }
        let figure = |(key, (value, span, begins))| self.figure(definition, query, key, (value, &begins), &span);
        groups.into_iter().map(figure).collect()
    }

    fn group_key(&self, definition: &Definition, query: &FigureQuery, atom: &Atom, period: &Period) -> GroupKey {
        let value = |dimension: &Dimension| dimension_value(&self.geography, definition, *dimension, atom, period);
        GroupKey { basis: Arc::clone(&atom.basis), values: query.by.iter().map(value).collect() }
    }

    fn figure(
        &self,
        definition: &Definition,
        query: &FigureQuery,
        key: GroupKey,
        (mut value, begins): (AtomValue, &BTreeSet<NaiveDate>),
        span: &Period,
    ) -> Figure {
        let cell: Vec<_> = query.by.iter().copied().zip(key.values).collect();
        let standardised =
            population::divide(&self.geography, definition, &cell, begins, london(self.as_of).date(), &mut value);
        Figure {
            indicator: definition.id.clone(),
            version: definition.version,
            basis: key.basis.to_string(),
            dimensions: cell.iter().map(|(dimension, value)| (*dimension, value.to_string())).collect(),
            period_start: span.starts_at,
            period_end: span.ends_at,
            numerator: definition.kind.has_numerator().then_some(value.numerator),
            denominator: value.denominator,
            percentile: value.percentile,
            standardised,
            counts: value.counts.to_told(),
            flags: value.flags.to_told(),
            status: definition.status_of(value.source_rank, span.ends_at, self.as_of),
            as_of: self.as_of,
        }
    }
}

/// What a cell is called in a dimension.
pub(crate) fn dimension_value(
    geography: &Geography,
    definition: &Definition,
    dimension: Dimension,
    atom: &Atom,
    period: &Period,
) -> Arc<str> {
    let known = |value: &Option<Arc<str>>| value.clone().unwrap_or_else(|| Arc::from(UNKNOWN_AREA));
    if let Some(place) = atom.place.as_ref().filter(|place| place.level == dimension) {
        return Arc::clone(&place.area);
    }
    match dimension {
        Dimension::Provider => Arc::clone(&atom.provider),
        Dimension::Icb => known(&atom.icb),
        Dimension::Lcp => known(&atom.lcp),
        Dimension::Pcn => known(&atom.pcn),
        Dimension::Region => {
            let region = atom.icb.as_deref().and_then(|icb| geography.region_of_icb(icb));
            Arc::from(region.unwrap_or(UNKNOWN_AREA))
        }
        Dimension::Nation => Arc::from(NATION),
        Dimension::Day | Dimension::Month | Dimension::TwelveMonths | Dimension::Window => {
            let name = period.name();
            Arc::from(name.split_once(':').map_or(name.as_str(), |(_, value)| value))
        }
        stratum => {
            let position = definition.strata.iter().position(|held| *held == stratum);
            position.and_then(|position| atom.strata.get(position).cloned()).unwrap_or_else(|| Arc::from(EVERY_STRATUM))
        }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct GroupKey {
    basis: Arc<str>,
    values: Vec<Arc<str>>,
}

fn wanted_basis(query: &FigureQuery, atom: &Atom) -> bool {
    query.bases.is_empty() || query.bases.iter().any(|basis| basis.as_str() == atom.basis.as_ref())
}

/// The period dimension asked for decides the grain; without one, months are summed and the present instant is read.
fn wanted_period(query: &FigureQuery, kind: PeriodKind) -> bool {
    if query.period.is_some() && !twelve_months(query) {
        return true;
    }
    let grain = query.by.iter().copied().find(|dimension| dimension.is_period());
    match kind {
        PeriodKind::Calendar(CalendarPeriod::Day(_)) => grain == Some(Dimension::Day),
        PeriodKind::Calendar(CalendarPeriod::Month(_)) => {
            matches!(grain, None | Some(Dimension::Month | Dimension::TwelveMonths))
        }
        PeriodKind::TwelveMonths(_) => false,
        PeriodKind::Window(_) => grain == Some(Dimension::Window),
        PeriodKind::Now => grain.is_none(),
    }
}

/// True when twelve months are asked for, which are made of the months' own cells: sums of their sums, divided last.
fn twelve_months(query: &FigureQuery) -> bool {
    query.by.contains(&Dimension::TwelveMonths)
}

/// The periods of a question that a cell of a period is counted in: its own, or each twelve months that hold its month and are
/// over. Twelve months of which one is not there have no figure: they would be eleven by the name of twelve.
fn counted_in(query: &FigureQuery, own: Period, as_of: DateTime<Utc>) -> Vec<Period> {
    match own.kind {
        PeriodKind::Calendar(CalendarPeriod::Month(first)) if twelve_months(query) => {
            let last = (0..12).filter_map(|months| first.checked_add_months(Months::new(months)));
            last.map(Period::twelve_months).filter(|period| period.ends_at <= as_of).collect()
        }
        _ => vec![own],
    }
}

/// Months of a stock are never added up: where none is asked for, the one that holds the instant is read.
fn is_summed_at(query: &FigureQuery, period: &Period, as_of: DateTime<Utc>) -> bool {
    let asks = query.period.is_some() || query.by.iter().any(|dimension| dimension.is_period());
    asks || (period.starts_at..period.ends_at).contains(&as_of)
}

fn within(query: &FigureQuery, period: &Period) -> bool {
    let named = query.period.as_ref().is_none_or(|name| *name == period.name());
    let first = match period.kind {
        PeriodKind::TwelveMonths(last) => last,
        _ => london(period.starts_at).date(),
    };
    let calendar = matches!(period.kind, PeriodKind::Calendar(_) | PeriodKind::TwelveMonths(_));
    let after = !calendar || query.from.is_none_or(|from| first >= from);
    let before = !calendar || query.to.is_none_or(|to| first <= to);
    named && after && before
}
