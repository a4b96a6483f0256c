//! A short, deterministic run of every fuzz target: the seeded corpus, then a fixed number of seeded mutations.
//!
//! It finds little that `cargo fuzz` would not find sooner, but it runs with every test run and fails the same way
//! twice. `HOMEWARD_FUZZ_RUNS=100000` makes it longer; a failure prints the bytes that brought it about.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

#[path = "../fuzz/src/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use homeward_contract::feed::Feed;

/// Longest input, so that a run of repeated doublings stays quick.
const INPUT_BYTES_MAX: usize = 4096;

/// Pieces that turn a plausible record into a nasty one.
const PIECES: [&str; 22] = [
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    "null",
    "-1",
    "9223372036854775808",
    "1e999",
    "\u{feff}",
    "\r\n",
    ",",
    "|",
    "#",
    "2025-03-30T01:30:00+01:00",
    "2025-02-30",
    "24:00:00",
    "+14:00",
    "\u{0}",
];

/// Marsaglia's xorshift64: small, and the same on every machine and in every release.
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`; 0 when the bound is 0.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// One change to `data`; `other` is another seed to take from.
fn mutate(data: &mut Vec<u8>, other: &[u8], random: &mut Xorshift) {
    let at = random.below(data.len() + 1);
    let end = (at + 1 + random.below(16)).min(data.len());
    match random.below(8) {
        0 if at < data.len() => data[at] ^= 1 << random.below(8),
        1 if at < data.len() => data[at] = random.next() as u8,
        2 => drop(data.drain(at.min(end)..end)),
        3 => data.insert(at, random.next() as u8),
        4 => drop(data.splice(at..at, PIECES[random.below(PIECES.len())].bytes())),
        5 => data.truncate(at),
        6 if at < end => {
            let copy = data[at..end].to_vec();
            drop(data.splice(at..at, copy));
        }
        _ => {
            let from = random.below(other.len() + 1);
            let to = (from + random.below(32)).min(other.len());
            drop(data.splice(at..at, other[from..to].iter().copied()));
        }
    }
    data.truncate(INPUT_BYTES_MAX);
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> =
        std::fs::read_dir(&folder).expect("the target has a corpus").map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut seeds: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert!(!seeds.is_empty(), "{} is empty", folder.display());
    seeds.push(Vec::new());
    seeds
}

fn run(target: &str, function: fn(&[u8]), default_runs: usize) {
    let runs = std::env::var("HOMEWARD_FUZZ_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(default_runs);
    let seeds = seeds(target);
    for seed in &seeds {
        check(target, function, seed);
    }
    let mut random = Xorshift(0x9E37_79B9_7F4A_7C15);
    for _ in 0..runs {
        let mut data = seeds[random.below(seeds.len())].clone();
        let other = &seeds[random.below(seeds.len())];
        for _ in 0..=random.below(6) {
            mutate(&mut data, other, &mut random);
        }
        check(target, function, &data);
    }
}

fn check(target: &str, function: fn(&[u8]), data: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| function(data))) {
        eprintln!("{target} fails on {} bytes: \"{}\"", data.len(), data.escape_ascii());
        resume_unwind(panic);
    }
}

#[test]
fn ucr_event() {
    run("ucr_event", targets::ucr_event, 3_000);
}

#[test]
fn csds_record() {
    run("csds_record", targets::csds_record, 1_500);
}

#[test]
fn csv_files() {
    run("csv_files", targets::csv_files, 800);
}

#[test]
fn zip_file() {
    run("zip_file", targets::zip_file, 800);
}

#[test]
fn published_figure() {
    run("published_figure", targets::published_figure, 3_000);
}

#[test]
fn state_event() {
    run("state_event", targets::state_event, 3_000);
}

#[test]
fn workbook() {
    run("workbook", targets::workbook, 2_000);
}

#[test]
fn time_text() {
    run("time_text", targets::time_text, 20_000);
}

#[test]
fn quarantine_entry() {
    run("quarantine_entry", targets::quarantine_entry, 3_000);
}

/// A corpus that is refused at the door would fuzz nothing behind it.
#[test]
fn the_seeds_themselves_are_accepted() {
    for (feed, target) in [(Feed::Ucr, "ucr_event"), (Feed::Csds, "csds_record"), (Feed::Published, "published_figure")]
    {
        for seed in
            seeds(target).iter().filter(|seed| !seed.is_empty() && !seed.windows(8).any(|part| part == b"raw_line"))
        {
            assert_eq!(targets::refusals(feed, seed), [], "{}", seed.escape_ascii());
        }
    }
    for seed in seeds("state_event").iter().filter(|seed| !seed.is_empty()) {
        assert_eq!(targets::refusals(targets::state_feed(seed), seed), [], "{}", seed.escape_ascii());
    }
    for seed in seeds("workbook").iter().filter(|seed| !seed.is_empty()) {
        assert!(targets::workbook_figures(seed) > 0, "{}", seed.escape_ascii());
    }
    for seed in seeds("csv_files").iter().filter(|seed| seed.starts_with(b"Version")) {
        assert_eq!(targets::csv_records(seed), 3, "{}", seed.escape_ascii());
    }
    for seed in seeds("zip_file").iter().filter(|seed| !seed.is_empty()) {
        assert_eq!(targets::zip_records(seed), 3, "{}", seed.escape_ascii());
    }
}
