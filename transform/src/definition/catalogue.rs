//! The definitions in force, read from a folder or from the program itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use super::builtin::BUILTIN;
use super::case::CaseFile;
use super::fault::{DefinitionErrors, LintFinding, Place, read_toml};
use super::first_days::FirstDays;
use super::lint::{lint, lint_change};
use super::model::Definition;
use super::shared_text::fill;
use super::sql_lint::subjects;

/// A sound set of definitions by id. A catalogue with a fault does not exist: whoever holds one keeps serving it.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    definitions: BTreeMap<String, Definition>,
    first_night: Option<NaiveDate>,
}

/// The texts of one indicator folder.
struct Folder {
    id: String,
    toml: String,
    /// None where `indicator.toml` names another folder's.
    sql: Option<String>,
    cases: Vec<(String, String)>,
}

impl Catalogue {
    /// The indicators that are part of the program.
    ///
    /// # Errors
    ///
    /// A test keeps the built-in definitions sound, so an error here is a defect of the build.
    pub fn builtin() -> Result<Self, DefinitionErrors> {
        let folders = BUILTIN.iter().map(|folder| Folder {
            id: folder.id.to_owned(),
            toml: folder.toml.to_owned(),
            sql: folder.sql.map(str::to_owned),
            cases: folder.cases.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        });
        Self::from_folders(folders.collect(), Vec::new())
    }

    /// The indicators of a folder, one sub-folder each, in place of the built-in ones. An indicator that is also built in
    /// may differ from it only under another version number.
    ///
    /// # Errors
    ///
    /// Every fault of every file, each with its place and its mend.
    pub fn load(folder: &Path) -> Result<Self, DefinitionErrors> {
        let (folders, findings) = read_folders(folder);
        let loaded = Self::from_folders(folders, findings)?;
        let builtin = Self::builtin()?;
        let reuses_version = |(previous, next): &(&Definition, &Definition)| previous.version == next.version;
        let findings =
            loaded.pairs(&builtin).filter(reuses_version).flat_map(|(old, new)| lint_change(old, new)).collect();
        loaded.unless(findings)
    }

    /// The next edition of this catalogue from a folder. After an error this catalogue stays in force.
    ///
    /// # Errors
    ///
    /// As [`Self::load`], and for every SQL that changed without a new version.
    pub fn reload(&self, folder: &Path) -> Result<Self, DefinitionErrors> {
        let next = Self::load(folder)?;
        let findings = next.pairs(self).flat_map(|(old, new)| lint_change(old, new)).collect();
        next.unless(findings)
    }

    /// The definition of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Definition> {
        self.definitions.get(id)
    }

    /// A catalogue of these definitions alone, to compute nothing else; ids that are not known are left out.
    #[must_use]
    pub fn only(&self, ids: &[&str]) -> Self {
        let definitions = self.definitions.iter().filter(|(held, _)| ids.contains(&held.as_str()));
        let definitions = definitions.map(|(id, definition)| (id.clone(), definition.clone())).collect();
        Self { definitions, first_night: self.first_night }
    }

    /// The same definitions where feeds of people's nights cover their places from these days on. The notes of those that
    /// count nights say so, and with them every outlet that shows a definition.
    #[must_use]
    pub fn covered(mut self, days: &FirstDays) -> Self {
        self.first_night = days.first_night();
        if let Some(note) = days.note() {
            for definition in self.definitions.values_mut().filter(|definition| definition.counts_nights()) {
                definition.notes.push_str(&note);
            }
        }
        self
    }

    /// The first night on which somebody can be known to be at home; none when every night is covered.
    #[must_use]
    pub const fn first_night(&self) -> Option<NaiveDate> {
        self.first_night
    }

    /// Every definition in order of id.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.definitions.values()
    }

    /// Definitions that are in both, the other catalogue's first.
    fn pairs<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a Definition, &'a Definition)> {
        self.iter().filter_map(|own| Some((other.get(&own.id)?, own)))
    }

    fn unless(self, findings: Vec<LintFinding>) -> Result<Self, DefinitionErrors> {
        if findings.is_empty() { Ok(self) } else { Err(DefinitionErrors::new(findings)) }
    }

    fn from_folders(folders: Vec<Folder>, mut findings: Vec<LintFinding>) -> Result<Self, DefinitionErrors> {
        let mut definitions = BTreeMap::new();
        let texts = folders.iter().filter_map(|folder| Some((folder.id.as_str(), folder.sql.as_deref()?)));
        let texts: BTreeMap<&str, &str> = texts.collect();
        for folder in &folders {
            match read_definition(folder, &texts) {
                Ok(definition) => {
                    findings.extend(lint(&definition));
                    definitions.insert(definition.id.clone(), definition);
                }
                Err(faults) => findings.extend(faults),
            }
        }
        Self { definitions, first_night: None }.unless(findings)
    }
}

/// Reads the texts of one folder into a definition; every file that cannot be read is a finding of its own.
fn read_definition(folder: &Folder, texts: &BTreeMap<&str, &str>) -> Result<Definition, Vec<LintFinding>> {
    let file = |name: &str| format!("{}/{name}", folder.id);
    let mut findings = Vec::new();
    let mut cases = Vec::new();
    for (name, text) in &folder.cases {
        match read_toml::<CaseFile>(&file(&format!("cases/{name}")), text) {
            Ok(read) => cases.extend(read.cases.into_iter().map(|mut case| {
                case.file.clone_from(name);
                case
            })),
            Err(finding) => findings.push(finding),
        }
    }
    match read_toml::<Definition>(&file("indicator.toml"), &folder.toml) {
        Ok(mut definition) => {
            if definition.id != folder.id {
                let what = format!("the id is '{}' but the folder is '{}'", definition.id, folder.id);
                let place = Place::Key("id".into());
                findings.push(LintFinding::new(file("indicator.toml"), place, what, "give both the same name"));
            }
            match sql_of(folder, &definition, texts) {
                Ok(sql) => definition.sql = sql,
                Err(finding) => findings.push(finding),
            }
            definition.subjects = subjects(&definition.sql, definition.stock);
            definition.cases = cases;
            if findings.is_empty() { Ok(definition) } else { Err(findings) }
        }
        Err(finding) => {
            findings.push(finding);
            Err(findings)
        }
    }
}

/// The SQL of a definition: its own or that of another folder, with the parameters filled in.
fn sql_of(folder: &Folder, definition: &Definition, texts: &BTreeMap<&str, &str>) -> Result<String, LintFinding> {
    let fault = |name: &str, what: String, mend: &str| {
        LintFinding::new(format!("{}/{name}", folder.id), Place::File, what, mend)
    };
    let text = match (&folder.sql, &definition.sql_of) {
        (Some(own), None) => own.as_str(),
        (Some(_), Some(of)) => {
            return Err(fault("indicator.sql", format!("stands beside sql_of = \"{of}\""), "remove one of them"));
        }
        (None, Some(of)) => texts.get(of.as_str()).ok_or_else(|| {
            fault(
                "indicator.toml",
                format!("sql_of names '{of}', which has no indicator.sql"),
                "name a folder that has",
            )
        })?,
        (None, None) => {
            let mend = "an indicator folder holds indicator.toml and indicator.sql as UTF-8 text, or names the folder \
                        that holds its SQL in sql_of";
            return Err(fault("indicator.sql", "cannot be read: there is none".into(), mend));
        }
    };
    fill(text, &definition.parameters).map_err(|what| {
        fault("indicator.toml", what, "give parameters = { name = \"value\" } for the names in the SQL, and no others")
    })
}

fn read_folders(root: &Path) -> (Vec<Folder>, Vec<LintFinding>) {
    let mut findings = Vec::new();
    let mut folders = Vec::new();
    let paths = match entries(root) {
        Ok(paths) => paths,
        Err(error) => {
            let what = format!("the definitions folder cannot be read: {error}");
            let shown = root.display().to_string();
            return (folders, vec![LintFinding::new(shown, Place::File, what, "name an existing folder")]);
        }
    };
    for path in paths.iter().filter(|path| path.is_dir()) {
        let id = file_name(path);
        let mut text = |name: &str| {
            fs::read_to_string(path.join(name)).unwrap_or_else(|error| {
                let what = format!("cannot be read: {error}");
                let mend = "an indicator folder holds indicator.toml and indicator.sql as UTF-8 text";
                findings.push(LintFinding::new(format!("{id}/{name}"), Place::File, what, mend));
                String::new()
            })
        };
        let toml = text("indicator.toml");
        let sql = path.join("indicator.sql").is_file().then(|| text("indicator.sql"));
        let case_paths = entries(&path.join("cases")).unwrap_or_default();
        let is_toml = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "toml");
        let cases = case_paths.iter().filter(is_toml).map(|case| {
            let name = file_name(case);
            let read = text(&format!("cases/{name}"));
            (name, read)
        });
        let cases = cases.collect();
        if path.join("indicator.toml").is_file() {
            folders.push(Folder { id, toml, sql, cases });
        }
    }
    if folders.is_empty() && findings.is_empty() {
        let what = "the definitions folder holds no indicator";
        findings.push(LintFinding::new(root.display().to_string(), Place::File, what, "give each indicator a folder"));
    }
    (folders, findings)
}

fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
