use std::path::{Path, PathBuf};

use super::*;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A folder with a configuration file.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("homeward.toml"), text).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("homeward.toml")
    }
}

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
    let folder = Folder::with(text);
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Some(&folder.file()), environment, &[Role::Ingest, Role::Transform, Role::Serve])
}

const GOOD: [(&str, &str); 3] = [
    ("HOMEWARD_KAFKA__BROKERS", "localhost:9092"),
    ("HOMEWARD_KEYS__PSEUDONYM", "a key of more than sixteen bytes"),
    ("HOMEWARD_KEYS__QUARANTINE", KEY),
];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    GOOD.iter().chain(more).copied().collect()
}

#[test]
fn an_empty_file_and_the_environment_are_enough() {
    let config = load("", &GOOD).unwrap();
    assert_eq!(config.serve.bind.to_string(), "127.0.0.1:8640");
    assert_eq!(config.serve.releases.len(), 4);
    assert_eq!(config.kafka.topics.len(), 10);
    assert!(config.keys.pseudonym.is_some() && config.keys.quarantine.is_some());
}

#[test]
fn deadlines_of_submissions_can_be_moved() {
    use homeward_contract::calendar::FileType;
    let text = "[submissions]\nbank_holidays = [\"2025-06-03\"]\n[submissions.deadlines]\n\"2025-04\" = \"2025-04-22\"";
    let calendar = load(text, &GOOD).unwrap().calendar;
    let primary = |rp_end: &str| calendar.deadline(FileType::Primary, rp_end.parse().unwrap()).to_string();
    assert_eq!((primary("2025-03-31"), primary("2025-05-31")), ("2025-04-22".to_owned(), "2025-06-16".to_owned()));
    let text = "[submissions]\ndeadline_working_day = 0\nbank_holidays = [\"3 June\"]\ndeadlines = { April = \"x\" }";
    let faults = load(text, &GOOD).unwrap_err();
    assert_eq!(faults.0.len(), 4, "{faults}");
}

#[test]
fn the_environment_lies_over_the_file() {
    let text = "[serve]\nbind = \"127.0.0.1:1\"\n[kafka]\ngroup = \"file\"\n[kafka.topics]\nucr = \"from-file\"";
    let more = [
        ("HOMEWARD_SERVE__BIND", "127.0.0.1:2"),
        ("HOMEWARD_SERVE__RELEASES", "[\"public-hes\"]"),
        ("HOMEWARD_INGEST__POISON_SHARE", "0.25"),
        ("HOMEWARD_KAFKA__PROPERTIES__SASL_PASSWORD", "123456"),
        ("HOMEWARD_CONFIG", "ignored"),
        ("HOMEWARD_PORT", "tcp://10.0.0.1:80"),
    ];
    let config = load(text, &with(&more)).unwrap();
    assert_eq!(config.serve.bind.port(), 2);
    assert_eq!(config.serve.releases[0].name, "public-hes");
    assert!((config.poison_share - 0.25).abs() < f64::EPSILON);
    assert_eq!(config.kafka.group_id, "file");
    assert_eq!(config.kafka.properties["sasl.password"], "123456");
    assert_eq!(config.kafka.topics[&homeward_contract::feed::Feed::Ucr], ["from-file"]);
}

/// Each fault: the file, the environment beyond the good one, and words of what, where and mend.
#[test]
fn every_fault_gives_one_clear_message() {
    type Fault = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);
    let table: &[Fault] = &[
        ("[serve\nbind = 1", &[], &["homeward.toml, line 1", "not valid TOML", "Mend:"]),
        ("[serve]\nbnd = \"x\"", &[], &["[serve]", "unknown field `bnd`", "bind"]),
        ("[server]\nbind = \"x\"", &[], &["'server'", "no such section", "[serve]"]),
        ("[serve]\nbind = 8080", &[], &["[serve]", "invalid type"]),
        ("[serve]\nbind = \"localhost\"", &[], &["[serve] bind", "'localhost' is not an address", "127.0.0.1:8640"]),
        ("[serve]\nreleases = [\"all\"]", &[], &["[serve] releases", "'all'", "ucr-publication"]),
        ("[serve]\nreleases = []", &[], &["[serve] releases", "nothing could leave"]),
        ("[serve]\nseries_limit = 20000", &[], &["[serve] series_limit", "10000"]),
        ("[serve]\nservice_opens = \"eight\"", &[], &["[serve] service_opens", "HH:MM"]),
        ("[ingest]\nfeeds = [\"sus\"]", &[], &["[ingest] feeds", "'sus'", "ucr, csds, published, vw_stay"]),
        ("[ingest]\npoison_share = 1.5", &[], &["[ingest] poison_share", "up to 1"]),
        ("[ingest]\ncommit_interval_seconds = 0.0", &[], &["commit_interval_seconds", "out of range"]),
        ("[ingest]\nbuffer_bytes = 10", &[], &["[ingest] buffer_bytes", "1048576"]),
        ("[kafka.topics]\nucr = \"t\"\ncsds = \"t\"", &[], &["[kafka.topics]", "share a topic"]),
        (
            "[kafka]\nbrokers = \" \"",
            &[("HOMEWARD_KAFKA__BROKERS", "")],
            &["[kafka] brokers", "HOMEWARD_KAFKA__BROKERS"],
        ),
        ("[transform]\ndefinitions = \"/no/such/folder\"", &[], &["[transform] definitions", "/no/such/folder"]),
        (
            "[transform.first_days]\nspell = \"April\"",
            &[],
            &["[transform.first_days]", "'April' of spell", "CCYY-MM-DD"],
        ),
        ("[transform.first_days]\nucr = \"2024-04-01\"", &[], &["[transform.first_days]", "'ucr'", "spell, ed_stay"]),
        ("[keys]\npseudonym_file = \"/no/key\"", &[], &["[keys] pseudonym", "both a file and a value"]),
        ("", &[("HOMEWARD_KEYS__PSEUDONYM", "short")], &["[keys] pseudonym", "5 bytes", "openssl"]),
        ("", &[("HOMEWARD_KEYS__QUARANTINE", "abc")], &["[keys] quarantine", "not 32 bytes"]),
        ("", &[("HOMEWARD_SERVE__BIND__DEEPER", "1")], &["[serve]", "invalid type"]),
        ("", &[("HOMEWARD_SERVE__", "1")], &["HOMEWARD_SERVE__", "a part of the name is empty"]),
        ("", &[("HOMEWARD_SERVE__BNID", "x")], &["[serve]", "unknown field `bnid`"]),
        ("serve = 1", &[("HOMEWARD_SERVE__BIND", "127.0.0.1:1")], &["[serve]", "invalid type"]),
        ("", &[("HOMEWARD_KAFKA__PROPERTIES__ENABLE_AUTO_COMMIT", "true")], &["[kafka", "enable.auto.commit"]),
    ];
    for (text, environment, words) in table {
        let faults = load(text, &with(environment)).unwrap_err();
        let message = faults.to_string();
        assert_eq!(faults.0.len(), 1, "{text:?} {environment:?}: {message}");
        for word in *words {
            assert!(message.contains(word), "{text:?} {environment:?}: '{word}' is not in: {message}");
        }
        assert!(!faults.0[0].mend.is_empty());
    }
}

#[test]
fn missing_keys_are_refused_for_ingest_only() {
    let environment = || [("HOMEWARD_KAFKA__BROKERS".to_owned(), "b:1".to_owned())];
    let folder = Folder::with("");
    let faults = Config::load(Some(&folder.file()), environment(), &[Role::Ingest]).unwrap_err();
    assert_eq!(faults.0.len(), 2, "{faults}");
    assert!(faults.to_string().contains("pseudonym_file") && faults.to_string().contains("quarantine_file"));
    Config::load(Some(&folder.file()), environment(), &[Role::Transform, Role::Serve]).unwrap();
}

#[test]
fn a_missing_key_file_is_named() {
    let folder = Folder::with("[keys]\npseudonym_file = \"/no/such/key\"");
    let environment = [
        ("HOMEWARD_KAFKA__BROKERS".to_owned(), "b:1".to_owned()),
        ("HOMEWARD_KEYS__QUARANTINE".to_owned(), KEY.to_owned()),
    ];
    let faults = Config::load(Some(&folder.file()), environment, &[Role::Ingest]).unwrap_err();
    let message = faults.to_string();
    assert!(message.contains("/no/such/key") && message.contains("umask 077"), "{message}");
}

#[test]
fn keys_come_from_files_without_their_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, format!("{KEY}\n")).unwrap();
    let file = folder.path().join("homeward.toml");
    let path = key.display();
    std::fs::write(
        &file,
        format!("[keys]\npseudonym_file = '{path}'\nquarantine_file = '{path}'\nquarantine_version = 3"),
    )
    .unwrap();
    let environment = [("HOMEWARD_KAFKA__BROKERS".to_owned(), "b:1".to_owned())];
    let config = Config::load(Some(&file), environment, &[Role::Ingest]).unwrap();
    assert_eq!(config.keys.quarantine.unwrap().version(), 3);
    assert_eq!(config.keys.pseudonym.unwrap().version(), 1);
}

#[test]
fn a_named_file_must_exist_and_the_default_need_not() {
    let faults = read_settings(Some(Path::new("/no/homeward.toml")), []).unwrap_err();
    assert!(faults.to_string().contains("--config"), "{faults}");
}

#[test]
fn all_faults_are_told_at_once() {
    let faults = load("[serve]\nbind = \"x\"\n[ingest]\npoison_share = 7.0", &[]).unwrap_err();
    let message = faults.to_string();
    assert_eq!(faults.0.len(), 5, "{message}");
    assert!(message.contains("5 faults") && message.contains("\n  1. "));
}

#[test]
fn secrets_never_print_themselves() {
    let more = [
        ("HOMEWARD_KAFKA__PROPERTIES__SASL_PASSWORD", "hunter2"),
        ("HOMEWARD_KAFKA__PROPERTIES__SSL_KEY_PASSWORD", "hunter3"),
        ("HOMEWARD_KAFKA__PROPERTIES__SASL_USERNAME", "homeward"),
    ];
    let config = load("", &with(&more)).unwrap();
    let printed = format!("{config:?}");
    for secret in ["hunter2", "hunter3", "a key of more", KEY] {
        assert!(!printed.contains(secret), "{printed}");
    }
    assert!(printed.contains("homeward"));
    let settings = read_settings(None, with(&more).iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))).unwrap();
    let printed = format!("{settings:?}");
    assert!(!printed.contains("hunter") && !printed.contains("a key of more"), "{printed}");
}

#[test]
fn a_secret_of_the_wrong_type_stays_out_of_the_message() {
    let faults = load("[keys]\npseudonym = 12345678901234567", &[GOOD[0], GOOD[2]]).unwrap_err();
    assert!(!faults.to_string().contains("12345678901234567"), "{faults}");
}
