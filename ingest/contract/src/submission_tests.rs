use super::*;
use crate::feed::Feed;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn april() -> Submission {
    let created = "2025-05-12T09:15:00".parse().unwrap();
    Submission::new("NR5", CsdsVersion::V1_6, day("2025-04-01"), day("2025-04-30"), created)
}

#[test]
fn a_submission_is_named_by_provider_period_and_creation() {
    let submission = april();
    assert_eq!(submission.id, "NR5-202504-20250512T091500");
    assert_eq!(submission.file_received_at, "2025-05-12T08:15:00Z".parse::<DateTime<Utc>>().unwrap());
    assert_eq!(submission.file_type, FileType::Primary);
    assert_eq!(submission.check(), Ok(()));
}

#[test]
fn what_is_written_is_read_back() {
    assert_eq!(Submission::from_json(&april().to_json()), Ok(april()));
}

#[test]
fn the_file_type_is_derived_when_absent() {
    let json = april().to_json().replace("\"file_type\":\"primary\",", "");
    assert!(!json.contains("file_type"));
    assert_eq!(Submission::from_json(&json), Ok(april()));
    let late = json.replace("2025-05-12T08:15:00Z", "2025-06-10T08:15:00Z");
    assert_eq!(Submission::from_json(&late).unwrap().file_type, FileType::Refresh);
    let stated = april().to_json().replace("\"primary\"", "\"Refresh\"");
    assert_eq!(Submission::from_json(&stated).unwrap().file_type, FileType::Refresh);
}

#[test]
fn every_fault_has_its_code_and_part() {
    let good = april().to_json();
    for (from, to, code, part) in [
        ("\"NR5-202504-20250512T091500\"", "null", RejectCode::MissingSubmissionItem, "id"),
        ("\"NR5-202504-20250512T091500\"", "\"a b\"", RejectCode::BadSubmission, "id"),
        ("\"NR5\"", "\"  \"", RejectCode::MissingSubmissionItem, "provider"),
        ("\"NR5\"", "\"N|5\"", RejectCode::BadSubmission, "provider"),
        ("\"1.6\"", "\"1.7\"", RejectCode::UnsupportedVersion, "version"),
        ("\"1.6\"", "\"1.5\"", RejectCode::WrongVersionForPeriod, "version"),
        ("\"1.6\"", "1.6", RejectCode::WrongCsdsKind, "submission"),
        ("2025-04-30", "2025-04-31", RejectCode::BadPeriod, "rp_end"),
        ("2025-04-30", "2025-03-31", RejectCode::BadPeriod, "rp_end"),
        ("2025-04-01", "1 April", RejectCode::BadPeriod, "rp_start"),
        ("2025-05-12T08:15:00Z", "2025-05-12T08:15:00+05:00", RejectCode::BadReceiptTime, "file_received_at"),
        ("\"primary\"", "\"final\"", RejectCode::BadSubmission, "file_type"),
    ] {
        let json = good.replacen(from, to, 1);
        assert_ne!(json, good);
        assert_eq!(Submission::from_json(&json), Err(SubmissionFault { code, part }), "{json}");
    }
    assert_eq!(Submission::from_json("[1]").map_err(|fault| fault.code), Err(RejectCode::WrongCsdsKind));
}

#[test]
fn the_period_has_its_version() {
    assert_eq!(CsdsVersion::of_period(day("2017-10-31")), CsdsVersion::V1_0);
    assert_eq!(CsdsVersion::of_period(day("2020-06-30")), CsdsVersion::V1_0);
    assert_eq!(CsdsVersion::of_period(day("2020-07-31")), CsdsVersion::V1_5);
    assert_eq!(CsdsVersion::of_period(day("2022-12-31")), CsdsVersion::V1_5);
    assert_eq!(CsdsVersion::of_period(day("2023-01-31")), CsdsVersion::V1_6);
    assert_eq!(CsdsVersion::from_text(" 1.5 "), Some(CsdsVersion::V1_5));
}

#[test]
fn a_padded_site_code_is_its_organisation() {
    let created = "2025-05-12T09:15:00".parse().unwrap();
    let submission = Submission::new("r1x00", CsdsVersion::V1_6, day("2025-04-01"), day("2025-04-30"), created);
    assert_eq!(submission.provider, "R1X");
    assert_eq!(submission.id, "R1X-202504-20250512T091500");
}

#[test]
fn a_row_travels_as_json() {
    let json = april().to_json();
    let items = [("ServiceRequestID", "S\"1"), ("RTT_EndDate", ""), ("WaitingTime_MeasurementType", "05")];
    let payload = record_payload("CYP104RTT", &json, 17, items);
    let record: CsdsRecord<'_> = serde_json::from_str(&payload).unwrap();
    assert_eq!(record.table.unwrap().get(), "\"CYP104RTT\"");
    assert_eq!(Submission::from_json(record.submission.unwrap().get()), Ok(april()));
    assert_eq!(record.row_number, Some(17));
    assert_eq!(record.record.unwrap().get(), r#"{"ServiceRequestID":"S\"1","WaitingTime_MeasurementType":"05"}"#);
    assert!(record.raw_line.is_none());
}

#[test]
fn a_header_says_how_many_rows_there_are() {
    let manifest: Manifest = [(Table::Cyp001Mpi, 2), (Table::Cyp104Rtt, 1)].into_iter().collect();
    let payload = header_payload(&april().to_json(), [("Version", "1.6")], &manifest, Some("ab"));
    let record: CsdsRecord<'_> = serde_json::from_str(&payload).unwrap();
    assert_eq!(record.record.unwrap().get(), r#"{"Version":"1.6"}"#);
    assert_eq!(Manifest::from_json(record.rows.unwrap().get()), Some(manifest));
    assert_eq!(record.content.unwrap().get(), "\"ab\"");
}

#[test]
fn a_line_that_could_not_be_split_travels_whole() {
    let payload = raw_line_payload("CYP104RTT", &april().to_json(), 3, "a,\"b\n");
    let record: CsdsRecord<'_> = serde_json::from_str(&payload).unwrap();
    assert_eq!(record.raw_line.unwrap().get(), r#""a,\"b\n""#);
    assert!(record.record.is_none());
}

#[test]
fn keys_keep_an_entity_together() {
    let submission = april();
    let item = |name: &str| match name {
        "LocalPatientID" => Some(" P1 "),
        "ServiceRequestID" => Some("S1|2025"),
        _ => None,
    };
    assert_eq!(record_key(Table::Cyp000Header, &submission, item), submission.id);
    assert_eq!(record_key(Table::Cyp001Mpi, &submission, item), "NR5|P1");
    assert_eq!(record_key(Table::Cyp104Rtt, &submission, item), "NR5|S1");
    assert_eq!(record_key(Table::Cyp201CareContact, &submission, |_| None), "NR5|");
    // Each table's entity: what its rows are kept together by.
    let entity = |table: Table| table.entity_item().map(|item| item.name);
    for table in Feed::Csds.tables().iter().filter(|table| table.csds_name().is_some()) {
        let expected = match table {
            Table::Cyp000Header => Some("Version"),
            Table::Cyp005CarePlanAgreement => Some("PlanID"),
            Table::Cyp202CareActivity => Some("CareContactID"),
            Table::Cyp301GroupSession => Some("GroupSessionID"),
            Table::Cyp610BreastfeedingStatus | Table::Cyp611Obs | Table::Cyp612CodedAssessmentContact => {
                Some("CareActivityID")
            }
            // Anonymous: nothing to keep together.
            Table::Cyp613AnonSelfAssessment => None,
            Table::Cyp901StaffDetails => Some("CareProfessionalID_Local"),
            _ if crate::item::item(*table, "ServiceRequestID").is_some() => Some("ServiceRequestID"),
            _ => Some("LocalPatientID"),
        };
        assert_eq!(entity(*table), expected, "{table}");
    }
    assert_eq!(record_key(Table::Cyp202CareActivity, &submission, |_| Some(" C1 ")), "NR5|C1");
    assert_eq!(record_key(Table::Cyp613AnonSelfAssessment, &submission, |_| Some("x")), "NR5|");
}
