//! The central property: one batch = row by row = shuffled, duplicated, late and corrected = killed and restored after
//! every commit; and at every instant on the way the figures are those of the truth that the simulator planted.

mod aging;
mod cascades;
mod history;
mod narrow;
mod stumble;

use std::collections::BTreeSet;

use chrono::Duration;
use history::{History, Outcome};
use homeward_simulator::Parameters;
use proptest::prelude::*;

/// Ten days with dirt well above real rates, so that each case meets every kind of it.
fn parameters(seed: u64) -> Parameters {
    let mut parameters = Parameters { seed, days: 10, ..Parameters::default() };
    parameters.feed.duplicate_same_id = 0.1;
    parameters.feed.duplicate_new_id = 0.1;
    parameters.feed.reordered = 0.2;
    parameters.fates.voided = 0.05;
    parameters.fates.end_amended = 0.1;
    parameters.fates.start_amended = 0.05;
    parameters
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn four_ways_give_one_answer(seed in 1_u64..1_000_000) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let history = History::new(parameters(seed));
        runtime.block_on(async {
            let batch = history.one_batch().await;
            assert!(!batch.is_empty(), "the history has figures");
            assert_same("row by row", &batch, &history.row_by_row().await);
            assert_same("shuffled and duplicated", &batch, &history.shuffled(seed).await);
            assert_same("killed and restored", &batch, &history.killed_and_restored(6).await);
        });
    }

    #[test]
    fn at_every_instant_the_figures_are_the_planted_truth(seed in 1_u64..1_000_000) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let history = History::new(parameters(seed));
        runtime.block_on(history.follow_the_truth(8));
    }
}

/// Two months with Primary and Refresh: live, provisional and final knowledge of the same clocks, against the truth.
#[test]
fn submissions_restate_what_live_events_said() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let history = History::new(Parameters { seed: 20_250_401, days: 45, ..Parameters::default() });
    let revisions = runtime.block_on(history.follow_the_truth(10));
    assert!(revisions > 0, "no figure of a finished period was restated");
    assert!(history.end() - history.start() > Duration::days(60), "the Refresh came in");
}

/// A year of three providers with all that happens to submissions, well above real rates: late Refreshes, resubmissions,
/// rows left out, withdrawals, reinstatements, halves that are completed later and halves that never are.
fn year(seed: u64) -> Parameters {
    let mut parameters = Parameters { seed, days: 365, type05_per_day: 2.5, ..Parameters::default() };
    parameters.providers.truncate(3);
    parameters.people_per_provider = 600;
    let rates = &mut parameters.csds;
    (rates.resubmitted, rates.late_refresh, rates.left_out) = (0.4, 0.3, 0.04);
    (rates.withdrawn, rates.broken_off, rates.completed_later) = (0.15, 0.08, 0.1);
    rates.other_referrals_per_month = 3;
    rates.community_referrals_per_month = 3;
    parameters
}

#[test]
fn a_year_of_submissions_gives_one_answer_in_any_order_and_through_crashes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let history = History::new(year(20_260_401));
    runtime.block_on(async {
        let batch = history.one_batch().await;
        assert_same("shuffled and duplicated", &batch, &history.shuffled(3).await);
        assert_same("killed and restored", &batch, &history.killed_and_restored(5).await);
    });
}

#[test]
fn a_year_of_submissions_is_the_planted_truth_at_every_instant() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let history = History::new(year(20_260_402));
    let revisions = runtime.block_on(history.follow_the_truth(14));
    assert!(revisions > 100, "{revisions} figures were restated");
}

/// Refused persons and referrals take their children with them, in any order and through crashes, and give them back when
/// they are mended.
#[test]
fn children_of_refused_rows_do_not_count_in_any_order_until_their_parents_are_mended() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let seed = 20_260_403;
    let planted = History::new(Parameters { days: 70, ..year(seed) });
    let spoiled = cascades::spoil(planted.messages(), seed);
    assert!(spoiled.fallen.len() > 100 && spoiled.mends.len() > 20, "{} mends", spoiled.mends.len());
    runtime.block_on(async {
        let sound = planted.one_batch().await;
        let mended = [spoiled.messages.clone(), spoiled.mends].concat();
        let history = planted.with_messages(spoiled.oracle);
        let expected = history.one_batch().await;
        assert_ne!(expected, sound, "what fell counted in some figure");
        let history = history.with_messages(spoiled.messages);
        let (fallen, refused) = history.told();
        // A row that the simulator itself spoilt is refused, whatever it hangs on.
        let expected_fallen: BTreeSet<String> = spoiled.fallen.difference(&refused).cloned().collect();
        let differ: Vec<_> = fallen.symmetric_difference(&expected_fallen).collect();
        assert!(differ.is_empty(), "feedback tells of the same rows, but for {differ:?}");
        assert_same("children without their parents", &expected, &history.one_batch().await);
        assert_same("shuffled and duplicated", &expected, &history.shuffled(seed).await);
        assert_same("killed and restored", &expected, &history.killed_and_restored(3).await);
        assert_same("mended", &sound, &history.with_messages(mended).shuffled(seed).await);
    });
}

fn assert_same(way: &str, expected: &Outcome, found: &Outcome) {
    let differences: Vec<String> = expected
        .iter()
        .filter(|(cell, figure)| found.get(*cell) != Some(figure))
        .map(|(cell, figure)| format!("{cell}: one batch {figure}, {way} {:?}", found.get(cell)))
        .chain(found.keys().filter(|cell| !expected.contains_key(*cell)).map(|cell| format!("{cell}: only {way}")))
        .take(10)
        .collect();
    assert!(differences.is_empty(), "{way} differs:\n{}", differences.join("\n"));
}
