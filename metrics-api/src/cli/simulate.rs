//! `homeward simulate`: a simulated data set to files or to Kafka, with the truth that was planted.

use std::io::Write;
use std::path::Path;

use homeward_contract::time::local_midnight;
use homeward_simulator::{Parameters, Simulation};

use super::arguments::SimulateArguments;
use super::error::{CliError, Outcome};
use super::load::{Topics, publisher, write_partitions};
use super::progress::Progress;

pub(super) async fn run(
    arguments: &SimulateArguments,
    config: Option<&Path>,
    out: &mut (dyn Write + Send),
) -> Result<Outcome, CliError> {
    eprintln!("Planning {} days of Devon ...", arguments.days);
    let simulation = Simulation::new(parameters(arguments));
    if let Some(folder) = &arguments.out {
        simulation
            .write_to(folder)
            .map_err(|error| CliError::argument(error.to_string(), "or name another folder with --out"))?;
        let events = simulation.truth().counts.feed.messages;
        let submissions = simulation.submissions().len();
        writeln!(out, "{events} events, {submissions} submissions and truth.json are in {}", folder.display())?;
        return Ok(Outcome::Done);
    }
    let settings = super::settings_with_broker(config, arguments.brokers.as_ref())?;
    let topics = Topics::of(&settings);
    let publisher = publisher(&settings)?;
    let mut progress = Progress::start("Publishing", None);
    for message in simulation.messages() {
        publisher.send(topics.of_feed(message.feed), Some(&message.key), &message.payload)?;
        progress.advance(1);
    }
    let receipt = publisher.flush()?;
    progress.finish();
    write_partitions(&receipt, out)?;
    Ok(Outcome::Done)
}

fn parameters(arguments: &SimulateArguments) -> Parameters {
    let usual = Parameters::default();
    Parameters {
        seed: arguments.seed,
        start: local_midnight(arguments.start),
        days: arguments.days,
        type05_per_day: arguments.referrals_per_day.unwrap_or(usual.type05_per_day),
        ..usual
    }
}
