//! The published series of virtual wards beside our own figure, as a policy shows it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::figure::Dimension;
use crate::reconcile::PublishedWards;
use crate::snapshot::{FigureQuery, NATION, Snapshot};

use super::{Policy, Released, ReleasedFigure, Shown};

/// The indicator that is told beside what is published.
const INDICATOR: &str = "virtual-ward-occupancy-national";

/// One board and month.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReleasedWards {
    /// The board; `National` for all boards of the month that were loaded.
    pub icb: String,
    /// First day of the month.
    pub month: NaiveDate,
    /// Boards in the row: 1, or how many the sum is of.
    pub boards: usize,
    /// Published beds.
    pub published_beds: Option<i64>,
    /// Published patients.
    pub published_patients: Option<i64>,
    /// Published patients by published beds.
    pub published_occupancy: Option<f64>,
    /// The share as printed, no more than 100%.
    pub printed_occupancy: Option<f64>,
    /// Published beds for every 100,000 people aged 16 or over.
    pub published_beds_per_100k: Option<f64>,
    /// Our beds at 08:00 on the reference Thursday.
    pub beds: Shown,
    /// Our patients then.
    pub patients: Shown,
    /// Our occupancy.
    pub occupancy: Shown,
    /// Our beds less the published ones.
    pub beds_difference: Shown,
    /// Our patients less the published ones.
    pub patients_difference: Shown,
    /// What a reader of the published row must know: `over_capacity`, `capped`, `suspect_zero`.
    pub published_flags: Vec<&'static str>,
    /// Flags of our own figure.
    pub flags: Vec<String>,
    /// Name and version of the policy.
    pub release: String,
}

impl Policy {
    /// Every published board and month beside our own figure; what is published is public already. Differences are of the
    /// numbers shown, so that they never say more than those do.
    #[must_use]
    pub fn release_wards(&self, snapshot: &Snapshot) -> Released<Vec<ReleasedWards>> {
        let series = snapshot.reconciliation().wards();
        let ours = self.own(snapshot);
        let mut rows = Vec::new();
        let mut boards: BTreeMap<NaiveDate, usize> = BTreeMap::new();
        for (month, board, held) in series.iter() {
            *boards.entry(month).or_default() += 1;
            let own = ours.get(&(month.format("%Y-%m").to_string(), board.to_owned()));
            rows.push(self.row(board, month, 1, held, own));
        }
        for (month, count) in boards {
            // Its own figure would be of the boards that send to Homeward, which is another sum.
            rows.extend(series.total(month).map(|total| self.row(NATION, month, count, &total, None)));
        }
        rows.sort_by(|one, other| (one.month, &one.icb).cmp(&(other.month, &other.icb)));
        Released::by_policy(rows)
    }

    /// Our figures by month and board.
    fn own(&self, snapshot: &Snapshot) -> BTreeMap<(String, String), ReleasedFigure> {
        let Some(definition) = snapshot.catalogue().get(INDICATOR) else { return BTreeMap::new() };
        let by = vec![Dimension::Icb, Dimension::Month];
        let query = FigureQuery { indicator: INDICATOR.to_owned(), by, ..FigureQuery::default() };
        let released = self.release(snapshot.figures(&query), definition);
        let key = |figure: &ReleasedFigure| {
            let value = |dimension| figure.dimension(dimension).unwrap_or_default().to_owned();
            (value(Dimension::Month), value(Dimension::Icb))
        };
        released.iter().map(|figure| (key(figure), figure.clone())).collect()
    }

    fn row(
        &self,
        board: &str,
        month: NaiveDate,
        boards: usize,
        held: &PublishedWards,
        own: Option<&ReleasedFigure>,
    ) -> ReleasedWards {
        let shown = |wanted: fn(&ReleasedFigure) -> Shown| own.map_or(Shown::NoData, wanted);
        let (beds, patients) = (shown(|own| own.denominator), shown(|own| own.numerator));
        ReleasedWards {
            icb: board.to_owned(),
            month,
            boards,
            published_beds: held.beds,
            published_patients: held.patients,
            published_occupancy: held.occupancy(),
            printed_occupancy: held.printed,
            published_beds_per_100k: held.beds_per_100k(),
            beds,
            patients,
            occupancy: shown(|own| own.value),
            beds_difference: less(beds, held.beds),
            patients_difference: less(patients, held.patients),
            published_flags: held.flags(),
            flags: own.map(|own| own.flags.clone()).unwrap_or_default(),
            release: self.label(),
        }
    }
}

fn less(own: Shown, published: Option<i64>) -> Shown {
    match (own, published) {
        (Shown::Count(own), Some(published)) => Shown::Count(own - published),
        (Shown::Suppressed, Some(_)) => Shown::Suppressed,
        _ => Shown::NoData,
    }
}
