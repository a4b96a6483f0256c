use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::book::clock::{MINUTE_MICROS, Source};

/// 31 October 2024, 22:00 UTC: two hours before a month of London ends.
const LATE_OCTOBER: Micros = 1_730_412_000_000_000;
/// 27 October 2024, 00:30 UTC: 01:30 in London, half an hour before the clocks go back.
const CLOCKS_GO_BACK: Micros = 1_729_989_000_000_000;
const AS_OF: Micros = LATE_OCTOBER + 100 * 1_440 * MINUTE_MICROS;

fn clock(waiting_type: &str, start: Option<Micros>, minutes: Option<i64>) -> ClockRow {
    let stop = start.or(Some(LATE_OCTOBER)).zip(minutes).map(|(start, minutes)| start + minutes * MINUTE_MICROS);
    let naive = |instant| homeward_contract::time::london(crate::book::clock::from_micros(instant));
    let ends = start.zip(stop);
    ClockRow {
        provider: Arc::from("NR5"),
        service_request_id: Arc::from("S1"),
        area: Arc::default(),
        waiting_type: Arc::from(waiting_type),
        team_type: None,
        pre_2023_ucr_team: false,
        source_group: None,
        age_years: None,
        source: Source::Primary,
        received_at: start,
        rtt_start_at: start,
        rtt_end_at: stop,
        stopped_at: stop,
        time_missing: start.is_none(),
        naive_minutes: ends.map(|(start, stop)| (naive(stop) - naive(start)).num_minutes()),
        true_minutes: ends.and(minutes),
        rejected_at: None,
        closed_at: None,
        closure_group: None,
        superseded: false,
        reclassified_at: None,
        on_feed: true,
    }
}

fn known<'a>(live: Option<&'a ClockRow>, primary: &'a [ClockRow], refresh: &'a [ClockRow]) -> Referral<'a> {
    Referral { live, voided: false, primary, standing: primary, refresh }
}

/// The only cause of a step.
fn cause_of(referral: &Referral<'_>, step: Step) -> Option<Cause> {
    let made = postings(referral, AS_OF);
    let mut causes = made.iter().filter_map(|posting| match posting.account {
        Account::Cause(held, cause) if held == step => Some(cause),
        _ => None,
    });
    let first = causes.next();
    assert!(causes.all(|cause| Some(cause) == first), "one clock has one cause");
    first
}

fn at(minutes: i64) -> Option<Micros> {
    Some(LATE_OCTOBER - 10_000 * MINUTE_MICROS + minutes * MINUTE_MICROS)
}

#[test]
fn a_difference_between_live_and_csds_has_the_first_cause_that_holds() {
    let live = clock("05", at(0), Some(60));
    let open = clock("05", at(0), None);
    let moved = clock("05", Some(LATE_OCTOBER), Some(60));
    let autumn = clock("05", Some(CLOCKS_GO_BACK), Some(150));
    let one = |clock: &ClockRow| vec![clock.clone()];
    let cases = [
        ("nothing differs", Some(&live), one(&live), None),
        ("another end, the same outcome and month", Some(&live), one(&clock("05", at(0), Some(90))), None),
        ("no CSDS", Some(&live), vec![], Some(Cause::NotInCsds)),
        ("no live feed", None, one(&live), Some(Cause::NotOnFeed)),
        ("another type", Some(&live), one(&clock("07", at(0), Some(60))), Some(Cause::ChangedType)),
        ("another type without an end", Some(&live), one(&clock("07", at(0), None)), Some(Cause::ChangedType)),
        ("another type live", Some(&clock("07", at(0), Some(60))), one(&live), Some(Cause::ChangedType)),
        ("no end in CSDS", Some(&live), one(&open), Some(Cause::EndMissing)),
        ("an end only in CSDS", Some(&open), one(&live), Some(Cause::EndOnlyInCsds)),
        ("a later end", Some(&live), one(&clock("05", at(0), Some(121))), Some(Cause::TimesDiffer)),
        ("no start time", Some(&live), one(&clock("05", None, Some(-60))), Some(Cause::TimesDiffer)),
        ("another month", Some(&moved), one(&clock("05", Some(LATE_OCTOBER), Some(121))), Some(Cause::OtherMonth)),
        ("150 minutes that the wall clock shows as 90", Some(&autumn), one(&autumn), Some(Cause::ClockChange)),
    ];
    for (what, live, csds, cause) in cases {
        for step in [Step::LiveToPrimary, Step::LiveToRefresh] {
            assert_eq!(cause_of(&known(live, &csds, &csds), step), cause, "{what}");
        }
    }
    let refresh = one(&live);
    let late = known(Some(&live), &[], &refresh);
    assert_eq!(cause_of(&late, Step::LiveToPrimary), Some(Cause::LateRecord));
    assert_eq!(cause_of(&late, Step::PrimaryToRefresh), Some(Cause::LateRecord));
    assert_eq!(cause_of(&late, Step::LiveToRefresh), None);
    let voided = Referral { voided: true, ..known(None, &refresh, &refresh) };
    assert_eq!(cause_of(&voided, Step::LiveToPrimary), Some(Cause::Voided));
}

#[test]
fn a_difference_between_primary_and_refresh_has_the_first_cause_that_holds() {
    let stopped = clock("05", at(0), Some(60));
    let open = clock("05", at(0), None);
    let one = |clock: &ClockRow| vec![clock.clone()];
    let cases = [
        ("left out", one(&stopped), vec![], Some(Cause::NotSentAgain)),
        ("late", vec![], one(&stopped), Some(Cause::LateRecord)),
        ("gained", one(&open), one(&stopped), Some(Cause::EndGained)),
        ("lost", one(&stopped), one(&open), Some(Cause::EndLost)),
        ("type", one(&stopped), one(&clock("07", at(0), Some(60))), Some(Cause::ChangedType)),
        ("amended", one(&stopped), one(&clock("05", at(0), Some(300))), Some(Cause::TimesAmended)),
        ("month", one(&stopped), one(&clock("05", at(0), Some(20_000))), Some(Cause::OtherMonth)),
        (
            "the clock of another type beside it",
            one(&stopped),
            [one(&stopped), one(&clock("01", at(0), None))].concat(),
            None,
        ),
    ];
    for (what, primary, refresh, cause) in cases {
        assert_eq!(cause_of(&known(None, &primary, &refresh), Step::PrimaryToRefresh), cause, "{what}");
    }
    let primary = one(&stopped);
    let withdrawn = Referral { standing: &[], ..known(None, &primary, &[]) };
    assert_eq!(cause_of(&withdrawn, Step::PrimaryToRefresh), Some(Cause::Withdrawn));
}

#[test]
fn an_end_that_is_not_reached_is_held_back_and_wakes_its_referral() {
    let live = clock("05", at(0), Some(60));
    let referral = known(Some(&live), &[], &[]);
    let stop = live.stopped_at.unwrap();
    assert_eq!(postings(&referral, stop - 1), []);
    assert_eq!(wakes_at(&referral, stop - 1), Some(stop));
    assert_eq!(postings(&referral, stop).len(), 3, "a stage and the causes of two steps");
    assert_eq!(wakes_at(&referral, stop), None);
}

fn any_clock() -> impl Strategy<Value = ClockRow> {
    let start = prop_oneof![
        Just(None),
        Just(Some(CLOCKS_GO_BACK)),
        Just(Some(LATE_OCTOBER)),
        (0_i64..4).prop_map(|place| at(place * 30)),
    ];
    let minutes = prop_oneof![Just(None), (-30_i64..300).prop_map(Some), Just(Some(50_000)), Just(Some(200_000))];
    let waiting_type = prop_oneof![4 => Just("05"), 1 => Just("07"), 1 => Just("01")];
    (waiting_type, start, minutes, any::<bool>()).prop_map(|(waiting_type, start, minutes, superseded)| ClockRow {
        superseded,
        ..clock(waiting_type, start, minutes)
    })
}

type Totals = BTreeMap<NaiveDate, (i64, i64)>;

fn totals(made: &[Posting], wanted: impl Fn(Account) -> bool) -> Totals {
    let mut totals = Totals::new();
    for posting in made.iter().filter(|posting| wanted(posting.account)) {
        let total = totals.entry(posting.month).or_default();
        total.0 += i64::from(posting.met);
        total.1 += i64::from(posting.stopped);
    }
    totals.retain(|_, total| *total != (0, 0));
    totals
}

proptest! {
    #[test]
    fn a_stage_and_its_causes_are_the_next_stage(
        live in proptest::option::of(any_clock()),
        primary in proptest::collection::vec(any_clock(), 0..4),
        refresh in proptest::collection::vec(any_clock(), 0..4),
        (kept, voided) in (0_usize..4, any::<bool>()),
    ) {
        let standing = &primary[..kept.min(primary.len())];
        let referral = Referral {
            live: live.as_ref().filter(|_| !voided), voided, primary: &primary, standing, refresh: &refresh,
        };
        let made = postings(&referral, AS_OF);
        for (from, to) in [(Stage::Live, Stage::Primary), (Stage::Live, Stage::Refresh), (Stage::Primary, Stage::Refresh)] {
            let step = Step::between(from, to).unwrap();
            let led = totals(&made, |account| match account {
                Account::Stage(stage) => stage == from,
                Account::Cause(held, _) => held == step,
            });
            prop_assert_eq!(led, totals(&made, |account| account == Account::Stage(to)));
        }
    }
}
