//! Events that carry a whole state.

use super::*;
use homeward_contract::reject::RejectCode::*;
use homeward_contract::state::{self, Kind};

pub(in crate::decode) const STAY: &str = include_str!("../../../fixtures/handbook/virtual-ward-stay-1.json");
const STAY_CLOSED: &str = include_str!("../../../fixtures/handbook/virtual-ward-stay-closed-1.json");
const STAY_VOIDED: &str = include_str!("../../../fixtures/handbook/virtual-ward-stay-voided-1.json");
const CAPACITY: &str = include_str!("../../../fixtures/handbook/virtual-ward-capacity-1.json");
const CAPACITY_CHANGED: &str = include_str!("../../../fixtures/handbook/virtual-ward-capacity-changed-1.json");
pub(in crate::decode) const SPELL: &str = include_str!("../../../fixtures/handbook/hospital-spell-1.json");
const SPELL_CLOSED: &str = include_str!("../../../fixtures/handbook/hospital-spell-closed-1.json");
const ED_STAY: &str = include_str!("../../../fixtures/handbook/ed-stay-1.json");
const DEATH: &str = include_str!("../../../fixtures/handbook/death-1.json");
const REGISTRATION: &str = include_str!("../../../fixtures/handbook/registration-1.json");

/// Every example of the handbook, with its feed.
pub(in crate::decode) const EXAMPLES: [(Feed, &str); 10] = [
    (Feed::VwStay, STAY),
    (Feed::VwStay, STAY_CLOSED),
    (Feed::VwStay, STAY_VOIDED),
    (Feed::VwCapacity, CAPACITY),
    (Feed::VwCapacity, CAPACITY_CHANGED),
    (Feed::Spell, SPELL),
    (Feed::Spell, SPELL_CLOSED),
    (Feed::EdStay, ED_STAY),
    (Feed::Death, DEATH),
    (Feed::Registration, REGISTRATION),
];

fn subject(payload: &str) -> &str {
    payload.split_once(r#""subject":""#).and_then(|(_, rest)| rest.split_once('"')).map_or("RA9|SP-70041|1", |it| it.0)
}

/// Decodes one event with its subject as key.
fn one(feed: Feed, payload: &str) -> Decoded {
    decoded(feed, &[(subject(payload), payload.as_bytes())])
}

fn row(feed: Feed, payload: &str) -> RecordBatch {
    let mut decoded = one(feed, payload);
    assert_eq!(decoded.refusals, [], "{payload}");
    decoded.tables.remove(0).1
}

fn changed(example: &str, from: &str, to: &str) -> String {
    assert!(example.contains(from), "{from}");
    example.replace(from, to)
}

#[test]
fn every_example_of_the_handbook_is_taken_without_a_finding_and_leaves_nothing_over() {
    for (feed, example) in EXAMPLES {
        let decoded = one(feed, example);
        assert_eq!((&decoded.refusals[..], &decoded.flags), (&[][..], &[].into()), "{example}");
        let (table, batch) = &decoded.tables[0];
        assert_eq!((*table, batch.num_rows()), (feed.anchor(), 1));
        assert_eq!(cell(batch, 0, "extra"), "", "every item has a column: {example}");
        assert_eq!(cell(batch, 0, "subject"), subject(example));
    }
}

#[test]
fn a_stay_fills_its_columns() {
    assert_eq!(
        filled(&row(Feed::VwStay, STAY_CLOSED), 0),
        "event_id=2f4b1c70-0d1e-4a55-8d3b-3a1c9e5f7a02\nsource=uk.nhs.rh8.virtual-ward\nevent_type=recorded\n\
         event_time=2025-02-09T10:05:00Z\nversion_id=2\nsubject=RH8|VWS-000102\nwithdrawn=false\nprovider=RH8\n\
         stay_id=VWS-000102\nward_id=RH8-VW-FRAILTY\npseudonym=z5grslqsqql9Mlh5YVEFYRPu0avO-i88fZrsi7JoR3s\n\
         pseudonym_key_version=3\nage_years=81\nlsoa=E01999902\npractice=L83998\nadmitted_at=2025-02-03T14:20:00Z\n\
         discharged_at=2025-02-09T09:30:00Z\nroute=step_down\npathway=frailty\ntech_enabled=true\n\
         usual_residence=care_home\noutcome=home\nreferred_by=RH8\nstatus=closed\n"
    );
    assert_eq!(
        filled(&row(Feed::VwStay, STAY_VOIDED), 0),
        "event_id=2f4b1c70-0d1e-4a55-8d3b-3a1c9e5f7a05\nsource=uk.nhs.rh8.virtual-ward\nevent_type=voided\n\
         event_time=2025-02-04T09:00:00Z\nversion_id=2\nsubject=RH8|VWS-000107\nwithdrawn=true\n\
         reason=entered_in_error\nprovider=RH8\nstay_id=VWS-000107\n"
    );
}

#[test]
fn the_others_fill_their_columns() {
    let spell = row(Feed::Spell, SPELL_CLOSED);
    let of = |column: &str| cell(&spell, 0, column);
    assert_eq!(
        (of("admitted_at"), of("discharged_at")),
        ("2025-05-06T20:30:00Z".into(), "2025-05-12T14:10:00Z".into())
    );
    assert_eq!((of("segment"), of("trigger"), of("discharge_pathway")), ("1".into(), "A03".into(), "P1".into()));
    let stay = row(Feed::EdStay, ED_STAY);
    assert_eq!(cell(&stay, 0, "departed_at"), "2025-05-20T02:05:00Z");
    assert_eq!((cell(&stay, 0, "attendance_kind"), cell(&stay, 0, "disposal")), ("type1".into(), "home".into()));
    let beds = row(Feed::VwCapacity, CAPACITY);
    assert_eq!((cell(&beds, 0, "beds"), cell(&beds, 0, "valid_from")), ("30".into(), "2025-02-01T00:00:00Z".into()));
    let death = row(Feed::Death, DEATH);
    assert_eq!((cell(&death, 0, "date_of_death"), cell(&death, 0, "revoked")), ("2025-05-30".into(), "false".into()));
    let registration = row(Feed::Registration, REGISTRATION);
    let of = |column: &str| cell(&registration, 0, column);
    assert_eq!((of("registered_from"), of("registered_to")), ("2019-03-01".into(), "2025-03-31".into()));
    assert_eq!((of("efi_band"), of("care_home"), of("pcn")), ("moderate".into(), "false".into(), String::new()));
    assert_eq!((of("topic"), of("offset")), ("homeward.registration".into(), "1000".into()));
}

/// What is said of every feed holds of every feed: each item read into its column, and refused when it is wrong.
#[test]
fn every_item_of_every_feed_is_read_and_checked() {
    for feed in Feed::STATES {
        let example = EXAMPLES.iter().find(|(of, _)| *of == feed).unwrap().1;
        let mut event: serde_json::Value = serde_json::from_str(example).unwrap();
        for item in state::items(feed) {
            let (parent, name) = item.name.split_once('.').unwrap_or(("", item.name));
            let mut put = |value: serde_json::Value| {
                let data = &mut event["data"];
                let data = if parent.is_empty() { data } else { &mut data[parent] };
                let old = data.get(name).cloned().unwrap_or_default();
                data[name] = value;
                let decoded = one(feed, &event.to_string());
                let data = &mut event["data"];
                (if parent.is_empty() { data } else { &mut data[parent] })[name] = old;
                decoded
            };
            let nested = put(serde_json::json!({"a": [1]}));
            let expected = match item.kind {
                Kind::NhsNumber => None,
                Kind::Whole(..) => Some(StateBadNumber),
                Kind::KeyVersion => Some(StateMissingKeyVersion),
                Kind::Age => Some(StateBadAge),
                _ => Some(StateWrongKind),
            };
            assert_eq!(nested.refusals.first().map(|refusal| refusal.code), expected, "{feed}.{}", item.name);
            if let Kind::Listed = item.kind {
                let unknown = put("sideways".into());
                assert_eq!(unknown.refusals[0].code, StateUnknownWord, "{feed}.{}", item.name);
                assert!(unknown.refusals[0].detail.starts_with(item.name), "{}", unknown.refusals[0].detail);
            }
            if item.need != state::Need::Never {
                let lacking = put(serde_json::Value::Null);
                let code = lacking.refusals[0].code;
                let due = if item.kind == Kind::KeyVersion { StateMissingKeyVersion } else { StateMissingItem };
                assert_eq!(code, due, "{feed}.{}", item.name);
            }
        }
    }
}

#[test]
fn one_malformed_record_spoils_only_itself() {
    let spell = |from: &str, to: &str| changed(SPELL, from, to);
    let bad: Vec<(String, RejectCode)> = vec![
        (String::new(), NotJson),
        (SPELL[..300].to_owned(), NotJson),
        ("[1,2]".into(), NotAnObject),
        ("null".into(), NotAnObject),
        ("{}".into(), StateMissingAttribute),
        (spell("\"specversion\":\"1.0\"", "\"specversion\":\"0.3\""), StateWrongSpecVersion),
        (spell("hospital-spell-1", "hospital-spell-2"), StateUnknownType),
        (spell("hospital-spell-1", "ed-stay-1"), StateUnknownType),
        (spell("\"versionid\":\"1\"", "\"versionid\":\"0\""), StateBadVersionId),
        (spell("\"versionid\":\"1\",", ""), StateMissingAttribute),
        (spell("\"id\":\"3a", "\"id\":\"x\",\"id\":\"3a"), RepeatedName),
        (spell("\"trigger\":\"A01\"", "\"trigger\":\"A01\",\"trigger\":\"A01\""), RepeatedName),
        (spell("\"time\":\"2025-05-06T20:31:00Z\"", "\"time\":\"2025-05-06T20:31:00\""), StateBadOffset),
        (spell("\"time\":\"2025-05-06T20:31:00Z\"", "\"time\":\"2025-05-36T20:31:00Z\""), StateBadDateTime),
        (spell("2025-05-06T21:30:00+01:00", "2025-05-06T21:30:00+02:00"), StateBadOffset),
        (spell("\"subject\":\"RA9|SP-70041|1\"", "\"subject\":\"RA9|SP-70041|2\""), StateSubjectMismatch),
        (spell("\"subject\":\"RA9|SP-70041|1\"", "\"subject\":\"RA9|SP-70041\""), StateBadSubject),
        (spell("\"subject\":\"RA9|SP-70041|1\",", ""), StateMissingAttribute),
        (spell("\"provider\":\"RA9\",\"spell_id\"", "\"provider\":\"RK9\",\"spell_id\""), StateSubjectMismatch),
        (spell("\"spell_id\":\"SP-70041\"", "\"spell_id\":\"SP|70041\""), StateBadIdentifier),
        (spell("\"segment\":1", "\"segment\":0"), StateBadNumber),
        (spell("\"data\":{", "\"data\":null,\"x\":{"), StateMissingAttribute),
        (spell("\"data\":{", "\"data\":[{").replace("null}}", "null}]}"), StateWrongKind),
        (spell("\"person\":{", "\"person\":[{").replace("L83997\"}", "L83997\"}]"), StateWrongKind),
        (
            spell("\"datacontenttype\":\"application/json\"", "\"datacontenttype\":\"text/xml\""),
            StateBadDataContentType,
        ),
        (spell("\"keyVersion\":3,", ""), StateMissingKeyVersion),
        (spell("4TcIg4VBBqwJqCdJ71jdpYm51ioUFiIFaxFovmpzJQ8", "9990000018"), StateBadPseudonym),
        (spell("\"ageYears\":79", "\"ageYears\":179"), StateBadAge),
        (spell("\"L83997\"", "\"L 8!\""), StateBadOrganisation),
        (spell("\"setting\":\"acute\"", "\"primary_diagnosis\":\"9990000018\""), StateBadCode),
        (spell("\"discharged_at\":null", "\"discharged_at\":\"2025-05-06T20:29:59Z\""), StateEndsBeforeStart),
        (spell("\"trigger\":\"A01\"", "\"trigger\":\"A11\""), StateTriggerContradiction),
        (SPELL_CLOSED.replace("\"trigger\":\"A03\"", "\"trigger\":\"A13\""), StateTriggerContradiction),
        (SPELL_CLOSED.replace("70041", "70042"), StateKeyMismatch),
    ];
    let key = "RA9|SP-70041|1";
    for (payload, code) in &bad {
        let decoded = decoded(Feed::Spell, &[(key, payload.as_bytes())]);
        assert_eq!(decoded.refusals.len(), 1, "{payload}");
        assert_eq!(decoded.refusals[0].code, *code, "{payload}");
        assert_eq!(decoded.refusals[0].payload, payload.as_bytes(), "the original bytes are kept");
        assert!(!decoded.refusals[0].detail.contains("9990000018"), "{}", decoded.refusals[0].detail);
    }
    let payloads: Vec<(&str, &[u8])> =
        bad.iter().flat_map(|(payload, _)| [(key, payload.as_bytes()), (key, SPELL_CLOSED.as_bytes())]).collect();
    let decoded = decoded(Feed::Spell, &payloads);
    assert_eq!((decoded.accepted as usize, decoded.refusals.len()), (bad.len(), bad.len()));
    assert!(decoded.flags.is_empty(), "findings about refused records are forgotten");
    let alone = filled(&row(Feed::Spell, SPELL_CLOSED), 0);
    let batch = &decoded.tables[0].1;
    for row in 0..batch.num_rows() {
        assert_eq!(filled(batch, row), alone, "nothing of a refused record leaks into the next row");
        assert_eq!(cell(batch, row, "offset"), (1001 + 2 * row).to_string());
    }
}

#[test]
fn an_end_may_equal_its_begin_and_never_lie_before_it() {
    for (feed, example, end, equal, before) in [
        (Feed::VwStay, STAY, "discharged_at", "\"2025-02-03T14:20:00Z\"", "\"2025-02-03T15:19:59+01:00\""),
        (Feed::VwCapacity, CAPACITY, "valid_to", "\"2025-02-01T00:00:00Z\"", "\"2025-01-31T23:59:59Z\""),
        (Feed::Spell, SPELL, "discharged_at", "\"2025-05-06T20:30:00Z\"", "\"2025-05-06T21:29:00+01:00\""),
        (Feed::EdStay, ED_STAY, "departed_at", "\"2025-05-19T21:50:00+01:00\"", "\"2025-05-19T20:49:00Z\""),
        // The last night observed: the day before the first says that there was none.
        (Feed::Registration, REGISTRATION, "registered_to", "\"2019-02-28\"", "\"2019-02-27\""),
    ] {
        let with = |value: &str| {
            let mut event: serde_json::Value = serde_json::from_str(example).unwrap();
            event["data"][end] = serde_json::from_str(value).unwrap();
            one(feed, &event.to_string())
        };
        assert_eq!(with(equal).refusals, [], "{feed}");
        assert_eq!(with(before).refusals[0].code, StateEndsBeforeStart, "{feed}");
    }
}

#[test]
fn cancelled_revoked_and_voided_withdraw_and_a_later_version_brings_back() {
    let a11 = changed(SPELL, "\"trigger\":\"A01\",\"status\":\"open\"", "\"trigger\":\"A11\",\"status\":\"Cancelled\"");
    assert_eq!(cell(&row(Feed::Spell, &a11), 0, "withdrawn"), "true");
    // A cancelled segment need say no more than which it is.
    let bare = a11.split_once("\"person\"").unwrap().0.to_owned() + "\"x\":1}}";
    assert_eq!(cell(&row(Feed::Spell, &bare), 0, "withdrawn"), "true");
    let a13 =
        changed(SPELL, "\"trigger\":\"A01\"", "\"trigger\":\"A13\"").replace("\"versionid\":\"1\"", "\"versionid\":3");
    let reopened = row(Feed::Spell, &a13);
    assert_eq!((cell(&reopened, 0, "withdrawn"), cell(&reopened, 0, "discharged_at")), ("false".into(), String::new()));
    assert_eq!((cell(&reopened, 0, "trigger"), cell(&reopened, 0, "version_id")), ("A13".into(), "3".into()));
    let revoked =
        changed(DEATH, "\"revoked\":false", "\"revoked\":true").replace("\"date_of_death\":\"2025-05-30\",", "");
    assert_eq!(cell(&row(Feed::Death, &revoked), 0, "withdrawn"), "true");
    let left = changed(ED_STAY, "\"status\":\"closed\"", "\"status\":\"cancelled\"");
    assert_eq!(cell(&row(Feed::EdStay, &left), 0, "withdrawn"), "true");
    // Only stays on virtual wards have a void of their own.
    let void = changed(DEATH, "\"death-1\"", "\"death-voided-1\"");
    assert_eq!(one(Feed::Death, &void).refusals[0].code, StateUnknownType);
}

#[test]
fn an_nhs_number_becomes_the_pseudonym_in_data_and_in_the_subject() {
    let pseudonym = "vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg";
    let by_number = REGISTRATION
        .replace(&format!("\"pseudonym\":\"{pseudonym}\",\"keyVersion\":3"), "\"nhsNumber\":\"9990000018\"")
        .replace(&format!("QJK|{pseudonym}"), "QJK|9990000018");
    assert!(!by_number.contains(pseudonym));
    let mut event: serde_json::Value = serde_json::from_str(&by_number).unwrap();
    event["data"]["patientName"] = "Jane Doe".into();
    event["data"]["ref"] = "999 000 0018".into();
    let decoded = one(Feed::Registration, &event.to_string());
    assert_eq!(decoded.refusals, []);
    assert_eq!(decoded.flags, [(StateIdentifierDropped, 1)].into());
    let stored = filled(&decoded.tables[0].1, 0);
    assert!(stored.contains(&format!("subject=QJK|{pseudonym}|L83999|2019-03-01\n")), "{stored}");
    assert!(stored.contains(&format!("\npseudonym={pseudonym}\npseudonym_key_version=3\n")), "{stored}");
    assert!(!stored.contains("0018") && !stored.contains("Jane"), "{stored}");

    // A state of somebody's needs to be somebody's; a stay is counted without.
    let invalid = by_number.replace("9990000018", "9990000019");
    assert_eq!(one(Feed::Registration, &invalid).refusals[0].code, StateMissingItem);
    let person = "{\"pseudonym\":\"z5grslqsqql9Mlh5YVEFYRPu0avO-i88fZrsi7JoR3s\",\"keyVersion\":3,";
    let stay = one(Feed::VwStay, &changed(STAY, person, "{\"nhsNumber\":9990000019,"));
    assert_eq!(stay.flags, [(StateInvalidNhsNumber, 1)].into());
    assert_eq!(cell(&stay.tables[0].1, 0, "pseudonym"), "");
    let nobody = row(Feed::VwStay, &changed(STAY, "\"person\":{", "\"person\":null,\"bed\":{"));
    assert_eq!((cell(&nobody, 0, "age_years"), cell(&nobody, 0, "ward_id")), (String::new(), "RH8-VW-FRAILTY".into()));
}

#[test]
fn dirt_is_cleaned_and_contradictions_are_flagged() {
    let dirty = STAY
        .replace("\"subject\":\"RH8|", "\"subject\":\"rh800|")
        .replace(
            "\"provider\":\"RH8\",\"stay_id\":\"VWS-000102\"",
            "\"provider\":\" rh8 \",\"stay_id\":\" VWS-000102 \"",
        )
        .replace("\"step_down\"", "\" STEP_DOWN\"")
        .replace("\"referred_by\":\"RH8\"", "\"referred_by\":\"\",\"bed\":7");
    let batch = row(Feed::VwStay, &dirty);
    let of = |column: &str| cell(&batch, 0, column);
    assert_eq!((of("subject"), of("provider")), ("RH8|VWS-000102".into(), "RH8".into()));
    assert_eq!(
        (of("stay_id"), of("route"), of("referred_by")),
        ("VWS-000102".into(), "step_down".into(), String::new())
    );
    assert_eq!(of("extra"), "{\"data.bed\":7}");

    for contradiction in [
        changed(STAY, "\"status\":\"open\"", "\"status\":\"closed\""),
        changed(STAY_CLOSED, "\"status\":\"closed\"", "\"status\":\"open\""),
    ] {
        assert_eq!(one(Feed::VwStay, &contradiction).flags, [(StateStatusContradiction, 1)].into());
    }
    let summer = CAPACITY
        .replace("2025-02-01T00:00:00+00:00", "2025-07-01T00:00:00+01:00")
        .replace("RH8-VW-FRAILTY|2025-02-01", "RH8-VW-FRAILTY|2025-07-01");
    assert_eq!(cell(&row(Feed::VwCapacity, &summer), 0, "valid_from"), "2025-06-30T23:00:00Z");
    let unknown = row(Feed::VwCapacity, &changed(CAPACITY, "\"beds\":30", "\"beds\":null"));
    assert_eq!(cell(&unknown, 0, "beds"), "");
    let none = row(Feed::VwCapacity, &changed(CAPACITY, "\"beds\":30", "\"beds\":0"));
    assert_eq!(cell(&none, 0, "beds"), "0");
    let free_text =
        row(Feed::EdStay, &changed(ED_STAY, "\"disposal\":\"home\"", "\"disposal\":\"went home with Jane\""));
    assert_eq!(cell(&free_text, 0, "disposal"), "", "an open word list takes words alone");
}
