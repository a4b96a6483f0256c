//! The rules of an `indicator.sql`, checked on its text.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::book::change::Subject;
use crate::book::view::{NAMES, names};
use crate::{at_home, wards};

use super::fault::{LintFinding, Place};
use super::model::Definition;
use super::sql_text::{Piece, Token, tokens};

/// Words that read the clock even without brackets.
const CLOCK_WORDS: [&str; 5] = ["current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"];

/// Functions whose answer changes from call to call.
const VOLATILE_FUNCTIONS: [&str; 10] =
    ["now", "today", "getdate", "sysdate", "clock_timestamp", "random", "rand", "uuid", "gen_random_uuid", "newid"];

/// Functions written with an inner `FROM` that names no table.
const FUNCTIONS_WITH_FROM: [&str; 4] = ["extract", "substring", "trim", "overlay"];

/// SHA-256 of an indicator's SQL as `indicator.toml` states it: lower-case hex, line ends read as LF.
#[must_use]
pub fn sql_sha256(sql: &str) -> String {
    let digest = Sha256::digest(sql.replace("\r\n", "\n").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// True when an indicator's SQL names a column, outside texts and comments.
pub(super) fn names_column(sql: &str, column: &str) -> bool {
    tokens(sql).iter().any(|token| token.is_word(column))
}

/// What a definition counts, by the views that its SQL reads. Of referrals, a stock counts the open ones; others count those
/// received in a period, or those first seen in it, by the instants that the SQL names.
pub(super) fn subjects(sql: &str, stock: bool) -> BTreeSet<Subject> {
    let cut = tokens(sql);
    let read: BTreeSet<String> = tables_read(&cut).into_iter().map(|(name, _)| name).collect();
    let says = |column: &str| cut.iter().any(|token| token.is_word(column));
    let referrals: &[Subject] = match (says("received_at"), says("first_contact_at")) {
        _ if stock => &[Subject::OpenReferral],
        (false, true) => &[Subject::FirstContact],
        (true, true) => &[Subject::Referral, Subject::FirstContact],
        (_, false) => &[Subject::Referral],
    };
    // What follows people is asked when their nights change, by the index day.
    let nights = if read.contains("cohort_member") { Subject::CohortMember } else { Subject::PersonNight };
    let states = [Subject::VirtualWardStay, Subject::VirtualWardBeds, nights];
    let all = [Subject::Clock, Subject::Contact].iter().chain(referrals).chain(&states).copied();
    all.filter(|subject| names(*subject).iter().any(|name| read.contains(*name))).collect()
}

/// Every fault of a definition's SQL text.
pub(super) fn lint_sql(definition: &Definition) -> Vec<LintFinding> {
    let file = format!("{}/indicator.sql", definition.id);
    let cut = tokens(&definition.sql);
    let mut findings = Vec::new();
    let mut report = |place: Place, what: String, mend: String| {
        findings.push(LintFinding::new(&file, place, what, mend));
    };
    one_query(&cut, &mut report);
    repeatable(&cut, &mut report);
    reads(&cut, &mut report);
    parameters(&cut, &mut report);
    columns(definition, &cut, &mut report);
    checksum(definition, &mut report);
    findings
}

type Report<'a> = &'a mut dyn FnMut(Place, String, String);

fn one_query(cut: &[Token], report: Report<'_>) {
    match cut.first() {
        None => report(Place::File, "the query is empty".into(), "write one SELECT".into()),
        Some(first) if !first.is_word("with") && !first.is_word("select") => report(
            Place::Line(first.line),
            "the file does not begin with WITH or SELECT".into(),
            "an indicator is one query that only reads".into(),
        ),
        Some(_) => {}
    }
    let end = cut.iter().position(|token| token.is_sign(';'));
    if let Some(next) = end.and_then(|position| cut.get(position + 1)) {
        report(Place::Line(next.line), "a second statement follows".into(), "keep one query in the file".into());
    }
}

/// Finds what would give another answer tomorrow from the same facts.
fn repeatable(cut: &[Token], report: Report<'_>) {
    for (index, token) in cut.iter().enumerate() {
        let Some(word) = token.word() else { continue };
        let is_called = cut.get(index + 1).is_some_and(|next| next.is_sign('('));
        let is_column = index > 0 && cut[index - 1].is_sign('.');
        if is_column || !(CLOCK_WORDS.contains(&word) || is_called && VOLATILE_FUNCTIONS.contains(&word)) {
            continue;
        }
        let randomness = ["random", "rand", "uuid", "gen_random_uuid", "newid"].contains(&word);
        let (what, mend) = if randomness {
            (
                "is random, so the same facts would not give the same figure",
                "remove it; a figure may not depend on chance",
            )
        } else {
            ("reads the clock, so yesterday's figure could not be computed again", "use the parameter $as_of")
        };
        report(Place::Line(token.line), format!("{word} {what}"), mend.into());
    }
}

/// Finds tables other than the views, and the absence of `period`.
fn reads(cut: &[Token], report: Report<'_>) {
    let own = named_subqueries(cut);
    let mut read = BTreeSet::new();
    for (name, line) in tables_read(cut) {
        if !own.contains(&name) && !NAMES.contains(&name.as_str()) {
            report(
                Place::Line(line),
                format!("reads '{name}', which is no view an indicator may read"),
                format!("read one of {}", NAMES.join(", ")),
            );
        }
        read.insert(name);
    }
    let family = |name: &str| match name {
        "period" => None,
        name if wards::view::NAMES.contains(&name) => Some("virtual wards"),
        name if at_home::view::NAMES.contains(&name) => Some("people's nights"),
        name => NAMES.contains(&name).then_some("referrals"),
    };
    let families: BTreeSet<&str> = read.iter().filter_map(|name| family(name)).collect();
    if families.len() > 1 {
        let named = families.into_iter().collect::<Vec<_>>().join(" and views of ");
        report(
            Place::File,
            format!("reads views of {named}, which are never filled in one run"),
            "write an indicator for each".into(),
        );
    }
    if !read.contains("period") {
        report(
            Place::File,
            "the view 'period' is not read, so the figures would belong to no day, month or window".into(),
            "join period on starts_at <= instant and instant < ends_at, and return period.period".into(),
        );
    }
}

/// Names given by `WITH name AS (` and `, name AS (`, with or without a column list.
fn named_subqueries(cut: &[Token]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (index, token) in cut.iter().enumerate().skip(1) {
        let Some(name) = token.word() else { continue };
        let before = &cut[index - 1];
        if !(before.is_word("with") || before.is_word("recursive") || before.is_sign(',')) {
            continue;
        }
        let mut after = &cut[index + 1..];
        if after.first().is_some_and(|next| next.is_sign('(')) {
            let close = after.iter().position(|next| next.is_sign(')')).map_or(after.len(), |position| position + 1);
            after = &after[close..];
        }
        let opens = after.iter().skip(1).find(|next| !next.is_word("not") && !next.is_word("materialized"));
        if after.first().is_some_and(|next| next.is_word("as")) && opens.is_some_and(|next| next.is_sign('(')) {
            names.insert(name.to_owned());
        }
    }
    names
}

/// Every table named after FROM, JOIN or a comma of a FROM list, dotted names whole, with its line.
fn tables_read(cut: &[Token]) -> Vec<(String, usize)> {
    let mut tables = Vec::new();
    let mut openers: Vec<Option<&str>> = Vec::new();
    for (index, token) in cut.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|previous| cut.get(previous));
        if token.is_sign('(') {
            openers.push(before.and_then(Token::word));
        } else if token.is_sign(')') {
            openers.pop();
        } else if token.is_word("join") || token.is_word("from") && is_table_from(before, openers.last()) {
            table_list(&cut[index + 1..], &mut tables);
        }
    }
    tables
}

/// `IS DISTINCT FROM x` and `extract(hour FROM x)` name no table.
fn is_table_from(before: Option<&Token>, opener: Option<&Option<&str>>) -> bool {
    let compares = before.is_some_and(|token| token.is_word("distinct"));
    let inner = opener.is_some_and(|opener| opener.is_some_and(|word| FUNCTIONS_WITH_FROM.contains(&word)));
    !compares && !inner
}

fn table_list(mut rest: &[Token], tables: &mut Vec<(String, usize)>) {
    while let Some((name, line, after)) = dotted_name(rest) {
        tables.push((name, line));
        rest = after;
        if rest.first().is_some_and(|token| token.is_word("as")) {
            rest = &rest[1..];
        }
        if rest.get(1).is_some_and(|token| token.is_sign(',')) && rest[0].word().is_some() {
            rest = &rest[1..];
        }
        match rest.first() {
            Some(comma) if comma.is_sign(',') => rest = &rest[1..],
            _ => return,
        }
    }
}

fn dotted_name(tokens: &[Token]) -> Option<(String, usize, &[Token])> {
    let first = tokens.first()?;
    let mut name = first.word()?.to_owned();
    let mut rest = &tokens[1..];
    while let [dot, part, after @ ..] = rest
        && dot.is_sign('.')
        && let Some(part) = part.word()
    {
        name = format!("{name}.{part}");
        rest = after;
    }
    Some((name, first.line, rest))
}

fn parameters(cut: &[Token], report: Report<'_>) {
    let mut speaks_of_as_of = false;
    for token in cut {
        match &token.piece {
            Piece::Parameter(name) if name == "as_of" => speaks_of_as_of = true,
            Piece::Parameter(name) => report(
                Place::Line(token.line),
                format!("the parameter ${name} does not exist"),
                "use $as_of, or the bounds of the view period".into(),
            ),
            Piece::Word(_) | Piece::Text(_) | Piece::Sign(_) => {}
        }
    }
    if !speaks_of_as_of {
        report(
            Place::File,
            "the parameter $as_of is not used, so facts of the future would count".into(),
            "compare the instant that decides the period with $as_of".into(),
        );
    }
}

/// Declared counts, flags, strata and bases must be in the SQL, and the SQL may bring no undeclared ones.
fn columns(definition: &Definition, cut: &[Token], report: Report<'_>) {
    let words: BTreeSet<&str> = cut.iter().filter_map(Token::word).collect();
    let declared = declared_columns(definition);
    for column in &declared {
        if !words.contains(column.as_str()) {
            report(
                Place::File,
                format!("the column {column} is not returned"),
                "return it, or remove it from indicator.toml if it is a count, flag or stratum".into(),
            );
        }
    }
    let mut reported = BTreeSet::new();
    for token in cut {
        let Some(word) = token.word() else { continue };
        let is_own_kind = word.starts_with("count_") || word.starts_with("flag_");
        if is_own_kind && !declared.contains(word) && reported.insert(word) {
            report(
                Place::Line(token.line),
                format!("the column {word} is not declared"),
                "name it in counts or in a [[flag]] of indicator.toml".into(),
            );
        }
    }
    for basis in &definition.bases {
        if !cut.iter().any(|token| token.piece == Piece::Text(basis.id.clone())) {
            report(
                Place::File,
                format!("the basis '{}' never occurs", basis.id),
                "return its rows, or remove the [[basis]] from indicator.toml".into(),
            );
        }
    }
}

fn declared_columns(definition: &Definition) -> BTreeSet<String> {
    let fixed = definition.kind.columns().iter().map(|column| (*column).to_owned());
    let strata = definition.strata.iter().map(|stratum| stratum.as_str().to_owned());
    let sums = definition.interval.sums().iter().copied();
    let counts = definition.counts.iter().map(String::as_str).chain(sums).map(|count| format!("count_{count}"));
    let flags = definition.flags.iter().map(|flag| format!("flag_{}", flag.name));
    fixed.chain(strata).chain(counts).chain(flags).collect()
}

fn checksum(definition: &Definition, report: Report<'_>) {
    let actual = sql_sha256(&definition.sql);
    if definition.sql_sha256.is_empty() {
        report(
            Place::File,
            "the SQL has no checksum yet".into(),
            format!("in indicator.toml set sql_sha256 = \"{actual}\""),
        );
    } else if actual != definition.sql_sha256 {
        report(
            Place::File,
            format!("the SQL changed but the definition still says version {}", definition.version),
            format!(
                "in indicator.toml set version = {} and sql_sha256 = \"{actual}\"",
                definition.version.saturating_add(1)
            ),
        );
    }
}

#[cfg(test)]
#[path = "sql_lint_tests.rs"]
mod tests;
