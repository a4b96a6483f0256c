//! `homeward submission list|show|withdraw|reinstate`; `feedback` and `quality` are beside it.

use std::io::Write;
use std::path::Path;

use arrow::array::AsArray;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use homeward_contract::clock::{Clock, SystemClock};
use homeward_contract::decision::{Decision, Verdict};
use homeward_contract::feed::{Feed, Table};
use homeward_ingest::lake::Lake;
use homeward_transform::book::register::Register;
use homeward_transform::book::roll::Line;

use super::arguments::LakeArguments;
use super::error::{CliError, Outcome};
use super::feedback::{self, FeedbackArguments};
use super::quality::{self, QualityArguments};
use crate::config::{Config, Settings};

/// `homeward submission ...`
#[derive(Debug, Subcommand)]
pub enum SubmissionCommand {
    /// One line a submission: period, kind, receipt, rows, and whether it counts or why not; then what is missing.
    List(ListArguments),
    /// One submission with every decision about it.
    Show(ShowArguments),
    /// What was found in one submission: an entry an occurrence, root causes first, with how to mend each.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward submission feedback NR5-202504-20250512T091500\n  \
  homeward submission feedback NR5-202504-20250512T091500 --format csv > feedback.csv\n\n\
A refused row comes before the rows that do not count because of it. No value of a record is shown.")]
    Feedback(FeedbackArguments),
    /// How complete and how clean the submissions are that count, a provider and month.
    Quality(QualityArguments),
    /// Take a wrong submission out of every figure: what it replaced counts again.
    #[command(after_long_help = "EXAMPLES\n  \
  homeward submission withdraw NR5-202504-20250512T091500 --reason \"wrong month\" --by \"data manager, NR5\"\n\n\
The decision is a record on the CSDS topic and stays for ever. 'reinstate' follows it with another. Write no \
patient into the reason.")]
    Withdraw(DecideArguments),
    /// Let a withdrawn submission count again.
    Reinstate(DecideArguments),
}

/// `homeward submission list`
#[derive(Debug, Args)]
pub struct ListArguments {
    /// Only this provider.
    #[arg(long, value_name = "CODE")]
    pub provider: Option<String>,
    /// Only this reporting period, as CCYY-MM.
    #[arg(long, value_name = "MONTH")]
    pub period: Option<String>,
    /// Only submissions that are incomplete, refused or withdrawn, and what is missing.
    #[arg(long)]
    pub faults: bool,
    /// Where the lake lies.
    #[command(flatten)]
    pub source: LakeArguments,
}

/// `homeward submission show`
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// Id, for example NR5-202504-20250512T091500.
    pub id: String,
    /// Where the lake lies.
    #[command(flatten)]
    pub source: LakeArguments,
}

/// `homeward submission withdraw` and `reinstate`
#[derive(Debug, Args)]
pub struct DecideArguments {
    /// Id, for example NR5-202504-20250512T091500.
    pub id: String,
    /// Why, in words without a patient.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Role or name of who decides.
    #[arg(long, value_name = "TEXT")]
    pub by: String,
    /// Broker, instead of the one of homeward.toml.
    #[arg(long, value_name = "HOST:PORT")]
    pub brokers: Option<String>,
    /// Where the lake lies.
    #[command(flatten)]
    pub source: LakeArguments,
}

pub(super) async fn run(
    command: &SubmissionCommand,
    config: Option<&Path>,
    out: &mut (dyn Write + Send),
) -> Result<Outcome, CliError> {
    match command {
        SubmissionCommand::List(arguments) => list(arguments, config, out).await,
        SubmissionCommand::Show(arguments) => show(arguments, config, out).await,
        SubmissionCommand::Quality(arguments) => quality::run(arguments, config, out).await,
        SubmissionCommand::Feedback(arguments) => feedback::run(arguments, config, out).await,
        SubmissionCommand::Withdraw(arguments) => decide(arguments, Verdict::Withdrawn, config, out).await,
        SubmissionCommand::Reinstate(arguments) => decide(arguments, Verdict::Reinstated, config, out).await,
    }
}

pub(super) fn open(settings: &Settings, source: &LakeArguments) -> Result<Lake, CliError> {
    let folder = source.lake.as_deref().unwrap_or(&settings.lake.path);
    if !folder.is_dir() {
        return Err(CliError::argument(
            format!("there is no lake in {}", folder.display()),
            "name its folder with --lake, or in [lake] path of homeward.toml",
        ));
    }
    Ok(Lake::open(folder)?)
}

/// The register as the lake's rows make it; their items are not read.
pub(super) async fn register(lake: &Lake) -> Result<Register, CliError> {
    let mut register = Register::default();
    for table in Feed::Csds.tables() {
        for batch in lake.read_columns(table.name(), &Register::columns(*table)).await? {
            register.take(*table, &batch)?;
        }
    }
    register.settle();
    Ok(register)
}

async fn list(arguments: &ListArguments, config: Option<&Path>, out: &mut dyn Write) -> Result<Outcome, CliError> {
    let settings = super::settings(config)?;
    let register = register(&open(&settings, &arguments.source)?).await?;
    let calendar = Config::check(settings, &[])?.calendar;
    let wanted = |provider: &str, rp_end: chrono::NaiveDate| {
        arguments.provider.as_ref().is_none_or(|code| code.eq_ignore_ascii_case(provider))
            && arguments.period.as_ref().is_none_or(|month| *month == rp_end.format("%Y-%m").to_string())
    };
    let lines: Vec<Line> = register.roll().into_iter().filter(|line| wanted(&line.provider, line.rp_end)).collect();
    let shown = lines.iter().filter(|line| !arguments.faults || line.outcome.is_fault());
    for line in shown {
        let (id, month, kind) = (&line.id, line.rp_end.format("%Y-%m"), line.file_type.as_str());
        let received = line.received_at.format("%Y-%m-%d %H:%M");
        let refused = if line.refused == 0 { String::new() } else { format!(", {} refused", line.refused) };
        writeln!(out, "{id:<28} {month} {kind:<7} {received}Z {} rows{refused}  {}", line.accepted, line.outcome)?;
    }
    let now = SystemClock.now();
    for gap in register.gaps(now, &calendar) {
        if wanted(&gap.provider, gap.rp_end) {
            let (month, kind) = (gap.rp_end.format("%Y-%m"), gap.file_type.as_str());
            writeln!(out, "{:<28} {month} {kind:<7} missing: its window closed on {}", gap.provider, gap.closed_on)?;
        }
    }
    let faults = lines.iter().filter(|line| line.outcome.is_fault()).count();
    writeln!(out, "{} submissions, {faults} of them incomplete, refused or withdrawn", lines.len())?;
    Ok(Outcome::Done)
}

fn find(register: &Register, id: &str) -> Result<Line, CliError> {
    register.roll().into_iter().find(|line| *line.id == *id).ok_or_else(|| {
        CliError::argument(format!("the lake knows no submission '{id}'"), "take an id from 'homeward submission list'")
    })
}

async fn show(arguments: &ShowArguments, config: Option<&Path>, out: &mut dyn Write) -> Result<Outcome, CliError> {
    let lake = open(&super::settings(config)?, &arguments.source)?;
    let line = find(&register(&lake).await?, &arguments.id)?;
    writeln!(out, "Submission {}", line.id)?;
    writeln!(out, "Provider   {}", line.provider)?;
    writeln!(out, "Period     {} to {}, {}", line.rp_start, line.rp_end, line.file_type.as_str())?;
    writeln!(out, "Received   {}", line.received_at.to_rfc3339())?;
    writeln!(out, "Rows       {} accepted, {} refused", line.accepted, line.refused)?;
    writeln!(out, "State      {}", line.outcome)?;
    for (at, told) in decisions(&lake, &arguments.id).await? {
        writeln!(out, "{:<10} {told}", at.format("%Y-%m-%d"))?;
    }
    Ok(Outcome::Done)
}

/// Every decision about a submission, oldest first: the audit trail.
async fn decisions(lake: &Lake, id: &str) -> Result<Vec<(DateTime<Utc>, String)>, CliError> {
    let columns = ["submission_id", "decided_at", "decision", "decided_by", "reason", "decision_id"];
    let mut found = Vec::new();
    for batch in lake.read_columns(Table::CsdsSubmissionDecision.name(), &columns).await? {
        let text = |column: usize, row| batch.column(column).as_string::<i32>().value(row);
        let at = batch.column(1).as_primitive::<arrow::datatypes::TimestampMicrosecondType>();
        for row in (0..batch.num_rows()).filter(|row| text(0, *row) == id) {
            let at = DateTime::from_timestamp_micros(at.value(row)).unwrap_or_default();
            let (decision, by, reason) = (text(2, row), text(3, row), text(4, row));
            found.push((at, text(5, row).to_owned(), format!("{decision} at {} by {by}: {reason}", at.to_rfc3339())));
        }
    }
    found.sort();
    found.dedup();
    Ok(found.into_iter().map(|(at, _, told)| (at, told)).collect())
}

async fn decide(
    arguments: &DecideArguments,
    verdict: Verdict,
    config: Option<&Path>,
    out: &mut dyn Write,
) -> Result<Outcome, CliError> {
    let settings = super::settings_with_broker(config, arguments.brokers.as_ref())?;
    let line = find(&register(&open(&settings, &arguments.source)?).await?, &arguments.id)?;
    let decision = Decision {
        id: uuid::Uuid::new_v4().to_string(),
        submission: line.id.to_string(),
        verdict,
        reason: arguments.reason.clone(),
        by: arguments.by.clone(),
        at: SystemClock.now(),
    };
    decision.check().map_err(|part| {
        CliError::argument(
            format!("--{part} is empty, too long, or holds what looks like an NHS number"),
            "say it in up to 200 characters, without a patient",
        )
    })?;
    let publisher = super::load::publisher(&settings)?;
    let topics = super::load::Topics::of(&settings);
    publisher.send(topics.of_feed(Feed::Csds), Some(decision.submission.as_bytes()), decision.payload().as_bytes())?;
    publisher.flush()?;
    let was = line.outcome;
    writeln!(
        out,
        "{} is {}; it was {was}. Figures follow when Homeward has taken the decision in",
        line.id,
        verdict.as_str()
    )?;
    Ok(Outcome::Done)
}
