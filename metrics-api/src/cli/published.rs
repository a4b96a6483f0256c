//! `homeward published load`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use homeward_contract::clock::{Clock, SystemClock};
use homeward_contract::feed::Feed;
use homeward_contract::published::{Measure, PublishedFigure};
use homeward_ingest::file::workbook::{Load, read_workbook};

use super::error::{CliError, Outcome};

/// `homeward published ...`
#[derive(Debug, Subcommand)]
pub enum PublishedCommand {
    /// Send the figures of a workbook that was downloaded to the broker, with a receipt.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward published load \"2-hour UCR metrics 2024-25.xlsx\"\n  \
  homeward published load \"Table 1.csv\" \"Table 2.csv\"\n\n\
NHS England's workbook of 2-hour urgent community response, in the layout of 2024-25 or of 2026/27, or one of its \
tables saved as .csv; or the monthly file of virtual ward capacity and occupancy. A workbook speaks for its months as a \
whole: loaded again after a correction, it replaces what was loaded before.")]
    Load(LoadArguments),
}

/// `homeward published load`
#[derive(Debug, Args)]
pub struct LoadArguments {
    /// .xlsx workbooks, or tables saved as .csv.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Broker, instead of the one of homeward.toml.
    #[arg(long, value_name = "HOST:PORT")]
    pub brokers: Option<String>,
}

pub(super) fn run(command: &PublishedCommand, config: Option<&Path>, out: &mut dyn Write) -> Result<Outcome, CliError> {
    let PublishedCommand::Load(arguments) = command;
    let settings = super::settings_with_broker(config, arguments.brokers.as_ref())?;
    // All files are read before any is sent: a wrong one among them sends nothing.
    let mut read = Vec::new();
    for file in &arguments.files {
        let load = Load { id: uuid::Uuid::new_v4().to_string(), at: SystemClock.now() };
        read.push((file, read_workbook(file, &load)?));
    }
    let publisher = super::load::publisher(&settings)?;
    let topics = super::load::Topics::of(&settings);
    for figure in read.iter().flat_map(|(_, figures)| figures) {
        let key = Some(figure.organisation.as_bytes());
        publisher.send(topics.of_feed(Feed::Published), key, figure.payload().as_bytes())?;
    }
    let receipt = publisher.flush()?;
    for (file, figures) in &read {
        for line in told(figures) {
            writeln!(out, "{}: {line}", file.display())?;
        }
    }
    super::load::write_partitions(&receipt, out)?;
    Ok(Outcome::Done)
}

/// What a workbook holds, a line a measure.
fn told(figures: &[PublishedFigure]) -> Vec<String> {
    let mut measures: BTreeMap<Measure, Vec<&PublishedFigure>> = BTreeMap::new();
    for figure in figures {
        measures.entry(figure.measure).or_default().push(figure);
    }
    let line = |(measure, figures): (Measure, Vec<&PublishedFigure>)| {
        let months = figures.iter().map(|figure| figure.month);
        let (first, last) = (months.clone().min().unwrap_or_default(), months.max().unwrap_or_default());
        let blank = figures.iter().filter(|figure| figure.value.is_none()).count();
        let provisional = figures.iter().filter(|figure| figure.provisional).map(|figure| figure.month).max();
        let provisional =
            provisional.map(|month| format!(", {} provisional", month.format("%B %Y"))).unwrap_or_default();
        format!(
            "{} {}, {} to {}, {blank} blank{provisional}",
            figures.len(),
            measure.as_str(),
            first.format("%B %Y"),
            last.format("%B %Y")
        )
    };
    measures.into_iter().map(line).collect()
}
