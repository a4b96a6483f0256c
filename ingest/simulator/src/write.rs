//! A simulation as files: what `homeward simulate` leaves behind and `homeward evaluate` reads.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::parameters::Parameters;
use crate::simulation::Simulation;
use crate::truth::{Area, Counts, Grain, OpenBands, Ratio};

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write {path}: {source}; check that the folder exists, is writable and has space, then run again")]
pub struct WriteError {
    path: PathBuf,
    source: std::io::Error,
}

/// Aggregates only: no row of this file is about one person.
#[derive(Serialize)]
struct TruthFile<'a> {
    parameters: &'a Parameters,
    counts: &'a Counts,
    as_of: String,
    published: BTreeMap<String, Ratio>,
    live_by_month: BTreeMap<String, Ratio>,
    referrals_by_month: BTreeMap<String, u64>,
    open: BTreeMap<String, OpenBands>,
}

impl Simulation {
    /// Writes `events.ndjson` (the live feed in order of delivery, broken records included), a folder a submission
    /// under `submissions/`, and `truth.json` (aggregates as known after the last delivery).
    ///
    /// # Errors
    /// [`WriteError`] with the path at fault.
    pub fn write_to(&self, folder: &Path) -> Result<(), WriteError> {
        create(folder)?;
        self.write_events(&folder.join("events.ndjson"))?;
        for submission in self.submissions() {
            let own = folder.join("submissions").join(&submission.folder);
            create(&own)?;
            for (name, bytes) in submission.files() {
                put(&own.join(name), &bytes)?;
            }
        }
        let text = serde_json::to_vec_pretty(&self.truth_file()).map_err(|error| fault(folder, error.into()))?;
        put(&folder.join("truth.json"), &text)
    }

    fn write_events(&self, path: &Path) -> Result<(), WriteError> {
        let file = fs::File::create(path).map_err(|error| fault(path, error))?;
        let mut file = BufWriter::new(file);
        for message in self.live() {
            file.write_all(&message.payload)
                .and_then(|()| file.write_all(b"\n"))
                .map_err(|error| fault(path, error))?;
        }
        file.flush().map_err(|error| fault(path, error))
    }

    fn truth_file(&self) -> TruthFile<'_> {
        let truth = self.truth();
        let as_of = truth.last_delivery;
        TruthFile {
            parameters: self.parameters(),
            counts: &truth.counts,
            as_of: crate::wall::with_z(as_of),
            published: joined(truth.published(as_of)),
            live_by_month: joined(truth.live_rate(as_of, as_of, Area::Provider, Grain::Month)),
            referrals_by_month: joined(truth.referrals(as_of, as_of, Area::Provider, Grain::Month)),
            open: truth.open_bands(as_of, as_of, Area::Provider),
        }
    }
}

fn joined<T>(cells: BTreeMap<(String, String), T>) -> BTreeMap<String, T> {
    cells.into_iter().map(|((area, period), value)| (format!("{area} {period}"), value)).collect()
}

fn create(folder: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(folder).map_err(|error| fault(folder, error))
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    fs::write(path, bytes).map_err(|error| fault(path, error))
}

fn fault(path: &Path, source: std::io::Error) -> WriteError {
    WriteError { path: path.to_owned(), source }
}
