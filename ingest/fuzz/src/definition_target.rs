//! What the fuzz target of definitions demands; see `targets.rs`.

#![allow(unreachable_pub, reason = "the fuzz crate and the tests both compile this file")]
#![allow(clippy::expect_used, reason = "a panic is how a target reports what it found")]

use chrono::DateTime;
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::decode::{self, DecodeContext, Place, RawRecord};
use homeward_transform::definition::{Catalogue, case, lint, sql_sha256};

/// One definition: `indicator.toml` up to the first zero byte, `indicator.sql` up to the second, a file of cases after it.
pub fn definition(data: &[u8]) {
    loaded(data);
}

/// The catalogue of that one definition, unless it is refused.
///
/// `sql_sha256 = "auto"` stands for the checksum of the SQL: a changed SQL would otherwise never be a sound one.
pub fn loaded(data: &[u8]) -> Option<Catalogue> {
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (toml, sql, cases) = (part(), part(), part());
    let checksum = sql_sha256(&String::from_utf8_lossy(sql));
    let toml = match std::str::from_utf8(toml) {
        Ok(text) => text.replacen("\"auto\"", &format!("\"{checksum}\""), 1).into_bytes(),
        Err(_) => toml.to_vec(),
    };
    let root = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = root.path().join("fuzzed");
    std::fs::create_dir_all(folder.join("cases")).expect("the folder can be made");
    std::fs::write(folder.join("indicator.toml"), toml).expect("the folder can be written");
    std::fs::write(folder.join("indicator.sql"), sql).expect("the folder can be written");
    if !cases.is_empty() {
        std::fs::write(folder.join("cases/cases.toml"), cases).expect("the folder can be written");
    }
    match Catalogue::load(root.path()) {
        Ok(catalogue) => {
            for definition in catalogue.iter() {
                assert_eq!(lint(definition), [], "a catalogue with a fault does not exist");
                definition.cases.iter().for_each(check_case);
            }
            assert_eq!(catalogue.reload(root.path()).as_ref(), Ok(&catalogue), "the same folder is the same edition");
            Some(catalogue)
        }
        Err(errors) => {
            assert!(!errors.findings.is_empty());
            for finding in &errors.findings {
                assert!(!finding.what.is_empty() && !finding.mend.is_empty(), "{finding}");
            }
            None
        }
    }
}

/// A case that can be read becomes records that decoding takes or refuses, or says which entry cannot.
fn check_case(case: &case::Case) {
    match case::records(case) {
        Ok(records) => {
            let keys = PseudonymKeys::from_secret(1, &[7; 32]);
            for record in records {
                let place = Place { topic: record.feed.default_topic().into(), partition: 0, offset: 0 };
                let raw = RawRecord { place, key: Some(&record.key), payload: Some(&record.payload) };
                let decoded = decode::decode(record.feed, &[raw], &DecodeContext::new(&keys, DateTime::UNIX_EPOCH));
                assert_eq!(decoded.accepted + decoded.refusals.len() as u64, 1);
            }
        }
        Err(fault) => assert!(!fault.entry.is_empty() && !fault.what.is_empty(), "{fault}"),
    }
}
