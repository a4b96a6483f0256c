//! Arbitrary and damaged bytes: never a panic, never a record unaccounted for.

use super::*;
use proptest::prelude::*;

/// The subject that the payload names, so that whole states get past their door.
fn key(payload: &[u8]) -> &str {
    let subject = str::from_utf8(payload).ok().and_then(|text| text.split_once(r#""subject":""#)?.1.split_once('"'));
    subject.map_or("NR5|SRI-000912345", |(subject, _)| subject)
}

fn check(feed: Feed, payloads: &[Vec<u8>]) {
    let keyed: Vec<(&str, &[u8])> = payloads.iter().map(|payload| (key(payload), payload.as_slice())).collect();
    let decoded = decoded(feed, &keyed);
    assert_eq!(decoded.accepted as usize + decoded.refusals.len(), payloads.len());
    let rows = |wanted: fn(Table) -> bool| -> usize {
        let own = decoded.tables.iter().filter(|(table, _)| wanted(*table));
        own.map(|(_, batch)| batch.num_rows()).sum()
    };
    assert_eq!(decoded.accepted as usize, rows(|table| !table.is_note()));
    assert!(
        rows(|table| table == Table::CsdsRefusedRow) <= decoded.refusals.len(),
        "a refusal leaves its place at most once"
    );
    for refusal in &decoded.refusals {
        assert_eq!(refusal.payload, payloads[usize::try_from(refusal.place.offset - 1000).unwrap()]);
    }
}

/// Every feed; most bytes are refused by most of them.
fn check_all(payloads: &[Vec<u8>]) {
    for feed in Feed::ALL {
        check(feed, payloads);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let rows = [
        r#"{"table":"CYP104RTT","submission":{"id":"a","version":"1.6","provider":"NR5","rp_start":"2025-04-01","rp_end":"2025-04-30","file_received_at":"2025-05-12T08:15:00Z"},"row_number":17,"record":{"ServiceRequestID":"S1","RTT_StartDate":"2025-04-03","RTT_StartTime":"10:02:00"}}"#,
        r#"{"table":"CYP001MPI","submission":{"id":"a","version":"1.6","provider":"NR5","rp_start":"2025-04-01","rp_end":"2025-04-30","file_received_at":"2025-05-12T08:15:00Z"},"row_number":1,"record":{"LocalPatientID":"P1","OrgID_LocalPatientID":"NR5","NHSNumber":"9990000018","DateOfBirth":"1941-05-01"}}"#,
    ];
    let states = state::EXAMPLES.map(|(_, example)| example);
    HANDBOOK.iter().chain(&rows).chain(&states).map(|text| text.as_bytes().to_vec()).collect()
}

/// A real record with some bytes cut, replaced or repeated.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let edit = (
        any::<prop::sample::Index>(),
        0..4_u8,
        prop_oneof![any::<u8>(), prop::sample::select(b"\"{}[]:,\\0-9ntu|".to_vec())],
    );
    (prop::sample::select(seeds()), prop::collection::vec(edit, 0..6)).prop_map(|(mut bytes, edits)| {
        for (place, kind, byte) in edits {
            if bytes.is_empty() {
                break;
            }
            let place = place.index(bytes.len());
            match kind {
                0 => bytes.truncate(place),
                1 => bytes.insert(place, byte),
                2 => bytes[place] = byte,
                _ => drop(bytes.remove(place)),
            }
        }
        bytes
    })
}

/// JSON of the right names with values of any kind.
fn shuffled_values() -> impl Strategy<Value = Vec<u8>> {
    let values = [
        "null",
        "true",
        "-1",
        "1e400",
        "9223372036854775808",
        "\"\"",
        "\" \"",
        "\"|\"",
        "[]",
        "{}",
        "[{\"item\":\"bars\",\"to\":{}}]",
        "\"\\ud83d\\ude00\"",
        "\"2025-06-12T09:02:30Z\"",
        "\"0000-01-01T00:00:00+01:00\"",
        "\"9999-12-31T23:59:59Z\"",
        "{\"nhsNumber\":[]}",
    ];
    let field = (
        prop::sample::select(vec![
            "time",
            "versionid",
            "subject",
            "data",
            "person",
            "changes",
            "ageYears",
            "stopsClock",
            "TeamType",
            "RTT_EndDateTime",
            "record",
            "row_number",
            "submission",
            "pseudonym",
            "segment",
            "admitted_at",
            "valid_from",
            "registered_to",
            "beds",
            "status",
        ]),
        prop::sample::select(values.to_vec()),
    );
    (prop::sample::select(seeds()), field).prop_map(|(bytes, (name, value))| {
        let text = String::from_utf8(bytes).unwrap();
        let marker = format!("\"{name}\":");
        let Some(at) = text.find(&marker) else { return text.into_bytes() };
        let (head, tail) = text.split_at(at + marker.len());
        // The old value stays behind under another name, so that the rest of the object still
        // parses.
        format!("{head}{value},\"was_{name}\":{tail}").into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..6)) {
        check_all(&payloads);
    }

    #[test]
    fn damaged_records(payloads in prop::collection::vec(prop_oneof![damaged(), shuffled_values()], 1..8)) {
        check_all(&payloads);
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_exhaust_the_stack() {
    for open in ["[", "{\"a\":"] {
        let deep = HANDBOOK[0].replace("\"bars\":{", &format!("\"deep\":{},\"bars\":{{", open.repeat(100_000)));
        let nested = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        let closed = HANDBOOK[0].replace("\"bars\":{", &format!("\"deep\":{nested},\"bars\":{{"));
        check(Feed::Ucr, &[deep.into_bytes(), closed.into_bytes()]);
        for place in ["\"data\":{", "\"person\":{"] {
            let deep = state::SPELL.replace(place, &format!("{place}\"deep\":{},", open.repeat(100_000)));
            let closed = state::STAY.replace(place, &format!("{place}\"status\":{nested},"));
            check(Feed::Spell, &[deep.into_bytes()]);
            check(Feed::VwStay, &[closed.into_bytes()]);
        }
    }
}
