//! Log lines on standard error. Nothing about a person is ever in them.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command};

/// Libraries that tell every file they open; name them in `HOMEWARD_LOG` to hear them.
const QUIET: &str = "buoyant_kernel=warn,buoyant_kernel_engine=warn,deltalake_core=warn";

/// Starts logging: `HOMEWARD_LOG` says what, else warnings, and progress as well for a running service.
pub fn start(cli: &Cli) {
    let usual = match cli.command {
        Command::Run(_) => "info",
        _ => "warn",
    };
    let asked = std::env::var("HOMEWARD_LOG").unwrap_or_else(|_| usual.to_owned());
    let filter = EnvFilter::new(format!("{QUIET},{asked}"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    // Only a second start in one process can fail, and then the first one keeps logging.
    let _ = lines.try_init();
}
