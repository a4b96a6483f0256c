//! Simulated submissions of every version, from their folders through reading and decoding: each row of each table lands
//! in its own table of the lake, and nothing is refused but what was planted as broken.

#![allow(clippy::unwrap_used, reason = "a panic in a test is its failure report")]

use std::collections::BTreeMap;

use chrono::DateTime;
use homeward_contract::calendar::SubmissionCalendar;
use homeward_contract::dictionary;
use homeward_contract::feed::Feed;
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::reject::RejectCode;
use homeward_contract::schema::fact_schema;
use homeward_ingest::decode::{DecodeContext, RawRecord, decode};
use homeward_ingest::file::{FileRecord, read_path};
use homeward_simulator::{Parameters, Simulation};

#[test]
fn every_row_of_every_table_lands_in_its_own() {
    for (start, tables) in [("2025-03-01T00:00:00Z", 37), ("2022-03-01T00:00:00Z", 36), ("2019-03-01T00:00:00Z", 32)] {
        let parameters = Parameters { seed: 31, start: start.parse().unwrap(), days: 31, ..Parameters::default() };
        let simulation = Simulation::new(parameters);
        let folder = tempfile::tempdir().unwrap();
        simulation.write_to(folder.path()).unwrap();
        let mut reader = read_path(&folder.path().join("submissions")).unwrap();
        let records: Vec<FileRecord> = reader.by_ref().map(Result::unwrap).collect();
        assert_eq!(reader.notes(), Vec::<String>::new());

        let raw: Vec<RawRecord<'_>> = records
            .iter()
            .map(|record| RawRecord {
                place: record.place.clone(),
                key: Some(&record.key),
                payload: Some(&record.payload),
            })
            .collect();
        let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
        let calendar = SubmissionCalendar::default();
        let context = DecodeContext { keys: &keys, known_at: DateTime::UNIX_EPOCH, calendar: &calendar };
        let decoded = decode(Feed::Csds, &raw, &context);

        let counts = &simulation.truth().counts.csds;
        assert_eq!(decoded.refusals.len() as u64, counts.malformed.values().sum::<u64>());
        // A refused row leaves its place beside the tables of the data set.
        let national = decoded.tables.iter().filter(|(table, _)| table.csds_name().is_some());
        let landed: BTreeMap<String, u64> = national
            .map(|(table, batch)| {
                assert_eq!(batch.schema(), fact_schema(*table));
                (table.csds_name().unwrap().to_owned(), batch.num_rows() as u64)
            })
            .collect();
        assert_eq!(landed, counts.rows);
        assert_eq!(landed.len(), tables);
        assert_eq!(dictionary::tables().filter(|(_, name)| landed.contains_key(*name)).count(), tables);
        let expected = [RejectCode::CsdsPlaceholderReferral, RejectCode::CsdsNegativeWait];
        assert!(decoded.flags.keys().all(|flag| expected.contains(flag)), "{:?}", decoded.flags);
    }
}
