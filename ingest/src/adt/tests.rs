//! Messages in, the newest states out: through both decoders, as the facts would stand in the lake.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, TimeDelta, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::state::Version;
use homeward_contract::time::london;

use super::*;
use crate::decode::{DecodeContext, Decoded, Place, RawRecord, decode};

const WARDS: &str = "provider,ward,kind,setting\nRA9,VW1,virtual,acute\nRA9,CH1,physical,community_hospital\n";

/// A message of the visit V1: its event, when it was recorded, class, ward, and fields 44 and 45 of PV1.
fn message(control: &str, trigger: &str, recorded: &str, class: &str, ward: &str, from_to: [&str; 2]) -> String {
    let [admitted, discharged] = from_to;
    let blanks = "|".repeat(12);
    format!(
        "MSH|^~\\&|PAS|RA9|||{recorded}||ADT^{trigger}|{control}|P|2.4\rEVN|{trigger}|{recorded}\r\
         PID|1||H1^^^RA9^MR~9990000018^^^NHS^NH||DOE^JANE||19460102|F\r\
         PV1|1|{class}|{ward}^B1|E||OLD1{blanks}|V1{}|{admitted}|{discharged}\r",
        "|".repeat(24)
    )
}

fn decoded(feed: Feed, records: &[(String, String)]) -> Decoded {
    decoded_at(feed, records, DateTime::UNIX_EPOCH)
}

fn decoded_at(feed: Feed, records: &[(String, String)], known_at: DateTime<Utc>) -> Decoded {
    let keys = PseudonymKeys::from_secret(3, b"homeward-test-key-not-secret");
    let raw: Vec<RawRecord<'_>> = records
        .iter()
        .zip(0..)
        .map(|((key, payload), offset)| RawRecord {
            place: Place { topic: Arc::from("t"), partition: 0, offset },
            key: Some(key.as_bytes()),
            payload: Some(payload.as_bytes()),
        })
        .collect();
    decode(feed, &raw, &DecodeContext::new(&keys, known_at))
}

/// The rows of the messages, taken one by one as given.
fn events(messages: &[String]) -> Vec<AdtEvent> {
    let mut visits = Visits::new(Wards::from_csv(WARDS).unwrap());
    let mut events = Vec::new();
    for message in messages {
        let decoded = decoded(Feed::Adt, &[(String::new(), message.clone())]);
        assert_eq!(decoded.refusals, [], "{message}");
        events.extend(visits.take(&[decoded.tables[0].1.clone()]).unwrap());
    }
    events
}

/// The newest states of both feeds, a line each: subject, from, to, kind of bed; in London's time.
fn states(events: &[AdtEvent]) -> Vec<String> {
    let mut newest = BTreeMap::new();
    for feed in [Feed::EdStay, Feed::Spell] {
        let of: Vec<_> = events.iter().filter(|event| event.feed == feed).collect();
        let records: Vec<_> = of.iter().map(|event| (event.subject.clone(), event.payload.clone())).collect();
        let decoded = decoded(feed, &records);
        assert_eq!((decoded.refusals.as_slice(), decoded.flags.len()), (&[][..], 0));
        let Some((_, batch)) = decoded.tables.first() else { continue };
        let text = |name: &str, row: usize| {
            let column = batch.column_by_name(name)?.as_string::<i32>();
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        let at = |name: &str, row: usize| {
            let column = batch.column_by_name(name)?.as_primitive::<TimestampMicrosecondType>();
            let at = column.is_valid(row).then(|| DateTime::from_timestamp_micros(column.value(row)).unwrap())?;
            Some(london(at).format("%d %H:%M").to_string())
        };
        let (from, to) =
            if feed == Feed::Spell { ("admitted_at", "discharged_at") } else { ("arrived_at", "departed_at") };
        for row in 0..batch.num_rows() {
            let event_id = text("event_id", row).unwrap();
            let version_id = batch.column_by_name("version_id").unwrap().as_primitive::<Int64Type>().value(row);
            let version = (version_id, event_id.clone());
            assert!(Version { version_id, event_time: DateTime::UNIX_EPOCH, event_id: &event_id }.version_id > 0);
            let withdrawn = batch.column_by_name("withdrawn").unwrap().as_boolean().value(row);
            let kind = match feed {
                Feed::Spell => format!("{} {}", text("ward_kind", row).unwrap(), text("setting", row).unwrap()),
                _ => "ed".to_owned(),
            };
            let line = format!(
                "{} {} - {} {kind}{}",
                text("subject", row).unwrap(),
                at(from, row).unwrap(),
                at(to, row).unwrap_or_else(|| "open".to_owned()),
                if withdrawn { " withdrawn" } else { "" },
            );
            let subject = (feed, text("subject", row).unwrap());
            let held = newest.entry(subject).or_insert_with(|| (version.clone(), line.clone()));
            if version > held.0 {
                *held = (version, line);
            }
        }
    }
    newest.into_values().map(|(_, line)| line).collect()
}

const ADMITTED: &str = "202505062130";

fn admit() -> String {
    message("1", "A01", "202505062135", "I", "W1", [ADMITTED, ""])
}

/// To the virtual ward, and back to a bed of the community hospital.
fn moves() -> [String; 2] {
    [
        message("2", "A02", "202505081000", "I", "VW1", [ADMITTED, ""]),
        message("3", "A02", "202505101100", "I", "CH1", [ADMITTED, ""]),
    ]
}

fn discharge() -> String {
    message("4", "A03", "202505121512", "I", "CH1", [ADMITTED, "202505121510"])
}

#[test]
fn an_admission_and_a_discharge_are_the_spell_of_the_handbook() {
    let said = events(&[admit(), message("2", "A03", "202505121522", "I", "W1", [ADMITTED, "202505121510"])]);
    assert_eq!(said.len(), 2);
    let payload: serde_json::Value = serde_json::from_str(&said[1].payload).unwrap();
    let keys = PseudonymKeys::from_secret(3, b"homeward-test-key-not-secret");
    let pseudonym = keys.nhs(&homeward_contract::identity::NhsNumber::parse("9990000018").unwrap());
    let expected = serde_json::json!({
        "specversion": "1.0", "id": "V1.1.2", "source": "uk.nhs.ra9.hl7", "type": "hospital-spell-1",
        "time": "2025-05-12T14:22:00Z", "subject": "RA9|V1|1", "datacontenttype": "application/json", "versionid": "2",
        "data": {
            "provider": "RA9", "spell_id": "V1", "segment": 1, "trigger": "A03", "status": "closed",
            "person": {"pseudonym": pseudonym, "keyVersion": 3, "ageYears": 79},
            "admitted_at": "2025-05-06T20:30:00Z", "discharged_at": "2025-05-12T14:10:00Z", "setting": "acute",
            "ward_kind": "physical", "admission_method": "emergency", "patient_classification": "ordinary",
        },
    });
    assert_eq!(payload, expected);
    for event in &said {
        for secret in ["9990000018", "DOE", "JANE", "1946", "H1"] {
            assert!(!format!("{event:?}").contains(secret), "{secret}");
        }
    }
}

#[test]
fn a_virtual_ward_splits_the_spell_whatever_the_order_of_arrival() {
    let [to_virtual, back] = moves();
    let messages = [admit(), to_virtual, back, discharge()];
    let expected = [
        "RA9|V1|1 06 21:30 - 08 10:00 physical acute",
        "RA9|V1|2 08 10:00 - 10 11:00 virtual acute",
        "RA9|V1|3 10 11:00 - 12 15:10 physical community_hospital",
    ];
    let mut orders = vec![vec![]];
    for number in 0..messages.len() {
        let longer = |order: &Vec<usize>| {
            let own = order.clone();
            (0..=own.len()).map(move |at| {
                let mut order = own.clone();
                order.insert(at, number);
                order
            })
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    assert_eq!(orders.len(), 24);
    for order in orders {
        let mut arrived: Vec<String> = order.iter().map(|number| messages[*number].clone()).collect();
        // Twice: the second time is no news.
        arrived.extend(arrived.clone());
        assert_eq!(states(&events(&arrived)), expected, "{order:?}");
    }
}

#[test]
fn a_move_within_beds_of_one_kind_says_nothing_new() {
    let within = message("2", "A02", "202505081000", "I", "W2", [ADMITTED, ""]);
    assert_eq!(events(&[admit(), within]).len(), 1);
}

#[test]
fn cancelled_admissions_and_discharges_are_taken_back() {
    let [to_virtual, _] = moves();
    let cancelled = message("9", "A11", "202505081200", "I", "VW1", [ADMITTED, ""]);
    assert_eq!(
        states(&events(&[admit(), to_virtual, cancelled])),
        ["RA9|V1|1 06 21:30 - 08 10:00 physical acute withdrawn", "RA9|V1|2 08 10:00 - open virtual acute withdrawn"]
    );
    let reopened = message("5", "A13", "202505130900", "I", "CH1", [ADMITTED, "\"\""]);
    assert_eq!(states(&events(&[admit(), discharge(), reopened])), ["RA9|V1|1 06 21:30 - open physical acute"]);
}

#[test]
fn a_correction_of_the_ward_takes_a_segment_back() {
    let [to_virtual, _] = moves();
    let corrected = message("5", "A08", "202505081100", "I", "W9", [ADMITTED, ""]);
    assert_eq!(
        states(&events(&[admit(), to_virtual, corrected])),
        ["RA9|V1|1 06 21:30 - open physical acute", "RA9|V1|2 08 10:00 - open virtual acute withdrawn"]
    );
}

#[test]
fn an_attendance_becomes_an_admission() {
    let arrived = message("1", "A01", "202505192155", "E", "ED", ["202505192150", ""]);
    let admitted = message("2", "A01", "202505200310", "I", "W1", ["202505200305", ""]);
    let left = message("3", "A03", "202505211000", "I", "W1", ["202505200305", "202505210955"]);
    let expected = ["RA9|V1|1 20 03:05 - 21 09:55 physical acute", "RA9|V1 19 21:50 - 20 03:05 ed"];
    assert_eq!(states(&events(&[arrived.clone(), admitted, left])), expected);
    // The same told by a transfer, by a hospital that keeps the arrival as the admission.
    let moved = message("2", "A02", "202505200305", "I", "W1", ["202505192150", ""]);
    let left = message("3", "A03", "202505211000", "I", "W1", ["202505192150", "202505210955"]);
    assert_eq!(states(&events(&[arrived.clone(), moved, left])), expected);
    let home = message("2", "A03", "202505200310", "E", "ED", ["202505192150", "202505200305"]);
    assert_eq!(states(&events(&[arrived, home])), ["RA9|V1 19 21:50 - 20 03:05 ed"]);
}

#[test]
fn a_stay_of_which_the_begin_is_not_known_waits_for_it() {
    let unknown = message("2", "A03", "202505121512", "I", "W1", ["", "202505121510"]);
    assert_eq!(events(std::slice::from_ref(&unknown)), []);
    let found = events(&[unknown, message("1", "A01", "202505062130", "I", "W1", ["", ""])]);
    assert_eq!(states(&found), ["RA9|V1|1 06 21:30 - 12 15:10 physical acute"]);
    // Without the admission, a transfer says where the patient was before.
    let [to_virtual, _] = moves();
    assert_eq!(
        states(&events(&[to_virtual])),
        ["RA9|V1|1 06 21:30 - 08 10:00 physical acute", "RA9|V1|2 08 10:00 - open virtual acute"]
    );
}

#[test]
fn ties_are_ordered_by_control_id() {
    let same =
        |control: &str, trigger: &str, to: &str| message(control, trigger, "202505121512", "I", "W1", [ADMITTED, to]);
    let (closed, reopened) = (same("10", "A03", "202505121510"), same("11", "A13", ""));
    for messages in [[closed.clone(), reopened.clone()], [reopened, closed]] {
        assert_eq!(states(&events(&messages)), ["RA9|V1|1 06 21:30 - open physical acute"]);
    }
}

#[test]
fn reading_everything_anew_says_the_same_with_the_same_ids() {
    let [to_virtual, back] = moves();
    let messages = [back, admit(), discharge(), to_virtual];
    let one_by_one = events(&messages);
    let records: Vec<_> = messages.iter().map(|message| (String::new(), message.clone())).collect();
    let batch = decoded(Feed::Adt, &records).tables.remove(0).1;
    let (first, last) = (batch.slice(0, 2), batch.slice(2, 2));
    let mut visits = Visits::new(Wards::from_csv(WARDS).unwrap());
    assert_eq!(visits.take(&[last, first]).unwrap(), one_by_one);
}

#[test]
fn a_stay_that_is_over_is_set_aside_and_read_again_when_a_message_comes_late() {
    let [to_virtual, back] = moves();
    let late = message("9", "A13", "202505121600", "I", "W1", [ADMITTED, ""]);
    let told: Vec<(i64, String)> = vec![(0, admit()), (1, to_virtual), (2, back), (3, discharge())];
    let other = |visit: &str| admit().replace("|V1|", &format!("|{visit}|")).replace("|1|P|", "|8|P|");
    let told: Vec<_> = told.into_iter().chain([(20, other("V2")), (50, other("V3")), (90, late)]).collect();

    let mut forgetful = Visits::new(Wards::from_csv(WARDS).unwrap()).held_for(Duration::from_hours(24 * 30));
    let mut mindful = Visits::new(Wards::from_csv(WARDS).unwrap());
    let mut table: Vec<RecordBatch> = Vec::new();
    let mut held = Vec::new();
    let (mut events, mut due) = (Vec::new(), Vec::new());
    for (day, message) in told {
        let known_at = DateTime::UNIX_EPOCH + TimeDelta::days(day);
        let batch = decoded_at(Feed::Adt, &[(String::new(), message)], known_at).tables.remove(0).1;
        table.push(batch.clone());
        due.extend(mindful.take(std::slice::from_ref(&batch)).unwrap());
        events.extend(forgetful.take(&[batch]).unwrap());
        if forgetful.has_late() {
            let again = forgetful.read_again(&table).unwrap();
            events.extend(again.into_iter().filter(|event| !events.contains(event)).collect::<Vec<_>>());
        }
        held.push(forgetful.visits.len());
    }
    assert_eq!(held, [1, 1, 1, 1, 2, 2, 3], "V1 goes and comes back; V2 and V3 are not over");
    assert_eq!((forgetful.aside.len(), forgetful.has_late()), (0, false));
    assert_eq!(events, due);
}

#[test]
fn a_list_of_wards_is_read_or_its_line_is_named() {
    let head = "provider,ward,kind,setting\n";
    assert!(Wards::from_csv(head).is_ok());
    for (text, line) in [
        (String::new(), 1),
        ("ward,provider,kind,setting\n".to_owned(), 1),
        (format!("{head}RA9,W1,physical,acute\nRA9,w1,virtual,acute\n"), 3),
        (format!("{head}RA9,W1,physical\n"), 2),
        (format!("{head}RA9,,physical,acute\n"), 2),
        (format!("{head}?,W1,physical,acute\n"), 2),
        (format!("{head}RA9,W1,real,acute\n"), 2),
        (format!("{head}RA9,W1,physical,hotel\n"), 2),
    ] {
        assert_eq!(Wards::from_csv(&text).map_err(|fault| fault.line), Err(line), "{text}");
    }
}
