//! `homeward submission quality`: how complete and how clean the submissions are that count, a provider and month.

use std::io::{self, Write};
use std::path::Path;

use clap::Args;
use homeward_transform::book::read::date_of;
use homeward_transform::book::submission::Identity;
use homeward_transform::live::qualities;
use homeward_transform::release::{Policy, ReleasedMeasure, ReleasedQuality};
use serde_json::json;

use super::arguments::{Format, LakeArguments};
use super::error::{CliError, Outcome};
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

pub(super) async fn run(
    arguments: &QualityArguments,
    config: Option<&Path>,
    out: &mut (dyn Write + Send),
) -> Result<Outcome, CliError> {
    let policy = Policy::by_name(&arguments.release)?;
    let lake = open(&super::settings(config)?, &arguments.source)?;
    let wanted = |identity: &Identity| {
        let month = || date_of(identity.rp_end_day).format("%Y-%m").to_string();
        arguments.provider.as_ref().is_none_or(|code| code.eq_ignore_ascii_case(&identity.provider))
            && arguments.period.as_ref().is_none_or(|period| *period == month())
    };
    let found = qualities(&lake, &register(&lake).await?, wanted).await?;
    let months: Vec<_> =
        found.iter().map(|(provider, month, quality)| policy.release_quality(provider, month, quality)).collect();
    let rows: Vec<Row<'_>> =
        months.iter().flat_map(|month| month.measures.iter().map(move |of| Row(month, of))).collect();
    match arguments.format {
        Format::Table => write_table(out, &rows, policy)?,
        Format::Csv => write_csv(out, &rows)?,
        Format::Json => write_json(out, &rows)?,
    }
    Ok(Outcome::Done)
}

/// One line: a provider's month, and what is measured.
struct Row<'a>(&'a ReleasedQuality, &'a ReleasedMeasure);

impl Row<'_> {
    fn month(&self) -> String {
        self.0.month.format("%Y-%m").to_string()
    }
}

fn write_table(out: &mut dyn Write, rows: &[Row<'_>], policy: &Policy) -> io::Result<()> {
    for row in rows {
        let Row(quality, of) = row;
        let whole = of.denominator.map(|denominator| format!(" of {denominator}")).unwrap_or_default();
        writeln!(out, "{:<6} {}  {:<18} {}{whole}", quality.provider, row.month(), of.measure, of.numerator)?;
    }
    writeln!(out, "{} lines, of the submissions that count; {}", rows.len(), policy.label())
}

fn write_csv(out: &mut dyn Write, rows: &[Row<'_>]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(["provider", "month", "measure", "numerator", "denominator"])?;
    for row in rows {
        let Row(quality, of) = row;
        let (numerator, denominator) = (of.numerator.to_string(), of.denominator.map(|shown| shown.to_string()));
        let denominator = denominator.unwrap_or_default();
        writer.write_record([&quality.provider, &row.month(), of.measure, &numerator, &denominator])?;
    }
    writer.flush()
}

fn write_json(out: &mut dyn Write, rows: &[Row<'_>]) -> io::Result<()> {
    let told = |row: &Row<'_>| {
        let Row(quality, of) = row;
        json!({
            "provider": quality.provider,
            "month": row.month(),
            "measure": of.measure,
            "numerator": of.numerator,
            "denominator": of.denominator,
            "release": quality.release,
        })
    };
    serde_json::to_writer_pretty(&mut *out, &rows.iter().map(told).collect::<Vec<_>>())?;
    writeln!(out)
}
