//! Known dirty data of the handbook (`csds.md` section 9), as far as it concerns decoding. The number of each case is in
//! the name of its test; `docs/contract.md` lists which test covers which.

use std::collections::BTreeMap;

use super::csds::{SUBMISSION, SUBMISSION_1_5, accepted, one, row};
use super::*;
use homeward_contract::feed::Table;
use homeward_contract::reject::RejectCode::{self, *};

const SUBMISSION_1_0: &str = r#"{"id":"R1X-201903-1","version":"1.0","provider":"R1X","rp_start":"2019-03-01","rp_end":"2019-03-31","file_received_at":"2019-04-10T08:15:00Z"}"#;

fn clock(record: &str) -> RecordBatch {
    accepted(&row("CYP104RTT", SUBMISSION, record))
}

fn contact(submission: &str, items: &str) -> String {
    let record = format!(r#"{{"CareContactID":"C1","ServiceRequestID":"S1","Contact_Date":"2022-03-03"{items}}}"#);
    row("CYP201CareContact", submission, &record)
}

#[test]
fn d1_codes_come_in_one_form_and_the_raw_one_is_kept() {
    for raw in ["05", "5", " 5 ", "#5", "05#", "05  ", "##5"] {
        let batch = clock(&format!(r#"{{"ServiceRequestID":"S1","WaitingTime_MeasurementType":"{raw}"}}"#));
        assert_eq!(cell(&batch, 0, "waiting_time_measurement_type"), "05", "{raw:?}");
        assert_eq!(cell(&batch, 0, "waiting_time_measurement_type_raw"), raw);
    }
    for raw in ["5", "05", "#5", " 05 "] {
        let batch = accepted(&contact(SUBMISSION, &format!(r#","AttendanceStatus":"{raw}""#)));
        assert_eq!(cell(&batch, 0, "attendance_status"), "5", "{raw:?}");
        assert_eq!(cell(&batch, 0, "attendance_status_raw"), raw);
    }
    for raw in ["A01", "a01", " A01#"] {
        let batch = accepted(&contact(SUBMISSION, &format!(r#","Activity_LocationType":"{raw}""#)));
        assert_eq!(cell(&batch, 0, "activity_location_type"), "A01", "{raw:?}");
        assert_eq!(cell(&batch, 0, "activity_location_type_raw"), raw);
    }
    let number = accepted(&contact(SUBMISSION, r#","ConsMechanism":1"#));
    assert_eq!(cell(&number, 0, "cons_mechanism"), "01", "a code without quotation marks");
}

/// A code that its list does not hold is counted and kept: never refused, never mapped.
#[test]
fn d1_an_unknown_code_is_flagged_and_kept() {
    for (table, record, column, kept, flag) in [
        (
            "CYP104RTT",
            r#"{"ServiceRequestID":"S1","WaitingTime_MeasurementType":"77"}"#,
            "waiting_time_measurement_type",
            "77",
            CsdsUnknownCode,
        ),
        (
            "CYP102ServiceTypeReferredTo",
            r#"{"ServiceRequestID":"S1","TeamType":"77"}"#,
            "team_type",
            "77",
            CsdsUnknownCode,
        ),
        (
            "CYP102ServiceTypeReferredTo",
            r#"{"ServiceRequestID":"S1","TeamType":"NU"}"#,
            "team_type",
            "98",
            CsdsUnknownTeamType,
        ),
        (
            "CYP202CareActivity",
            r#"{"CareActivityID":"A1","CareContactID":"C1","Activity_Type":"66"}"#,
            "activity_type",
            "66",
            CsdsUnknownCode,
        ),
    ] {
        let decoded = one(&row(table, SUBMISSION, record));
        assert_eq!(decoded.flags, [(flag, 1)].into(), "{record}");
        assert_eq!(cell(&decoded.tables[0].1, 0, column), kept, "{record}");
    }
    // A list that nobody found judges nothing.
    let unlisted = one(&row(
        "CYP102ServiceTypeReferredTo",
        SUBMISSION,
        r#"{"ServiceRequestID":"S1","Referral_ClosureReason":"66"}"#,
    ));
    assert_eq!(unlisted.flags, BTreeMap::new());
}

#[test]
fn d2_an_id_is_cut_at_its_bar_in_every_table_that_has_one() {
    for (table, others) in [
        ("CYP101Referral", r#","LocalPatientID":"P1","ReferralRequest_ReceivedDate":"2025-04-03""#),
        ("CYP102ServiceTypeReferredTo", ""),
        ("CYP103OtherReasonReferral", ""),
        ("CYP104RTT", ""),
        ("CYP105OnwardReferral", ""),
        ("CYP201CareContact", r#","CareContactID":"C1","Contact_Date":"2025-04-03""#),
        ("CYP606ProvDiag", ""),
        ("CYP607PrimDiag", ""),
        ("CYP608SecDiag", ""),
        ("CYP609CodedAssessmentReferral", ""),
    ] {
        let record = |id: &str| format!(r#"{{"ServiceRequestID":"{id}"{others}}}"#);
        let suffixed = accepted(&row(table, SUBMISSION, &record(" S1|2025 ")));
        assert_eq!(cell(&suffixed, 0, "service_request_id"), "S1", "{table}");
        assert_eq!(cell(&suffixed, 0, "service_request_id_placeholder"), "false", "{table}");
        let decoded = one(&row(table, SUBMISSION, &record("NHSNOREM7")));
        assert_eq!(cell(&decoded.tables[0].1, 0, "service_request_id_placeholder"), "true", "{table}");
        assert_eq!(decoded.flags, [(CsdsPlaceholderReferral, 1)].into(), "{table}");
    }
}

/// The decoder's share of D3: a contact id that is used under two referrals stays two rows with two canonical keys.
#[test]
fn d3_a_contact_id_under_two_referrals_is_two_contacts() {
    let contact = |referral: &str| {
        let record =
            format!(r#"{{"CareContactID":" C1 ","ServiceRequestID":"{referral}","Contact_Date":"2025-04-03"}}"#);
        row("CYP201CareContact", SUBMISSION, &record)
    };
    let payloads = [contact("S1"), contact("S2|x")];
    let keyed: Vec<(&str, &[u8])> = payloads.iter().map(|payload| ("NR5|S", payload.as_bytes())).collect();
    let decoded = decoded(Feed::Csds, &keyed);
    let batch = &decoded.tables[0].1;
    assert_eq!(Table::Cyp201CareContact.canonical_key(), ["ServiceRequestID", "CareContactID"]);
    let key = |row| (cell(batch, row, "service_request_id"), cell(batch, row, "care_contact_id"));
    assert_eq!([key(0), key(1)], [("S1".into(), "C1".into()), ("S2".into(), "C1".into())]);
}

/// A rule of `csds_versions.csv`: attendance codes are the same in all versions.
#[test]
fn d6_attendance_of_every_version_fills_one_column() {
    let none: BTreeMap<RejectCode, u64> = BTreeMap::new();
    let other: BTreeMap<RejectCode, u64> = [(CsdsItemOfOtherVersion, 1)].into();
    for (submission, items, status, raw, older, flags) in [
        (SUBMISSION_1_0, r#","AttendOrNot":"05""#, "5", "05", "5", &none),
        (SUBMISSION_1_5, r#","AttendOrNot":"05""#, "5", "05", "5", &none),
        (SUBMISSION, r#","AttendanceStatus":"05""#, "5", "05", "", &none),
        // Absent in 1.0 and mostly absent in 1.5: null is allowed.
        (SUBMISSION_1_0, "", "", "", "", &none),
        (SUBMISSION_1_5, "", "", "", "", &none),
        // The item of another version: kept in its own column, and never lifted backwards.
        (SUBMISSION_1_5, r#","AttendanceStatus":"6","AttendOrNot":"5""#, "6", "6", "5", &other),
        (SUBMISSION, r#","AttendOrNot":"5""#, "", "", "5", &other),
    ] {
        let decoded = one(&contact(submission, items));
        let of = |column: &str| cell(&decoded.tables[0].1, 0, column);
        assert_eq!(
            (of("attendance_status").as_str(), of("attendance_status_raw").as_str(), of("attend_or_not").as_str()),
            (status, raw, older),
            "{submission} {items}"
        );
        assert_eq!(&decoded.flags, flags, "{submission} {items}");
    }
}

/// A rule of `csds_versions.csv`: medium codes differ, so that the newer column stays empty.
#[test]
fn d6_a_medium_of_an_older_version_is_never_a_mechanism() {
    for submission in [SUBMISSION_1_0, SUBMISSION_1_5] {
        let batch = accepted(&contact(submission, r#","Consultation_MediumUsed":"1""#));
        let of = |column: &str| cell(&batch, 0, column);
        assert_eq!((of("consultation_medium_used"), of("consultation_medium_used_raw")), ("01".into(), "1".into()));
        assert_eq!((of("cons_mechanism"), of("cons_mechanism_raw")), (String::new(), String::new()));
    }
}

/// The rules of `csds_versions.csv` about items and tables that came or went.
#[test]
fn d6_what_came_or_went_is_kept_in_its_column_and_flagged_in_the_wrong_version() {
    let cases = [
        (
            "CYP001MPI",
            r#""OrgID_LocalPatientID":"RK9","OrgID_Responsible":"15N""#,
            "org_id_responsible",
            "15N",
            [true, true, false],
        ),
        (
            "CYP002GP",
            r#""OrgID_GP":"L83999","OrgID_GPResponsible":"L83999""#,
            "org_id_gp_responsible",
            "L83999",
            [true, true, false],
        ),
        (
            "CYP001MPI",
            r#""OrgID_LocalPatientID":"RK9","EthnicCategory2021":"A""#,
            "ethnic_category2021",
            "A",
            [false, false, true],
        ),
        ("CYP008OverseasVisitorChargCat", r#""OvsVisChCat":"A""#, "ovs_vis_ch_cat", "A", [false, false, true]),
        ("CYP006SocPerCircumstances", r#""SNOMED_ID":"160734000""#, "snomed_id", "160734000", [false, true, true]),
        ("CYP007EmpStatus", r#""EmploymentStatus":"01""#, "employment_status", "01", [false, true, true]),
        ("CYP004CarePlanType", r#""PlanID":"PL1","Plan_Type":"01""#, "plan_type", "01", [false, true, true]),
        // That RTT times came with 1.5 is unconfirmed: the rule acts on nothing.
        (
            "CYP104RTT",
            r#""ServiceRequestID":"S1","RTT_StartTime":"10:02:00""#,
            "rtt_start_time",
            "10:02:00",
            [true, true, true],
        ),
    ];
    for (table, items, column, kept, belongs) in cases {
        for (submission, belongs) in [SUBMISSION_1_0, SUBMISSION_1_5, SUBMISSION].into_iter().zip(belongs) {
            let patient = if table == "CYP104RTT" { "" } else { r#""LocalPatientID":"P1","# };
            let decoded = one(&row(table, submission, &format!("{{{patient}{items}}}")));
            assert_eq!(cell(&decoded.tables[0].1, 0, column), kept, "{table} {submission}");
            assert_eq!(decoded.flags.contains_key(&CsdsItemOfOtherVersion), !belongs, "{table} {submission}");
        }
    }
}

/// A version is read for its own periods and no others.
#[test]
fn d6_the_version_is_the_one_of_the_period() {
    let clock = |submission: &str| row("CYP104RTT", submission, r#"{"ServiceRequestID":"S1"}"#);
    for submission in [SUBMISSION_1_0, SUBMISSION_1_5, SUBMISSION] {
        for version in ["1.0", "1.5", "1.6"] {
            let own = submission.contains(&format!(r#""version":"{version}""#));
            let sent = ["1.0", "1.5", "1.6"].iter().fold(submission.to_owned(), |text, each| {
                text.replace(&format!(r#""version":"{each}""#), &format!(r#""version":"{version}""#))
            });
            let codes: Vec<_> = one(&clock(&sent)).refusals.iter().map(|refusal| refusal.code).collect();
            assert_eq!(codes, if own { vec![] } else { vec![WrongVersionForPeriod] }, "{sent}");
        }
    }
}

/// Start missing: no instant. End before start: both kept as sent, for the rules to judge. Dummy date: the time alone.
#[test]
fn d7_times_missing_reversed_or_dated() {
    let missing = clock(
        r#"{"ServiceRequestID":"S1","RTT_StartDate":"2025-04-03","RTT_EndDate":"2025-04-03","RTT_EndTime":"11:41:00"}"#,
    );
    let of = |column: &str| cell(&missing, 0, column);
    assert_eq!(
        (of("rtt_start_date"), of("rtt_start_at"), of("rtt_start_resolution")),
        ("2025-04-03".into(), String::new(), String::new())
    );
    assert_eq!(of("rtt_end_at"), "2025-04-03T10:41:00Z");

    let reversed = clock(
        r#"{"ServiceRequestID":"S1","RTT_StartDate":"2025-04-03","RTT_StartTime":"11:41:00","RTT_EndDate":"2025-04-03","RTT_EndTime":"11:11:00"}"#,
    );
    let of = |column: &str| cell(&reversed, 0, column);
    assert_eq!((of("rtt_start_at"), of("rtt_end_at")), ("2025-04-03T10:41:00Z".into(), "2025-04-03T10:11:00Z".into()));

    for dated in ["1970-01-01 10:02:00", "2025-04-03T10:02:00", "1899-12-30 10:02:00", "10:02"] {
        let batch =
            clock(&format!(r#"{{"ServiceRequestID":"S1","RTT_StartDate":"2025-04-03","RTT_StartTime":"{dated}"}}"#));
        assert_eq!(cell(&batch, 0, "rtt_start_time"), "10:02:00", "{dated}");
        assert_eq!(cell(&batch, 0, "rtt_start_at"), "2025-04-03T09:02:00Z", "{dated}");
    }
}

/// Only the provider is rolled up; a site of treatment keeps its own code.
#[test]
fn d8_a_padded_site_is_its_organisation_for_the_provider_alone() {
    let batch = accepted(&contact(SUBMISSION_1_5, r#","Treatment_OrgSiteID":"r1x00""#));
    assert_eq!((cell(&batch, 0, "provider"), cell(&batch, 0, "treatment_org_site_id")), ("R1X".into(), "R1X00".into()));
}

/// The decoder's share of D9: each team type of a referral is a row of its own, and a team keeps its local id.
#[test]
fn d9_several_team_types_on_one_referral_are_all_kept() {
    let team = |team: &str, kind: &str| {
        let record = format!(r#"{{"ServiceRequestID":"S1","TeamID_Local":"{team}","TeamType":"{kind}"}}"#);
        row("CYP102ServiceTypeReferredTo", SUBMISSION, &record)
    };
    let payloads = [team("UCR-PLY", "51"), team("UCR-PLY", "49"), team("", "12")];
    let keyed: Vec<(&str, &[u8])> = payloads.iter().map(|payload| ("NR5|S1", payload.as_bytes())).collect();
    let decoded = decoded(Feed::Csds, &keyed);
    let batch = &decoded.tables[0].1;
    let read: Vec<_> =
        (0..batch.num_rows()).map(|row| (cell(batch, row, "team_id_local"), cell(batch, row, "team_type"))).collect();
    let expected = [("UCR-PLY", "51"), ("UCR-PLY", "49"), ("", "12")];
    assert_eq!(read, expected.map(|(team, kind)| (team.to_owned(), kind.to_owned())));
}
