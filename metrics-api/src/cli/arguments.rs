//! The command line: a stable interface that scripts depend on.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use homeward_transform::figure::Dimension;

use super::instant::{parse_instant, parse_instant_or_now};
use crate::config::Role;

/// Live and restated figures for community services, from Kafka to a number that can be trusted.
#[derive(Debug, Parser)]
#[command(
    name = "homeward",
    version,
    long_about = "Homeward turns the records of urgent community response into figures that people are held to: \
live from Kafka, restated from monthly CSDS submissions, with every correction explained. One \
definition serves both; nothing leaves without a named release policy.",
    after_long_help = "START HERE\n  \
  homeward demo                        a simulated Devon on this machine, nothing else needed\n  \
  homeward evaluate FOLDER --indicator ucr-two-hour-response --by provider,month\n  \
  homeward indicator explain ucr-two-hour-response\n\n\
EXIT STATUS\n  \
  0  done\n  \
  1  done, but something failed its check or was refused; the message says what\n  \
  2  the command line, the configuration or an input is at fault; nothing was changed\n\n\
ENVIRONMENT\n  \
  HOMEWARD_CONFIG           path of homeward.toml\n  \
  HOMEWARD_LOG              log filter, for example 'info' or 'homeward_ingest=debug'\n  \
  HOMEWARD_SECTION__KEY     lays a value over [section] key of homeward.toml"
)]
pub struct Cli {
    /// Configuration file [default: homeward.toml in this folder, if there is one].
    #[arg(long, global = true, env = "HOMEWARD_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The sub-commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring up a simulated Devon at 60 times real time: broker, ingest, figures, outlets.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward demo\n  \
  homeward demo --speed 120 --seed 7 --bind 127.0.0.1:9000\n  \
  homeward demo --story write-ups --starts-at now\n\n\
Everything lives in a temporary folder and in memory and is gone afterwards, unless --lake names a \
folder. The demo makes its own keys. The people in it do not exist.")]
    Demo(DemoArguments),
    /// Run in production, from homeward.toml and HOMEWARD_ variables.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward run\n  \
  homeward --config /etc/homeward/homeward.toml run --roles ingest\n  \
  homeward --config /etc/homeward/homeward.toml run --check\n  \
  HOMEWARD_KAFKA__BROKERS=broker:9092 HOMEWARD_KEYS__PSEUDONYM_FILE=/run/secrets/pseudonym homeward run\n\n\
ROLES\n  \
  ingest      Kafka to the lake, exactly once; start several and the consumer group shares the work\n  \
  transform   the lake to figures, every second or so\n  \
  serve       page, JSON and /metrics; in this version it needs transform in the same process\n\n\
SIGTERM and Ctrl-C finish the commit at hand and stop. Being killed is safe too.")]
    Run(RunArguments),
    /// Ask a running service how it is: exit status 0 when the answer is a success, 1 otherwise.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward health\n  \
  homeward health http://127.0.0.1:8640/healthz\n\n\
For health checks of containers and scripts; plain HTTP, five seconds of patience.")]
    Health(HealthArguments),
    /// Publish CSDS submission folders or event files to Kafka, with a receipt.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward load submissions/NR5-2025-04 --check\n  \
  homeward load submissions/NR5-2025-04 --wait 120\n  \
  homeward load april.zip events.ndjson --brokers localhost:9092 --receipt april.receipt.json\n\n\
A folder or .zip holds one CSV a CSDS table (CYP104RTT.csv ...) with the data-item names as header and \
its CYP000Header.csv; a .ndjson file holds one event a line, a .hl7 file HL7 v2 messages. Files are checked before anything is sent. The \
receipt says what will be taken, what is refused and how to mend it, what Homeward holds already, and which \
records the broker acknowledged. With --wait it also says whether each submission counts and what it changed.")]
    Load(LoadArguments),
    /// Run the same pipeline over files, without a broker, and print the figures.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward evaluate submissions/ --indicator ucr-two-hour-response --by icb,month\n  \
  homeward evaluate submissions/ --indicator ucr-two-hour-response --basis published \\\n      \
--by provider,month --release ucr-publication --format csv\n  \
  homeward evaluate events.ndjson --indicator ucr-open-clocks --by band \\\n      \
--as-of 2025-06-12T14:00:00+01:00\n\n\
COLUMNS (csv, json)\n  \
  indicator, version, basis, one a dimension of --by, period_start, period_end, numerator,\n  \
  denominator, value, lower, upper, status, flags, release, as_of\n\n\
A cell that the release policy hides says 'suppressed', one without data 'no data', zero 0.\n\
Instants are RFC 3339 (2025-06-12T14:00:00Z), or London time (2025-06-12T15:00; 2025-06-12 is\n\
its midnight).")]
    Evaluate(EvaluateArguments),
    /// Write a simulated data set to files or to Kafka.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward simulate --out devon --days 28\n  \
  homeward simulate --out devon --days 60 --seed 7 --referrals-per-day 100\n  \
  homeward simulate --brokers localhost:9092 --days 1\n\n\
The same seed gives the same bytes. Beside the records lies truth.json: what was planted, so that \
figures can be checked against it.")]
    Simulate(SimulateArguments),
    /// The definition workshop: list, check, explain.
    #[command(subcommand)]
    Indicator(IndicatorCommand),
    /// Write what is made from the definitions: Grafana boards, their provisioning, alert rules.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward generate --out .\n  \
  homeward generate --out . --check\n  \
  homeward generate --out /srv/homeward --definitions my-indicators --board-url https://homeward.example.nhs.uk\n\n\
The files are never edited by hand: change the definition and generate again. --check writes nothing; \
exit status 1 when a file differs, is missing or is left over.")]
    Generate(super::generate::GenerateArguments),
    /// What was refused, why, and again after the mend.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// CSDS submissions: which count, which do not and why, and taking a wrong one out.
    #[command(subcommand)]
    Submission(super::submission::SubmissionCommand),
    /// Figures that NHS England published: from a downloaded workbook to the broker.
    #[command(subcommand)]
    Published(super::published::PublishedCommand),
    /// One query over the lake, without a server.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward sql \"SELECT * FROM meta.freshness\"\n  \
  homeward sql --lake /var/lib/homeward --format csv \\\n      \
\"SELECT area, value FROM outcomes.ucr_two_hour_response WHERE level = 'lcp' AND period = '28d' AND basis = 'live'\"\n  \
  homeward sql \"SELECT number, title, question FROM meta.example_queries\"\n\n\
The same tables, guard and limits as over the PostgreSQL wire: see docs/sql.md. The figures are computed from \
the lake as of now; nothing is written. Under a policy that rounds, they are those of the last London midnight.")]
    Sql(super::sql::SqlArguments),
    /// Read a password from standard input and print what [[sql.role]] keeps instead.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward sql-verifier < password.txt\n  \
  openssl rand -base64 24 | tee password.txt | homeward sql-verifier\n\n\
The output is PostgreSQL's SCRAM-SHA-256 format, for `verifier` of [[sql.role]]. The first line is the \
password. The verifier is a secret too: it opens nothing, but lets its owner pretend to be this server.")]
    SqlVerifier,
}

/// `homeward demo`
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Address of the page, the API and /metrics.
    #[arg(long, default_value = "127.0.0.1:8640", value_name = "ADDRESS")]
    pub bind: SocketAddr,
    /// Address of SQL over the PostgreSQL wire [default: this machine only, the port after that of --bind].
    #[arg(long, value_name = "ADDRESS")]
    pub sql_bind: Option<SocketAddr>,
    /// File with the password of the SQL role 'demo', instead of a new one at each start.
    #[arg(long, value_name = "FILE")]
    pub sql_password_file: Option<PathBuf>,
    /// How many times faster than real time Devon runs.
    #[arg(long, default_value_t = 60, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub speed: u32,
    /// Seed of the simulation; the same seed gives the same people, delays and mistakes.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Days of history to load before the clock starts.
    #[arg(long, default_value_t = 48, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=90))]
    pub history_days: u32,
    /// What happens at one provider.
    #[arg(long, value_enum, default_value = "clock")]
    pub story: Story,
    /// When the demonstration begins: an instant, or 'now', which alert rules of a real Prometheus need
    /// [default: 2025-06-18T10:00, London].
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant_or_now)]
    pub starts_at: Option<DateTime<Utc>>,
    /// Keep the lake in this folder instead of a temporary one.
    #[arg(long, value_name = "FOLDER")]
    pub lake: Option<PathBuf>,
    /// Stop after so many real seconds (for scripts); otherwise Ctrl-C.
    #[arg(long, value_name = "SECONDS")]
    pub stop_after_seconds: Option<u64>,
}

/// The stories of the demonstration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Story {
    /// One referral passes two hours unseen, and is then written up.
    Clock,
    /// No visit has been written up for eight days; two hours in, all write-ups arrive.
    WriteUps,
}

/// `homeward run`
#[derive(Debug, Args)]
pub struct RunArguments {
    /// What this process does.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "ingest,transform,serve")]
    pub roles: Vec<Role>,
    /// Only check configuration, keys and definitions for these roles, say so, and start nothing.
    #[arg(long)]
    pub check: bool,
}

/// `homeward health`
#[derive(Debug, Args)]
pub struct HealthArguments {
    /// What to ask; without a path /readyz.
    #[arg(default_value = "http://127.0.0.1:8640/readyz", value_name = "URL")]
    pub url: String,
}

/// `homeward load`
#[derive(Debug, Args)]
pub struct LoadArguments {
    /// Submission folders, .zip files of them, .ndjson files of events, or .hl7 files of messages.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Broker, instead of the one of homeward.toml.
    #[arg(long, value_name = "HOST:PORT")]
    pub brokers: Option<String>,
    /// Write the receipt to this file as JSON as well as printing it.
    #[arg(long, value_name = "FILE")]
    pub receipt: Option<PathBuf>,
    /// Only check the files and say what Homeward will make of them; send nothing.
    #[arg(long, conflicts_with = "wait")]
    pub check: bool,
    /// Wait up to so many seconds until the running service took it in, and say which figures moved.
    #[arg(long, value_name = "SECONDS")]
    pub wait: Option<u64>,
    /// Release policy of the figures that moved.
    #[arg(long, value_name = "POLICY", default_value = "internal-live")]
    pub release: String,
    /// Where the lake lies: what Homeward holds already is read from it.
    #[command(flatten)]
    pub source: LakeArguments,
}

/// `homeward evaluate`
#[derive(Debug, Args)]
pub struct EvaluateArguments {
    /// Submission folders, .zip files of them, .ndjson files of events, or .hl7 files of messages.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Indicator id; several separated by commas.
    #[arg(long, required = true, value_delimiter = ',', value_name = "ID")]
    pub indicator: Vec<String>,
    /// Dimensions: provider, icb, region, lcp, pcn, nation, day, month, twelve_months, window, band.
    #[arg(long, value_delimiter = ',', value_name = "DIM,...")]
    pub by: Vec<Dimension>,
    /// Bases of the definition, for example live,published [default: the definition's own].
    #[arg(long, value_delimiter = ',', value_name = "BASIS,...")]
    pub basis: Vec<String>,
    /// Count only what had been recorded by this instant: time of an event, receipt of a file.
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub as_known_at: Option<DateTime<Utc>>,
    /// The instant that the figures speak for [default: now].
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub as_of: Option<DateTime<Utc>>,
    /// Release policy: internal-live, ucr-publication, public-hes, public-csds [default: the definition's own].
    #[arg(long, value_name = "POLICY")]
    pub release: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Folder of indicator definitions, instead of the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub definitions: Option<PathBuf>,
}

/// How `evaluate` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: aligned columns.
    Table,
    /// For spreadsheets: one header row, then one row a figure.
    Csv,
    /// For programs: a list of objects.
    Json,
}

/// `homeward simulate`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("destination").required(true).args(["out", "brokers"]))]
pub struct SimulateArguments {
    /// Folder to write to; made when missing.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Broker to publish to instead.
    #[arg(long, value_name = "HOST:PORT")]
    pub brokers: Option<String>,
    /// Seed: the same seed gives the same bytes.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// First simulated day, London.
    #[arg(long, default_value = "2025-04-01", value_name = "DATE")]
    pub start: chrono::NaiveDate,
    /// Days to simulate.
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u32).range(1..=4000))]
    pub days: u32,
    /// Two-hour referrals a day over the whole of Devon [default: the simulator's own].
    #[arg(long, value_name = "COUNT")]
    pub referrals_per_day: Option<f64>,
}

/// `homeward indicator ...`
#[derive(Debug, Subcommand)]
pub enum IndicatorCommand {
    /// One line an indicator: id, version, status, title.
    List(DefinitionsArguments),
    /// Lint, plan and run the cases of every definition; one line each and a summary.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward indicator check\n  \
  homeward indicator check --definitions my-indicators\n\n\
Exit status 1 when anything fails.")]
    Check(CheckArguments),
    /// What an indicator counts, in words, with its SQL.
    Explain(ExplainArguments),
}

/// Where definitions come from.
#[derive(Debug, Args)]
pub struct DefinitionsArguments {
    /// Folder of indicator definitions, instead of the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub definitions: Option<PathBuf>,
}

/// `homeward indicator check`
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Only this indicator.
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Where definitions come from.
    #[command(flatten)]
    pub source: DefinitionsArguments,
}

/// `homeward indicator explain`
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// Indicator id.
    pub id: String,
    /// Where definitions come from.
    #[command(flatten)]
    pub source: DefinitionsArguments,
}

/// `homeward quarantine ...`
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// One line a refused record: id, place, code, what to mend. No personal data.
    List(QuarantineListArguments),
    /// One refused record with its reason; --bytes also opens the original bytes.
    Show(QuarantineShowArguments),
    /// Publish the original bytes again, after the mend, and record that it was done.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward quarantine replay ucr/3/1042\n  \
  homeward quarantine replay --code HW-UCR-004\n  \
  homeward quarantine replay --all\n\n\
The record goes to the topic that it came from. If it is still at fault it comes back to quarantine \
under its new place; nothing is counted twice.")]
    Replay(QuarantineReplayArguments),
}

/// Where the quarantine lies.
#[derive(Debug, Args)]
pub struct LakeArguments {
    /// Folder of the lake, instead of the one of homeward.toml.
    #[arg(long, value_name = "FOLDER")]
    pub lake: Option<PathBuf>,
}

/// `homeward quarantine list`
#[derive(Debug, Args)]
pub struct QuarantineListArguments {
    /// Only this reason code, for example HW-UCR-004.
    #[arg(long)]
    pub code: Option<String>,
    /// Only records that were not replayed yet.
    #[arg(long)]
    pub waiting: bool,
    /// Print at most so many lines, newest first.
    #[arg(long, default_value_t = 100, value_name = "LINES")]
    pub limit: usize,
    /// Where the quarantine lies.
    #[command(flatten)]
    pub source: LakeArguments,
}

/// `homeward quarantine show`
#[derive(Debug, Args)]
pub struct QuarantineShowArguments {
    /// Id as `list` prints it: feed/partition/offset.
    pub id: String,
    /// Also open the original bytes. They may be personal data: mind who looks over your shoulder.
    #[arg(long)]
    pub bytes: bool,
    /// Where the quarantine lies.
    #[command(flatten)]
    pub source: LakeArguments,
}

/// `homeward quarantine replay`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["ids", "code", "all"]))]
pub struct QuarantineReplayArguments {
    /// Ids as `list` prints them.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Every waiting record with this reason code.
    #[arg(long)]
    pub code: Option<String>,
    /// Every waiting record.
    #[arg(long)]
    pub all: bool,
    /// Broker, instead of the one of homeward.toml.
    #[arg(long, value_name = "HOST:PORT")]
    pub brokers: Option<String>,
    /// Where the quarantine lies.
    #[command(flatten)]
    pub source: LakeArguments,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn evaluate_takes_the_interface_of_the_architecture() {
        let line = "homeward evaluate a b.zip --indicator ucr-two-hour-response --by provider,month --basis live,published \
                    --as-known-at 2025-06-12T14:00:00Z --as-of 2025-06-30 --release ucr-publication --format csv";
        let Command::Evaluate(arguments) = parse(line).unwrap().command else { panic!("not evaluate") };
        assert_eq!(arguments.paths.len(), 2);
        assert_eq!(arguments.by, [Dimension::Provider, Dimension::Month]);
        assert_eq!(arguments.basis, ["live", "published"]);
        assert_eq!(arguments.as_of.unwrap().to_rfc3339(), "2025-06-29T23:00:00+00:00", "midnight of London");
        assert_eq!(arguments.format, Format::Csv);
    }

    #[test]
    fn bad_words_are_refused_with_what_to_write() {
        for (line, words) in [
            ("homeward evaluate a", "--indicator"),
            ("homeward evaluate a --indicator x --by team", "provider, icb"),
            ("homeward evaluate a --indicator x --as-of yesterday", "London time"),
            ("homeward evaluate a --indicator x --format xml", "table"),
            ("homeward run --roles ingest,print", "transform"),
            ("homeward demo --bind localhost", "--bind"),
            ("homeward demo --speed 0", "--speed"),
            ("homeward simulate", "--out"),
            ("homeward quarantine replay", "--all"),
            ("homeward load", "PATH"),
            ("homeward published load", "FILE"),
            ("homeward indicator", "explain"),
        ] {
            let message = parse(line).unwrap_err().to_string();
            assert!(message.contains(words), "{line}: '{words}' is not in: {message}");
        }
    }

    #[test]
    fn roles_default_to_all() {
        let Command::Run(arguments) = parse("homeward run").unwrap().command else { panic!("not run") };
        assert_eq!(arguments.roles, [Role::Ingest, Role::Transform, Role::Serve]);
        let Command::Run(arguments) = parse("homeward run --roles serve,transform").unwrap().command else {
            panic!("not run")
        };
        assert_eq!(arguments.roles, [Role::Serve, Role::Transform]);
    }

    #[test]
    fn every_sub_command_explains_itself() {
        fn walk(command: &mut clap::Command, path: &str) {
            let help = command.render_long_help().to_string();
            assert!(command.get_about().is_some(), "{path} has no about");
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                assert!(name == "help" || name == "version" || argument.get_help().is_some(), "{path} {name}: no help");
            }
            assert!(help.is_ascii(), "{path}: {help}");
            for sub in command.get_subcommands_mut() {
                let path = format!("{path} {}", sub.get_name());
                walk(sub, &path);
            }
        }
        let mut command = Cli::command();
        command.build();
        for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
            let path = sub.get_name().to_owned();
            if !["indicator", "quarantine"].contains(&path.as_str()) {
                walk(sub, &path);
            }
        }
    }
}
