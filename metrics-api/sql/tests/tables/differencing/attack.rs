//! The attacker: a login under a public policy, what it asks, and what it can conclude.

use std::collections::BTreeMap;
use std::ops::{Add, Sub};

use super::people::{Key, Rule, Told};
use crate::planted::{Login, RESPONSE, lines};

/// Everything that a session can read of figures and of the state beside them, whole.
const TABLES: [&str; 7] = [
    "SELECT * FROM outcomes.figures",
    "SELECT * FROM outcomes.ucr_two_hour_response",
    "SELECT * FROM outcomes.ucr_referrals",
    "SELECT * FROM outcomes.ucr_open_clocks",
    "SELECT * FROM outcomes.figures_history",
    "SELECT as_of, known_at, snapshot, revision, release, tick FROM meta.freshness",
    "SELECT * FROM meta.policies",
];

/// Differences as an attacker asks for them: between areas and over time; and which areas there are.
const DIFFERENCES: [&str; 4] = [
    "SELECT p.indicator, p.basis, c.level, p.period, p.numerator - sum(c.numerator), p.denominator - sum(c.denominator), \
     count(*) FROM outcomes.figures p JOIN outcomes.figures c ON p.indicator = c.indicator AND p.basis = c.basis AND \
     p.period = c.period WHERE p.level = 'icb' AND c.level IN ('lcp', 'pcn', 'provider') \
     GROUP BY p.indicator, p.basis, c.level, p.period, p.numerator, p.denominator",
    "SELECT p.indicator, p.basis, p.level, p.area, p.period, p.numerator - sum(c.numerator), count(*) \
     FROM outcomes.figures p JOIN outcomes.figures c ON p.indicator = c.indicator AND p.basis = c.basis AND \
     p.level = c.level AND p.area = c.area WHERE p.period_kind = 'month' AND c.period_kind = 'day' AND \
     c.first_day BETWEEN p.first_day AND p.last_day GROUP BY p.indicator, p.basis, p.level, p.area, p.period, p.numerator",
    "SELECT indicator, basis, level, area, period, known_at, numerator - lag(numerator) OVER (PARTITION BY indicator, \
     basis, level, area, period ORDER BY known_at) FROM outcomes.figures_history",
    "SELECT DISTINCT level, area FROM outcomes.figures WHERE denominator > 0 OR numerator > 0",
];

/// What the tick must not have at all.
const ABSENT: [&str; 8] = [
    "SELECT * FROM meta.providers",
    "SELECT * FROM meta.coverage",
    "SELECT * FROM meta.revisions",
    "SELECT * FROM outcomes.figures WHERE known_at IS NOT NULL OR providers_reporting IS NOT NULL",
    "SELECT * FROM outcomes.figures_history WHERE because IS NOT NULL",
    "SELECT * FROM outcomes.figures WHERE period_kind NOT IN ('day', 'month')",
    "SELECT * FROM outcomes.figures WHERE level = 'pcn' AND period_kind = 'day'",
    "SELECT * FROM outcomes.figures_history WHERE level = 'pcn' AND period_kind = 'day'",
];

/// All that one login reads, in lines that name their question.
pub(super) async fn look(login: &Login) -> Vec<String> {
    for sql in ABSENT {
        assert_eq!(login.ask(sql).await, Vec::<Vec<String>>::new(), "{sql}");
    }
    let mut seen = Vec::new();
    for (number, sql) in TABLES.iter().chain(&DIFFERENCES).enumerate() {
        let mut rows = lines(&login.ask(sql).await);
        rows.sort();
        seen.extend(rows.into_iter().map(|row| format!("{number}: {row}")));
    }
    seen
}

const KEY: &str = "indicator, basis, level, area, period_kind, period";

fn keyed(rows: Vec<Vec<String>>) -> impl Iterator<Item = (Key, Vec<String>)> {
    rows.into_iter().map(|mut row| {
        let rest = row.split_off(6);
        let key: [String; 6] = row.try_into().unwrap();
        (key.into(), rest)
    })
}

/// The figures with their companion counts, as the views tell them.
pub(super) async fn read_figures(login: &Login) -> BTreeMap<Key, Told> {
    let columns = format!("{KEY}, numerator, denominator, shown, status, flags");
    let sql = format!(
        "SELECT {columns}, excluded FROM outcomes.ucr_two_hour_response UNION ALL \
         SELECT {columns}, rejected FROM outcomes.ucr_referrals"
    );
    let told = |(key, mut row): (Key, Vec<String>)| {
        let companion = row.pop().unwrap();
        (key, Told { row: row.try_into().unwrap(), companion })
    };
    keyed(login.ask(&sql).await).map(told).collect()
}

/// Rate and interval must follow from the numbers beside them: two rows that show the same numbers show the same rest.
pub(super) async fn check_derived(login: &Login) {
    let sql = "SELECT numerator, denominator, shown, value, lower, upper FROM outcomes.figures";
    let mut rest: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for mut row in login.ask(sql).await {
        let derived = row.split_off(3);
        let number = |word: &String| word.parse::<f64>().ok();
        if let (Some(numerator), Some(denominator), "shown") = (number(&row[0]), number(&row[1]), row[2].as_str()) {
            assert_eq!(number(&derived[0]), Some(numerator / denominator), "{row:?}");
        }
        let held = rest.entry(row.clone()).or_insert_with(|| derived.clone());
        assert_eq!(*held, derived, "{row:?}");
    }
}

/// One version: from when until when it was shown, and what it told.
pub(super) type Version = (String, String, [String; 5]);

/// The versions of each figure, oldest first.
pub(super) async fn read_history(login: &Login) -> BTreeMap<Key, Vec<Version>> {
    let sql = format!(
        "SELECT {KEY}, known_at, replaced_at, numerator, denominator, shown, status, flags \
         FROM outcomes.figures_history ORDER BY known_at"
    );
    let mut history: BTreeMap<Key, Vec<Version>> = BTreeMap::new();
    for (key, mut row) in keyed(login.ask(&sql).await) {
        let shown = row.split_off(2);
        let [from, until] = row.try_into().unwrap();
        history.entry(key).or_default().push((from, until, shown.try_into().unwrap()));
    }
    history
}

/// What is known of a count: that it lies within these bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bounds {
    pub(super) lowest: i64,
    pub(super) highest: i64,
}

pub(super) const NOTHING: Bounds = Bounds { lowest: 0, highest: 0 };

impl Bounds {
    /// What a released count tells; the word of a suppressed one is no number.
    pub(super) fn of(word: &str) -> Self {
        match word.parse().unwrap_or(5) {
            0 => NOTHING,
            5 => Self { lowest: 1, highest: 7 },
            shown => Self { lowest: shown - 2, highest: shown + 2 },
        }
    }

    pub(super) const fn admits(self, exact: i64) -> bool {
        self.lowest <= exact && exact <= self.highest
    }

    /// It is determined that the count is 1 to 7.
    pub(super) const fn is_small(self) -> bool {
        1 <= self.lowest && self.highest <= 7
    }
}

impl Add for Bounds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { lowest: self.lowest + other.lowest, highest: self.highest + other.highest }
    }
}

impl Sub for Bounds {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { lowest: self.lowest - other.highest, highest: self.highest - other.lowest }
    }
}

/// Which count of a figure.
const MEASURES: [&str; 3] = ["numerator", "denominator", "companion"];

fn measured(key: &Key, told: &Told, measure: &str) -> Option<Bounds> {
    let word = match measure {
        "numerator" => &told.row[0],
        // A count has no denominator: nothing is suppressed there.
        "denominator" if key.0 != RESPONSE => return None,
        "denominator" => &told.row[1],
        _ => &told.companion,
    };
    Some(Bounds::of(word))
}

/// The handbook's property (disclosure, section 2): no sum or difference of two published values, and no parent minus any
/// of its children, determines that a count which is not published itself is 1 to 7. Where nothing but zeros is added or
/// taken away, it says what the one value says by itself.
pub(super) fn check_differences(pictures: &[BTreeMap<Key, Told>], rule: Rule) {
    for measure in MEASURES {
        let mut cells: BTreeMap<&str, BTreeMap<Bounds, &Key>> = BTreeMap::new();
        for (key, told) in pictures.iter().flatten() {
            cells.entry(&key.0).or_default().extend(measured(key, told, measure).map(|bounds| (bounds, key)));
        }
        for (one, other) in
            cells.values().flat_map(|all| all.iter().flat_map(move |one| all.iter().map(move |other| (one, other))))
        {
            let is_plain = *one.0 == NOTHING || *other.0 == NOTHING;
            let tells = (*one.0 - *other.0).is_small() || (*one.0 + *other.0).is_small();
            assert!(is_plain || !tells, "{measure} under {}: {one:?} and {other:?}", rule.policy);
        }
    }
    for told in pictures {
        for (key, parent) in told {
            for children in families(key, told) {
                check_family(key, parent, &children, rule);
            }
        }
    }
}

fn check_family(key: &Key, parent: &Told, children: &[&Told], rule: Rule) {
    assert!(children.len() <= 12, "{key:?} has {} children, too many to try every part of", children.len());
    for measure in MEASURES {
        let Some(whole) = measured(key, parent, measure) else { continue };
        let parts: Vec<Bounds> = children.iter().filter_map(|child| measured(key, child, measure)).collect();
        for chosen in 0_usize..1 << parts.len() {
            let of_chosen = parts.iter().enumerate().filter(|(index, _)| chosen >> index & 1 == 1);
            let taken = of_chosen.fold(NOTHING, |sum, (_, part)| sum + *part);
            let tells = (whole - taken).is_small();
            assert!(taken == NOTHING || !tells, "{measure} of {key:?} under {}: {whole:?} - {taken:?}", rule.policy);
        }
    }
}

/// The figures that a figure is the sum of, by each way to part it.
fn families<'a>(parent: &Key, told: &'a BTreeMap<Key, Told>) -> Vec<Vec<&'a Told>> {
    let (indicator, basis, level, area, kind, period) = parent;
    let of = |part: &dyn Fn(&Key) -> bool| -> Vec<&'a Told> {
        let same = |key: &&Key| key.0 == *indicator && key.1 == *basis;
        told.iter().filter(|(key, _)| same(key) && part(key)).map(|(_, child)| child).collect()
    };
    let mut families = Vec::new();
    if ["nation", "region", "icb"].contains(&level.as_str()) {
        for part in ["lcp", "pcn", "provider"] {
            families.push(of(&|key| key.2 == part && key.5 == *period));
        }
    }
    if level == "lcp" && area == "Eastern" {
        families.push(of(&|key| ["U06387", "U06816"].contains(&key.3.as_str()) && key.5 == *period));
    }
    if kind == "month" {
        families.push(of(&|key| key.2 == *level && key.3 == *area && key.4 == "day" && key.5.starts_with(period)));
    }
    families
}
