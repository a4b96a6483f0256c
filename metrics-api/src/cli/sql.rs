//! `homeward sql`: one query over the lake, without a server.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use homeward_contract::clock::{Clock, SystemClock};
use homeward_contract::geography::Geography;
use homeward_ingest::lake::Lake;
use homeward_sql::{Answer, Limits, Source, Tick, local};
use homeward_transform::definition::Catalogue;
use homeward_transform::live::{Live, LiveOptions, Past};
use homeward_transform::release::{Coverage, Policy};
use serde_json::{Map, Number, Value};
use tokio::sync::watch;

use super::arguments::{Format, LakeArguments};
use super::error::{CliError, Outcome};
use super::evaluate::catalogue;
use crate::config::Config;
use crate::house::HouseError;

/// The table that needs the submissions reviewed.
const DATA_QUALITY: &str = "data_quality";

/// Nobody else waits for this process, so a query may take its time.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(600);

/// `homeward sql`
#[derive(Debug, Args)]
pub struct SqlArguments {
    /// The query; one SELECT.
    #[arg(value_name = "QUERY")]
    pub query: String,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Release policy: internal-live, ucr-publication, public-hes, public-csds.
    #[arg(long, default_value = "internal-live", value_name = "POLICY")]
    pub release: String,
    /// Folder of indicator definitions, instead of those of homeward.toml.
    #[arg(long, value_name = "DIR")]
    pub definitions: Option<PathBuf>,
    /// Where the lake is.
    #[command(flatten)]
    pub source: LakeArguments,
}

pub(super) async fn run(
    arguments: &SqlArguments,
    config: Option<&Path>,
    out: &mut (dyn Write + Send),
) -> Result<Outcome, CliError> {
    let config = Config::check(super::settings(config)?, &[])?;
    // As in the service: the records of one system are no national figures.
    let policy = Policy::by_name_over(&arguments.release, Coverage::PartOfEngland)?;
    let folder = arguments.source.lake.as_deref().unwrap_or(&config.lake_path);
    if !folder.is_dir() {
        return Err(CliError::argument(
            format!("there is no lake in {}", folder.display()),
            "name its folder with --lake, or in [lake] path of homeward.toml",
        ));
    }
    let definitions = arguments.definitions.as_deref().or(config.definitions.as_deref());
    let definitions = catalogue(definitions)?.covered(&config.first_days);
    // Reviewing every submission is worth its time only where the query names the table.
    let reviewed = arguments.query.to_ascii_lowercase().contains(DATA_QUALITY);
    let source = source(folder, Arc::new(definitions), Arc::new(config.geography()), reviewed).await?;
    let limits = Limits { statement_timeout: STATEMENT_TIMEOUT, ..Limits::default() };
    let answer = local(&source, policy, Tick::of_policy(policy), limits, &arguments.query).await?;
    write_answer(out, arguments.format, &answer)?;
    Ok(Outcome::Done)
}

/// The figures of a lake as of now. Nothing is written: the service that owns the lake keeps its history.
async fn source(
    folder: &Path,
    catalogue: Arc<Catalogue>,
    geography: Arc<Geography>,
    reviewed: bool,
) -> Result<Source, CliError> {
    let lake = Arc::new(Lake::open(folder)?);
    let past = Past::new(Arc::clone(&lake), Arc::clone(&catalogue), Arc::clone(&geography));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let options = LiveOptions { keep_history: false, ..LiveOptions::default() };
    let live = Live::restore(lake, Arc::clone(&catalogue), Arc::clone(&geography), options, clock.now());
    let mut live = live.await.map_err(HouseError::from)?;
    if reviewed {
        live.review(clock.now()).await.map_err(HouseError::from)?;
    }
    let snapshot = live.subscribe().borrow().clone();
    let (_, snapshots) = watch::channel(Some(snapshot));
    Ok(Source::new(snapshots, Some(past), catalogue, geography, clock))
}

fn write_answer(out: &mut dyn Write, format: Format, answer: &Answer) -> io::Result<()> {
    match format {
        Format::Table => write_table(out, answer),
        Format::Csv => write_csv(out, answer),
        Format::Json => write_json(out, answer),
    }
}

/// Words of every cell; an empty one is null.
fn each_row(answer: &Answer, mut row: impl FnMut(Vec<String>) -> io::Result<()>) -> io::Result<()> {
    let options = FormatOptions::new();
    for batch in &answer.batches {
        let columns: Result<Vec<_>, ArrowError> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options)).collect();
        let columns = columns.map_err(io::Error::other)?;
        for index in 0..batch.num_rows() {
            row(columns.iter().map(|column| column.value(index).to_string()).collect())?;
        }
    }
    Ok(())
}

fn names(answer: &Answer) -> impl Iterator<Item = &str> {
    answer.schema.fields().iter().map(|field| field.name().as_str())
}

fn write_csv(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(names(answer))?;
    each_row(answer, |row| Ok(writer.write_record(row)?))?;
    writer.flush()
}

fn write_table(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(names(answer));
    let mut rows = 0_usize;
    each_row(answer, |row| {
        rows += 1;
        table.add_row(row);
        Ok(())
    })?;
    for (index, field) in answer.schema.fields().iter().enumerate() {
        if let (true, Some(column)) = (field.data_type().is_numeric(), table.column_mut(index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{}", table.trim_fmt())?;
    writeln!(out, "({rows} {})", if rows == 1 { "row" } else { "rows" })
}

fn write_json(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    let mut rows = Vec::new();
    for batch in &answer.batches {
        for index in 0..batch.num_rows() {
            let cells =
                names(answer).zip(batch.columns()).map(|(name, column)| Ok((name.to_owned(), json(column, index)?)));
            rows.push(Value::Object(cells.collect::<io::Result<Map<_, _>>>()?));
        }
    }
    serde_json::to_writer_pretty(&mut *out, &rows)?;
    writeln!(out)
}

/// Numbers and truths as such, everything else as its words.
fn json(column: &ArrayRef, row: usize) -> io::Result<Value> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match column.data_type() {
        DataType::Int64 => Value::from(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => {
            Number::from_f64(column.as_primitive::<Float64Type>().value(row)).map_or(Value::Null, Value::Number)
        }
        DataType::Boolean => Value::Bool(column.as_boolean().value(row)),
        _ => {
            let options = FormatOptions::new();
            let words = ArrayFormatter::try_new(column, &options).map_err(io::Error::other)?;
            Value::String(words.value(row).to_string())
        }
    })
}
