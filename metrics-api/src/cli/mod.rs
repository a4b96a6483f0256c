//! The `homeward` command: arguments, sub-commands, printing.

mod arguments;
mod error;
mod evaluate;
mod generate;
mod health;
mod indicator;
mod instant;
mod load;
mod output;
mod progress;
mod quarantine;
mod run;
mod simulate;
mod sql;
mod sql_verifier;
mod submission;

use std::io::Write;
use std::path::Path;

pub use arguments::{Cli, Command, DemoArguments, Story};
pub use error::{CliError, Outcome};

use crate::config::{Config, Role, Settings, read_settings};

/// Runs a parsed command line and writes its result to `out`.
///
/// # Errors
/// What went wrong, where, and how to mend it.
pub async fn run(cli: Cli, out: &mut (dyn Write + Send)) -> Result<Outcome, CliError> {
    let config = cli.config.as_deref();
    match &cli.command {
        Command::Demo(arguments) => crate::demo::run(arguments, out).await,
        Command::Run(arguments) => run::run(arguments, config, out).await,
        Command::Health(arguments) => health::run(arguments, out).await,
        Command::Load(arguments) => load::run(arguments, config, out).await,
        Command::Evaluate(arguments) => evaluate::run(arguments, config, out).await,
        Command::Simulate(arguments) => simulate::run(arguments, config, out).await,
        Command::Indicator(command) => indicator::run(command, out).await,
        Command::Generate(arguments) => generate::run(arguments, out),
        Command::Quarantine(command) => quarantine::run(command, config, out).await,
        Command::Submission(command) => submission::run(command, config, out).await,
        Command::Sql(arguments) => sql::run(arguments, config, out).await,
        Command::SqlVerifier => sql_verifier::run(&mut std::io::stdin().lock(), out),
    }
}

/// The checked configuration for some roles.
fn checked(file: Option<&Path>, roles: &[Role]) -> Result<Config, CliError> {
    Ok(Config::load(file, std::env::vars(), roles)?)
}

/// The settings without the checks of a running service.
fn settings(file: Option<&Path>) -> Result<Settings, CliError> {
    Ok(read_settings(file, std::env::vars())?)
}

/// As [`settings`], with the broker of the command line in place of the file's.
fn settings_with_broker(file: Option<&Path>, brokers: Option<&String>) -> Result<Settings, CliError> {
    let mut settings = settings(file)?;
    if let Some(brokers) = brokers {
        settings.kafka.brokers.clone_from(brokers);
    }
    Ok(settings)
}

#[cfg(test)]
mod tests;
