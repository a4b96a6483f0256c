//! CSDS rows.

use super::*;
use homeward_contract::reject::RejectCode::*;

pub(super) const SUBMISSION: &str = r#"{"id":"NR5-202504-20250512T091500","version":"1.6","provider":"NR5","rp_start":"2025-04-01","rp_end":"2025-04-30","file_received_at":"2025-05-12T08:15:00Z","file_type":"primary"}"#;
pub(super) const SUBMISSION_1_5: &str = r#"{"id":"R1X-202203-1","version":"1.5","provider":"R1X00","rp_start":"2022-03-01","rp_end":"2022-03-31","file_received_at":"2022-04-20T08:15:00Z"}"#;

pub(super) fn row(table: &str, submission: &str, record: &str) -> String {
    format!(r#"{{"table":"{table}","submission":{submission},"row_number":17,"record":{record}}}"#)
}

pub(super) fn one(payload: &str) -> Decoded {
    let key = if payload.contains("CYP000") {
        "NR5-202504-20250512T091500"
    } else if payload.contains("R1X") {
        "R1X|S1"
    } else {
        "NR5|S1"
    };
    decoded(Feed::Csds, &[(key, payload.as_bytes())])
}

pub(super) fn accepted(payload: &str) -> RecordBatch {
    let mut decoded = one(payload);
    assert!(decoded.refusals.is_empty(), "{:?}", decoded.refusals);
    decoded.tables.remove(0).1
}

#[test]
fn a_clock_keeps_raw_codes_and_gets_its_instants() {
    let record = r##"{"ServiceRequestID":" S1|x","WaitingTime_MeasurementType":"5# ","RTT_StartDate":"2025-04-03","RTT_StartTime":"1970-01-01 10:02:00",
        "RTT_EndDate":"2025-04-03","RTT_EndTime":"2025-04-03T11:41","PatientPathwayID":"PP1"}"##;
    let batch = accepted(&row("CYP104RTT", SUBMISSION, record));
    let text = filled(&batch, 0);
    assert!(text.contains("patient_pathway_pseudonym=L:"), "{text}");
    let without: String =
        text.lines().filter(|line| !line.contains("pathway_pseudonym")).map(|line| format!("{line}\n")).collect();
    assert_eq!(
        without,
        "submission_id=NR5-202504-20250512T091500\ndata_set_version=1.6\nprovider=NR5\nrp_start_date=2025-04-01\nrp_end_date=2025-04-30\n\
         file_type=primary\nfile_received_at=2025-05-12T08:15:00Z\nrow_number=17\nservice_request_id=S1\nservice_request_id_placeholder=false\n\
         waiting_time_measurement_type=05\nwaiting_time_measurement_type_raw=5# \nrtt_start_date=2025-04-03\nrtt_end_date=2025-04-03\n\
         rtt_start_time=10:02:00\nrtt_end_time=11:41:00\nrtt_start_at=2025-04-03T09:02:00Z\nrtt_end_at=2025-04-03T10:41:00Z\n\
         rtt_start_resolution=exact\nrtt_end_resolution=exact\n"
    );
}

/// The worked table of `ucr.md` section 8: start, end, instants, resolutions.
#[test]
fn clock_changes_are_resolved_as_in_the_handbook() {
    let cases = [
        ("2025-03-29 23:50", "2025-03-30 02:10", "2025-03-29T23:50:00Z exact", "2025-03-30T01:10:00Z exact"),
        ("2025-03-30 01:30", "2025-03-30 03:20", "2025-03-30T01:30:00Z gap", "2025-03-30T02:20:00Z exact"),
        ("2025-10-25 23:50", "2025-10-26 01:40", "2025-10-25T22:50:00Z exact", "2025-10-26T00:40:00Z fold"),
        ("2025-10-26 01:50", "2025-10-26 01:20", "2025-10-26T00:50:00Z fold", "2025-10-26T01:20:00Z fold"),
        ("2025-10-26 01:30", "2025-10-26 03:00", "2025-10-26T00:30:00Z fold", "2025-10-26T03:00:00Z exact"),
    ];
    for (start, end, start_read, end_read) in cases {
        let ((start_day, start_time), (end_day, end_time)) =
            (start.split_once(' ').unwrap(), end.split_once(' ').unwrap());
        let record = format!(
            r#"{{"ServiceRequestID":"S1","RTT_StartDate":"{start_day}","RTT_StartTime":"{start_time}","RTT_EndDate":"{end_day}","RTT_EndTime":"{end_time}"}}"#
        );
        let batch = accepted(&row("CYP104RTT", SUBMISSION, &record));
        let read = |at, how| cell(&batch, 0, at) + " " + &cell(&batch, 0, how);
        assert_eq!(read("rtt_start_at", "rtt_start_resolution"), start_read, "{start}");
        assert_eq!(read("rtt_end_at", "rtt_end_resolution"), end_read, "{end}");
    }
}

#[test]
fn a_missing_time_leaves_the_instant_unknown() {
    let batch = accepted(&row(
        "CYP104RTT",
        SUBMISSION,
        r#"{"ServiceRequestID":"S1","RTT_StartDate":"2025-04-03","RTT_EndDate":"2025-04-03","RTT_EndTime":"11:41:00"}"#,
    ));
    let of = |column: &str| cell(&batch, 0, column);
    assert_eq!((of("rtt_start_at"), of("rtt_start_resolution")), (String::new(), String::new()));
    assert_eq!((of("rtt_start_date"), of("rtt_end_at")), ("2025-04-03".into(), "2025-04-03T10:41:00Z".into()));
}

#[test]
fn a_person_becomes_pseudonym_and_age() {
    let record = r#"{"LocalPatientID":"P1","OrgID_LocalPatientID":"nr5","NHSNumber":"9990000018","NHSNumber_Status":"1","DateOfBirth":"1941-05-01","Postcode":"PL1 1AA","Gender":"02"}"#;
    let batch = accepted(&row("CYP001MPI", SUBMISSION, record));
    let text = filled(&batch, 0);
    assert!(
        !text.contains("9990000018") && !text.contains("PL1") && !text.contains("1941") && !text.contains("=P1"),
        "{text}"
    );
    let of = |column: &str| cell(&batch, 0, column);
    assert_eq!(
        (of("pseudonym"), of("pseudonym_key_version")),
        ("vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg".into(), "3".into())
    );
    assert_eq!((of("age_years"), of("gender"), of("nhs_number_status")), ("83".into(), "2".into(), "01".into()));
    assert!(of("local_patient_pseudonym").starts_with("L:"));

    let decoded = one(&row(
        "CYP001MPI",
        SUBMISSION,
        r#"{"LocalPatientID":"P1","OrgID_LocalPatientID":"NR5","NHSNumber":"9990000019"}"#,
    ));
    assert_eq!(decoded.flags, [(CsdsInvalidNhsNumber, 1)].into());
    assert_eq!(cell(&decoded.tables[0].1, 0, "pseudonym"), "");
}

#[test]
fn each_version_keeps_its_own_columns() {
    let batch = accepted(&row(
        "CYP201CareContact",
        SUBMISSION_1_5,
        r#"{"CareContactID":"C1","ServiceRequestID":"S1","Contact_Date":"2022-03-03","Consultation_MediumUsed":"1","AttendOrNot":"05","CareContact_Duration":45}"#,
    ));
    let of = |column: &str| cell(&batch, 0, column);
    assert_eq!(
        (of("provider"), of("data_set_version"), of("file_type")),
        ("R1X".into(), "1.5".into(), "refresh".into())
    );
    assert_eq!(
        (of("consultation_medium_used"), of("consultation_medium_used_raw"), of("cons_mechanism")),
        ("01".into(), "1".into(), String::new())
    );
    assert_eq!((of("attend_or_not"), of("attend_or_not_raw")), ("5".into(), "05".into()));
    assert_eq!(of("care_contact_duration"), "45");

    let other = row(
        "CYP201CareContact",
        SUBMISSION_1_5,
        r#"{"CareContactID":"C1","ServiceRequestID":"S1","Contact_Date":"2022-03-03","AttendanceStatus":"5","shoeSize":"9"}"#,
    );
    assert_eq!(one(&other).flags, [(CsdsUnknownItem, 1), (CsdsItemOfOtherVersion, 1)].into());
}

#[test]
fn placeholders_are_flagged_and_kept() {
    let decoded =
        one(&row("CYP102ServiceTypeReferredTo", SUBMISSION, r#"{"ServiceRequestID":"NHSNOREM7","TeamType":"22"}"#));
    let batch = &decoded.tables[0].1;
    assert_eq!(cell(batch, 0, "service_request_id_placeholder"), "true");
    assert_eq!((cell(batch, 0, "team_type"), cell(batch, 0, "team_type_raw")), ("58".into(), "22".into()));
    assert_eq!(decoded.flags, [(CsdsPlaceholderReferral, 1)].into());
}

#[test]
fn a_malformed_row_is_refused_with_its_code() {
    let good = r#"{"ServiceRequestID":"S1","RTT_StartDate":"2025-04-03"}"#;
    let clock = |record: &str| row("CYP104RTT", SUBMISSION, record);
    let cases = [
        (clock(good).replace("CYP104RTT", "CYP999"), UnknownTable),
        (clock(good).replace("\"table\":\"CYP104RTT\",", ""), UnknownTable),
        (clock(good).replace("\"table\":\"CYP104RTT\"", "\"table\":104"), WrongCsdsKind),
        (clock(good).replace(SUBMISSION, "null"), MissingSubmissionItem),
        (clock(good).replace("\"rp_end\":\"2025-04-30\",", ""), MissingSubmissionItem),
        (clock(good).replace("\"version\":\"1.6\"", "\"version\":\"1.7\""), UnsupportedVersion),
        (clock(good).replace("\"row_number\":17", "\"row_number\":0"), WrongCsdsKind),
        (clock(good).replace("\"row_number\":17", "\"row_number\":\"x\""), WrongCsdsKind),
        (clock(good).replace("\"record\":{", "\"raw_line\":\"a,b\",\"record\":{"), UnsplittableLine),
        (clock(good).replace("\"record\":{", "\"other\":{"), MissingRecord),
        (clock("[]"), NotAnObject),
        (clock("{}"), MissingKeyItem),
        (clock(r#"{"ServiceRequestID":"|x"}"#), MissingKeyItem),
        (clock(r#"{"ServiceRequestID":"S1","ServiceRequestID":"S2"}"#), RepeatedName),
        (clock(r#"{"ServiceRequestID":"S1","RTT_StartDate":"03/04/2025"}"#), BadCsdsDate),
        (clock(r#"{"ServiceRequestID":"S1","RTT_StartTime":"25:00"}"#), BadCsdsTime),
        (clock(r#"{"ServiceRequestID":"S1","RTT_Status":["10"]}"#), BadItemValue),
        (clock(r#"{"ServiceRequestID":"S\u00001"}"#), BadItemValue),
        (clock(&format!(r#"{{"ServiceRequestID":"{}"}}"#, "S".repeat(256))), ItemTooLong),
        (
            row("CYP201CareContact", SUBMISSION, r#"{"CareContactID":"C1","ServiceRequestID":"S1"}"#),
            MissingMandatoryItem,
        ),
        (
            row(
                "CYP201CareContact",
                SUBMISSION,
                r#"{"CareContactID":"C1","ServiceRequestID":"S1","Contact_Date":"2025-04-03","CareContact_Duration":"99999"}"#,
            ),
            BadNumber,
        ),
        (
            row(
                "CYP001MPI",
                SUBMISSION,
                r#"{"LocalPatientID":"P1","OrgID_LocalPatientID":"NR5","DateOfBirth":"1/5/1941"}"#,
            ),
            BadCsdsDate,
        ),
        (row("CYP000Header", SUBMISSION, r#"{"Version":"1.6"}"#), MissingHeaderItem),
        (
            row(
                "CYP000Header",
                SUBMISSION,
                r#"{"Version":"1.5","OrgID_Provider":"NR5","OrgID_Submitter":"NR5","RP_StartDate":"2025-04-01","RP_EndDate":"2025-04-30","FileCreation_DateTime":"2025-05-12 09:15:00","PrimarySystem":"x"}"#,
            ),
            HeaderMismatch,
        ),
        ("not json".to_owned(), NotJson),
        ("[]".to_owned(), NotAnObject),
    ];
    for (payload, code) in &cases {
        let decoded = one(payload);
        assert_eq!(decoded.refusals.iter().map(|refusal| refusal.code).collect::<Vec<_>>(), [*code], "{payload}");
        assert_eq!(decoded.refusals[0].payload, payload.as_bytes());
    }
    let wrong_key = decoded(Feed::Csds, &[("RK9|S1", clock(good).as_bytes())]);
    assert_eq!(wrong_key.refusals[0].code, ProviderMismatch);

    let payloads: Vec<String> = cases.iter().flat_map(|(payload, _)| [payload.clone(), clock(good)]).collect();
    let keyed: Vec<(&str, &[u8])> = payloads.iter().map(|payload| ("NR5|S1", payload.as_bytes())).collect();
    let mixed = decoded(Feed::Csds, &keyed);
    assert_eq!((mixed.accepted as usize, mixed.refusals.len()), (cases.len(), cases.len()));
    let alone = filled(&accepted(&clock(good)), 0);
    for row in 0..cases.len() {
        assert_eq!(filled(&mixed.tables[0].1, row), alone);
    }
}

/// A row that is refused still says which row of its submission it was, and nothing of what it held.
#[test]
fn a_refused_row_leaves_its_place_and_reason() {
    let payload = row("CYP104RTT", SUBMISSION, r#"{"ServiceRequestID":"S9990000018","RTT_StartDate":"03/04/2025"}"#);
    let decoded = one(&payload);
    assert_eq!((decoded.accepted, decoded.refusals.len()), (0, 1));
    let [(table, batch)] = decoded.tables.as_slice() else { panic!("{:?}", decoded.tables) };
    assert_eq!(*table, Table::CsdsRefusedRow);
    let text = filled(batch, 0);
    assert!(text.contains("row_number=17\ntable_name=CYP104RTT\ncode=HW-CSDS-024\nitem=RTT_StartDate\n"), "{text}");
    assert!(!text.contains("9990000018"), "{text}");

    for without_place in [payload.replace("CYP104RTT", "CYP999"), payload.replace("17", "0"), "{".to_owned()] {
        assert!(one(&without_place).tables.is_empty(), "{without_place}");
    }
    let wrong_key = super::decoded(Feed::Csds, &[("RK9|S1", payload.as_bytes())]);
    assert_eq!(cell(&wrong_key.tables[0].1, 0, "code"), "HW-CSDS-030");
}

/// Its children must find it: the keys are the ones that accepted rows keep, and nobody's number or name in clear.
#[test]
fn a_refused_row_keeps_the_keys_that_it_names() {
    let good = r#"{"ServiceRequestID":"S1|2","LocalPatientID":" P1 ","ReferralRequest_ReceivedDate":"2025-04-03"}"#;
    let kept = accepted(&row("CYP101Referral", SUBMISSION, good));
    let refused = |table: &str, record: &str| {
        let decoded = one(&row(table, SUBMISSION, record));
        let (_, batch) = &decoded.tables[0];
        ["row_key", "parent_key"].map(|column| cell(batch, 0, column))
    };
    let keys = refused("CYP101Referral", &good.replace("2025-04-03", "yesterday"));
    assert_eq!(keys, [cell(&kept, 0, "service_request_id"), cell(&kept, 0, "local_patient_pseudonym")]);
    let person = r#"{"LocalPatientID":"P1","OrgID_LocalPatientID":"NR5","DateOfDeath":"x"}"#;
    assert_eq!(refused("CYP001MPI", person), [keys[1].as_str(), ""]);
    let activity = r#"{"CareActivityID":"A1","CareContactID":"C1","CareActivity_Duration":"long"}"#;
    assert_eq!(refused("CYP202CareActivity", activity), ["A1", "C1"]);
    for (table, record) in [
        ("CYP101Referral", r#"{"ServiceRequestID":"9990000018","LocalPatientID":null}"#),
        ("CYP101Referral", r#"{"ServiceRequestID":"NHSNOREM1"}"#),
        ("CYP201CareContact", r#"{"CareContactID":"Jane Doe","ServiceRequestID":"1941-05-01","Contact_Date":"x"}"#),
        ("CYP104RTT", r#"{"ServiceRequestID":"S1","ServiceRequestID":"S2"}"#),
    ] {
        assert_eq!(refused(table, record), ["", ""], "{record}");
    }
    // Nothing of the row before it is left.
    let [first, second] = [
        row("CYP001MPI", SUBMISSION, person),
        format!(r#"{{"table":"CYP001MPI","submission":{SUBMISSION},"row_number":18}}"#),
    ];
    let both = decoded(Feed::Csds, &[("NR5|P1", first.as_bytes()), ("NR5|P1", second.as_bytes())]);
    assert_eq!([0, 1].map(|at| cell(&both.tables[0].1, at, "row_key")), [keys[1].as_str(), ""]);
}

#[test]
fn what_is_found_about_a_kept_row_is_kept_once_a_row() {
    let record = r#"{"ServiceRequestID":"S1","WaitingTime_MeasurementType":"77","RTT_StartDate":"2025-04-03","RTT_StartTime":"10:00:00","RTT_EndDate":"2025-04-03","RTT_EndTime":"09:59:00","Colour":"red","Team":"blue"}"#;
    let found = one(&row("CYP104RTT", SUBMISSION, record));
    assert_eq!(found.accepted, 1);
    let (table, warnings) = &found.tables[1];
    assert_eq!(*table, Table::CsdsRowWarning);
    let told: Vec<String> = (0..warnings.num_rows())
        .map(|at| {
            format!(
                "{} {} {}",
                cell(warnings, at, "table_name"),
                cell(warnings, at, "code"),
                cell(warnings, at, "item")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "CYP104RTT HW-CSDS-070 WaitingTime_MeasurementType",
            "CYP104RTT HW-CSDS-062 ",
            "CYP104RTT HW-CSDS-068 RTT_EndDate"
        ]
    );
    let days_alone = record.replace(r#""RTT_EndTime":"09:59:00""#, "\"RTT_EndTime\":null");
    let codes = |record: &str| one(&row("CYP104RTT", SUBMISSION, record)).flags;
    assert!(!codes(&days_alone).contains_key(&CsdsNegativeWait));
    assert!(
        codes(&days_alone.replace(r#"RTT_EndDate":"2025-04-03"#, r#"RTT_EndDate":"2025-04-02"#))
            .contains_key(&CsdsNegativeWait)
    );
    let refused = one(&row("CYP104RTT", SUBMISSION, &record.replace("10:00:00", "ten")));
    assert!(refused.tables.iter().all(|(table, _)| *table == Table::CsdsRefusedRow), "its code says more");
}

#[test]
fn a_header_says_how_many_rows_its_submission_has() {
    let header = |rows: &str| {
        let record = r#"{"Version":"1.6","OrgID_Provider":"NR5","OrgID_Submitter":"NR5","RP_StartDate":"2025-04-01","RP_EndDate":"2025-04-30","FileCreation_DateTime":"2025-05-12 09:15:00","PrimarySystem":"x"}"#;
        row("CYP000Header", SUBMISSION, record).replace("\"record\"", &format!("{rows}\"record\""))
    };
    let with = accepted(&header(r#""rows":{"CYP104RTT":2,"cyp001mpi":1,"CYP002GP":0},"#));
    assert_eq!(cell(&with, 0, "manifest"), r#"{"CYP001MPI":1,"CYP104RTT":2}"#);
    assert_eq!(cell(&accepted(&header("")), 0, "manifest"), "");
    let checksum = "0123456789abcdef".repeat(4);
    let content = |content: &str| cell(&accepted(&header(&format!(r#""content":"{content}","#))), 0, "content_sha256");
    assert_eq!((content(&checksum), content("none")), (checksum, String::new()));
    let refused = one(&header(r#""rows":{"CYP999":2},"#));
    assert_eq!(refused.refusals[0].code, BadManifest);
    assert_eq!(refused.tables[0].0, Table::CsdsRefusedRow);
}

#[test]
fn a_decision_is_a_fact_of_its_own() {
    let decision = r#"{"decision":{"id":"d-1","submission":"NR5-202504-20250512T091500","decision":"withdrawn","reason":"wrong month","by":"data manager","at":"2025-05-13T10:00:00Z"}}"#;
    let key = "NR5-202504-20250512T091500";
    let read = |key: &str, payload: &str| decoded(Feed::Csds, &[(key, payload.as_bytes())]);
    let kept = read(key, decision);
    assert_eq!((kept.accepted, kept.tables[0].0), (1, Table::CsdsSubmissionDecision));
    let text = filled(&kept.tables[0].1, 0);
    assert!(
        text.starts_with("decision_id=d-1\nsubmission_id=NR5-202504-20250512T091500\ndecision=withdrawn\n"),
        "{text}"
    );
    assert!(text.contains("decided_by=data manager\ndecided_at=2025-05-13T10:00:00Z\n"), "{text}");
    for (key, payload, code) in [
        ("NR5|S1", decision.to_owned(), ProviderMismatch),
        (key, decision.replace("withdrawn", "paused"), BadDecision),
        (key, decision.replace("wrong month", "999 000 0018"), BadDecision),
        (key, decision.replace("\"at\"", "\"on\""), BadDecision),
    ] {
        let refused = read(key, &payload);
        assert_eq!(refused.refusals[0].code, code, "{payload}");
        assert!(refused.tables.is_empty());
    }
}

/// A row that begins as the one before it is read by a short cut, which must come to the same, well or not.
#[test]
fn a_row_says_the_same_alone_and_behind_its_like() {
    let good = r#"{"ServiceRequestID":"S1","WaitingTime_MeasurementType":"05"}"#;
    let first = row("CYP104RTT", SUBMISSION, good);
    let record = |record: &str| row("CYP104RTT", SUBMISSION, record);
    let mut payloads = vec![
        first.clone(),
        record("{}"),
        record(" { \"ServiceRequestID\" : \"S2\" } "),
        record(r#"{"ServiceRequestID":"S2","RTT_StartDate":"2025-02-30"}"#),
        record(r#"{"ServiceRequestID":"S2","Unheard":[1,{"a":2}],"rtt_status":"30"}"#),
        record(r#"{"ServiceRequestID":"S2","ServiceRequestID":"S3"}"#),
        record(r#"{"ServiceRequestID":"S2"},"rows":{"CYP104RTT":1}"#),
        record(r#"{"ServiceRequestID":"S2"},"raw_line":"x""#),
        record(r#"{"ServiceRequestID":"S2"},"record":{"ServiceRequestID":"S3"}"#),
        record(r#"{"ServiceRequestID":"S2"},"table":"CYP101Referral""#),
        record(r#"{"ServiceRequestID":"S2"}}"#),
        record(r#"{"ServiceRequestID":"S2""#),
        record(r#"["S2"]"#),
        record("null"),
        record(r#""S2""#),
        first.clone() + " ",
        first.clone() + "x",
        first[..first.len() - 1].to_owned(),
        row("CYP101Referral", SUBMISSION, r#"{"ServiceRequestID":"S1"}"#),
        row("cyp104rtt", SUBMISSION, good),
        row("CYP104RTT", SUBMISSION_1_5, good),
    ];
    for number in
        ["0", "07", "-1", "1.0", "1e3", "\"7\"", "null", "4294967295", "4294967296", "99999999999999999999", ""]
    {
        payloads.push(first.replace(":17,", &format!(":{number},")));
    }
    let mut bytes: Vec<Vec<u8>> = payloads.into_iter().map(String::into_bytes).collect();
    bytes.push(first.replace("05", "#").bytes().map(|byte| if byte == b'#' { 0xff } else { byte }).collect());
    for payload in &bytes {
        let shown = String::from_utf8_lossy(payload);
        let key = if shown.contains("R1X") { "R1X|S1" } else { "NR5|S1" };
        let alone = decoded(Feed::Csds, &[(key, payload)]);
        let behind = decoded(Feed::Csds, &[("NR5|S1", first.as_bytes()), (key, payload)]);
        let rows = |decoded: &Decoded, offset: i64| -> Vec<String> {
            let all = decoded
                .tables
                .iter()
                .flat_map(|(table, batch)| (0..batch.num_rows()).map(move |at| (table, batch, at)));
            let own = all.filter(|(_, batch, at)| cell(batch, *at, "offset") == offset.to_string());
            own.map(|(table, batch, at)| format!("{table:?} {}", filled(batch, at))).collect()
        };
        let refusal =
            |decoded: &Decoded| decoded.refusals.first().map(|refusal| (refusal.code, refusal.detail.clone()));
        assert_eq!(rows(&behind, 1001), rows(&alone, 1000), "{shown}");
        assert_eq!(refusal(&behind), refusal(&alone), "{shown}");
        assert_eq!(behind.flags, alone.flags, "{shown}");
        assert_eq!(behind.accepted, alone.accepted + 1, "{shown}");
    }
}
