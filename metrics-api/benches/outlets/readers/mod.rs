//! Those who read while events arrive, and what they waited.

mod boards;
mod greedy;
mod page;
mod scrape;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::plan::Kind;
use crate::stand::Fault;
use crate::waits::Waits;

/// Prometheus asks as often as `deploy/prometheus` says.
const SCRAPE_PAUSE: Duration = Duration::from_secs(15);

/// A scrape in the stretches that are compared with one another.
const CLOSE_SCRAPE_PAUSE: Duration = Duration::from_secs(1);

/// Boards renew themselves; the quicker one of Grafana's this often.
const REFRESH_PAUSE: Duration = Duration::from_secs(30);

/// Where the house answers, and for which providers.
pub(crate) struct Doors {
    pub(crate) http: String,
    pub(crate) sql: u16,
    pub(crate) providers: Vec<String>,
}

/// What readers saw.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readings {
    /// By what was asked.
    pub(crate) waits: BTreeMap<String, Waits>,
    /// Series of the last scrape.
    pub(crate) series: usize,
    /// Its bytes.
    pub(crate) bytes: usize,
    /// Ends of a greedy client's statements, and the rows they gave.
    pub(crate) ends: BTreeMap<String, u64>,
    pub(crate) rows: u64,
}

impl Readings {
    fn wait<T>(&mut self, what: &str, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        let began = Instant::now();
        let answer = work()?;
        self.waits.entry(what.to_owned()).or_default().push(began.elapsed());
        Ok(answer)
    }

    /// Takes another's readings to its own.
    pub(crate) fn append(&mut self, other: Self) {
        for (what, waits) in &other.waits {
            self.waits.entry(what.clone()).or_default().append(waits);
        }
        for (end, count) in other.ends {
            *self.ends.entry(end).or_default() += count;
        }
        self.series = self.series.max(other.series);
        self.bytes = self.bytes.max(other.bytes);
        self.rows += other.rows;
    }
}

type Reader<'a> = Box<dyn FnOnce() -> Result<Readings, Fault> + Send + 'a>;

/// Reads as this kind of reader does until then.
pub(crate) fn read(kind: Kind, doors: &Doors, until: Instant) -> Result<Readings, Fault> {
    let scrape = |pause| -> Reader<'_> { Box::new(move || scrape::scrape(doors, pause, until)) };
    let greedy =
        |sql| -> Vec<Reader<'_>> { vec![scrape(CLOSE_SCRAPE_PAUSE), Box::new(move || greedy::ask(doors, sql, until))] };
    let readers: Vec<Reader<'_>> = match kind {
        Kind::Quiet => Vec::new(),
        Kind::Scraped => vec![scrape(CLOSE_SCRAPE_PAUSE)],
        Kind::Hammered => vec![scrape(Duration::ZERO)],
        Kind::Outlets => vec![
            scrape(SCRAPE_PAUSE),
            Box::new(move || boards::refresh(doors, REFRESH_PAUSE, until)),
            Box::new(move || page::keep_open(doors, until)),
        ],
        Kind::Pressed => vec![Box::new(move || boards::refresh(doors, Duration::ZERO, until))],
        Kind::Computing => greedy(greedy::COMPUTING),
        Kind::Sorting => greedy(greedy::SORTING),
        Kind::Taking => greedy(greedy::TAKING),
    };
    let ended: Vec<Result<Readings, Fault>> = std::thread::scope(|scope| {
        let threads: Vec<_> = readers.into_iter().map(|reader| scope.spawn(reader)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err("a reader's thread ended early".into()))
        };
        threads.into_iter().map(join).collect()
    });
    let mut all = Readings::default();
    for readings in ended {
        all.append(readings?);
    }
    std::thread::sleep(until.saturating_duration_since(Instant::now()));
    Ok(all)
}

/// The instants of a steady reader, from now on: `work` is done at each of them that comes before `until`.
fn steadily(pause: Duration, until: Instant, mut work: impl FnMut() -> Result<(), Fault>) -> Result<(), Fault> {
    let mut next = Instant::now();
    while next < until {
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        work()?;
        // One that was held up does not make up for what it missed.
        next = (next + pause).max(Instant::now());
    }
    Ok(())
}
