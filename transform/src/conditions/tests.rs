use std::sync::Arc;

use chrono::TimeDelta;
use homeward_contract::geography::Geography;

use super::*;
use crate::definition::{Catalogue, Target};
use crate::engine::{Atom, AtomValue, Counts};
use crate::history::{CellVersion, cells_at};

const RESPONSE: &str = "ucr-two-hour-response";
const TARGET: &str = "UCRBelowTargetConfident";
const RISK: &str = "UCRAtRisk";

/// 15:00 in London on 12 June 2025.
fn outset() -> DateTime<Utc> {
    at("2025-06-12T14:00:00Z")
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A cell by indicator, period, band and area.
#[derive(Clone)]
struct Cell {
    indicator: &'static str,
    period: &'static str,
    band: Option<&'static str>,
    lcp: Option<&'static str>,
    counts: (i64, Option<i64>),
}

/// Met and decided of NR5 in Plymouth over a window.
fn rate(period: &'static str, met: i64, decided: i64) -> Cell {
    Cell { indicator: RESPONSE, period, band: None, lcp: Some("Plymouth"), counts: (met, Some(decided)) }
}

fn snapshot(cells: &[Cell], as_of: DateTime<Utc>) -> Snapshot {
    let version = |cell: &Cell| CellVersion {
        indicator: Arc::from(cell.indicator),
        version: 1,
        atom: Atom {
            basis: Arc::from("live"),
            provider: Arc::from("NR5"),
            icb: cell.lcp.map(|_| Arc::from("QJK")),
            lcp: cell.lcp.map(Arc::from),
            pcn: Some(Arc::from("U06387")),
            strata: cell.band.map(Arc::from).into_iter().collect(),
            period: Arc::from(cell.period),
            place: None,
        },
        value: Some(AtomValue {
            numerator: cell.counts.0,
            denominator: cell.counts.1,
            percentile: None,
            source_rank: Some(1),
            counts: Counts::default(),
            flags: Counts::default(),
        }),
        known_at: as_of,
        csds_because: Arc::from("planted"),
        live_because: Arc::from("planted"),
    };
    let versions: Vec<CellVersion> = cells.iter().map(version).collect();
    let (catalogue, geography) = (Arc::new(Catalogue::builtin().unwrap()), Arc::new(Geography::devon()));
    Snapshot::of_cells(cells_at(&versions, as_of), catalogue, geography, as_of)
}

/// A course of conditions: each step is a snapshot some minutes after the outset.
#[derive(Default)]
struct Course {
    held: Vec<Condition>,
}

impl Course {
    /// The provider's stage of a rule after a step, and its sentence.
    fn step(&mut self, rule: &str, minutes: i64, cells: &[Cell]) -> Option<(Stage, String)> {
        self.held = conditions(&snapshot(cells, outset() + TimeDelta::minutes(minutes)), &self.held);
        let found = self.held.iter().find(|c| c.alert == rule && c.level == Dimension::Provider)?;
        Some((found.stage, found.sentence.clone()))
    }

    fn stage(&mut self, rule: &str, minutes: i64, cells: &[Cell]) -> Option<Stage> {
        self.step(rule, minutes, cells).map(|(stage, _)| stage)
    }
}

fn after(minutes: i64) -> DateTime<Utc> {
    outset() + TimeDelta::minutes(minutes)
}

/// 70 of 100 is below 80% by the 95% bound, 75 by the 68% bound alone, and 76 touches it.
const BEGINS: i64 = 70;
const BETWEEN: i64 = 75;
const TIE: i64 = 76;

fn page(met: i64) -> [Cell; 1] {
    [rate("window:28d", met, 100)]
}

#[test]
fn a_slip_begins_at_the_95_per_cent_bound_and_is_told_after_half_an_hour() {
    let mut course = Course::default();
    assert_eq!(course.stage(TARGET, 0, &page(BETWEEN)), None, "not yet beyond chance");
    let (stage, sentence) = course.step(TARGET, 1, &page(BEGINS)).unwrap();
    assert_eq!(stage, Stage::Pending(after(31)));
    assert_eq!(sentence, "NR5: 70 of 100 seen within two hours over 28d, below 80% and not by chance");
    assert_eq!(course.stage(TARGET, 30, &page(BEGINS)), Some(Stage::Pending(after(31))));
    assert_eq!(course.stage(TARGET, 31, &page(BEGINS)), Some(Stage::Firing));
    assert!(course.held.iter().all(|held| held.since == after(1)), "since it began, not since it was told");
}

#[test]
fn a_restatement_shorter_than_half_an_hour_is_never_told_and_leaves_no_trace() {
    let mut course = Course::default();
    assert_eq!(course.stage(TARGET, 0, &page(BEGINS)), Some(Stage::Pending(after(30))));
    assert_eq!(course.stage(TARGET, 15, &page(BETWEEN)), None, "the wider bound is for what has been told alone");
    assert_eq!(course.stage(TARGET, 16, &page(BEGINS)), Some(Stage::Pending(after(46))), "it begins anew");
}

#[test]
fn what_is_told_holds_until_the_68_per_cent_bound_is_back_and_two_hours_more() {
    let mut course = Course::default();
    course.step(TARGET, 0, &page(BEGINS));
    course.step(TARGET, 30, &page(BEGINS));
    let (stage, sentence) = course.step(TARGET, 10_000, &page(BETWEEN)).unwrap();
    assert_eq!(stage, Stage::Firing);
    assert!(
        sentence
            .ends_with("75 of 100 seen within two hours over 28d, still below 80%, by more than one standard error")
    );
    let (stage, sentence) = course.step(TARGET, 10_001, &page(TIE)).unwrap();
    assert_eq!(stage, Stage::Ceased(after(10_121)), "a bound on the line is not below it");
    assert!(sentence.ends_with("no longer below 80% beyond chance"), "{sentence}");
    assert_eq!(
        course.stage(TARGET, 10_100, &page(BETWEEN)),
        Some(Stage::Firing),
        "it holds again before it is taken back"
    );
    assert_eq!(course.held[0].since, outset());
    assert_eq!(course.stage(TARGET, 10_101, &page(90)), Some(Stage::Ceased(after(10_221))));
    assert_eq!(course.stage(TARGET, 10_220, &page(90)), Some(Stage::Ceased(after(10_221))));
    assert_eq!(course.stage(TARGET, 10_221, &page(90)), None);
    assert_eq!(course.stage(TARGET, 10_222, &page(BETWEEN)), None, "once taken back, it must begin anew");
}

#[test]
fn a_ticket_waits_an_hour_and_is_taken_back_at_once() {
    let week = |met| [rate("window:7d", met, 25)];
    let mut course = Course::default();
    assert_eq!(course.stage(RISK, 0, &week(14)), Some(Stage::Pending(after(60))));
    assert_eq!(course.stage(RISK, 60, &week(14)), Some(Stage::Firing));
    assert_eq!(course.stage(RISK, 61, &week(17)), Some(Stage::Firing));
    assert_eq!(course.stage(RISK, 62, &week(18)), None, "18 of 25 touch the line: a tie ends it");
}

#[test]
fn an_area_whose_figure_vanished_stays_for_as_long_as_its_alert() {
    let mut course = Course::default();
    course.step(TARGET, 0, &page(BEGINS));
    course.step(TARGET, 30, &page(BEGINS));
    assert_eq!(course.stage(TARGET, 31, &[]), Some(Stage::Ceased(after(151))));
    assert_eq!(course.stage(TARGET, 151, &[]), None);
}

#[test]
fn few_people_are_silent_whatever_their_rate() {
    for (period, rule, minimum) in [("window:28d", TARGET, 30), ("window:7d", RISK, 20)] {
        assert_eq!(Course::default().stage(rule, 0, &[rate(period, 0, minimum - 1)]), None, "{rule}");
        assert!(Course::default().stage(rule, 0, &[rate(period, 0, minimum)]).is_some(), "{rule}");
    }
    assert_eq!(Course::default().stage(TARGET, 0, &[rate("window:28d", 0, 0)]), None);
    let mut course = Course::default();
    course.step(TARGET, 0, &[rate("window:28d", 10, 30)]);
    course.step(TARGET, 30, &[rate("window:28d", 10, 30)]);
    assert_eq!(course.stage(TARGET, 31, &[rate("window:28d", 9, 29)]), Some(Stage::Ceased(after(151))));
}

#[test]
fn a_target_speaks_from_midnight_in_london_of_its_first_day() {
    let held = |instant: &str| {
        let found = conditions(&snapshot(&page(20), at(instant)), &[]);
        let provider = found.into_iter().filter(|condition| condition.level == Dimension::Provider);
        provider.map(|condition| condition.alert).collect::<Vec<_>>()
    };
    const NATIONAL: &str = "UCRBelowNationalMinimumConfident";
    assert!(held("2022-11-30T23:59:59Z").is_empty(), "no target yet");
    assert_eq!(held("2022-12-01T00:00:00Z"), [NATIONAL]);
    assert_eq!(held("2022-12-31T23:59:59Z"), [NATIONAL]);
    assert_eq!(held("2023-01-01T00:00:00Z"), [TARGET, NATIONAL]);
}

#[test]
fn a_target_that_steps_is_compared_from_that_instant_on() {
    let mut definition = Catalogue::builtin().unwrap().get(RESPONSE).unwrap().clone();
    let local = definition.targets.iter().find(|target| target.name == "local").unwrap().clone();
    definition.targets.push(Target { value: 0.9, valid_from: "2025-07-01".parse().unwrap(), ..local });
    let alert = definition.alerts.iter().find(|alert| alert.rule == TARGET).unwrap();
    let slip = Slip::of(&definition, alert).unwrap();
    let line = |instant| slip.line(at(instant)).map(|target| target.value);
    // London is an hour ahead in summer.
    assert_eq!(line("2025-06-30T22:59:59Z"), Some(0.8));
    assert_eq!(line("2025-06-30T23:00:00Z"), Some(0.9));
}

#[test]
fn a_slip_is_told_at_provider_partnership_and_board_of_care_and_nowhere_else() {
    let elsewhere = Cell { lcp: None, ..rate("window:28d", 0, 100) };
    let found = conditions(&snapshot(&[rate("window:28d", BEGINS, 100), elsewhere], outset()), &[]);
    let told: Vec<_> = found.iter().map(|c| (c.alert.as_str(), c.level, c.area.as_str())).collect();
    let expected = [(Dimension::Provider, "NR5"), (Dimension::Lcp, "Plymouth"), (Dimension::Icb, "QJK")];
    let here: Vec<_> =
        told.iter().filter(|(rule, ..)| *rule == TARGET).map(|(_, level, area)| (*level, *area)).collect();
    assert_eq!(here, expected, "in the order of who can act; people of no known area are nobody's");
    assert!(told.iter().all(|(_, level, _)| SLIP_LEVELS.contains(level)), "{told:?}");
    assert!(found.iter().any(|c| c.sentence.starts_with("NR5: 70 of 200 ")), "the provider counts all of its people");
    assert!(found.iter().any(|c| c.sentence.starts_with("Plymouth: 70 of 100 ")));
}

#[test]
fn people_who_wait_are_told_at_once_and_no_longer_than_they_wait() {
    let open = |band, count| Cell {
        indicator: "ucr-open-clocks",
        period: "now",
        band: Some(band),
        lcp: Some("Plymouth"),
        counts: (count, None),
    };
    const SOON: &str = "UCRReferralAboutToBreach";
    let mut course = Course::default();
    let waiting = [open("90_to_120m", 1), open("over_120m", 2), open("0_to_60m", 5)];
    let (stage, sentence) = course.step(SOON, 0, &waiting).unwrap();
    assert_eq!((stage, sentence.as_str()), (Stage::Firing, "NR5: 1 referral open with under 30 minutes left"));
    let late = course.held.iter().find(|held| held.alert == "UCRReferralBreachedOpen").unwrap();
    assert_eq!(late.sentence, "NR5: 2 referrals open past two hours with no visit recorded");
    assert_eq!(course.held.len(), 2, "a provider has the duty, no wider area");
    course.step(SOON, 5, &waiting);
    assert_eq!(course.held[0].since, outset());
    assert_eq!(course.step(SOON, 6, &[open("90_to_120m", 0)]), None);
}

#[test]
fn less_is_better_is_compared_with_the_lower_bound() {
    let mut definition = Catalogue::builtin().unwrap().get(RESPONSE).unwrap().clone();
    definition.direction = Direction::Down;
    let slip = |definition| Slip { definition, rule: "R", window: "28d", target: "local", minimum: 30 };
    let beyond = |met, z| slip(&definition).is_beyond(met, 100, z, 0.2);
    assert!(
        beyond(30, Z_BEGIN) && !beyond(25, Z_BEGIN) && beyond(25, Z_END) && !beyond(24, Z_END) && !beyond(5, Z_END)
    );
}
