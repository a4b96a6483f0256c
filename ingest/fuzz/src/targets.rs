//! What each fuzz target demands of its decoder: bytes in, and the promises that must hold whatever they are.
//!
//! The one home of these functions. cargo-fuzz calls them from `fuzz_targets/`, and the ordinary tests run them over
//! the kept corpus with a fixed number of mutations (`ingest/tests/fuzz_smoke.rs`).

#![allow(unreachable_pub, reason = "the fuzz crate and the tests both compile this file")]
#![allow(clippy::expect_used, reason = "a panic is how a target reports what it found")]

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use homeward_contract::decision::Decision;
use homeward_contract::feed::{Feed, Table};
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::manifest::Manifest;
use homeward_contract::state;
use homeward_contract::submission::Submission;
use homeward_contract::time;
use homeward_ingest::adt::{Visits, Wards};
use homeward_ingest::decode::{self, DecodeContext, Decoded, Disposition, Place, RawRecord, Refusal};
use homeward_ingest::file::{self, workbook::Load};
use homeward_ingest::quarantine::{self, QuarantineKey};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Files yield at most this many records here: a decoder that makes more of a few hundred bytes has run away.
const FILE_RECORDS_MAX: usize = 100_000;

static KEYS: LazyLock<PseudonymKeys> = LazyLock::new(|| PseudonymKeys::from_secret(1, &[7; 32]));

const GOOD_EVENT: &[u8] = include_bytes!("../corpus/ucr_event/received.json");
const GOOD_FIGURE: &[u8] = include_bytes!("../corpus/published_figure/rate.json");
const GOOD_STATE: &[u8] = include_bytes!("../corpus/state_event/hospital-spell-1.json");
const GOOD_ENCOUNTER: &[u8] = include_bytes!("../corpus/fhir_encounter/finished.json");
const GOOD_MESSAGE: &[u8] = include_bytes!("../corpus/adt_message/A01");
const GOOD_ROW: &[u8] = include_bytes!("../corpus/csds_record/CYP104RTT.json");

/// One UCR event.
pub fn ucr_event(data: &[u8]) {
    check_decoder(Feed::Ucr, data, GOOD_EVENT);
}

/// One CSDS record of any table.
pub fn csds_record(data: &[u8]) {
    check_decoder(Feed::Csds, data, GOOD_ROW);
}

/// One published figure.
pub fn published_figure(data: &[u8]) {
    check_decoder(Feed::Published, data, GOOD_FIGURE);
}

/// One event that carries a whole state: as an event of the feed that its type names, and as a spell.
pub fn state_event(data: &[u8]) {
    let feed = state_feed(data);
    if decoded(feed, &[data]).accepted == 1 {
        check_decoder(feed, data, data);
    }
    check_decoder(Feed::Spell, data, GOOD_STATE);
}

/// One FHIR Encounter of a virtual ward.
pub fn fhir_encounter(data: &[u8]) {
    check_decoder(Feed::VwStay, data, GOOD_ENCOUNTER);
}

/// One HL7 v2 message; what it tells among others of its stay, in two orders of arrival, is the same, and each event of it
/// is accepted by its feed or refused there.
pub fn adt_message(data: &[u8]) {
    check_decoder(Feed::Adt, data, GOOD_MESSAGE);
    // A message that takes another's id is that one.
    if !String::from_utf8_lossy(data).contains("FUZZ") {
        assert_eq!(
            told(&[OTHERS[0], data, OTHERS[1]]),
            told(&[OTHERS[1], data, OTHERS[0]]),
            "order of arrival is nothing"
        );
    }
}

/// An admission and a discharge of the corpus's stay.
const OTHERS: [&[u8]; 2] = [
    b"MSH|^~\\&|FUZZ|RA9|||202505062131||ADT^A01|8|P|2.4\rPID|1\rPV1|1|I|W1||||||||||||||||V1",
    b"MSH|^~\\&|FUZZ|RA9|||202505121512||ADT^A03|9|P|2.4\rPID|1\rPV1|1|I|W2||||||||||||||||V1",
];

/// What stands of the last events of messages: data by subject.
fn told(messages: &[&[u8]]) -> BTreeMap<(Feed, String), serde_json::Value> {
    let batches: Vec<_> = messages.iter().flat_map(|message| decoded(Feed::Adt, &[message]).tables).collect();
    let mut visits = Visits::new(Wards::default());
    let mut told = BTreeMap::new();
    for (_, batch) in batches {
        for event in visits.take(&[batch]).expect("the decoder's own columns") {
            let key = event.subject.clone().into_bytes();
            let own = decoded_with_keys(event.feed, &[(key, event.payload.as_bytes())]);
            assert_eq!(own.accepted + refused(&own), 1);
            let payload: serde_json::Value = serde_json::from_str(&event.payload).expect("an event is JSON");
            told.insert((event.feed, event.subject), payload["data"].clone());
        }
    }
    told.retain(|_, data| data["status"] != "cancelled");
    // The event behind the last change is not part of the state.
    told.values_mut().for_each(|data| data["trigger"] = serde_json::Value::Null);
    told
}

/// One file of HL7 v2 messages.
pub fn message_files(data: &[u8]) {
    message_records(data);
}

/// How many messages the file gives.
pub fn message_records(data: &[u8]) -> usize {
    read_file("messages.hl7", data)
}

/// The feed whose event type stands in the bytes; spells when there is none.
pub fn state_feed(data: &[u8]) -> Feed {
    let text = String::from_utf8_lossy(data);
    let event_type = text.split_once(r#""type":""#).and_then(|(_, rest)| rest.split_once('"'));
    event_type.and_then(|(name, _)| state::from_wire_name(name)).map_or(Feed::Spell, |(feed, _)| feed)
}

/// Conservation, the refused bytes unchanged, and no harm to the neighbours in the batch.
fn check_decoder(feed: Feed, data: &[u8], good: &[u8]) {
    let alone = decoded(feed, &[data]);
    assert_eq!(alone.accepted + refused(&alone), 1, "a record is accepted or refused, never both, never neither");
    for refusal in &alone.refusals {
        let kept = if refusal.disposition == Disposition::Filtered { &[][..] } else { data };
        assert_eq!(refusal.payload, kept, "a refusal keeps the original bytes, what is left out none");
        assert_eq!(refusal.place.offset, 0, "a refusal keeps its place");
    }
    let among = decoded(feed, &[good, data, good]);
    assert_eq!(among.accepted, alone.accepted + 2, "a record must not change what becomes of its neighbours");
    assert_eq!(refused(&among), refused(&alone));
    assert_eq!(rows(&among), rows(&alone) + 2 * rows(&decoded(feed, &[good])));
    for (table, batch) in &among.tables {
        assert_eq!(table.feed(), feed);
        // A record fills one row of its table; of warnings, one for each thing found about it.
        let found: u64 = among.flags.values().sum();
        let most = if *table == Table::CsdsRowWarning { found } else { 3 };
        assert!(batch.num_rows() as u64 <= most);
    }
}

fn decoded(feed: Feed, payloads: &[&[u8]]) -> Decoded {
    let keyed: Vec<(Vec<u8>, &[u8])> =
        payloads.iter().map(|payload| (plausible_key(feed, payload), *payload)).collect();
    decoded_with_keys(feed, &keyed)
}

fn decoded_with_keys(feed: Feed, keyed: &[(Vec<u8>, &[u8])]) -> Decoded {
    let topic: Arc<str> = feed.default_topic().into();
    let records: Vec<RawRecord<'_>> = keyed
        .iter()
        .zip(0_i64..)
        .map(|((key, payload), offset)| RawRecord {
            place: Place { topic: Arc::clone(&topic), partition: 0, offset },
            key: Some(key),
            payload: Some(payload),
        })
        .collect();
    decode::decode(feed, &records, &DecodeContext::new(&KEYS, DateTime::UNIX_EPOCH))
}

/// The key that a producer would give the payload; the wrong one is refused before anything else is looked at.
fn plausible_key(feed: Feed, payload: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(payload);
    let subject =
        text.split_once(r#""subject":""#).and_then(|(_, rest)| rest.split_once('"')).map(|(subject, _)| subject);
    match (feed, subject) {
        (Feed::VwStay, None) => decode::fhir_key(payload).unwrap_or_default().into_bytes(),
        (Feed::Csds | Feed::Published | Feed::Adt, _) | (_, None) => other_key(feed, &text),
        (_, Some(subject)) => subject.as_bytes().to_vec(),
    }
}

/// The key of what is no event.
fn other_key(feed: Feed, text: &str) -> Vec<u8> {
    match feed {
        Feed::Csds if text.contains("CYP000Header") || text.contains("\"decision\"") => {
            b"NR5-202504-20250512T091500".to_vec()
        }
        Feed::Published => {
            let rest = text.split_once(r#""organisation":""#).and_then(|(_, rest)| rest.split_once('"'));
            rest.map_or_else(Vec::new, |(organisation, _)| organisation.as_bytes().to_vec())
        }
        _ => b"NR5|S1".to_vec(),
    }
}

fn refused(decoded: &Decoded) -> u64 {
    decoded.refusals.len() as u64
}

fn rows(decoded: &Decoded) -> usize {
    decoded.tables.iter().map(|(_, batch)| batch.num_rows()).sum()
}

/// A folder of two CSV files: `CYP000Header.csv` up to the first zero byte, `CYP104RTT.csv` after it.
pub fn csv_files(data: &[u8]) {
    csv_records(data);
}

/// A .zip of a submission.
pub fn zip_file(data: &[u8]) {
    zip_records(data);
}

/// A workbook of published figures.
pub fn workbook(data: &[u8]) {
    workbook_figures(data);
}

/// How many figures the workbook gives; each is one that the decoder accepts.
pub fn workbook_figures(data: &[u8]) -> usize {
    let load = Load { id: "fuzz".to_owned(), at: DateTime::UNIX_EPOCH };
    let Ok(figures) = file::workbook::read_bytes(data, "Table 1", &load) else { return 0 };
    for figure in &figures {
        let key = figure.organisation.as_bytes().to_vec();
        let payload = figure.payload();
        let decoded = decoded_with_keys(Feed::Published, &[(key, payload.as_bytes())]);
        assert_eq!(decoded.accepted, 1, "{payload}");
    }
    figures.len()
}

/// The XML of a sheet up to the first zero byte and of the shared texts after it, in a sound workbook: a change to a
/// packed file would seldom get past its checksums.
pub fn workbook_parts(data: &[u8]) {
    workbook_figures(&workbook_of_parts(data));
}

/// The workbook of [`workbook_parts`].
pub fn workbook_of_parts(data: &[u8]) -> Vec<u8> {
    let (sheet, texts) = halves(data);
    packed([
        (
            "_rels/.rels",
            br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.as_slice(),
        ),
        (
            "xl/workbook.xml",
            br#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Table 1" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
        ),
        (
            "xl/styles.xml",
            br#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="17"/></cellXfs></styleSheet>"#,
        ),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", texts),
    ])
}

/// An archive of these members; those whose name is there already are left out.
fn packed<'m>(members: impl IntoIterator<Item = (&'m str, &'m [u8])>) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let methods = [CompressionMethod::Stored, CompressionMethod::Deflated].into_iter().cycle();
    for ((name, content), method) in members.into_iter().zip(methods) {
        if archive.start_file(name, SimpleFileOptions::default().compression_method(method)).is_ok() {
            archive.write_all(content).expect("memory can be written");
        }
    }
    archive.finish().expect("memory can be written").into_inner()
}

fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == 0) {
        Some(zero) => (&data[..zero], &data[zero + 1..]),
        None => (data, &[]),
    }
}

/// How many records the two CSV files give.
pub fn csv_records(data: &[u8]) -> usize {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (header, clocks) = halves(data);
    std::fs::write(folder.path().join("CYP000Header.csv"), header).expect("the folder can be written");
    std::fs::write(folder.path().join("CYP104RTT.csv"), clocks).expect("the folder can be written");
    read_files(folder.path())
}

/// One file of events, CSDS rows and decisions, a line each.
pub fn event_lines(data: &[u8]) {
    event_records(data);
}

/// How many records the lines give.
pub fn event_records(data: &[u8]) -> usize {
    read_file("events.ndjson", data)
}

/// How many records the .zip gives.
pub fn zip_records(data: &[u8]) -> usize {
    read_file("submission.zip", data)
}

/// An archive whose members' names and contents stand between zero bytes in turn: a change to the bytes of an archive
/// would seldom get past its checksums.
pub fn zip_members(data: &[u8]) {
    member_records(data);
}

/// How many records the archive of [`zip_members`] gives.
pub fn member_records(data: &[u8]) -> usize {
    let parts: Vec<&[u8]> = data.split(|byte| *byte == 0).collect();
    let names: Vec<String> = parts.iter().step_by(2).map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let contents = parts.iter().skip(1).step_by(2).copied();
    read_file("submission.zip", &packed(names.iter().map(String::as_str).zip(contents)))
}

fn read_file(name: &str, data: &[u8]) -> usize {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join(name);
    std::fs::write(&path, data).expect("the folder can be written");
    read_files(&path)
}

/// Whatever the reader yields must be fit for the decoder, and stand in the path that was asked for; refusals along the
/// way are fine, panics are not.
fn read_files(path: &Path) -> usize {
    let records = match file::read_path(path) {
        Ok(records) => records,
        Err(error) => {
            assert_is_one_line(&error.to_string());
            return 0;
        }
    };
    let asked = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut yielded = 0;
    for record in records.take(FILE_RECORDS_MAX) {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                assert_is_one_line(&error.to_string());
                break;
            }
        };
        let shown = record.place.topic.strip_prefix("file:").expect("a record of a file says so");
        assert!(shown.split('/').next() == Some(&asked) && !shown.split('/').any(|part| part == ".."), "{shown:?}");
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        let decoded = decoded_with_keys(record.feed, &[(record.key.clone(), record.payload.as_slice())]);
        assert_eq!(decoded.accepted + refused(&decoded), 1);
        yielded += 1;
    }
    yielded
}

fn assert_is_one_line(message: &str) {
    assert!(!message.is_empty() && !message.contains(char::is_control), "{message:?}");
}

/// What a row says of its submission: the submission itself, its row counts, a decision about it. What was read is
/// written as text that reads the same.
pub fn submission_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(submission) = Submission::from_json(&text) {
        let written = submission.to_json();
        let again = Submission::from_json(&written).expect("what was written can be read");
        assert_eq!(again.to_json(), written);
    }
    if let Some(manifest) = Manifest::from_json(&text) {
        assert_eq!(Manifest::from_json(&manifest.to_json()), Some(manifest));
    }
    if let Ok(decision) = Decision::from_json(&text) {
        let payload: serde_json::Value = serde_json::from_str(&decision.payload()).expect("a payload is JSON");
        assert_eq!(Decision::from_json(&payload["decision"].to_string()), Ok(decision));
    }
}

/// Lines of text that may be times: every reading of a time, and the clock-change rules on what it gives.
pub fn time_text(data: &[u8]) {
    for line in String::from_utf8_lossy(data).lines() {
        if let Ok(day) = time::parse_date(line) {
            assert_eq!(day.to_string(), line.trim(), "a date is read as it is written");
            let midnight = time::local_midnight(day);
            assert_eq!(time::london(midnight).date(), day);
        }
        let _ = time::parse_time_part(line);
        if let Ok(at) = time::parse_offset_instant(line) {
            check_instant(at);
        }
        if let Ok(local) = time::parse_local_date_time(line) {
            let start = time::resolve_start(local);
            let end = time::resolve_end(local, Some(start.at));
            check_instant(start.at);
            assert!(end.at >= start.at, "an end on the same wall clock is never before its start");
            assert!(end.at - start.at <= TimeDelta::hours(1));
            assert_eq!(time::whole_minutes(local, local), 0);
        }
    }
}

fn check_instant(at: DateTime<Utc>) {
    let local = time::london(at);
    let ahead = local - at.naive_utc();
    // London kept local mean time until 1847, a minute and a quarter behind Greenwich, and double summer time in war.
    assert!((TimeDelta::minutes(-2)..=TimeDelta::hours(2)).contains(&ahead), "{at} is {local} in London");
}

/// Sealed bytes that nobody sealed, and secrets that nobody chose.
pub fn quarantine_entry(data: &[u8]) {
    let key = QuarantineKey::new(1, [7; 32]);
    assert!(key.open("ucr/0/0", data).is_err(), "bytes that were never sealed must not open");
    let sealed = key.seal("ucr/0/0", data).expect("a payload of this size can be sealed");
    assert_eq!(key.open("ucr/0/0", &sealed).ok().as_deref(), Some(data));
    assert!(key.open("ucr/0/1", &sealed).is_err(), "a sealed payload belongs to its entry");
    if let Ok(chosen) = QuarantineKey::from_secret(2, data) {
        assert!(chosen.open("ucr/0/0", &sealed).is_err(), "another key must not open it");
    }
    // Through the table and back, as `quarantine show` and `replay` read it.
    let refusals = decoded(Feed::Ucr, &[data]).refusals;
    let batch =
        quarantine::refusals_to_batch(Feed::Ucr, &refusals, &key, DateTime::UNIX_EPOCH).expect("it can be sealed");
    let entries = quarantine::batch_to_entries(&batch).expect("what was written can be read");
    assert_eq!(entries.len(), refusals.len());
    for (entry, refusal) in entries.iter().zip(&refusals) {
        assert_eq!(entry.open(&key).ok().as_deref(), Some(data));
        assert!(entry.reason().is_some(), "{} is no declared code", entry.code);
        let replayed = decoded(Feed::Ucr, &[&entry.open(&key).expect("it opens")]).refusals;
        assert_eq!(replayed, std::slice::from_ref(refusal), "what nobody mended is refused again for the same reason");
    }
}

/// Why a payload is refused, if it is: for the test that holds the corpus itself to be good.
pub fn refusals(feed: Feed, payload: &[u8]) -> Vec<Refusal> {
    decoded(feed, &[payload]).refusals
}
