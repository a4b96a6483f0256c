//! `homeward evaluate`: files in, figures out, the same pipeline as live.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use homeward_contract::clock::{Clock, SystemClock};
use homeward_contract::feed::{Feed, Table};
use homeward_ingest::decode::Decoded;
use homeward_transform::book::register::Register;
use homeward_transform::definition::{Catalogue, Definition};
use homeward_transform::evaluate::{Instants, evaluate};
use homeward_transform::figure::Dimension;
use homeward_transform::levels;
use homeward_transform::release::reach::{PCN_RULE, may_show_any};
use homeward_transform::release::{Policy, Released, ReleasedFigure};
use homeward_transform::snapshot::{FigureQuery, Snapshot};

use super::arguments::EvaluateArguments;
use super::error::{CliError, Outcome};
use super::output::write_figures;
use super::progress::Progress;
use crate::config::Config;
use crate::facts::{decode_paths, told_by_messages};
use crate::keys;

pub(super) async fn run(
    arguments: &EvaluateArguments,
    config: Option<&Path>,
    out: &mut dyn Write,
) -> Result<Outcome, CliError> {
    let config = Config::check(super::settings(config)?, &[])?;
    let catalogue = catalogue(arguments.definitions.as_deref())?.covered(&config.first_days);
    let asked = arguments.indicator.iter().map(|id| definition(&catalogue, id)).collect::<Result<Vec<_>, _>>()?;
    for definition in &asked {
        check_bases(definition, &arguments.basis)?;
    }
    let policy = arguments.release.as_deref().map(Policy::by_name).transpose()?;
    check_dimensions(arguments)?;

    let now = SystemClock.now();
    let instants = Instants { as_of: arguments.as_of.unwrap_or(now), as_known_at: arguments.as_known_at };
    for definition in &asked {
        if !levels::has_figure(definition, &query(definition, arguments)) {
            let (rule, mend) = levels::RULE;
            return Err(CliError::argument(format!("{}: {rule}", definition.id), mend));
        }
        if !may_show_any(&query(definition, arguments), instants.as_of) {
            let (rule, mend) = PCN_RULE;
            return Err(CliError::argument(rule, mend));
        }
    }
    if arguments.by.contains(&Dimension::Pcn) {
        eprintln!("note: {}; other figures are left out", PCN_RULE.0);
    }
    let geography = Arc::new(config.geography());
    let mut progress = Progress::start("Reading records", None);
    // Pseudonyms of one run only need to agree with each other, so a key of its own will do.
    let keys = keys::of_this_run();
    let mut files = decode_paths(&arguments.paths, &keys, &config.calendar, now, |more| progress.advance(more))?;
    let told = told_by_messages(&files.batches, &keys, config.wards, now)?;
    files.batches.extend(told);
    progress.finish();
    for note in &files.notes {
        eprintln!("note: {note}");
    }
    report_refusals(&files.batches);

    let facts: Vec<_> = files.batches.into_iter().flat_map(|batch| batch.tables).collect();
    report_submissions(&facts)?;
    let ids: Vec<&str> = asked.iter().map(|definition| definition.id.as_str()).collect();
    let snapshot = evaluate(&facts, Arc::new(catalogue.only(&ids)), geography, instants).await?;

    let released: Vec<_> =
        asked.iter().map(|definition| release(&snapshot, definition, arguments, policy)).collect::<Result<_, _>>()?;
    write_figures(out, arguments.format, &arguments.by, &released)?;
    Ok(Outcome::Done)
}

fn release(
    snapshot: &Snapshot,
    definition: &Definition,
    arguments: &EvaluateArguments,
    policy: Option<&'static Policy>,
) -> Result<Released<Vec<ReleasedFigure>>, CliError> {
    let policy = match policy {
        Some(policy) => policy,
        None => Policy::by_name(&definition.release)?,
    };
    Ok(policy.release(snapshot.figures(&query(definition, arguments)), definition))
}

fn query(definition: &Definition, arguments: &EvaluateArguments) -> FigureQuery {
    let bases =
        if arguments.basis.is_empty() { vec![definition.default_basis.clone()] } else { arguments.basis.clone() };
    FigureQuery { indicator: definition.id.clone(), bases, by: arguments.by.clone(), ..FigureQuery::default() }
}

/// The built-in definitions, or those of a folder.
pub(super) fn catalogue(folder: Option<&Path>) -> Result<Catalogue, CliError> {
    Ok(match folder {
        Some(folder) => Catalogue::load(folder)?,
        None => Catalogue::builtin()?,
    })
}

/// One definition by its id.
pub(super) fn definition<'a>(catalogue: &'a Catalogue, id: &str) -> Result<&'a Definition, CliError> {
    catalogue.get(id).ok_or_else(|| {
        let known: Vec<&str> = catalogue.iter().map(|definition| definition.id.as_str()).collect();
        CliError::argument(
            format!("there is no indicator '{id}'"),
            format!("use one of {}, or name a folder with --definitions", known.join(", ")),
        )
    })
}

fn check_bases(definition: &Definition, bases: &[String]) -> Result<(), CliError> {
    for basis in bases {
        if definition.basis(basis).is_none() {
            let known: Vec<&str> = definition.bases.iter().map(|basis| basis.id.as_str()).collect();
            return Err(CliError::argument(
                format!("{} has no basis '{basis}'", definition.id),
                format!("use one of {}", known.join(", ")),
            ));
        }
    }
    Ok(())
}

fn check_dimensions(arguments: &EvaluateArguments) -> Result<(), CliError> {
    let periods = arguments.by.iter().filter(|dimension| dimension.is_period()).count();
    if periods > 1 {
        return Err(CliError::argument(
            "--by names more than one of day, month, twelve_months and window",
            "keep one of them; a figure has one period",
        ));
    }
    Ok(())
}

/// Says which submissions do not count, and why; one that another replaced is no news.
fn report_submissions(facts: &[(Table, RecordBatch)]) -> Result<(), CliError> {
    let mut register = Register::default();
    for (table, batch) in facts.iter().filter(|(table, _)| table.feed() == Feed::Csds) {
        register.take(*table, batch)?;
    }
    register.settle();
    for line in register.roll().iter().filter(|line| line.outcome.is_fault()) {
        eprintln!("submission {} is not counted; {}", line.id, line.outcome);
    }
    Ok(())
}

fn report_refusals(batches: &[Decoded]) {
    let mut by_code = BTreeMap::new();
    for refusal in batches.iter().flat_map(|batch| &batch.refusals) {
        *by_code.entry(refusal.code).or_insert(0_u64) += 1;
    }
    if by_code.is_empty() {
        return;
    }
    eprintln!("{} records are not counted:", by_code.values().sum::<u64>());
    for (code, count) in by_code {
        eprintln!("  {count} x {}: {}. Mend: {}", code.code(), code.message(), code.mend());
    }
}
