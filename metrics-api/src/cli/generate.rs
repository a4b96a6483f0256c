//! `homeward generate`: what is made from the definitions and the contract, written or compared.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use homeward_contract::{dictionary, rules, state_page};
use homeward_dashboards::{GeneratedFile, alerts, grafana};
use homeward_transform::definition::Catalogue;

use super::error::{CliError, Outcome};
use super::evaluate::catalogue;

/// `homeward generate`
#[derive(Debug, Args)]
pub struct GenerateArguments {
    /// Folder that holds dashboards/, deploy/ and docs/: the top of the repository, or a deployment's own.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Write nothing; compare, and fail when something differs.
    #[arg(long)]
    pub check: bool,
    /// Folder of indicator definitions, instead of the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub definitions: Option<PathBuf>,
    /// Address of the accessible board, for links.
    #[arg(long, value_name = "URL", default_value_t = grafana::Places::default().board)]
    pub board_url: String,
    /// Address of the runbooks' folder, for links.
    #[arg(long, value_name = "URL", default_value_t = grafana::Places::default().runbooks)]
    pub runbooks_url: String,
    /// How many times faster than real time the house's clock runs, for a demonstration: alerts wait that much shorter.
    #[arg(long, value_name = "TIMES", default_value_t = 1)]
    pub time_scale: u32,
}

/// Folders that hold generated files and nothing else: what nobody generates there is left over.
const OWNED_FOLDERS: [&str; 2] = [grafana::BOARDS, alerts::RULES];

pub(super) fn run(arguments: &GenerateArguments, out: &mut dyn Write) -> Result<Outcome, CliError> {
    let catalogue = catalogue(arguments.definitions.as_deref())?;
    let files = generated(&catalogue, arguments)?;
    if arguments.check { check(&arguments.out, &files, out) } else { write(&arguments.out, &files, out) }
}

/// Every generator, one line each.
fn generated(catalogue: &Catalogue, arguments: &GenerateArguments) -> Result<Vec<GeneratedFile>, CliError> {
    let slashless = |url: &str| url.trim_end_matches('/').to_owned();
    let places =
        grafana::Places { board: slashless(&arguments.board_url), runbooks: slashless(&arguments.runbooks_url) };
    let options = alerts::Options {
        board: places.board.clone(),
        runbooks: format!("{}/", places.runbooks),
        time_scale: arguments.time_scale,
        ..alerts::Options::default()
    };
    let alerts = alerts::files(catalogue, &options)
        .map_err(|fault| CliError::argument(fault.to_string(), "mend the definition, then generate again"))?;
    let pages =
        [(dictionary::PAGE, dictionary::page()), (rules::PAGE, rules::page()), (state_page::PAGE, state_page::page())];
    let pages = pages.map(|(path, content)| GeneratedFile { path: path.to_owned(), content });
    Ok([grafana::files_leading_to(catalogue, &places), alerts, pages.to_vec()].concat())
}

fn write(top: &Path, files: &[GeneratedFile], out: &mut dyn Write) -> Result<Outcome, CliError> {
    let mut written = 0_usize;
    for file in files {
        let path = top.join(&file.path);
        if held(&path)?.as_deref() == Some(file.content.as_str()) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| CliError::Write { path: folder.to_owned(), source })?;
        }
        fs::write(&path, &file.content).map_err(|source| CliError::Write { path: path.clone(), source })?;
        writeln!(out, "wrote {}", file.path)?;
        written += 1;
    }
    for path in left_over(top, files)? {
        writeln!(out, "left over: {path}; nothing generates it any more, delete it")?;
    }
    writeln!(out, "{} files, {written} written, {} as they were", files.len(), files.len() - written)?;
    Ok(Outcome::Done)
}

fn check(top: &Path, files: &[GeneratedFile], out: &mut dyn Write) -> Result<Outcome, CliError> {
    let mut findings = 0_usize;
    for file in files {
        let told = match held(&top.join(&file.path))? {
            Some(content) if content == file.content => continue,
            Some(content) => format!("line {} differs", first_difference(&content, &file.content)),
            None => "is missing".to_owned(),
        };
        writeln!(out, "FAIL {}: {told}; run `homeward generate --out {}`", file.path, top.display())?;
        findings += 1;
    }
    for path in left_over(top, files)? {
        writeln!(out, "FAIL {path}: nothing generates it any more; delete it")?;
        findings += 1;
    }
    writeln!(out, "{} files, {findings} findings", files.len())?;
    Ok(if findings == 0 { Outcome::Done } else { Outcome::Failed })
}

/// The text of a file, none where there is no such file.
fn held(path: &Path) -> Result<Option<String>, CliError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::argument(
            format!("{} cannot be read: {error}", path.display()),
            "give this user the right to read it",
        )),
    }
}

fn first_difference(held: &str, wanted: &str) -> usize {
    let same = held.lines().zip(wanted.lines()).take_while(|(held, wanted)| held == wanted).count();
    same + 1
}

/// Files in folders of ours that nothing generates.
fn left_over(top: &Path, files: &[GeneratedFile]) -> Result<Vec<String>, CliError> {
    let wanted: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut found = Vec::new();
    for folder in OWNED_FOLDERS {
        let entries = match fs::read_dir(top.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(CliError::argument(format!("{folder}: {error}"), "let this user list it")),
        };
        for entry in entries {
            let path = format!("{folder}/{}", entry?.file_name().to_string_lossy());
            if !wanted.contains(path.as_str()) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(out: &Path, check: bool) -> GenerateArguments {
        let places = grafana::Places::default();
        GenerateArguments {
            out: out.to_owned(),
            check,
            definitions: None,
            board_url: format!("{}/", places.board),
            runbooks_url: places.runbooks,
            time_scale: 1,
        }
    }

    fn told(arguments: &GenerateArguments) -> (Outcome, String) {
        let mut out = Vec::new();
        let outcome = run(arguments, &mut out).unwrap();
        (outcome, String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_was_written_passes_the_check_and_is_not_written_again() {
        let top = tempfile::tempdir().unwrap();
        let (outcome, text) = told(&arguments(top.path(), false));
        assert!(outcome == Outcome::Done && text.contains("wrote dashboards/grafana/ucr-now.json"), "{text}");
        assert_eq!(told(&arguments(top.path(), true)).0, Outcome::Done);
        let (_, text) = told(&arguments(top.path(), false));
        assert!(text.contains(" 0 written"), "{text}");
    }

    #[test]
    fn a_hand_edit_a_missing_file_and_a_left_over_file_fail_the_check() {
        let top = tempfile::tempdir().unwrap();
        told(&arguments(top.path(), false));
        let board = top.path().join("dashboards/grafana/ucr-now.json");
        let edited = fs::read_to_string(&board).unwrap().replacen("UCR now", "UCR later", 1);
        fs::write(&board, edited).unwrap();
        fs::remove_file(top.path().join("deploy/grafana/provisioning/datasources/homeward.yaml")).unwrap();
        fs::write(top.path().join("dashboards/grafana/old.json"), "{}").unwrap();
        let (outcome, text) = told(&arguments(top.path(), true));
        assert_eq!(outcome, Outcome::Failed);
        for words in ["ucr-now.json: line", "homeward.yaml: is missing", "old.json: nothing generates it", "3 findings"]
        {
            assert!(text.contains(words), "'{words}' is not in: {text}");
        }
    }
}
