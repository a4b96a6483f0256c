//! `homeward submission quality`: how complete and how clean the submissions are that count, a provider and month.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use homeward_transform::feedback::{Measure, Quality};
use homeward_transform::release::{Policy, Shown};
use serde_json::json;

use super::arguments::{Format, LakeArguments};
use super::error::{CliError, Outcome};
use super::feedback::review;
use super::submission::{open, register};

/// `homeward submission quality`
#[derive(Debug, Args)]
pub struct QualityArguments {
    /// Only this provider.
    #[arg(long, value_name = "CODE")]
    pub provider: Option<String>,
    /// Only this reporting period, as CCYY-MM.
    #[arg(long, value_name = "MONTH")]
    pub period: Option<String>,
    /// Release policy of the counts.
    #[arg(long, value_name = "POLICY", default_value = "internal-live")]
    pub release: String,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Where the lake lies.
    #[command(flatten)]
    pub source: LakeArguments,
}

/// One line: provider, month, what is measured, and its counts.
struct Row {
    provider: Arc<str>,
    month: String,
    measure: &'static str,
    numerator: Shown,
    /// None for a count of what is amiss.
    denominator: Option<Shown>,
}

pub(super) async fn run(
    arguments: &QualityArguments,
    config: Option<&Path>,
    out: &mut (dyn Write + Send),
) -> Result<Outcome, CliError> {
    let policy = Policy::by_name(&arguments.release)?;
    let lake = open(&super::settings(config)?, &arguments.source)?;
    let lines = register(&lake).await?.roll().into_iter();
    let counting: BTreeSet<Arc<str>> = lines
        .filter(|line| line.outcome.is_counted())
        .filter(|line| arguments.provider.as_ref().is_none_or(|code| code.eq_ignore_ascii_case(&line.provider)))
        .filter(|line| arguments.period.as_ref().is_none_or(|month| *month == line.rp_end.format("%Y-%m").to_string()))
        .map(|line| line.id)
        .collect();
    let mut months: BTreeMap<(Arc<str>, String), Quality> = BTreeMap::new();
    for feedback in review(&lake, move |identity| counting.contains(&identity.id)).await? {
        if feedback.line.outcome.is_counted() {
            let month = feedback.line.rp_end.format("%Y-%m").to_string();
            *months.entry((feedback.line.provider, month)).or_default() += feedback.quality;
        }
    }
    let rows: Vec<Row> =
        months.iter().flat_map(|((provider, month), quality)| of_month(provider, month, quality, policy)).collect();
    match arguments.format {
        Format::Table => write_table(out, &rows, policy)?,
        Format::Csv => write_csv(out, &rows)?,
        Format::Json => write_json(out, &rows, policy)?,
    }
    Ok(Outcome::Done)
}

/// Counts of rows are small numbers too: each goes through the policy.
fn of_month(provider: &Arc<str>, month: &str, quality: &Quality, policy: &Policy) -> Vec<Row> {
    let count = |rows: u64| *policy.release_count(i64::try_from(rows).unwrap_or(i64::MAX), false);
    let row = |measure, numerator, denominator| Row {
        provider: Arc::clone(provider),
        month: month.to_owned(),
        measure,
        numerator,
        denominator,
    };
    let shares = Measure::ALL.map(|measure| {
        let share = quality.share(measure);
        row(measure.name(), count(share.numerator), Some(count(share.denominator)))
    });
    let counts = quality.counts().map(|(name, rows)| row(name, count(rows), None));
    shares.into_iter().chain(counts).collect()
}

fn write_table(out: &mut dyn Write, rows: &[Row], policy: &Policy) -> io::Result<()> {
    for row in rows {
        let of = row.denominator.map(|denominator| format!(" of {denominator}")).unwrap_or_default();
        writeln!(out, "{:<6} {}  {:<18} {}{of}", row.provider, row.month, row.measure, row.numerator)?;
    }
    writeln!(out, "{} lines, of the submissions that count; {}", rows.len(), policy.label())
}

fn write_csv(out: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(["provider", "month", "measure", "numerator", "denominator"])?;
    for row in rows {
        let denominator = row.denominator.map(|shown| shown.to_string()).unwrap_or_default();
        writer.write_record([&*row.provider, &row.month, row.measure, &row.numerator.to_string(), &denominator])?;
    }
    writer.flush()
}

fn write_json(out: &mut dyn Write, rows: &[Row], policy: &Policy) -> io::Result<()> {
    let told = |row: &Row| {
        json!({
            "provider": &*row.provider,
            "month": row.month,
            "measure": row.measure,
            "numerator": row.numerator,
            "denominator": row.denominator,
            "release": policy.label(),
        })
    };
    serde_json::to_writer_pretty(&mut *out, &rows.iter().map(told).collect::<Vec<_>>())?;
    writeln!(out)
}
