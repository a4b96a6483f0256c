//! HL7 v2 ADT messages: what is refused, what is left out, what of a message is kept.

use arrow::array::{Array, AsArray};
use homeward_contract::feed::Feed;
use homeward_contract::identity::{NhsNumber, PseudonymKeys};
use homeward_contract::reject::RejectCode;

use super::super::{Decoded, adt_key};
use super::decoded;

const GOOD: &str = "MSH|^~\\&|PAS|RA9|||20250506203105||ADT^A01^ADT_A01|MSG-1|P|2.4\rEVN|A01|20250506203105\r\
                    PID|1||9990000018^^^NHS^NH||DOE^JANE||19460102|F|||1 HIGH ST^^EXETER^^EX1 1AA\r\
                    PV1|1|I|W1^B1^2|E|||||||||||||||V1|||||||||||||||||||||||||202505062130";

fn read(message: &str) -> Decoded {
    decoded(Feed::Adt, &[("", message.as_bytes())])
}

fn refusal(message: &str) -> Option<(RejectCode, String)> {
    let decoded = read(message);
    decoded.refusals.into_iter().next().map(|refusal| (refusal.code, refusal.detail))
}

#[test]
fn a_message_becomes_a_row_without_anything_that_names_the_person() {
    let decoded = read(GOOD);
    assert_eq!((decoded.refusals.as_slice(), decoded.flags.len()), (&[][..], 0));
    let batch = &decoded.tables[0].1;
    let text = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>().value(0).to_owned();
    let keys = PseudonymKeys::from_secret(3, b"homeward-test-key-not-secret");
    assert_eq!(text("pseudonym"), keys.nhs(&NhsNumber::parse("9990000018").unwrap()));
    assert_eq!(
        ["trigger", "provider", "visit_id", "patient_class", "ward", "admission_type", "control_id"].map(text),
        ["A01", "RA9", "V1", "I", "W1", "E", "MSG-1"]
    );
    assert!(batch.column_by_name("discharged_at").unwrap().is_null(0));
    let shown = format!("{batch:?}");
    for secret in ["9990000018", "DOE", "JANE", "1946", "HIGH", "EX1"] {
        assert!(!shown.contains(secret), "{secret}");
    }
    assert_eq!(adt_key(GOOD.as_bytes()).as_deref(), Some(&b"RA9|V1"[..]));
    assert_eq!(adt_key(b"MSH|^~\\&|PAS|RA9"), None);
}

#[test]
fn the_nhs_number_is_the_identifier_that_says_so() {
    let with = |identifiers: &str| read(&GOOD.replace("9990000018^^^NHS^NH", identifiers));
    let has = |decoded: &Decoded| decoded.tables[0].1.column_by_name("pseudonym").unwrap().is_valid(0);
    for identifiers in ["H1^^^RA9^MR~ 9990000018 ^^^NHS^NH", "9990000018^^^NHS&2.16.840.1&ISO", "~9990000018^^^X^NH"] {
        assert!(has(&with(identifiers)), "{identifiers}");
    }
    for identifiers in ["", "9990000018^^^RA9^MR", "9990000018", "^^^NHS^NH"] {
        let decoded = with(identifiers);
        assert!(!has(&decoded) && decoded.flags.is_empty(), "{identifiers}");
    }
    let decoded = with("9990000019^^^NHS^NH");
    assert!(!has(&decoded));
    assert_eq!(decoded.flags.get(&RejectCode::AdtInvalidNhsNumber), Some(&1));
}

#[test]
fn what_lacks_or_contradicts_is_refused_by_its_field() {
    for (from, to, code, field) in [
        ("PAS", "", RejectCode::AdtMissingField, "MSH-3"),
        ("RA9", "", RejectCode::AdtMissingField, "MSH-4"),
        ("RA9", "Royal Hospital, Exeter", RejectCode::AdtBadOrganisation, "MSH-4"),
        ("MSG-1", "", RejectCode::AdtMissingField, "MSH-10"),
        ("|V1|", "||", RejectCode::AdtMissingField, "PV1-19"),
        ("|V1|", "|a\\F\\b|", RejectCode::AdtBadIdentifier, "PV1-19"),
        ("|V1|", "|\"\"|", RejectCode::AdtMissingField, "PV1-19"),
        ("PV1|1|I|", "PV1|1||", RejectCode::AdtMissingField, "PV1-2"),
        ("202505062130", "2025-05-06", RejectCode::AdtBadTime, "PV1-44"),
        ("202505062130", "202505062130+0500", RejectCode::AdtBadOffset, "PV1-44"),
        ("\rPV1", "\rZV1", RejectCode::AdtMissingSegment, "PV1"),
        ("\rPID", "\rZID", RejectCode::AdtMissingSegment, "PID"),
        ("EVN|A01", "EVN|A02", RejectCode::AdtEventContradiction, ""),
        ("202505062130", "202505062130|202505062129", RejectCode::AdtEndsBeforeStart, ""),
        ("MSH", "PID", RejectCode::AdtNotHl7, ""),
    ] {
        let (found, detail) = refusal(&GOOD.replacen(from, to, 1)).unwrap();
        assert_eq!((found, detail.starts_with(field)), (code, true), "{from} to {to}: {detail}");
    }
    let transfer = GOOD.replace("A01", "A02").replace("W1^B1^2", "");
    assert_eq!(refusal(&transfer).unwrap().0, RejectCode::AdtMissingField);
    for (from, to) in [("EVN|A01|20250506203105\r", ""), ("ADT^A01^ADT_A01", "ADT"), ("|20250506203105||ADT", "|||ADT")]
    {
        assert_eq!(refusal(&GOOD.replace(from, to)), None, "{to}");
    }
}

#[test]
fn what_is_no_stay_is_left_out() {
    for (from, to, code) in [
        ("ADT^A01^ADT_A01", "ORU^R01", RejectCode::AdtOtherEvent),
        ("A01", "A04", RejectCode::AdtOtherEvent),
        ("PV1|1|I|", "PV1|1|O|", RejectCode::AdtNoStay),
        ("|P|2.4", "|T|2.4", RejectCode::AdtNotProduction),
    ] {
        assert_eq!(refusal(&GOOD.replace(from, to)).map(|(code, _)| code), Some(code), "{to}");
    }
}
