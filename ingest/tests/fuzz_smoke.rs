//! The short runs of the readers of ingest; see `fuzz/src/smoke.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

#[path = "../fuzz/src/smoke.rs"]
mod smoke;
#[path = "../fuzz/src/targets.rs"]
mod targets;

use homeward_contract::feed::Feed;
use smoke::{run, sound};

#[test]
fn ucr_event() {
    run("ucr_event", targets::ucr_event, 3_000);
}

#[test]
fn csds_record() {
    run("csds_record", targets::csds_record, 1_500);
}

#[test]
fn csv_files() {
    run("csv_files", targets::csv_files, 800);
}

#[test]
fn zip_file() {
    run("zip_file", targets::zip_file, 800);
}

#[test]
fn published_figure() {
    run("published_figure", targets::published_figure, 3_000);
}

#[test]
fn state_event() {
    run("state_event", targets::state_event, 3_000);
}

#[test]
fn fhir_encounter() {
    run("fhir_encounter", targets::fhir_encounter, 2_000);
}

#[test]
fn adt_message() {
    run("adt_message", targets::adt_message, 1_500);
}

#[test]
fn message_files() {
    run("message_files", targets::message_files, 800);
}

#[test]
fn workbook() {
    run("workbook", targets::workbook, 2_000);
}

#[test]
fn time_text() {
    run("time_text", targets::time_text, 20_000);
}

#[test]
fn quarantine_entry() {
    run("quarantine_entry", targets::quarantine_entry, 3_000);
}

#[test]
fn event_lines() {
    run("event_lines", targets::event_lines, 800);
}

#[test]
fn zip_members() {
    run("zip_members", targets::zip_members, 400);
}

#[test]
fn workbook_parts() {
    run("workbook_parts", targets::workbook_parts, 1_000);
}

#[test]
fn submission_text() {
    run("submission_text", targets::submission_text, 5_000);
}

/// A corpus that is refused at the door would fuzz nothing behind it.
#[test]
fn the_kept_inputs_are_accepted() {
    for (feed, target) in [
        (Feed::Ucr, "ucr_event"),
        (Feed::Csds, "csds_record"),
        (Feed::Published, "published_figure"),
        (Feed::VwStay, "fhir_encounter"),
        (Feed::Adt, "adt_message"),
    ] {
        for (name, seed) in sound(target) {
            assert_eq!(targets::refusals(feed, &seed), [], "{target}/{name}");
        }
    }
    for (name, seed) in sound("state_event") {
        assert_eq!(targets::refusals(targets::state_feed(&seed), &seed), [], "state_event/{name}");
    }
    for (name, seed) in sound("workbook") {
        assert!(targets::workbook_figures(&seed) > 0, "workbook/{name}");
    }
    for (name, seed) in sound("workbook_parts") {
        assert!(targets::workbook_figures(&targets::workbook_of_parts(&seed)) > 0, "workbook_parts/{name}");
    }
    let holds_three = |target: &str, count: fn(&[u8]) -> usize| {
        for (name, seed) in sound(target) {
            assert_eq!(count(&seed), 3, "{target}/{name}");
        }
    };
    holds_three("csv_files", targets::csv_records);
    holds_three("zip_file", targets::zip_records);
    holds_three("zip_members", targets::member_records);
    holds_three("event_lines", targets::event_records);
    holds_three("message_files", targets::message_records);
}
