//! A town of people: what each is counted as at every instant, and what the handbook lets a public role see of it.
//!
//! Nothing here shares a rule with the code: cells are counted by hand, and the rounding is the handbook's own text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use homeward_sql::Tick;
use homeward_transform::engine::{AtomValue, Counts};
use homeward_transform::revision::Revision;
use homeward_transform::snapshot::Freshness;

use crate::planted::{OPEN, Planted, REFERRALS, RESPONSE, at};

/// Minutes of the town's history: three days.
pub(super) const MINUTES: i64 = 3 * 1_440;

pub(super) const PROVIDERS: [&str; 3] = ["NR5", "RH8", "RK9"];

/// Partnership and network; the last is nowhere.
pub(super) const PLACES: [(Option<&str>, Option<&str>); 5] = [
    (Some("Western"), Some("U37412")),
    (Some("Eastern"), Some("U06387")),
    (Some("Eastern"), Some("U06816")),
    (Some("Northern"), Some("U21059")),
    (None, None),
];

/// Day and month. May is over, so its networks are shown.
pub(super) const DAYS: [(&str, &str); 5] = [
    ("day:2025-05-30", "month:2025-05"),
    ("day:2025-05-31", "month:2025-05"),
    ("day:2025-06-01", "month:2025-06"),
    ("day:2025-06-10", "month:2025-06"),
    ("day:2025-06-11", "month:2025-06"),
];

const MONTH_THAT_IS_OVER: &str = "month:2025-05";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Met,
    Late,
    Excluded,
}

/// What is known of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) provider: usize,
    pub(super) place: usize,
    pub(super) day: usize,
    pub(super) outcome: Outcome,
    /// 1 live, 2 Primary, 3 Refresh.
    pub(super) rank: i64,
}

/// Some people of whom the same is known, and since when; then what was corrected, a void by `None`.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) people: i64,
    pub(super) known: Vec<(i64, Option<Fact>)>,
}

impl Group {
    fn at(&self, minute: i64) -> Option<Fact> {
        self.known.iter().rev().find(|(from, _)| *from <= minute).and_then(|(_, fact)| *fact)
    }
}

/// The instant of a minute of the history; minute 0 is the London midnight before 10 June 2025.
pub(super) fn instant(minute: i64) -> DateTime<Utc> {
    at("2025-06-09T23:00:00Z") + Duration::minutes(minute)
}

pub(super) const fn step(tick: Tick) -> i64 {
    match tick {
        Tick::Hour => 60,
        Tick::Day => 1_440,
    }
}

/// The tick at which what is known at a minute is published.
pub(super) const fn tick_at_or_after(tick: Tick, minute: i64) -> i64 {
    (minute + step(tick) - 1) / step(tick) * step(tick)
}

/// Exact counts. A companion count is the excluded or the rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exact {
    pub(super) numerator: i64,
    pub(super) denominator: Option<i64>,
    pub(super) companion: i64,
    rank: i64,
}

type Atom = (&'static str, &'static str, usize, usize, &'static str);

impl Exact {
    fn of(fact: &Fact, indicator: &str, people: i64) -> Self {
        let if_so = |so: bool| if so { people } else { 0 };
        let companion = if_so(fact.outcome == Outcome::Excluded);
        match indicator {
            RESPONSE => Self {
                numerator: if_so(fact.outcome == Outcome::Met),
                denominator: Some(people - companion),
                companion,
                rank: fact.rank,
            },
            _ => Self { numerator: people, denominator: None, companion, rank: fact.rank },
        }
    }

    fn add(into: &mut Option<Self>, more: Self) {
        let sum = match into.take() {
            None => more,
            Some(held) => Self {
                numerator: held.numerator + more.numerator,
                denominator: held.denominator.zip(more.denominator).map(|(held, more)| held + more),
                companion: held.companion + more.companion,
                rank: held.rank.min(more.rank),
            },
        };
        *into = Some(sum);
    }

    fn value(&self, indicator: &str) -> AtomValue {
        let names: &[&str] = match indicator {
            RESPONSE => &["excluded", "open", "breached_open", "unassessable"],
            REFERRALS => &["rejected", "started_later"],
            _ => &[],
        };
        let companion = |index| if index == 0 { self.companion } else { 0 };
        AtomValue {
            numerator: self.numerator,
            denominator: self.denominator,
            percentile: None,
            source_rank: Some(self.rank),
            counts: names.iter().enumerate().map(|(index, name)| (Arc::from(*name), companion(index))).collect(),
            // Data-quality flags hold exact counts: a public role must see nothing of them.
            flags: Counts::from([("clock_change", self.numerator)]),
        }
    }
}

/// Indicator, basis and period of everything that a fact is counted in.
fn counted_in(fact: &Fact) -> Vec<(&'static str, &'static str, &'static str)> {
    let (day, month) = DAYS[fact.day];
    let mut places = vec![(OPEN, "live", "now")];
    for indicator in [RESPONSE, REFERRALS] {
        for basis in ["live", "published"] {
            if basis == "live" || fact.rank > 1 {
                let windows = ["window:24h", "window:7d", "window:28d", "window:mtd"];
                places.extend([day, month].into_iter().chain(windows).map(|period| (indicator, basis, period)));
            }
        }
    }
    places
}

fn atoms(town: &[Group], minute: i64) -> BTreeMap<Atom, Exact> {
    let mut atoms: BTreeMap<Atom, Option<Exact>> = BTreeMap::new();
    for (group, fact) in town.iter().filter_map(|group| Some((group, group.at(minute)?))) {
        for (indicator, basis, period) in counted_in(&fact) {
            let atom = atoms.entry((indicator, basis, fact.provider, fact.place, period)).or_default();
            Exact::add(atom, Exact::of(&fact, indicator, group.people));
        }
    }
    atoms.into_iter().filter_map(|(atom, exact)| Some((atom, exact?))).collect()
}

/// The cells as the live path would have written them, oldest first.
pub(super) fn versions(town: &[Group]) -> Vec<Planted> {
    let minutes: BTreeSet<i64> = town.iter().flat_map(|group| group.known.iter().map(|(minute, _)| *minute)).collect();
    let (mut before, mut versions) = (BTreeMap::new(), Vec::new());
    for minute in minutes {
        let after = atoms(town, minute);
        let touched: BTreeSet<&Atom> = before.keys().chain(after.keys()).collect();
        for atom in touched.into_iter().filter(|atom| before.get(*atom) != after.get(*atom)) {
            let (indicator, basis, provider, place, period) = *atom;
            let planted = Planted::new(indicator, basis, period).provider(PROVIDERS[provider]);
            let planted = planted.place(PLACES[place].0, PLACES[place].1).known_from(instant(minute));
            let planted = if indicator == OPEN { planted.band("over_120m") } else { planted };
            versions.push(planted.holding(after.get(atom).map(|exact| exact.value(indicator))));
        }
        before = after;
    }
    versions
}

/// What a live login is told besides, all of it moved by single people.
pub(super) fn state(town: &[Group], minute: i64) -> (Freshness, Vec<Revision>) {
    let (mut freshness, mut revisions) = (Freshness::default(), Vec::new());
    for group in town {
        for (known, fact) in group.known.iter().filter(|(known, _)| *known <= minute) {
            freshness.known_at = freshness.known_at.max(Some(instant(*known)));
            let Some(fact) = fact else { continue };
            let heard = freshness.watermarks.entry(Arc::from(PROVIDERS[fact.provider])).or_insert(instant(*known));
            *heard = instant(*known).max(*heard);
            revisions.push(Revision {
                known_at: instant(*known),
                indicator: REFERRALS.to_owned(),
                basis: "live".to_owned(),
                provider: PROVIDERS[fact.provider].to_owned(),
                period: DAYS[fact.day].1.to_owned(),
                old: (10, None).into(),
                new: (10 + group.people, None).into(),
                because: format!("{} clocks became known", group.people),
            });
        }
    }
    (freshness, revisions)
}

/// Which figure: indicator, basis, level, area, kind of period, period.
pub(super) type Key = (String, String, String, String, String, String);

/// The exact figures of days and months that may be shown at all.
pub(super) fn figures(town: &[Group], minute: i64) -> BTreeMap<Key, Exact> {
    let mut figures: BTreeMap<Key, Option<Exact>> = BTreeMap::new();
    for ((indicator, basis, provider, place, period), exact) in atoms(town, minute) {
        let Some((kind, name)) = period.split_once(':').filter(|(kind, _)| ["day", "month"].contains(kind)) else {
            continue;
        };
        let (lcp, pcn) = PLACES[place];
        for (level, area) in [
            ("nation", "National"),
            ("region", "Y58"),
            ("icb", "QJK"),
            ("lcp", lcp.unwrap_or("unknown")),
            ("pcn", pcn.unwrap_or("unknown")),
            ("provider", PROVIDERS[provider]),
        ] {
            // A network by one day is never published, nor its month before it is over.
            if level == "pcn" && period != MONTH_THAT_IS_OVER {
                continue;
            }
            let key = [indicator, basis, level, area, kind, name].map(str::to_owned);
            Exact::add(figures.entry(key.into()).or_default(), exact);
        }
    }
    figures.into_iter().filter_map(|(key, exact)| Some((key, exact?))).collect()
}

/// The handbook's `round5` and `hes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) policy: &'static str,
    pub(super) suppresses: bool,
    pub(super) minimum: i64,
}

pub(super) const RULES: [Rule; 3] = [
    Rule { policy: "ucr-publication", suppresses: false, minimum: 1 },
    Rule { policy: "public-csds", suppresses: false, minimum: 8 },
    Rule { policy: "public-hes", suppresses: true, minimum: 8 },
];

impl Rule {
    /// A released count; `None` is suppressed.
    pub(super) const fn apply(self, count: i64) -> Option<i64> {
        match count {
            0 => Some(0),
            1..=7 if self.suppresses => None,
            1..=7 => Some(5),
            _ => Some((count + 2) / 5 * 5),
        }
    }

    /// A figure as it must read: numerator, denominator, shown, status, flags; then its companion count.
    pub(super) fn release(self, exact: &Exact) -> Told {
        let (numerator, denominator) = (self.apply(exact.numerator), exact.denominator.map(|count| self.apply(count)));
        let companion = self.apply(exact.companion);
        let is_few = exact.denominator.is_some_and(|count| count > 0 && count < self.minimum);
        let shown = match (numerator, denominator) {
            (None, _) | (_, Some(None)) => "suppressed",
            _ if is_few => "suppressed",
            (_, Some(Some(0))) => "no data",
            _ => "shown",
        };
        let is_marked = shown == "suppressed" || companion.is_none();
        // The lowest rank says that at least one clock has it: the 0 or not 0 of a count by source, which every policy
        // shows. It says no more.
        let status = ["live", "provisional", "final"][usize::try_from(exact.rank - 1).unwrap()];
        let word = |count: Option<i64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        Told {
            row: [
                word(numerator),
                word(denominator.flatten()),
                shown.to_owned(),
                status.to_owned(),
                if is_marked { "rounded;suppressed" } else { "rounded" }.to_owned(),
            ],
            companion: word(companion),
        }
    }
}

/// What is shown of a figure, as words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) row: [String; 5],
    pub(super) companion: String,
}

/// Every figure as it must read at a tick.
pub(super) fn told(town: &[Group], minute: i64, rule: Rule) -> BTreeMap<Key, Told> {
    figures(town, minute).into_iter().map(|(key, exact)| (key, rule.release(&exact))).collect()
}
