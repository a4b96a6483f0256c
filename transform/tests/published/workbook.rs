//! The published figures as they were printed.

use std::collections::BTreeMap;

/// First days of the months of the year, in order.
pub(crate) const MONTHS: [&str; 12] = [
    "2024-04", "2024-05", "2024-06", "2024-07", "2024-08", "2024-09", "2024-10", "2024-11", "2024-12", "2025-01",
    "2025-02", "2025-03",
];

pub(crate) const NATION: &str = "National";
pub(crate) const SOUTH_WEST: &str = "Y58";
pub(crate) const DEVON: &str = "QJK";
pub(crate) const PROVIDERS: [&str; 3] = ["NR5", "RH8", "RA9"];

/// A published ratio: what it says to its last digit, no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rate {
    digits: String,
    decimals: usize,
}

impl Rate {
    /// Trailing zeros were dropped in print, so the number of decimals has to be told.
    fn new(printed: &str, decimals: usize) -> Self {
        let width = "0.".len() + decimals;
        assert!(printed.len() <= width, "{printed} has more than {decimals} decimals");
        Self { digits: format!("{printed:0<width$}"), decimals }
    }

    /// Whether a ratio is the published one to the last digit.
    pub(crate) fn is(&self, ratio: f64) -> bool {
        format!("{ratio:.*}", self.decimals) == self.digits
    }

    /// Near enough for a guess; only [`Rate::is`] decides.
    pub(crate) fn roughly(&self) -> f64 {
        self.digits.parse().expect("a published rate is a number")
    }
}

/// One row a month of one organisation.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) rate: Rate,
    /// Two-hour referrals received in the month: another cohort than the clocks stopped in it.
    pub(crate) referrals: u64,
}

/// The figures of one organisation by month.
pub(crate) fn published(code: &str) -> BTreeMap<&'static str, Published> {
    let decimals = if PROVIDERS.contains(&code) { 4 } else { 15 };
    MONTHS
        .into_iter()
        .map(|month| {
            let rate = Rate::new(cell(code, "two_hour_rate", month), decimals);
            let referrals = cell(code, "two_hour_referrals", month).parse().expect("a count");
            (month, Published { rate, referrals })
        })
        .collect()
}

fn cell(code: &str, measure: &str, month: &str) -> &'static str {
    let wanted = |line: &&str| {
        let mut cells = line.split(',');
        let mut next = || cells.next().unwrap_or_default();
        // ods_code, name, level, measure, month, value
        let (own, _, _) = (next(), next(), next());
        own == code && next() == measure && next() == month
    };
    let line = include_str!("ucr_published_2024_25.csv").lines().find(wanted);
    let line = line.unwrap_or_else(|| panic!("no {measure} of {code} for {month} was published"));
    line.rsplit(',').next().expect("a line has a last cell")
}
