//! Folders, archives and event files, good and bad, through to the tables they become.

use std::fs;
use std::io::Write;

use chrono::DateTime;
use homeward_contract::feed::Table;
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::reject::RejectCode;
use tempfile::TempDir;

use super::*;
use crate::decode::{DecodeContext, Decoded, RawRecord, decode};

const HEADER: &str = "Version,OrgID_Provider,OrgID_Submitter,RP_StartDate,RP_EndDate,FileCreation_DateTime,PrimarySystem\n\
                      1.6,NR500,NR5,2025-04-01,2025-04-30,2025-05-12 09:15:00,SystmOne\n";
const CLOCKS: &str = "\u{feff}ServiceRequestID,waitingtime_measurementtype,RTT_StartDate,RTT_StartTime,RTT_EndDate,RTT_EndTime\r\n\
                      S1|2,5,2025-04-03,10:02:00,2025-04-03,11:41:00\r\n\
                      \r\n\
                      \"S,2\",\"05\",2025-04-04,10:02:00,,\r\n";

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn zip(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut archive = zip::ZipWriter::new(fs::File::create(folder.path().join("april.zip")).unwrap());
    for (name, content) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap();
    folder
}

fn read(path: &Path) -> Result<Vec<FileRecord>, FileError> {
    read_path(path)?.collect()
}

/// The message of the one error that reading ends with.
fn error(path: &Path) -> String {
    let message = read(path).unwrap_err().to_string();
    assert!(!message.contains('\n') && message.contains("; "), "one line that says how to mend it: {message}");
    message
}

fn through(feed: Feed, records: &[FileRecord]) -> Decoded {
    let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
    let raw: Vec<RawRecord<'_>> = records
        .iter()
        .filter(|record| record.feed == feed)
        .map(|record| RawRecord { place: record.place.clone(), key: Some(&record.key), payload: Some(&record.payload) })
        .collect();
    decode(feed, &raw, &DecodeContext::new(&keys, DateTime::UNIX_EPOCH))
}

fn text(record: &FileRecord) -> &str {
    std::str::from_utf8(&record.payload).unwrap()
}

#[test]
fn a_submission_folder_becomes_rows_of_arrow() {
    let folder = folder(&[("nr5/cyp104rtt.CSV", CLOCKS.as_bytes()), ("nr5/CYP000Header.csv", HEADER.as_bytes())]);
    let records = read(&folder.path().join("nr5")).unwrap();
    assert_eq!(records.len(), 3);
    assert_eq!(std::str::from_utf8(&records[0].key), Ok("NR5|S1"));
    assert_eq!((&*records[1].place.topic, records[1].place.offset), ("file:nr5/cyp104rtt.CSV", 2));
    assert_eq!(std::str::from_utf8(&records[2].key), Ok("NR5-202504-20250512T091500"));
    assert!(text(&records[2]).contains(r#""rows":{"CYP104RTT":2},"content":""#), "{}", text(&records[2]));
    assert!(
        text(&records[0])
            .contains(r#""row_number":1,"record":{"ServiceRequestID":"S1|2","WaitingTime_MeasurementType":"5""#)
    );

    let decoded = through(Feed::Csds, &records);
    assert!(decoded.refusals.is_empty(), "{:?}", decoded.refusals);
    let tables: Vec<(Table, usize)> = decoded.tables.iter().map(|(table, batch)| (*table, batch.num_rows())).collect();
    assert_eq!(tables, [(Table::Cyp000Header, 1), (Table::Cyp104Rtt, 2)]);
    let shown = format!("{:?}", decoded.tables[1].1.column_by_name("rtt_end_at").unwrap());
    assert!(shown.contains("2025-04-03T10:41:00"), "{shown}");
}

#[test]
fn an_archive_gives_the_same_records_as_its_folder() {
    let files: [(&str, &[u8]); 4] = [
        ("x/CYP000Header.csv", HEADER.as_bytes()),
        ("x/CYP104RTT.csv", CLOCKS.as_bytes()),
        ("x/live.ndjson", b"{\"subject\":\"NR5|S1\"}\n"),
        ("x/readme.txt", b"hello"),
    ];
    let payloads = |path: &Path| -> Vec<(Vec<u8>, Vec<u8>, i64)> {
        read(path).unwrap().into_iter().map(|record| (record.key, record.payload, record.place.offset)).collect()
    };
    let (plain, packed) = (folder(&files), zip(&files));
    assert_eq!(payloads(plain.path()), payloads(packed.path()));
    let topics: Vec<String> =
        read(&packed.path().join("april.zip")).unwrap().iter().map(|record| record.place.topic.to_string()).collect();
    assert_eq!(topics[0], "file:april.zip/x/CYP104RTT.csv");
}

#[test]
fn many_submissions_and_events_come_in_one_order() {
    let other = HEADER.replace("NR500,NR5", "RK9,RK9");
    let folder = folder(&[
        ("b/CYP000Header.csv", HEADER.as_bytes()),
        ("b/CYP104RTT.csv", CLOCKS.as_bytes()),
        ("b/CYP999Other.csv", b"x\n"),
        ("a/CYP000Header.csv", other.as_bytes()),
        ("z.ndjson", b"{\"subject\":\"NR5|S1\"}\n\n  \nnot json\n{\"subject\":\"RA9|S|1\",\"type\":\"hospital-spell-1\"}\nnot json"),
        ("csds.jsonl", b"{\"table\":\"CYP104RTT\",\"submission\":{\"id\":\"a\",\"version\":\"1.6\",\"provider\":\"NR5\",\"rp_start\":\"2025-04-01\",\"rp_end\":\"2025-04-30\",\"file_received_at\":\"2025-05-12T08:15:00Z\"},\"row_number\":1,\"record\":{\"ServiceRequestID\":12}}\n{"),
        (".hidden.csv", b""),
        ("truth.json", b"{}"),
    ]);
    let mut reader = read_path(folder.path()).unwrap();
    let found: Vec<(Feed, String, i64)> = reader
        .by_ref()
        .map(|record| record.unwrap())
        .map(|record| (record.feed, String::from_utf8(record.key).unwrap(), record.place.offset))
        .collect();
    let expected = [
        (Feed::Csds, "NR5|12", 1),
        (Feed::Csds, "", 2),
        (Feed::Ucr, "NR5|S1", 1),
        (Feed::Ucr, "", 4),
        (Feed::Spell, "RA9|S|1", 5),
        (Feed::Spell, "", 6),
        (Feed::Csds, "RK9-202504-20250512T091500", 1),
        (Feed::Csds, "NR5|S1", 1),
        (Feed::Csds, "NR5|S,2", 2),
        (Feed::Csds, "NR5-202504-20250512T091500", 1),
    ];
    assert_eq!(found, expected.map(|(feed, key, offset)| (feed, key.to_owned(), offset)));
    assert_eq!(reader.notes().len(), 3, "{:?}", reader.notes());
    assert_eq!(reader.read_bytes(), reader.total_bytes());
}

#[test]
fn messages_of_hl7_are_split_at_their_heads_whatever_ends_the_lines() {
    let visit = |number: u32| format!("PV1|1|I|W1{}V{number}", "|".repeat(16));
    let batch = format!(
        "FHS|^~\\&|PAS\rBHS|^~\\&|PAS\rMSH|^~\\&|PAS|RA9\r{}\rBTS|1\r\nMSH|^~\\&|PAS|RA9\r\n{}\r\nNTE|1|MSH\n\n\x0bMSH|^~\\&|PAS|RA9\r\x1c\rFTS|1",
        visit(1),
        visit(2)
    );
    let files = folder(&[("a.hl7", batch.as_bytes()), ("b.HL7", b"\xef\xbb\xbfPID|1\rMSH|^~\\&|PAS")]);
    let records = read(files.path()).unwrap();
    let found: Vec<(&str, String, i64)> = records
        .iter()
        .map(|record| (str::from_utf8(&record.key).unwrap(), text(record).replace('\r', "/"), record.place.offset))
        .collect();
    let expected = [
        ("RA9|V1", format!("MSH|^~\\&|PAS|RA9/{}/", visit(1)), 1),
        ("RA9|V2", format!("MSH|^~\\&|PAS|RA9/{}/NTE|1|MSH/", visit(2)), 2),
        ("", "MSH|^~\\&|PAS|RA9/".to_owned(), 3),
        ("", "PID|1/".to_owned(), 1),
        ("", "MSH|^~\\&|PAS/".to_owned(), 2),
    ];
    assert_eq!(found, expected);
    assert!(records.iter().all(|record| record.feed == Feed::Adt));
    let endless = folder(&[("c.hl7", vec![b'x'; (1 << 20) + 9].as_slice())]);
    assert!(read(endless.path()).is_err());
}

#[test]
fn rows_that_do_not_split_end_in_quarantine_with_their_text() {
    let clocks = "ServiceRequestID,RTT_StartDate\nS1\nS2,2025-04-03\n\"S3,2025-04-03\nS4,2025-04-03,x\nS5,2025-04-04\n";
    let mut bytes = clocks.as_bytes().to_vec();
    bytes.extend(b"S\xe96,2025-04-05\n");
    let folder = folder(&[("CYP000Header.csv", HEADER.as_bytes()), ("CYP104RTT.csv", &bytes)]);
    let records = read(folder.path()).unwrap();
    let decoded = through(Feed::Csds, &records);
    let refused: Vec<(RejectCode, i64)> =
        decoded.refusals.iter().map(|refusal| (refusal.code, refusal.place.offset)).collect();
    assert_eq!(refused, [1, 3, 4, 6].map(|row| (RejectCode::UnsplittableLine, row)));
    assert_eq!(decoded.accepted, 3);
    assert!(text(&records[2]).contains(r#""raw_line":"\"S3,2025-04-03""#), "{}", text(&records[2]));
    assert!(text(&records[5]).contains("Sé6"), "no byte is lost");
    assert!(text(&records[6]).contains(r#""rows":{"CYP104RTT":6},"content":""#), "{}", text(&records[6]));
}

#[test]
fn unknown_columns_are_carried_and_those_about_people_are_not() {
    let clocks = "ServiceRequestID,Team Colour,Patient_Name,RTT_StartDate\nS1,red,Jane Doe,2025-04-03\n";
    let folder = folder(&[("CYP000Header.csv", HEADER.as_bytes()), ("CYP104RTT.csv", clocks.as_bytes())]);
    let mut reader = read_path(folder.path()).unwrap();
    let records: Vec<FileRecord> = reader.by_ref().map(Result::unwrap).collect();
    assert!(text(&records[0]).contains("red") && !text(&records[0]).contains("Jane"), "{}", text(&records[0]));
    assert!(reader.notes()[0].contains("2 columns are not of the data set"), "{:?}", reader.notes());
    assert_eq!(through(Feed::Csds, &records).accepted, 2);
    assert!(!format!("{records:?}").contains("red"));
}

#[test]
fn each_bad_file_gives_one_clear_error() {
    let header = |from: &str, to: &str| HEADER.replace(from, to);
    let clock_header = "ServiceRequestID,RTT_StartDate\n";
    let long = format!("{clock_header}{}", "x".repeat(limits::MOST_LINE_BYTES + 1));
    type Files<'f> = Vec<(&'f str, &'f [u8])>;
    let cases: Vec<(Files<'_>, String, &str)> = vec![
        (vec![("CYP104RTT.csv", b"ServiceRequestID\n")], String::new(), "no CYP000Header.csv"),
        (
            vec![("CYP104RTT.csv", b"RTT_StartDate\nx\n")],
            HEADER.into(),
            "CYP104RTT.csv, line 1: the header lacks ServiceRequestID;",
        ),
        (vec![("CYP104RTT.csv", b"ServiceRequestID;RTT_StartDate\n")], HEADER.into(), "separated by commas"),
        (vec![("CYP104RTT.csv", b"ServiceRequestID,servicerequestid\n")], HEADER.into(), "twice"),
        (vec![("CYP104RTT.csv", b"")], HEADER.into(), "is empty"),
        (vec![("CYP104RTT.csv", b"\xff\xfeS\0")], HEADER.into(), "UTF-16"),
        (vec![("CYP104RTT.csv", long.as_bytes())], HEADER.into(), "line 2: the row is longer than 1 MiB"),
        (
            vec![("CYP104RTT.csv", b"ServiceRequestID\n"), ("cyp104rtt.csv", b"ServiceRequestID\n")],
            HEADER.into(),
            "second file of its table",
        ),
        (vec![], HEADER.lines().next().unwrap().to_owned() + "\n", "line 2: the header has no row or more than one"),
        (
            vec![],
            format!("{HEADER}{}", HEADER.lines().nth(1).unwrap()),
            "line 3: the header has no row or more than one",
        ),
        (vec![], header("1.6,", "2.0,"), "line 2: Version: the data set version is none"),
        (vec![], header("NR500,NR5,", ",NR5,"), "OrgID_Provider: an item of the header is absent"),
        (vec![], header("2025-04-30", "30/04/2025"), "RP_EndDate: the reporting period is no period"),
        (vec![], header("2025-05-12 09:15:00", "yesterday"), "FileCreation_DateTime: the time"),
        (vec![], header("2025-04", "2022-04"), "does not belong to the reporting period"),
        (vec![("notes.txt", b"x")], String::new(), "holds nothing to read"),
    ];
    for (mut files, header, expected) in cases {
        if !header.is_empty() {
            files.push(("CYP000Header.csv", header.as_bytes()));
        }
        let folder = folder(&files);
        let message = error(folder.path());
        assert!(message.contains(expected), "{message}\n  should say: {expected}");
    }
    assert!(error(Path::new("/no/such/path")).contains("check the spelling"));
}

#[test]
fn reading_ends_with_the_error() {
    let folder = folder(&[("CYP000Header.csv", HEADER.as_bytes()), ("CYP104RTT.csv", b""), ("z.ndjson", b"{}\n")]);
    let all: Vec<_> = read_path(folder.path()).unwrap().collect();
    assert!(all[0].is_err() && all.len() == 1, "no header follows a table that cannot be read");
}

#[test]
fn hostile_archives_are_refused_whole() {
    for name in
        ["../CYP000Header.csv", "/etc/CYP000Header.csv", "a/../../b.csv", "c:\\x\\CYP000Header.csv", "a\\..\\..\\b.csv"]
    {
        let message = error(zip(&[(name, HEADER.as_bytes())]).path());
        assert!(message.contains("absolute or climbing path"), "{name}: {message}");
    }
    let bomb = vec![b'\n'; 70 << 20];
    assert!(error(zip(&[("CYP104RTT.csv", &bomb)]).path()).contains("more than an honest file"));
    assert!(error(folder(&[("a.zip", b"PK not really")]).path()).contains("not a readable .zip"));

    // A damaged member is an error of its own, found when its checksum is compared.
    let damaged = zip(&[("CYP000Header.csv", HEADER.as_bytes())]);
    let path = damaged.path().join("april.zip");
    let mut bytes = fs::read(&path).unwrap();
    bytes[80] ^= 0x10;
    fs::write(&path, bytes).unwrap();
    assert!(read(&path).is_err());
}

#[cfg(unix)]
#[test]
fn links_inside_a_folder_are_not_followed() {
    let outside = folder(&[("CYP000Header.csv", HEADER.as_bytes())]);
    let inside = folder(&[("z.ndjson", b"{}\n")]);
    std::os::unix::fs::symlink(outside.path(), inside.path().join("link")).unwrap();
    assert!(error(inside.path()).contains("symbolic link"));
}

#[test]
fn folders_without_end_are_refused() {
    let deep = format!("{}z.ndjson", "a/".repeat(limits::MOST_DEPTH + 2));
    assert!(error(folder(&[(&deep, b"{}\n")]).path()).contains("deep"));
}

#[test]
fn a_reader_that_is_dropped_early_ends_its_thread_without_a_panic() {
    let many: String = (0..200_000).map(|row| format!("{{\"subject\":\"NR5|{row}\"}}\n")).collect();
    let packed = zip(&[("live.ndjson", many.as_bytes())]);
    let mut reader = read_path(packed.path()).unwrap();
    assert!(reader.next().unwrap().is_ok());
    drop(reader);
    assert_eq!(read(packed.path()).unwrap().len(), 200_000);
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Whatever the bytes, reading and decoding end, and every record is a row or a refusal.
        #[test]
        fn arbitrary_files_never_panic(
            header in prop_oneof![Just(HEADER.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..200)],
            rows in prop::collection::vec(prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                "[A-Z0-9,\"|é -]{0,40}".prop_map(String::into_bytes),
            ], 0..6),
        ) {
            let mut table = b"ServiceRequestID,RTT_StartDate\n".to_vec();
            let mut events = Vec::new();
            for row in &rows {
                table.extend(row);
                table.push(b'\n');
                events.extend(row);
                events.push(b'\n');
            }
            let folder = folder(&[("CYP000Header.csv", &header), ("CYP104RTT.csv", &table), ("e.ndjson", &events), ("f.zip", &events)]);
            let _ = read(folder.path());
            fs::remove_file(folder.path().join("f.zip")).unwrap();
            let records: Vec<FileRecord> = read_path(folder.path()).unwrap().filter_map(Result::ok).collect();
            for feed in Feed::ALL {
                let decoded = through(feed, &records);
                let sent = records.iter().filter(|record| record.feed == feed).count();
                prop_assert_eq!(decoded.accepted as usize + decoded.refusals.len(), sent);
            }
        }
    }
}
