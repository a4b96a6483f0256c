//! Every table of the data set, in each version that has it, with every item filled.

use std::collections::BTreeMap;

use super::*;
use homeward_contract::code_list;
use homeward_contract::dictionary::{item_columns, tables};
use homeward_contract::feed::Table;
use homeward_contract::item::{Handling, Item, ItemKind, items};
use homeward_contract::reject::RejectCode::{self, *};
use homeward_contract::schema::fact_schema;
use homeward_contract::submission::{CsdsVersion, Submission, record_key, record_payload};

fn submission(version: CsdsVersion) -> Submission {
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    let (start, end) = match version {
        CsdsVersion::V1_0 => (day("2019-04-01"), day("2019-04-30")),
        CsdsVersion::V1_5 => (day("2022-04-01"), day("2022-04-30")),
        CsdsVersion::V1_6 => (day("2025-04-01"), day("2025-04-30")),
    };
    let made_at = end.and_hms_opt(9, 15, 0).unwrap() + chrono::TimeDelta::days(12);
    Submission::new("NR5", version, start, end, made_at)
}

/// What one item holds in these tests; for items that must not be stored, a text that is found again if it is.
fn value(item: &Item, submission: &Submission) -> String {
    match (item.name, item.kind) {
        ("Version", _) => submission.version.as_str().to_owned(),
        ("RP_StartDate", _) => submission.rp_start.to_string(),
        ("RP_EndDate", _) => submission.rp_end.to_string(),
        ("FileCreation_DateTime", _) => "2025-05-12T09:15:00".to_owned(),
        ("NHSNumber", _) => "9990000018".to_owned(),
        ("NHSNumber_Mother", _) => "9990000050".to_owned(),
        ("DateOfBirth", _) => "1941-05-01".to_owned(),
        ("Postcode", _) => "PL1 1AA".to_owned(),
        (_, ItemKind::Date) => "2025-04-03".to_owned(),
        (_, ItemKind::Time) => "1970-01-01 10:02:00".to_owned(),
        (_, ItemKind::DateTime) => "2025-04-03T10:02:00".to_owned(),
        (_, ItemKind::Int16) => "45".to_owned(),
        (_, ItemKind::Decimal { .. }) => "1.5".to_owned(),
        _ => match (item.handling, item.code_list.map(code_list::codes)) {
            (_, Some(codes)) => codes[0].code.to_owned(),
            (Handling::Organisation | Handling::Envelope, _) => "NR5".to_owned(),
            (Handling::Measurement, _) => "7".to_owned(),
            (Handling::LocalPseudonym, _) => format!("SECRET-{}", item.name),
            _ => "X1".to_owned(),
        },
    }
}

type Record = Vec<(&'static str, String)>;

fn whole(table: Table, submission: &Submission) -> Record {
    let own = items(table).iter().filter(|item| item.is_in(submission.version));
    own.map(|item| (item.name, value(item, submission))).collect()
}

fn read(table: Table, submission: &Submission, record: &Record) -> Decoded {
    let find = |wanted: &str| record.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
    let pairs = record.iter().map(|(name, value)| (*name, value.as_str()));
    let payload = record_payload(table.csds_name().unwrap(), &submission.to_json(), 1, pairs);
    decoded(Feed::Csds, &[(&record_key(table, submission, find), payload.as_bytes())])
}

#[test]
fn every_table_of_every_version_is_read_whole_and_hides_who_it_is_about() {
    let mut read_whole = 0;
    for version in CsdsVersion::ALL {
        let submission = submission(version);
        for (table, name) in tables() {
            let record = whole(table, &submission);
            if record.is_empty() {
                continue;
            }
            let decoded = read(table, &submission, &record);
            assert!(decoded.refusals.is_empty(), "{name}: {:?}", decoded.refusals);
            assert_eq!(decoded.flags, BTreeMap::new(), "{name}");
            let [(landed, batch)] = &decoded.tables[..] else { panic!("{name} goes to one table") };
            assert_eq!((*landed, batch.schema()), (table, fact_schema(table)));
            for item in items(table).iter().filter(|item| item.is_in(version)) {
                for column in item_columns(item) {
                    assert_ne!(cell(batch, 0, column), "", "{name}: {} fills {column}", item.name);
                }
            }
            let stored = filled(batch, 0);
            for secret in ["SECRET", "9990000018", "9990000050", "1941", "PL1"] {
                assert!(!stored.contains(secret), "{name} stores {secret}: {stored}");
            }
            read_whole += 1;
        }
    }
    assert_eq!(read_whole, 32 + 36 + 37);
}

#[test]
fn a_row_without_a_mandatory_item_is_refused() {
    let submission = submission(CsdsVersion::V1_6);
    for (table, name) in tables() {
        let record = whole(table, &submission);
        for item in items(table).iter().filter(|item| item.mandatory) {
            let without: Record = record.iter().filter(|(name, _)| *name != item.name).cloned().collect();
            let decoded = read(table, &submission, &without);
            let codes: Vec<_> = decoded.refusals.iter().map(|refusal| refusal.code).collect();
            let refused = [MissingKeyItem, MissingMandatoryItem, MissingHeaderItem];
            assert!(codes.len() == 1 && refused.contains(&codes[0]), "{name} without {}: {codes:?}", item.name);
        }
    }
}

/// One table after the other of a submission, in one batch: each lands in its own table and no other.
#[test]
fn a_whole_submission_goes_to_its_thirty_seven_tables() {
    let submission = submission(CsdsVersion::V1_6);
    let rows: Vec<(String, String)> = tables()
        .map(|(table, name)| {
            let record = whole(table, &submission);
            let find = |wanted: &str| record.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
            let pairs = record.iter().map(|(name, value)| (*name, value.as_str()));
            (record_key(table, &submission, find), record_payload(name, &submission.to_json(), 1, pairs))
        })
        .collect();
    let payloads: Vec<(&str, &[u8])> = rows.iter().map(|(key, payload)| (key.as_str(), payload.as_bytes())).collect();
    let decoded = decoded(Feed::Csds, &payloads);
    assert!(decoded.refusals.is_empty(), "{:?}", decoded.refusals);
    let landed: Vec<(Table, usize)> = decoded.tables.iter().map(|(table, batch)| (*table, batch.num_rows())).collect();
    assert_eq!(landed, tables().map(|(table, _)| (table, 1)).collect::<Vec<_>>());
}

#[test]
fn pseudonyms_of_staff_and_plans_still_meet() {
    let submission = submission(CsdsVersion::V1_6);
    let stored =
        |table, column: &str| cell(&read(table, &submission, &whole(table, &submission)).tables[0].1, 0, column);
    let professional = stored(Table::Cyp901StaffDetails, "care_professional_pseudonym");
    assert!(professional.starts_with("L:"));
    assert_eq!(stored(Table::Cyp202CareActivity, "care_professional_pseudonym"), professional);
    assert_eq!(stored(Table::Cyp301GroupSession, "care_professional_pseudonym"), professional);
    assert_eq!(
        stored(Table::Cyp004CarePlanType, "plan_pseudonym"),
        stored(Table::Cyp005CarePlanAgreement, "plan_pseudonym")
    );
}

#[test]
fn measured_values_are_numbers_or_not_kept() {
    let submission = submission(CsdsVersion::V1_6);
    let activity = |value: &str| {
        let record: Record = vec![
            ("CareActivityID", "A1".to_owned()),
            ("CareContactID", "C1".to_owned()),
            ("ObservationValue", value.to_owned()),
        ];
        let decoded = read(Table::Cyp202CareActivity, &submission, &record);
        (cell(&decoded.tables[0].1, 0, "observation_value"), decoded.flags)
    };
    let flagged: BTreeMap<RejectCode, u64> = [(CsdsTextNotKept, 1)].into();
    assert_eq!(activity(" 7.2 "), ("7.2".to_owned(), BTreeMap::new()));
    assert_eq!(activity("seen by Mrs Smith"), (String::new(), flagged.clone()));
    assert_eq!(activity("9990000018"), (String::new(), flagged));
}

#[test]
fn decimals_come_as_text_or_number_and_keep_their_digits() {
    let submission = submission(CsdsVersion::V1_6);
    let observed = |record: &str| {
        let payload = format!(
            r#"{{"table":"CYP611Obs","submission":{},"row_number":1,"record":{record}}}"#,
            submission.to_json()
        );
        decoded(Feed::Csds, &[("NR5|A1", payload.as_bytes())])
    };
    let read = observed(r#"{"CareActivityID":"A1","Weight":"71.25","Height":1.7,"Length":52}"#);
    let of = |column| cell(&read.tables[0].1, 0, column);
    assert_eq!((of("weight"), of("height"), of("length")), ("71.250".into(), "1.70".into(), "52.0".into()));
    for bad in [r#""Weight":"heavy""#, r#""Height":17.5"#, r#""Length":"52.25""#, r#""Weight":-1"#, r#""Weight":1e300"#]
    {
        let refused = observed(&format!(r#"{{"CareActivityID":"A1",{bad}}}"#));
        assert!(matches!(refused.refusals[0].code, BadDecimal | ItemTooLong), "{bad}: {:?}", refused.refusals);
    }
    let refused = observed(r#"{"CareActivityID":1.5}"#);
    assert_eq!(refused.refusals[0].code, BadItemValue, "a fraction is no id");
}
