//! The rules of an `indicator.toml` and of its cases.

use std::collections::BTreeSet;

use homeward_contract::population::AGES_FROM;
use homeward_contract::standard_population::StandardPopulation;

use crate::figure::Dimension;
use crate::population::EDITION_FLAG;
use crate::release::Policy;
use crate::standardised::SUMS_BY_AGE;

use super::case::{Case, Expectation};
use super::fault::{LintFinding, Place};
use super::model::{Definition, Interval, Kind};
use super::sql_lint::{lint_sql, sql_sha256};
use super::theme::Theme;

const GRAINS: [&str; 5] = ["day", "month", "twelve_months", "window", "now"];
const WINDOWS: [&str; 5] = ["24h", "7d", "28d", "mtd", "365d"];
const TARGETS: [&str; 2] = ["local", "national"];

/// Every fault of one definition: its text, its SQL and its cases. Empty when it is sound.
#[must_use]
pub fn lint(definition: &Definition) -> Vec<LintFinding> {
    let mut lint = Lint { definition, findings: lint_sql(definition) };
    lint.texts();
    lint.names();
    lint.targets();
    lint.counting();
    lint.population();
    lint.alerts();
    for case in &definition.cases {
        lint.case(case);
    }
    lint.case_ids();
    lint.findings
}

/// A new edition against the one it replaces: a changed SQL must raise the version, and a version never goes back.
#[must_use]
pub fn lint_change(previous: &Definition, next: &Definition) -> Vec<LintFinding> {
    let file = format!("{}/indicator.toml", next.id);
    let at_version = |what: String, mend: String| LintFinding::new(&file, Place::Key("version".into()), what, mend);
    let changed = sql_sha256(&previous.sql) != sql_sha256(&next.sql);
    if next.version < previous.version {
        let what = format!("version {} would replace the newer version {}", next.version, previous.version);
        return vec![at_version(what, format!("set version = {}", previous.version + 1))];
    }
    if changed && next.version == previous.version {
        let what = format!("indicator.sql differs from the version {} that is in use", previous.version);
        return vec![at_version(what, format!("set version = {}", previous.version + 1))];
    }
    Vec::new()
}

struct Lint<'a> {
    definition: &'a Definition,
    findings: Vec<LintFinding>,
}

impl Lint<'_> {
    fn key(&mut self, key: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) {
        let file = format!("{}/indicator.toml", self.definition.id);
        self.findings.push(LintFinding::new(file, Place::Key(key.into()), what, mend));
    }

    fn texts(&mut self) {
        let own = self.definition;
        let texts = [
            ("title", &own.title),
            ("question", &own.question),
            ("statement", &own.statement),
            ("owner", &own.owner),
            ("checker", &own.checker),
            ("unit", &own.unit),
            ("numerator", &own.numerator),
        ];
        for (key, text) in texts {
            if text.trim().is_empty() {
                self.key(key, "the text is empty", "write it in words");
            }
        }
        if own.owner == own.checker {
            self.key("checker", "owner and checker are the same", "name another role: four eyes see more");
        }
        if own.version == 0 {
            self.key("version", "a version counts from 1", "set version = 1");
        }
        let themes = Theme::ALL.map(|theme| theme.code);
        if !themes.contains(&own.theme.as_str()) {
            self.key("theme", format!("unknown theme '{}'", own.theme), one_of(&themes));
        }
    }

    fn names(&mut self) {
        let own = self.definition;
        if !is_name(&own.id, '-') {
            self.key("id", format!("'{}' is no id", own.id), "use lower-case words with hyphens");
        }
        self.known("grains", &own.grains, &GRAINS);
        self.known("windows", &own.windows, &WINDOWS);
        if own.has_grain("window") == own.windows.is_empty() {
            self.key("windows", "grain window and the list of windows do not agree", "give both or neither");
        }
        if own.windows.iter().any(|window| window == "365d") && !own.counts_wards() {
            self.key("windows", "365d is a window of virtual wards alone", "remove it");
        }
        if own.counts_nights() && own.is_of_the_moment() {
            let what = "people's nights are counted when their day is over";
            self.key("grains", what, "set grains = [\"month\"] or [\"day\"]");
        }
        if own.feeds.is_empty() {
            self.key("feeds", "no feed is named", "name those that its views are made of, such as ucr and csds");
        }
        for name in own.counts.iter().chain(own.flags.iter().map(|flag| &flag.name)) {
            if !is_name(name, '_') {
                self.key(
                    "counts / flag",
                    format!("'{name}' is no column name"),
                    "use lower-case words with underscores",
                );
            }
        }
        self.unique("basis", own.bases.iter().map(|basis| basis.id.as_str()));
        self.unique("flag", own.flags.iter().map(|flag| flag.name.as_str()));
        self.unique("counts", own.counts.iter().map(String::as_str));
        if own.basis(&own.default_basis).is_none() {
            self.key("default_basis", format!("'{}' is none of the bases", own.default_basis), self.basis_mend());
        }
        if let Some(basis) = own.bases.iter().find(|basis| !is_name(&basis.id, '-')) {
            self.key("basis.id", format!("'{}' is no id", basis.id), "use lower-case words with hyphens");
        }
        if let Err(unknown) = Policy::by_name(&own.release) {
            self.key("release", format!("unknown policy '{}'", unknown.0), policy_mend());
        }
    }

    fn targets(&mut self) {
        let own = self.definition;
        for (index, target) in own.targets.iter().enumerate() {
            let is_ratio = (0.0..=1.0).contains(&target.value);
            if !target.value.is_finite() || own.kind == Kind::Proportion && !is_ratio {
                let what = format!("the target {} lies outside 0 to 1", target.value);
                self.key(format!("target[{index}].value"), what, "write 80% as 0.80");
            }
            if !TARGETS.contains(&target.name.as_str()) {
                let what = format!("unknown target name '{}'", target.name);
                self.key(format!("target[{index}].name"), what, one_of(&TARGETS));
            }
            if target.source.trim().is_empty() {
                self.key(format!("target[{index}].source"), "a target needs a source", "say who set it and where");
            }
        }
    }

    fn counting(&mut self) {
        let own = self.definition;
        match (own.kind, &own.denominator) {
            (Kind::Proportion, None) => {
                self.key("denominator", "a proportion needs a denominator", "say in words what it counts");
            }
            (Kind::Ratio | Kind::Standardised, None) => {
                self.key("denominator", "a ratio needs a denominator", "say in words what it is divided by");
            }
            (Kind::Quantile, None) => {
                self.key(
                    "denominator",
                    "a percentile needs a denominator",
                    "say in words which records it is taken of",
                );
            }
            (Kind::Count | Kind::Snapshot | Kind::People, Some(_)) => {
                self.key("denominator", "a count has no denominator", "remove it or set kind = \"proportion\"");
            }
            _ => {}
        }
        match (own.kind, own.quantile) {
            (Kind::Quantile, None) => self.key("quantile", "which percentile is not said", "write 0.5 for the median"),
            (_, Some(_)) if own.kind != Kind::Quantile => {
                self.key("quantile", "only a percentile has one", "remove it or set kind = \"quantile\"");
            }
            _ => {}
        }
        if own.kind != Kind::Proportion && own.interval == Interval::Wilson {
            self.key("interval", "a Wilson interval needs a proportion", "set interval = \"none\"");
        }
        if own.interval == Interval::People && (own.kind != Kind::Ratio || own.per_population.is_some()) {
            let what = "the spread between people needs a ratio of two sums over people";
            self.key("interval", what, "set interval = \"none\"");
        }
        if own.stock && (own.kind != Kind::Count || own.grains != ["month"]) {
            let what = "what is open at a period's end is counted by months alone";
            self.key("stock", what, "set kind = \"count\" and grains = [\"month\"], or remove it");
        }
        if own.has_grain("twelve_months") && (!own.has_grain("month") || own.stock || !own.kind.adds_up()) {
            let what = "twelve months are the sum of months, which only figures that add up have";
            self.key("grains", what, "remove twelve_months, or count months that add up");
        }
        if own.kind == Kind::Snapshot && own.grains.iter().any(|grain| grain != "now") {
            self.key("grains", "a snapshot speaks of one instant", "set grains = [\"now\"]");
        }
    }

    /// What is divided by the people of an area, and what is standardised besides.
    fn population(&mut self) {
        let own = self.definition;
        let is_standardised = own.kind == Kind::Standardised;
        if let Some(per) = own.per_population {
            if own.kind != Kind::Ratio && !is_standardised {
                self.key("per_population", "only a ratio is divided by people", "remove it or set kind = \"ratio\"");
            }
            if !AGES_FROM.contains(&per.age_from) {
                let what = format!("the population is not told from the age {} on", per.age_from);
                self.key("per_population", what, format!("use one of {AGES_FROM:?}"));
            }
        } else if is_standardised {
            let what = "a standardised rate needs the people of the area";
            self.key("per_population", what, "write per_population = { age_from = 0 }, or the youngest age shown");
        }
        self.factor();
        match &own.standardise {
            None if is_standardised => {
                let what = "a standardised rate needs a standard population";
                let mend = "write standardise = { population = \"european-2013\", per = 1000 }";
                self.key("standardise", what, mend);
            }
            Some(_) if !is_standardised => {
                self.key("standardise", "only a standardised rate has one", "remove it or set kind = \"standardised\"");
            }
            Some(standardise) => {
                if StandardPopulation::by_name(&standardise.population).is_none() {
                    let names: Vec<&str> = StandardPopulation::all().iter().map(|known| known.name.as_str()).collect();
                    let what = format!("unknown standard population '{}'", standardise.population);
                    self.key("standardise.population", what, one_of(&names));
                }
                if standardise.per == 0 {
                    self.key("standardise.per", "a rate to no people is none", "write 1000 or 100000");
                }
            }
            None => {}
        }
        if own.interval == Interval::Dobson && !is_standardised {
            self.key("interval", "Dobson's interval needs a standardised rate", "set interval = \"none\"");
        }
        let is_sum_by_age = |name: &&String| is_standardised && name.starts_with(SUMS_BY_AGE);
        if let Some(name) = own.counts.iter().find(is_sum_by_age) {
            let what = format!("'{name}' bears the name of a sum by age, which no reader sees");
            self.key("counts", what, format!("call it otherwise: without {SUMS_BY_AGE}"));
        }
    }

    fn factor(&mut self) {
        let own = self.definition;
        let has_other = own.per_population.is_some() || own.factor.is_some();
        let of_months = |grain: &String| ["month", "twelve_months"].contains(&grain.as_str());
        if own.per_night && (own.kind != Kind::Ratio || has_other || !own.grains.iter().all(of_months)) {
            let what = "only a ratio by months that nothing else divides is divided by nights";
            self.key("per_night", what, "set kind = \"ratio\" and grains = [\"month\"], or remove it");
        }
        let Some(factor) = &own.factor else { return };
        if own.kind != Kind::Ratio || own.per_population.is_some() {
            let what = "only a ratio that nothing else divides is taken by a factor";
            self.key("factor", what, "set kind = \"ratio\" and remove per_population, or remove it");
        }
        if factor.times == 0 || factor.over == 0 {
            self.key("factor", "a factor of nothing", "give times and over, both above 0");
        }
        if factor.source.trim().is_empty() {
            self.key("factor", "nobody can look up where it is from", "name the source");
        }
    }

    fn alerts(&mut self) {
        let own = self.definition;
        for alert in &own.alerts {
            let key = format!("alert '{}'", alert.rule);
            if let Some(window) = alert.window.as_ref().filter(|window| !own.windows.contains(window)) {
                self.key(
                    &key,
                    format!("window '{window}' is not among the windows"),
                    "add it to windows or name another",
                );
            }
            let has_target = |name: &String| own.targets.iter().any(|target| target.name == *name);
            if let Some(target) = alert.target.as_ref().filter(|target| !has_target(target)) {
                self.key(&key, format!("there is no target '{target}'"), "add the [[target]] or name another");
            }
            if alert.target.is_some() && alert.minimum_denominator.is_none() {
                let what = "a rate rule without a smallest denominator would fire on one person";
                self.key(&key, what, "set minimum_denominator");
            }
        }
    }

    fn case(&mut self, case: &Case) {
        let own = self.definition;
        let mut report = |what: String, mend: String| {
            let file = format!("{}/cases/{}", own.id, case.file);
            self.findings.push(LintFinding::new(file, Place::Key(format!("case '{}'", case.id)), what, mend));
        };
        if case.expect.is_empty() {
            report("nothing is expected".into(), "add an entry to expect".into());
        }
        if case.is_empty() {
            report("nothing is put in".into(), "add events, [[case.csds]], stays, beds or registrations".into());
        }
        if let Err(fault) = super::case::records(case) {
            report(fault.to_string(), "correct the input".into());
        }
        for expectation in &case.expect {
            for (what, mend) in expectation_faults(own, expectation) {
                report(what, mend);
            }
        }
    }

    fn case_ids(&mut self) {
        let mut seen = BTreeSet::new();
        for case in &self.definition.cases {
            if !seen.insert(&case.id) {
                let file = format!("{}/cases/{}", self.definition.id, case.file);
                let place = Place::Key(format!("case '{}'", case.id));
                self.findings.push(LintFinding::new(
                    file,
                    place,
                    "the id occurs twice",
                    "give each case an id of its own",
                ));
            }
        }
    }

    fn known(&mut self, key: &str, given: &[String], known: &[&str]) {
        for name in given.iter().filter(|name| !known.contains(&name.as_str())) {
            self.key(key, format!("unknown name '{name}'"), one_of(known));
        }
        self.unique(key, given.iter().map(String::as_str));
    }

    fn unique<'a>(&mut self, key: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                self.key(key, format!("'{name}' occurs twice"), "keep one");
            }
        }
    }

    fn basis_mend(&self) -> String {
        let ids: Vec<&str> = self.definition.bases.iter().map(|basis| basis.id.as_str()).collect();
        one_of(&ids)
    }
}

/// What is wrong with one expectation, each with its mend.
fn expectation_faults(definition: &Definition, expectation: &Expectation) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut fault = |what: String, mend: String| faults.push((what, mend));
    if definition.basis(&expectation.basis).is_none() {
        let ids: Vec<&str> = definition.bases.iter().map(|basis| basis.id.as_str()).collect();
        fault(format!("expects the unknown basis '{}'", expectation.basis), one_of(&ids));
    }
    if let Err(unknown) = Policy::by_name(&expectation.release) {
        fault(format!("expects the unknown policy '{}'", unknown.0), policy_mend());
    }
    let is_known = |dimension: &Dimension| !dimension.is_stratum() || definition.strata.contains(dimension);
    if let Some(dimension) = expectation.by.keys().find(|dimension| !is_known(dimension)) {
        fault(format!("'{dimension}' is no stratum of this indicator"), "remove it from by".into());
    }
    for name in expectation.counts.keys().filter(|name| !definition.counts.contains(name)) {
        fault(format!("expects the undeclared count '{name}'"), "name it in counts of indicator.toml".into());
    }
    let is_edition = |name: &str| definition.per_population.is_some() && name.starts_with(EDITION_FLAG);
    for name in expectation.flags.keys().filter(|name| !is_edition(name)) {
        if !definition.flags.iter().any(|flag| flag.name == *name) {
            fault(format!("expects the undeclared flag '{name}'"), "add a [[flag]] to indicator.toml".into());
        }
    }
    let is_checked = match definition.kind.has_numerator() {
        true => expectation.numerator.is_some(),
        false => expectation.value.is_some(),
    };
    if !expectation.none && !is_checked {
        let number = if definition.kind.has_numerator() { "numerator" } else { "value" };
        fault(format!("expects neither a {number} nor none = true"), "say what should come out".into());
    }
    faults
}

fn one_of(known: &[&str]) -> String {
    format!("use one of {}", known.join(", "))
}

fn policy_mend() -> String {
    one_of(&Policy::ALL.map(|policy| policy.name))
}

/// Lower-case letters and digits in words joined by `joint`.
fn is_name(text: &str, joint: char) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit());
    !text.is_empty() && text.split(joint).all(is_word)
}

#[cfg(test)]
#[path = "lint_tests.rs"]
mod tests;
