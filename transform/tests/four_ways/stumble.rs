//! A failed evaluation loses nothing: the cells that were replaced before the failure become versions at the next
//! call, as if the failure had not been.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::geography::Geography;
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};
use homeward_transform::computation::Computation;
use homeward_transform::definition::{Catalogue, sql_sha256};
use homeward_transform::history::Changes;

const REFERRAL: &str = include_str!("../../../ingest/fixtures/handbook/ucr-referral-received-1.json");

/// The one instant at which the planted definition cannot be computed.
const STUMBLES_AT: &str = "2025-06-12T11:30:00Z";

/// The last id in order, so that every other definition has been computed when it fails.
const STUMBLER: &str = "zz-stumbles-once";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// The built-in definitions, and after them one whose SQL fails at one instant.
fn catalogue(folder: &Path) -> Arc<Catalogue> {
    let builtin = Path::new(env!("CARGO_MANIFEST_DIR")).join("indicators");
    for entry in fs::read_dir(&builtin).expect("the built-in definitions") {
        copy(&entry.expect("an entry").path(), folder);
    }
    let stumbler = folder.join(STUMBLER);
    fs::rename(folder.join("ucr-referrals"), &stumbler).expect("one folder becomes the planted one");
    copy(&builtin.join("ucr-referrals"), folder);

    let read = |name: &str| fs::read_to_string(stumbler.join(name)).expect("a file of the definition");
    let (sql, toml) = (read("indicator.sql"), read("indicator.toml"));
    let instant = STUMBLES_AT.trim_end_matches('Z').replace('T', " ");
    let refusal = format!(
        "CAST(CASE WHEN $as_of = TIMESTAMP '{instant}' THEN 'no number' ELSE '0' END AS BIGINT) + count(*) AS numerator"
    );
    let changed = sql.replace("count(*)                                                        AS numerator", &refusal);
    assert_ne!(sql, changed, "the planted failure is in the SQL");
    let toml = toml
        .replace("id = \"ucr-referrals\"", &format!("id = \"{STUMBLER}\""))
        .replace(&sql_sha256(&sql), &sql_sha256(&changed));
    fs::write(stumbler.join("indicator.sql"), changed).expect("writes");
    fs::write(stumbler.join("indicator.toml"), toml).expect("writes");
    Arc::new(Catalogue::load(folder).expect("the planted definition is well formed"))
}

fn copy(from: &Path, into: &Path) {
    let to = into.join(from.file_name().expect("a name"));
    if from.is_dir() {
        fs::create_dir_all(&to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder") {
            copy(&entry.expect("an entry").path(), &to);
        }
    } else {
        fs::copy(from, &to).expect("copies");
    }
}

fn facts() -> Vec<(Table, RecordBatch)> {
    let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
    let place = Place { topic: Arc::from("homeward.ucr"), partition: 0, offset: 0 };
    let raw = [RawRecord { place, key: Some(b"NR5|SRI-000912345"), payload: Some(REFERRAL.as_bytes()) }];
    let decoded = decode(Feed::Ucr, &raw, &DecodeContext::new(&keys, at("2025-06-12T09:03:00Z")));
    decoded.tables
}

fn with_facts(catalogue: &Arc<Catalogue>) -> Computation {
    let mut computation = Computation::new(Arc::clone(catalogue), Arc::new(Geography::devon()));
    for (table, batch) in facts() {
        computation.apply(table, &batch).expect("the facts have their columns");
    }
    computation
}

fn without_instants(changes: &Changes) -> Vec<String> {
    let mut told: Vec<String> = changes
        .versions()
        .map(|version| format!("{} {:?} {:?} {}", version.indicator, version.atom, version.value, version.live_because))
        .collect();
    told.sort();
    told
}

#[tokio::test]
async fn cells_replaced_before_a_failure_become_versions_at_the_next_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let catalogue = catalogue(folder.path());
    let (fails, recovers) = (at(STUMBLES_AT), at("2025-06-12T11:30:01Z"));

    let mut stumbling = with_facts(&catalogue);
    let error = stumbling.evaluate(fails).await.expect_err("the planted definition fails at this instant");
    assert!(error.to_string().contains(STUMBLER), "the message names the definition: {error}");
    let after = stumbling.evaluate(recovers).await.expect("evaluates");

    let undisturbed = with_facts(&catalogue).evaluate(recovers).await.expect("evaluates");
    assert!(undisturbed.versions().any(|version| &*version.indicator == "ucr-two-hour-response"));
    assert_eq!(without_instants(&after), without_instants(&undisturbed));
    assert!(stumbling.evaluate(recovers).await.expect("evaluates").is_empty(), "nothing is told twice");
}
