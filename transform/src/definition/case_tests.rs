use serde_json::Value;

use super::*;

fn case(text: &str) -> Case {
    let head = "[[case]]\nid = \"c\"\ntitle = \"t\"\nrule = \"E1\"\nas_of = \"2025-07-01T00:00:00Z\"\n";
    toml::from_str::<CaseFile>(&format!("{head}{text}")).unwrap_or_else(|error| panic!("{error}")).cases.remove(0)
}

fn payloads(text: &str) -> Vec<Value> {
    let records = records(&case(text)).unwrap_or_else(|fault| panic!("{fault}"));
    records.iter().map(|record| serde_json::from_slice(&record.payload).unwrap()).collect()
}

#[test]
fn a_short_event_becomes_the_event_of_the_handbook() {
    let made = payloads(
        r#"events = [{type="received", referral="SRI-000912345", at="2025-06-12T10:02:00+01:00", time="2025-06-12T09:02:30Z"}]"#,
    );
    let mut expected: Value = serde_json::from_str(
        r#"{"specversion":"1.0","id":"","source":"uk.nhs.nr5.ucr-feed","type":"ucr-referral-received-1","time":"2025-06-12T09:02:30Z","subject":"NR5|SRI-000912345","datacontenttype":"application/json",
        "versionid":"1","filtering":{"provider":"NR5","icb":"QJK","teamType":"51","waitingTimeType":"05"},
        "data":{"OrgID_Provider":"NR5","ServiceRequestID":"SRI-000912345","OrgID_Commissioner":"15N",
        "person":{"pseudonym":"vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg","keyVersion":3,"ageYears":84,"lsoa":"E01999901","practice":"L83999"},
        "ReferralRequest_ReceivedDateTime":"2025-06-12T10:02:00+01:00","RTT_StartDateTime":"2025-06-12T10:02:00+01:00","WaitingTime_MeasurementType":"05","breachAt":"2025-06-12T12:02:00+01:00",
        "SourceOfReferral":null,"sourceGroup":"999","OrgID_Referring":"RYF","Priority_Type":"2","PrimaryReferralReason":null,"TeamType":"51","TeamID_Local":"UCR-PLY","usualResidence":"own_home",
        "bars":{"useCase":"a4t3","arpPriority":"C3"}}}"#,
    )
    .unwrap();
    expected["id"] = made[0]["id"].clone();
    assert_eq!(made[0], expected);
    let id = made[0]["id"].as_str().unwrap();
    assert!(id.len() == 36 && id.as_bytes()[14] == b'4' && id == id.to_lowercase(), "{id}");
}

#[test]
fn every_event_type_has_its_data() {
    let made = payloads(
        r#"events = [
          {type="received", referral="S", at="2025-06-12T10:00:00+01:00", rtt_start=""},
          {type="triaged", referral="S", at="2025-06-12T10:10:00+01:00", decision="reclassified"},
          {type="rejected", referral="S", at="2025-06-12T10:20:00+01:00"},
          {type="first_contact", referral="S", at="2025-06-12T10:30:00+01:00", id="visit"},
          {type="contact", referral="S", at="2025-06-12T10:40:00+01:00"},
          {type="closed", referral="S", at="2025-06-12T10:50:00+01:00", closure_group="died"},
          {type="amended", referral="S", time="2025-06-12T11:00:00Z", contact="CC-S", amends="visit", changes=[{item="RTT_EndDateTime", to=""}]},
          {type="voided", referral="S", at="2025-06-12T12:10:00+01:00", reason="duplicate", duplicate_of="T"},
        ]"#,
    );
    let data = |index: usize, item: &str| made[index]["data"][item].clone();
    let versions: Vec<_> = made.iter().map(|event| event["versionid"].as_str().unwrap()).collect();
    assert_eq!(versions, ["1", "2", "3", "4", "5", "6", "7", "8"]);
    assert_eq!((data(0, "RTT_StartDateTime"), data(0, "breachAt")), (Value::Null, Value::Null));
    assert_eq!(
        (data(1, "WaitingTime_MeasurementType"), data(1, "previousWaitingTimeType")),
        ("07".into(), "05".into())
    );
    assert_eq!(
        (data(2, "rejectedAt"), data(2, "Referral_RejectionDate")),
        ("2025-06-12T10:20:00+01:00".into(), "2025-06-12".into())
    );
    assert_eq!((data(3, "stopsClock"), data(3, "RTT_EndDateTime")), (true.into(), "2025-06-12T10:30:00+01:00".into()));
    assert_eq!((data(4, "stopsClock"), data(4, "RTT_EndDateTime")), (false.into(), Value::Null));
    assert_eq!(data(5, "closureGroup"), "died");
    assert_eq!((data(6, "target"), data(6, "amendsEventId")), ("contact".into(), made[3]["id"].clone()));
    assert_eq!(data(6, "changes")[0]["to"], Value::Null);
    assert_eq!((data(7, "target"), data(7, "duplicateOf")), ("referral".into(), "T".into()));
}

#[test]
fn a_clock_becomes_a_whole_submission_with_the_header_last() {
    let made = payloads(
        r#"csds = [{rp="2025-06", created="2025-07-10T09:00:00", clocks=[{referral="S1", start="2025-06-12T10:00", end="2025-06-12T11:30"}]}]"#,
    );
    let tables: Vec<_> = made.iter().map(|record| record["table"].as_str().unwrap()).collect();
    let all = ["CYP001MPI", "CYP002GP", "CYP101Referral", "CYP102ServiceTypeReferredTo", "CYP104RTT", "CYP000Header"];
    assert_eq!(tables, all);
    assert_eq!(
        made[4]["submission"],
        serde_json::json!({"id": "NR5-202506-20250710T090000", "version": "1.6", "provider": "NR5", "rp_start": "2025-06-01",
            "rp_end": "2025-06-30", "file_received_at": "2025-07-10T08:00:00Z"})
    );
    assert_eq!(
        made[4]["record"],
        serde_json::json!({"ServiceRequestID": "S1", "WaitingTime_MeasurementType": "05", "RTT_StartDate": "2025-06-12",
            "RTT_StartTime": "10:00:00", "RTT_EndDate": "2025-06-12", "RTT_EndTime": "11:30:00"})
    );
    assert_eq!(made[2]["record"]["OrgID_Commissioner"], "15N");
    assert_eq!(made[2]["record"]["LocalPatientID"], made[1]["record"]["LocalPatientID"]);
    assert_eq!(made[1]["record"]["OrgID_GP"], "L83999");
}

#[test]
fn given_rows_stay_and_missing_ones_are_added() {
    let made = payloads(
        r#"csds = [{rp="2025-06", created="2025-07-10T09:00:00",
            cyp101=[{ServiceRequestID="S1", LocalPatientID="P1", OrgID_Commissioner="11N"}],
            cyp104=[{ServiceRequestID="S1", RTT_StartDate="2025-06-12"}, {ServiceRequestID="S2", WaitingTime_MeasurementType="5 ", RTT_StartDate="2025-06-13"}]}]"#,
    );
    let rows = |table: &str| {
        let of_table = |record: &&Value| record["table"] == table;
        made.iter().filter(of_table).map(|record| record["record"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(rows("CYP101Referral").len(), 2);
    assert_eq!(rows("CYP101Referral")[0]["OrgID_Commissioner"], "11N");
    assert_eq!(rows("CYP101Referral")[1]["ReferralRequest_ReceivedDate"], "2025-06-13");
    let types: Vec<_> = rows("CYP104RTT").iter().map(|row| row["WaitingTime_MeasurementType"].clone()).collect();
    assert_eq!(types, ["05", "5 "], "dirt stays dirt");
    assert_eq!((rows("CYP001MPI").len(), rows("CYP102ServiceTypeReferredTo").len()), (2, 2));
}

#[test]
fn many_clocks_alike_are_many_referrals() {
    let made = payloads(
        r#"csds = [{rp="2025-06", created="2025-07-10T09:00:00", clocks=[{referral="S", count=3, start="2025-06-12T10:00"}]}]"#,
    );
    let clocks: Vec<_> = made.iter().filter(|record| record["table"] == "CYP104RTT").collect();
    assert_eq!(clocks.len(), 3);
    assert_eq!(clocks[2]["record"]["ServiceRequestID"], "S-0003");
}

#[test]
fn records_come_in_the_order_of_knowledge() {
    let made = records(&case(
        r#"events = [{type="received", referral="S", at="2025-06-12T10:00:00+01:00", known_at="2025-08-01T00:00:00Z"}]
        csds = [{rp="2025-06", created="2025-07-10T09:00:00", clocks=[{referral="S", start="2025-06-12T10:00"}]}]"#,
    ));
    let feeds: Vec<Feed> = made.unwrap().iter().map(|record| record.feed).collect();
    assert_eq!(feeds.last(), Some(&Feed::Ucr));
    assert_eq!(feeds.first(), Some(&Feed::Csds));
}

#[test]
fn a_bad_entry_is_named() {
    let fault = |text: &str| records(&case(text)).unwrap_err().to_string();
    assert_eq!(
        fault(r#"events = [{type="arrived", referral="S", at="2025-06-12T10:00:00Z"}]"#),
        "event 1 (arrived S): unknown type 'arrived'"
    );
    assert_eq!(fault(r#"events = [{type="received", referral="S"}]"#), "event 1 (received S): give 'at' or 'time'");
    assert!(fault(r#"events = [{type="received", referral="S", at="2025-06-12T10:00:00"}]"#).contains("offset"));
    assert!(fault(r#"csds = [{rp="June", created="2025-07-10T09:00:00"}]"#).contains("'June' is no month"));
}

#[test]
fn expectations_compare_words_numbers_and_flags() {
    let expected = case(
        r#"expect = [{basis="live", by={provider="NR5"}, numerator=2, denominator="suppressed", value=0.5, flags={late_rejection=0}}]"#,
    );
    let expectation = &expected.expect[0];
    assert_eq!(expectation.differences(&[]), ["expected a figure, found none"]);
    assert!(Expected::Word("suppressed".into()).is_shown_by(Shown::Suppressed));
    assert!(!Expected::Word("suppressed".into()).is_shown_by(Shown::NoData));
    assert!(!Expected::Count(0).is_shown_by(Shown::NoData), "no data is not zero");
    assert!(Expected::Count(1).is_shown_by(Shown::Number(1.0)));
    assert!(Expected::Number(0.333_333_333).is_shown_by(Shown::Number(1.0 / 3.0)));
    assert!(!Expected::Number(0.333_333).is_shown_by(Shown::Number(1.0 / 3.0)));
}
