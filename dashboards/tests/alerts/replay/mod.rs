//! Ninety simulated days, and the pages that they cost.
//!
//! `history` makes the series from simulated referrals, `model` says when each alert fires by the words of its rule, and
//! `promtool` has the real Prometheus evaluate the committed rules over the same series: both must agree on every alert,
//! area and week. Only then are the model's pages counted, over more histories than promtool could run in the time.
//! Muting is the model's own here; a real Alertmanager shows it in `muting`.

mod history;
mod model;
mod promtool;

use std::collections::BTreeMap;

use history::{Area, History, Truth, WEEK_STEPS, WEEKS};
use model::{Episode, episodes, pages};

/// Histories of ordinary life; the first is run through Prometheus.
const ORDINARY_SEEDS: std::ops::RangeInclusive<u64> = 1..=8;
/// Histories of a slip.
const SLIP_SEEDS: std::ops::RangeInclusive<u64> = 101..=104;

/// Weeks of a slip that Prometheus evaluates: by then every area that can be sure is.
const SLIP_WEEKS: usize = 6;

/// Referrals decided in 28 days from which a slip to 65% must page, and the days within which it must.
const MUST_PAGE: [(i64, f64); 2] = [(250, 16.0), (120, 28.0)];

fn in_week(episodes: &[Episode], week: usize) -> usize {
    episodes.iter().filter(|episode| episode.from / WEEK_STEPS == week).count()
}

fn by_area<'a>(episodes: &'a [Episode], area: &Area, alert: impl Fn(&str) -> bool + 'a) -> Vec<Episode> {
    episodes.iter().filter(|episode| episode.area == *area && alert(episode.alert)).cloned().collect()
}

/// Least decided in 28 days, then days until the page and until the ticket, one a history.
type Delays = (i64, Vec<Option<f64>>, Vec<Option<f64>>);

const SLIPS: fn(&str) -> bool = |alert| alert.starts_with("UCRBelow");

#[test]
fn ordinary_life_pages_an_area_at_most_once_a_week() {
    let mut rows: BTreeMap<Area, (i64, usize, usize, usize, usize, usize)> = BTreeMap::new();
    for seed in ORDINARY_SEEDS {
        let history = History::simulate(seed, Truth::Ordinary);
        let fired = episodes(&history);
        if seed == *ORDINARY_SEEDS.start() {
            promtool::assert_agrees(&history, &fired, WEEKS);
        }
        let told = pages(&fired);
        for area in history.areas() {
            let row = rows.entry(area.clone()).or_default();
            row.0 = row.0.max(history.decided(area));
            row.1 += by_area(&fired, area, SLIPS).len();
            let pages = by_area(&told, area, SLIPS);
            let silences = by_area(&told, area, |alert| alert == "UCRFeedSilent");
            row.2 += pages.len();
            row.3 += silences.len();
            row.5 += by_area(&fired, area, |alert| alert == "UCRAtRisk").len();
            let both = [pages, silences].concat();
            let most = (0..WEEKS).map(|week| in_week(&both, week)).max().unwrap_or(0);
            row.4 = row.4.max(most);
        }
        // A correction that lasts less than half an hour, planted in every history.
        let planted = history::CORRECTION_STEP..history::CORRECTION_STEP + 3;
        assert!(!fired.iter().any(|episode| SLIPS(episode.alert) && planted.contains(&episode.from)), "seed {seed}");
    }
    let histories = ORDINARY_SEEDS.count();
    println!("{histories} histories of 90 days, true rate 82%, target 80%");
    println!(
        "{:<22}{:>12}{:>10}{:>9}{:>10}{:>14}{:>10}",
        "area", "decided/28d", "slips", "pages", "silences", "most in week", "tickets"
    );
    for (area, (decided, slips, pages, silences, most, tickets)) in &rows {
        println!("{:<22}{decided:>12}{slips:>10}{pages:>9}{silences:>10}{most:>14}{tickets:>10}", area.to_string());
    }
    for (area, row) in &rows {
        assert!(row.4 <= 1, "{area}: {} pages in one week of ordinary life", row.4);
    }
}

#[test]
fn a_slip_to_65_per_cent_pages_every_area_that_is_large_enough() {
    let mut rows: BTreeMap<Area, Delays> = BTreeMap::new();
    for seed in SLIP_SEEDS {
        let history = History::simulate(seed, Truth::SlipsTo(0.65));
        let fired = episodes(&history);
        if seed == *SLIP_SEEDS.start() {
            promtool::assert_agrees(&history, &fired, SLIP_WEEKS);
        }
        for area in history.areas().filter(|area| area.is_told()) {
            let first = |alert: fn(&str) -> bool| {
                by_area(&fired, area, alert).iter().map(|episode| history::days(episode.from)).min_by(f64::total_cmp)
            };
            let row = rows.entry(area.clone()).or_insert((i64::MAX, vec![], vec![]));
            row.0 = row.0.min(history.decided(area));
            row.1.push(first(SLIPS));
            row.2.push(first(|alert| alert == "UCRAtRisk"));
            // One truth is told: where an area's own alert is muted, its main provider's has paged before.
            let told = pages(&fired);
            let pages_of = |area: &Area| !by_area(&told, area, SLIPS).is_empty();
            if !by_area(&fired, area, SLIPS).is_empty() {
                assert!(
                    pages_of(area) || pages_of(&history.main_provider(area)),
                    "seed {seed}, {area}: told by nobody"
                );
            }
        }
    }
    println!(
        "{} histories, the truth slips from 82% to 65% on day 0: days until told, worst of all",
        SLIP_SEEDS.count()
    );
    println!("{:<22}{:>12}{:>18}{:>18}", "area", "decided/28d", "page", "ticket");
    let worst = |days: &[Option<f64>]| {
        let none = days.iter().filter(|day| day.is_none()).count();
        let most = days.iter().flatten().fold(0.0_f64, |a, b| a.max(*b));
        if none > 0 { format!("{most:.1} ({none} never)") } else { format!("{most:.1}") }
    };
    for (area, (decided, pages, tickets)) in &rows {
        println!("{:<22}{decided:>12}{:>18}{:>18}", area.to_string(), worst(pages), worst(tickets));
    }
    for (area, (decided, pages, _)) in &rows {
        if let Some((_, within)) = MUST_PAGE.into_iter().find(|(least, _)| decided >= least) {
            assert!(pages.iter().all(|day| day.is_some_and(|day| day <= within)), "{area} ({decided}): {pages:?}");
        }
    }
}
