//! `homeward indicator list|check|explain`: the definition workshop for analysts.

use std::io::Write;
use std::sync::Arc;

use homeward_contract::geography::Geography;
use homeward_transform::definition::{Case, Catalogue, Definition, lint};
use homeward_transform::engine::Engine;
use homeward_transform::proof::prove;

use super::arguments::{CheckArguments, DefinitionsArguments, ExplainArguments, IndicatorCommand};
use super::error::{CliError, Outcome};
use super::evaluate::{catalogue, definition};

pub(super) async fn run(command: &IndicatorCommand, out: &mut dyn Write) -> Result<Outcome, CliError> {
    match command {
        IndicatorCommand::List(arguments) => list(arguments, out),
        IndicatorCommand::Check(arguments) => check(arguments, out).await,
        IndicatorCommand::Explain(arguments) => explain(arguments, out),
    }
}

fn list(arguments: &DefinitionsArguments, out: &mut dyn Write) -> Result<Outcome, CliError> {
    let catalogue = catalogue(arguments.definitions.as_deref())?;
    let width = catalogue.iter().map(|definition| definition.id.len()).max().unwrap_or(0);
    for definition in catalogue.iter() {
        let status = word(&definition.status);
        let (id, version, title) = (&definition.id, definition.version, &definition.title);
        writeln!(out, "{id:width$}  v{version:<3} {status:7} {title}")?;
    }
    Ok(Outcome::Done)
}

async fn check(arguments: &CheckArguments, out: &mut dyn Write) -> Result<Outcome, CliError> {
    let catalogue = match catalogue(arguments.source.definitions.as_deref()) {
        Ok(catalogue) => Arc::new(catalogue),
        Err(CliError::Definitions(errors)) => {
            for finding in &errors.findings {
                writeln!(out, "FAIL {finding}")?;
            }
            writeln!(out, "{} faults; nothing was run", errors.findings.len())?;
            return Ok(Outcome::Failed);
        }
        Err(error) => return Err(error),
    };
    let chosen: Vec<&Definition> = match &arguments.id {
        Some(id) => vec![definition(&catalogue, id)?],
        None => catalogue.iter().collect(),
    };
    let mut tally = Tally::default();
    for definition in &chosen {
        let findings = lint(definition);
        for finding in &findings {
            tally.line(out, false, &format!("{} lint: {finding}", definition.id))?;
        }
        if findings.is_empty() {
            tally.line(out, true, &format!("{} lint", definition.id))?;
        }
        match Engine::new(Arc::new(Geography::devon())).check(definition).await {
            Ok(()) => tally.line(out, true, &format!("{} plan", definition.id))?,
            Err(error) => {
                tally.line(out, false, &format!("{} plan: {error}", definition.id))?;
                continue;
            }
        }
        for case in &definition.cases {
            let differences = run_case(&catalogue, definition, case).await;
            let name = format!("{} {} ({}) {}", definition.id, case.id, case.rule, case.title);
            tally.line(out, differences.is_empty(), &name)?;
            for difference in differences {
                writeln!(out, "       {difference}")?;
            }
        }
    }
    writeln!(out, "{} definitions: {} passed, {} failed", chosen.len(), tally.passed, tally.failed)?;
    Ok(if tally.failed == 0 { Outcome::Done } else { Outcome::Failed })
}

#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    fn line(&mut self, out: &mut dyn Write, passed: bool, name: &str) -> Result<(), CliError> {
        let word = if passed { "pass" } else { "FAIL" };
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
        writeln!(out, "{word} {name}")?;
        Ok(())
    }
}

/// Runs one case through decoder, book, SQL and release; what differs, in sentences.
async fn run_case(catalogue: &Arc<Catalogue>, definition: &Definition, case: &Case) -> Vec<String> {
    let geography = Arc::new(Geography::devon());
    prove(catalogue, &geography, definition, case).await.unwrap_or_else(|fault| vec![fault.to_string()])
}

fn explain(arguments: &ExplainArguments, out: &mut dyn Write) -> Result<Outcome, CliError> {
    let catalogue = catalogue(arguments.source.definitions.as_deref())?;
    let definition = definition(&catalogue, &arguments.id)?;
    writeln!(
        out,
        "{} ({} version {}, {})",
        definition.title,
        definition.id,
        definition.version,
        word(&definition.status)
    )?;
    writeln!(out, "{}\n", definition.question)?;
    writeln!(out, "Counted      {}", definition.numerator)?;
    if let Some(denominator) = &definition.denominator {
        writeln!(out, "Out of       {denominator}")?;
    }
    writeln!(out, "Better is    {}", word(&definition.direction))?;
    writeln!(out, "Theme        {}, \"{}\"", definition.theme, definition.statement)?;
    writeln!(
        out,
        "Owner        {}; checked by {}; next review {}",
        definition.owner, definition.checker, definition.next_review
    )?;
    writeln!(out, "Released by  {} unless asked otherwise", definition.release)?;
    for target in &definition.targets {
        writeln!(out, "Target       {} {} since {}: {}", target.name, target.value, target.valid_from, target.source)?;
    }
    writeln!(out, "\nBases")?;
    for basis in &definition.bases {
        let default = if basis.id == definition.default_basis { " (shown when none is asked for)" } else { "" };
        writeln!(out, "  {}: {}{default}\n    {}", basis.id, basis.title, basis.note)?;
        if !basis.release_note.is_empty() {
            writeln!(out, "    {}", basis.release_note)?;
        }
    }
    if !definition.flags.is_empty() {
        writeln!(out, "\nFlags")?;
        for flag in &definition.flags {
            writeln!(out, "  {}: {}", flag.name, flag.meaning)?;
        }
    }
    if !definition.notes.is_empty() {
        writeln!(out, "\nNotes\n{}", definition.notes.trim_end())?;
    }
    writeln!(out, "\nCases")?;
    for case in &definition.cases {
        writeln!(out, "  {} ({}): {}", case.id, case.rule, case.title)?;
    }
    writeln!(out, "\nSQL\n{}", definition.sql.trim_end())?;
    Ok(Outcome::Done)
}

/// The word of an enum as its file writes it.
fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}
