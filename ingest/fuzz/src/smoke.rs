//! A short, deterministic run of a fuzz target: the kept corpus, then a fixed number of seeded mutations.
//!
//! It finds little that `cargo fuzz` would not find sooner, but it runs with every test run and fails the same way
//! twice. `HOMEWARD_FUZZ_RUNS=100000` makes it longer; a failure prints the bytes that brought it about.

#![allow(unreachable_pub, reason = "the tests of three crates compile this file")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

/// Longest input, so that a run of repeated doublings stays quick.
const INPUT_BYTES_MAX: usize = 16_384;

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

/// Inputs of a corpus with their names. Those that begin with `found-` once broke a reader, those with `hostile-` are meant
/// to be refused; all others are accepted.
pub fn kept(target: &str) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpora = ["fuzz/corpus", "../ingest/fuzz/corpus"].map(|corpora| root.join(corpora));
    let folder = corpora.iter().find(|corpora| corpora.is_dir()).expect("the corpora are there").join(target);
    let mut kept: Vec<_> = std::fs::read_dir(&folder)
        .expect("the target has a corpus")
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    kept.sort();
    assert!(!kept.is_empty(), "{} is empty", folder.display());
    kept
}

/// The inputs of a corpus that a reader accepts.
pub fn sound(target: &str) -> Vec<(String, Vec<u8>)> {
    let is_refused = |name: &str| name.starts_with("found-") || name.starts_with("hostile-");
    kept(target).into_iter().filter(|(name, _)| !is_refused(name)).collect()
}

/// Every kept input, then so many mutations of them.
pub fn run(target: &str, function: fn(&[u8]), default_runs: usize) {
    let runs = std::env::var("HOMEWARD_FUZZ_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(default_runs);
    let mut seeds: Vec<Vec<u8>> = kept(target).into_iter().map(|(_, seed)| seed).collect();
    seeds.push(Vec::new());
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
