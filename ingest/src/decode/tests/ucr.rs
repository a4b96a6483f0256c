//! UCR events.

use super::*;
use homeward_contract::reject::RejectCode::*;

const SUBJECT: &str = "NR5|SRI-000912345";

fn one(payload: &str) -> Decoded {
    decoded(Feed::Ucr, &[(SUBJECT, payload.as_bytes())])
}

fn refused(payload: &str) -> RejectCode {
    let decoded = one(payload);
    assert_eq!(decoded.refusals.len(), 1, "{payload}");
    assert_eq!(decoded.refusals[0].payload, payload.as_bytes(), "the original bytes are kept");
    decoded.refusals[0].code
}

fn received(from: &str, to: &str) -> String {
    assert!(HANDBOOK[0].contains(from), "{from}");
    HANDBOOK[0].replace(from, to)
}

#[test]
fn the_handbooks_eight_events_fill_their_columns() {
    let keys = [SUBJECT, SUBJECT, "NR5|SRI-000912377", SUBJECT, SUBJECT, SUBJECT, SUBJECT, "NR5|SRI-000912402"];
    let payloads: Vec<(&str, &[u8])> = keys.into_iter().zip(HANDBOOK.map(str::as_bytes)).collect();
    let decoded = decoded(Feed::Ucr, &payloads);
    assert!(decoded.refusals.is_empty(), "{:?}", decoded.refusals);
    assert!(decoded.flags.is_empty(), "{:?}", decoded.flags);
    let (table, batch) = &decoded.tables[0];
    assert_eq!((*table, batch.num_rows()), (Table::UcrEvent, 8));
    let head = |row: usize| {
        cell(batch, row, "event_type") + " " + &cell(batch, row, "version_id") + " " + &cell(batch, row, "event_time")
    };
    let heads: Vec<String> = (0..8).map(head).collect();
    assert_eq!(
        heads,
        [
            "received 1 2025-06-12T09:02:30Z",
            "triaged 2 2025-06-12T09:10:05Z",
            "rejected 2 2025-06-12T10:31:12Z",
            "first_contact 3 2025-06-12T13:20:41Z",
            "contact 4 2025-06-13T09:02:10Z",
            "closed 5 2025-06-16T15:45:00Z",
            "amended 6 2025-06-17T08:15:00Z",
            "voided 2 2025-06-17T08:20:00Z",
        ]
    );
    assert_eq!(
        filled(batch, 0),
        "event_id=6f0c1a1e-8a2e-4d0e-9a1d-0b8b0c7e5b11\nsource=uk.nhs.nr5.ucr-feed\nevent_type=received\n\
         event_time=2025-06-12T09:02:30Z\nprovider=NR5\nservice_request_id=SRI-000912345\nversion_id=1\norg_id_commissioner=15N\n\
         pseudonym=vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg\npseudonym_key_version=3\nage_years=84\nlsoa=E01999901\n\
         practice=L83999\nreceived_at=2025-06-12T09:02:00Z\nrtt_start_at=2025-06-12T09:02:00Z\nwaiting_time_measurement_type=05\n\
         source_group=999\norg_id_referring=RYF\npriority_type=2\nteam_type=51\nteam_id_local=UCR-PLY\nusual_residence=own_home\n\
         extra={\"data.bars\":{\"useCase\":\"a4t3\",\"arpPriority\":\"C3\"}}\n"
    );
    let of = |row: usize, column: &str| cell(batch, row, column);
    assert_eq!((of(1, "decision"), of(1, "decided_at")), ("accepted".into(), "2025-06-12T09:10:00Z".into()));
    assert_eq!(
        (of(2, "rejected_at"), of(2, "referral_rejection_reason")),
        ("2025-06-12T10:31:00Z".into(), "02".into())
    );
    assert_eq!(
        (of(3, "contact_at"), of(3, "rtt_end_at")),
        ("2025-06-12T10:41:00Z".into(), "2025-06-12T10:41:00Z".into())
    );
    assert_eq!((of(3, "stops_clock"), of(3, "care_contact_duration_minutes")), ("true".into(), "50".into()));
    assert_eq!(
        (of(4, "stops_clock"), of(4, "rtt_end_at"), of(4, "cons_mechanism")),
        ("false".into(), String::new(), "02".into())
    );
    assert_eq!(
        (of(5, "closed_at"), of(5, "closure_group")),
        ("2025-06-16T15:40:00Z".into(), "treatment_completed".into())
    );
    assert_eq!(of(5, "extra"), r#"{"data.Referral_ClosureDate":"2025-06-16","data.Discharge_Date":"2025-06-16"}"#);
    assert_eq!(
        (of(6, "target"), of(6, "reason"), of(6, "amends_event_id").len()),
        ("contact".into(), "recording_error".into(), 36)
    );
    assert_eq!(
        of(6, "changes"),
        r#"[{"item":"Contact_DateTime","to":"2025-06-12T10:36:00Z"},{"item":"RTT_EndDateTime","to":"2025-06-12T10:36:00Z"}]"#
    );
    assert_eq!(
        (of(7, "reason"), of(7, "duplicate_of"), of(7, "voided_at")),
        ("duplicate".into(), "SRI-000912345".into(), "2025-06-17T08:20:00Z".into())
    );
    assert_eq!(
        (of(7, "topic"), of(7, "partition"), of(7, "offset")),
        ("homeward.ucr".into(), "3".into(), "1007".into())
    );
}

#[test]
fn the_decoder_fills_every_column_of_the_table() {
    let schema = homeward_contract::schema::fact_schema(Table::UcrEvent);
    for field in schema.fields() {
        assert!(crate::decode::ucr::FILLED.contains(&field.name().as_str()), "{} is filled", field.name());
    }
    assert_eq!(schema.fields().len(), crate::decode::ucr::FILLED.len());
}

#[test]
fn one_malformed_record_spoils_only_itself() {
    let bad: Vec<(String, RejectCode)> = vec![
        (String::new(), NotJson),
        (HANDBOOK[0][..200].to_owned(), NotJson),
        (format!("{} {}", HANDBOOK[0], HANDBOOK[0]), NotJson),
        ("[1,2]".into(), NotAnObject),
        ("null".into(), NotAnObject),
        ("{}".into(), MissingAttribute),
        (received("\"specversion\":\"1.0\"", "\"specversion\":\"0.3\""), WrongSpecVersion),
        (received("ucr-referral-received-1", "ucr-referral-received-2"), UnknownEventType),
        (received("\"versionid\":\"1\"", "\"versionid\":\"one\""), BadVersionId),
        (received("\"versionid\":\"1\"", "\"versionid\":\"0\""), BadVersionId),
        (received("\"versionid\":\"1\",", ""), MissingAttribute),
        (received("\"id\":\"6f", "\"id\":\"x\",\"id\":\"6f"), RepeatedName),
        (received("\"time\":\"2025-06-12T09:02:30Z\"", "\"time\":\"2025-06-12T09:02:30\""), BadOffset),
        (received("\"time\":\"2025-06-12T09:02:30Z\"", "\"time\":\"2025-06-12T09:02:30+02:00\""), BadOffset),
        (received("\"time\":\"2025-06-12T09:02:30Z\"", "\"time\":\"2025-06-31T09:02:30Z\""), BadDateTime),
        (received("\"breachAt\":\"2025-06-12T12:02:00+01:00\"", "\"breachAt\":\"noon\""), BadOffset),
        (received("\"subject\":\"NR5|SRI-000912345\"", "\"subject\":\"RK9|SRI-000912345\""), SubjectMismatch),
        (received("\"subject\":\"NR5|SRI-000912345\"", "\"subject\":\"NR5\""), BadSubject),
        (received("\"subject\":\"NR5|SRI-000912345\",", ""), MissingAttribute),
        (received("SRI-000912345", "SRI-000912346"), KeyMismatch),
        (received("\"OrgID_Provider\":\"NR5\",", ""), MissingItem),
        (received("\"ReferralRequest_ReceivedDateTime\":\"2025-06-12T10:02:00+01:00\"", "\"x\":1"), MissingItem),
        (received("\"sourceGroup\":\"999\"", "\"sourceGroup\":\"pharmacy\""), UnknownSourceGroup),
        (received("\"ageYears\":84", "\"ageYears\":184"), BadAge),
        (received("\"keyVersion\":3,", ""), MissingKeyVersion),
        (received("vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg", "9990000018"), BadPseudonym),
        (received("\"TeamType\":\"51\"", "\"TeamType\":{\"code\":51}"), WrongKind),
        (received("\"person\":{", "\"person\":[{").replace("L83999\"}", "L83999\"}]"), WrongKind),
        (received("\"datacontenttype\":\"application/json\"", "\"datacontenttype\":\"text/xml\""), BadDataContentType),
        (HANDBOOK[3].replace("\"stopsClock\":true", "\"stopsClock\":false"), ClockStopContradiction),
        (HANDBOOK[3].replace("\"stopsClock\":true", "\"stopsClock\":\"true\""), WrongKind),
        (HANDBOOK[3].replace("\"CareContact_Duration\":50", "\"CareContact_Duration\":-1"), BadDuration),
        (HANDBOOK[1].replace("\"decision\":\"accepted\"", "\"decision\":\"redirected\""), RedirectedNowhere),
        (HANDBOOK[1].replace("\"decision\":\"accepted\"", "\"decision\":\"maybe\""), UnknownDecision),
        (HANDBOOK[5].replace("\"closedAt\":\"2025-06-16T16:40:00+01:00\"", "\"closedAt\":null"), MissingItem),
        (HANDBOOK[6].replace("\"CareContactID\":\"CC-0000001\",", ""), ContactNotNamed),
        (HANDBOOK[6].replace("\"item\":\"Contact_DateTime\"", "\"item\":\"person\""), UnknownChangeItem),
    ];
    for (payload, code) in &bad {
        assert_eq!(refused(payload), *code, "{payload}");
    }
    // All of them in one batch, a good record between each two: the good rows stay whole and in
    // step.
    let payloads: Vec<(&str, &[u8])> = bad
        .iter()
        .flat_map(|(payload, _)| [(SUBJECT, payload.as_bytes()), (SUBJECT, HANDBOOK[3].as_bytes())])
        .collect();
    let decoded = decoded(Feed::Ucr, &payloads);
    assert_eq!((decoded.accepted as usize, decoded.refusals.len()), (bad.len(), bad.len()));
    let alone = filled(&one(HANDBOOK[3]).tables[0].1, 0);
    let batch = &decoded.tables[0].1;
    for row in 0..batch.num_rows() {
        assert_eq!(filled(batch, row), alone, "nothing of a refused record leaks into the next row");
        assert_eq!(cell(batch, row, "offset"), (1001 + 2 * row).to_string());
    }
}

#[test]
fn details_name_the_item_and_never_the_value() {
    let payload = received("\"ageYears\":84", "\"ageYears\":\"9990000018\"");
    let refusal = &one(&payload).refusals[0];
    assert_eq!(refusal.detail, "person.ageYears: ageYears is not a whole number from 0 to 129");
    assert!(!format!("{refusal:?}").contains("9990000018"));
    let unknown = &one(&received("ucr-referral-received-1", "9990000018")).refusals[0];
    assert!(!unknown.detail.contains("9990000018"), "{}", unknown.detail);
}

#[test]
fn an_nhs_number_becomes_the_handbooks_pseudonym_and_is_stored_nowhere() {
    let person = "{\"pseudonym\":\"vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg\",\"keyVersion\":3,";
    let decoded =
        one(&received(person, "{\"nhsNumber\":\"9990000018\",\"name\":\"Jane Doe\",\"ref\":\"999 000 0018\","));
    let batch = &decoded.tables[0].1;
    assert_eq!(cell(batch, 0, "pseudonym"), "vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg");
    assert_eq!(cell(batch, 0, "pseudonym_key_version"), "3");
    assert_eq!(decoded.flags, [(UcrIdentifierDropped, 1)].into());
    let stored = filled(batch, 0);
    assert!(!stored.contains("9990000018") && !stored.contains("0018") && !stored.contains("Jane"), "{stored}");

    for invalid in ["\"9990000019\"", "\"1111111111\"", "9990000019", "{\"a\":1}"] {
        let decoded = one(&received(person, &format!("{{\"nhsNumber\":{invalid},")));
        assert_eq!(decoded.flags, [(UcrInvalidNhsNumber, 1)].into(), "{invalid}");
        assert_eq!(cell(&decoded.tables[0].1, 0, "pseudonym"), "", "{invalid}");
        assert!(!filled(&decoded.tables[0].1, 0).contains("nhsNumber"));
    }
}

#[test]
fn dirt_is_cleaned_and_absence_is_legal() {
    let payload = received("\"WaitingTime_MeasurementType\":\"05\"", "\"WaitingTime_MeasurementType\":\" 5#\"")
        .replace("\"Priority_Type\":\"2\"", "\"Priority_Type\":\"02\"")
        .replace("\"TeamType\":\"51\",\"TeamID", "\"TeamType\":\"xx\",\"TeamID")
        .replace("\"OrgID_Provider\":\"NR5\"", "\"OrgID_Provider\":\"nr500\"")
        .replace("\"ServiceRequestID\":\"SRI-000912345\"", "\"ServiceRequestID\":\"SRI-000912345|2\"")
        .replace("\"filtering\":{", "\"filtering\":[{")
        .replace("\"05\"},\n", "\"05\"}],\n");
    let decoded = one(&payload);
    assert!(decoded.refusals.is_empty(), "{:?}", decoded.refusals);
    let batch = &decoded.tables[0].1;
    let of = |column: &str| cell(batch, 0, column);
    assert_eq!(
        (of("waiting_time_measurement_type"), of("priority_type"), of("team_type")),
        ("05".into(), "2".into(), "98".into())
    );
    assert_eq!((of("provider"), of("service_request_id")), ("NR5".into(), "SRI-000912345".into()));
    assert_eq!(decoded.flags, [(UcrUnknownTeamType, 1)].into());

    let bare = r#"{"specversion":"1.0","id":"a","source":"s","type":"ucr-referral-received-1","time":"2025-06-12T09:02:30Z","subject":"NR5|SRI-000912345",
        "versionid":1,"data":{"OrgID_Provider":"NR5","ServiceRequestID":"SRI-000912345","ReferralRequest_ReceivedDateTime":"2025-06-12T10:02:00+01:00","person":null}}"#;
    let batch = one(bare).tables.remove(0).1;
    assert_eq!((cell(&batch, 0, "pseudonym"), cell(&batch, 0, "extra")), (String::new(), String::new()));
}

#[test]
fn a_tombstone_is_filtered_and_a_record_without_key_or_beyond_the_limit_is_quarantined() {
    let keys = PseudonymKeys::from_secret(3, b"homeward-test-key-not-secret");
    let context = DecodeContext::new(&keys, DateTime::UNIX_EPOCH);
    let place = Place { topic: Arc::from("homeward.ucr"), partition: 0, offset: 0 };
    let huge = vec![b' '; MOST_RECORD_BYTES + 1];
    let record = |key, payload| RawRecord { place: place.clone(), key, payload };
    let records = [
        record(Some(SUBJECT.as_bytes()), None),
        record(None, Some(HANDBOOK[0].as_bytes())),
        record(Some(SUBJECT.as_bytes()), Some(&huge)),
    ];
    for feed in Feed::ALL {
        let decoded = decode(feed, &records, &context);
        assert_eq!(decoded.accepted, 0);
        assert!(decoded.tables.is_empty());
        assert_eq!((decoded.refusals[0].code, decoded.refusals[0].disposition), (Tombstone, Disposition::Filtered));
        assert_eq!(
            (decoded.refusals[2].code, decoded.refusals[2].disposition),
            (RecordTooLarge, Disposition::Quarantined)
        );
    }
    assert_eq!(decode(Feed::Ucr, &records, &context).refusals[1].code, MissingKey);
}
