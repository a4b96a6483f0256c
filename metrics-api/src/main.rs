//! The `homeward` command.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use homeward_metrics_api::cli::{Cli, Outcome, run};
use homeward_metrics_api::log;

#[tokio::main]
async fn main() -> ExitCode {
    // Two providers are linked; whoever asks for the default one must find it chosen. A second choice cannot happen here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    log::start(&cli);
    match run(cli, &mut io::stdout()).await {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("homeward: {error}");
            ExitCode::from(2)
        }
    }
}
