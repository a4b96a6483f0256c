//! FHIR Encounters of virtual wards: the same rows as the event of the handbook, or a refusal by its element.

use homeward_contract::feed::Feed;
use homeward_contract::reject::RejectCode;
use serde_json::{Value, json};

use super::super::{Decoded, fhir_key};
use super::{cell, decoded, filled};

fn encounter() -> Value {
    json!({
        "resourceType": "Encounter",
        "id": "2f4b1c70",
        "meta": {"versionId": "2", "lastUpdated": "2025-02-09T10:05:00Z"},
        "identifier": [{"system": "https://rh8.example/stays", "value": "VWS-000102"}],
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HH"},
        "type": [{"coding": [{"system": "http://snomed.info/sct", "code": "270420001"}]}],
        "subject": {"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}, "display": "Jane DOE"},
        "period": {"start": "2025-02-03T14:20:00+00:00", "end": "2025-02-09T09:29:59+00:00"},
        "hospitalization": {"dischargeDisposition": {"coding": [{"code": "home"}]}},
        "location": [{"location": {"identifier": {"value": "RH8-VW-FRAILTY"}}}],
        "serviceProvider": {"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "RH8"}}
    })
}

fn read(encounter: &Value) -> Decoded {
    let payload = encounter.to_string();
    let key = fhir_key(payload.as_bytes()).unwrap_or_default();
    decoded(Feed::VwStay, &[(&key, payload.as_bytes())])
}

#[test]
fn an_encounter_is_a_stay() {
    let decoded = read(&encounter());
    assert_eq!((decoded.refusals.as_slice(), decoded.flags.len()), (&[][..], 0));
    let batch = &decoded.tables[0].1;
    for (column, expected) in [
        ("subject", "RH8|VWS-000102"),
        ("event_id", "2f4b1c70/_history/2"),
        ("source", "uk.nhs.rh8.fhir"),
        ("version_id", "2"),
        ("ward_id", "RH8-VW-FRAILTY"),
        ("admitted_at", "2025-02-03T14:20:00Z"),
        // The second in which it ended belongs to it.
        ("discharged_at", "2025-02-09T09:30:00Z"),
        ("status", "closed"),
        ("outcome", "home"),
        ("pseudonym_key_version", "3"),
        ("extra", ""),
    ] {
        assert_eq!(cell(batch, 0, column), expected, "{column}");
    }
    assert!(!filled(batch, 0).contains("9990000018") && !filled(batch, 0).contains("DOE"));
}

#[test]
fn ends_are_inclusive_and_count_once_the_stay_is_finished() {
    let ended = |start: &str, end: &str, status: &str| {
        let mut own = encounter();
        own["period"] = json!({"start": start, "end": end});
        own["status"] = json!(status);
        let decoded = read(&own);
        assert_eq!(decoded.refusals, []);
        let batch = &decoded.tables[0].1;
        ["admitted_at", "discharged_at"].map(|column| cell(batch, 0, column))
    };
    // Whole days in London, over the change of the clocks.
    assert_eq!(ended("2025-03-28", "2025-03-30", "finished"), ["2025-03-28T00:00:00Z", "2025-03-30T23:00:00Z"]);
    assert_eq!(ended("2025-03-28", "2025-03-30", "in-progress"), ["2025-03-28T00:00:00Z", ""]);
    let (start, end) = ("2025-06-01T10:00:00+01:00", "2025-06-02T10:00:00.250+01:00");
    assert_eq!(ended(start, end, "finished"), ["2025-06-01T09:00:00Z", "2025-06-02T09:00:01Z"]);
}

#[test]
fn what_is_cancelled_or_wrong_is_a_void() {
    for status in ["cancelled", "entered-in-error"] {
        let mut own = encounter();
        own["status"] = json!(status);
        let batch = read(&own).tables.remove(0).1;
        assert_eq!([cell(&batch, 0, "event_type"), cell(&batch, 0, "withdrawn")], ["voided", "true"]);
        assert_eq!(cell(&batch, 0, "reason"), status.replace('-', "_"));
    }
}

#[test]
fn what_is_no_stay_is_refused_by_its_element() {
    for (pointer, value, code) in [
        ("/class/code", json!("IMP"), RejectCode::FhirNotVirtual),
        ("/status", json!("planned"), RejectCode::FhirPlanned),
        ("/status", Value::Null, RejectCode::FhirMissingElement),
        ("/period/start", json!("2025-02"), RejectCode::FhirBadPeriod),
        ("/period/end", json!("2025-02-09T09:30:00+05:00"), RejectCode::FhirBadPeriod),
        ("/period/end", json!("2025-02-01"), RejectCode::StateEndsBeforeStart),
        ("/location", json!([]), RejectCode::FhirMissingElement),
        ("/meta/versionId", json!("a"), RejectCode::StateBadVersionId),
        ("/meta/lastUpdated", json!("yesterday"), RejectCode::StateBadOffset),
        ("/resourceType", json!("Patient"), RejectCode::FhirWrongKind),
        ("/identifier", json!({}), RejectCode::FhirWrongKind),
    ] {
        let mut own = encounter();
        *own.pointer_mut(pointer).unwrap() = value;
        let refusals = read(&own).refusals;
        assert_eq!(refusals.first().map(|refusal| refusal.code), Some(code), "{pointer}");
        assert!(!refusals[0].detail.contains("9990000018"), "{}", refusals[0].detail);
    }
    for element in ["status", "meta", "period"] {
        let mut own = encounter();
        own.as_object_mut().unwrap().remove(element);
        let refusals = read(&own).refusals;
        assert_eq!(refusals.first().map(|refusal| refusal.code), Some(RejectCode::FhirMissingElement), "{element}");
    }
    // The key names the stay, as of any event.
    let payload = encounter().to_string();
    let refusals = decoded(Feed::VwStay, &[("RH8|other", payload.as_bytes())]).refusals;
    assert_eq!(refusals[0].code, RejectCode::StateKeyMismatch);
}
