//! `meta.indicators`, `definitions`, `bases`, `targets`, `counts`, `flags` and `alerts`: the definitions as tables. Pure.

use homeward_transform::definition::{Alert, Catalogue, Definition};
use serde::Serialize;

use super::column::{Cell, Kind, always, maybe};
use super::figures::{OUTCOMES, view_name};
use super::meta_table::{Written, outline};
use Kind::{Bigint, Date, Double, Text};

/// One row for each thing of each definition.
fn each<T>(
    catalogue: &Catalogue,
    of: impl Fn(&Definition) -> &[T],
    row: impl Fn(&Definition, &T) -> Vec<Cell>,
) -> Vec<Vec<Cell>> {
    catalogue
        .iter()
        .flat_map(|definition| of(definition).iter().map(|thing| row(definition, thing)).collect::<Vec<_>>())
        .collect()
}

/// The word of a definition for one of its settings, as `indicator.toml` writes it.
fn word(setting: &impl Serialize) -> String {
    toml::Value::try_from(setting).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// `meta.indicators`
pub(crate) fn indicators(catalogue: &Catalogue) -> Written {
    let columns = vec![
        always("indicator", Text, "Indicator id."),
        always("title", Text, "Name for people."),
        always("question", Text, "The question it answers."),
        always("view_name", Text, "Its view, for example outcomes.ucr_two_hour_response."),
        always("version", Bigint, "Version of the definition in force."),
        always("status", Text, "draft, shadow, live or retired."),
        always(
            "kind",
            Text,
            "proportion, ratio, standardised (a rate by age, made of sums that only Homeward holds), count, snapshot (a count \
             at one instant), people (distinct ones) or quantile. Figures of the last two do not add up, and a standardised \
             rate is no numerator over a denominator: read the row of the level and period that you want.",
        ),
        maybe(
            "quantile",
            Double,
            "Which percentile a quantile is, as a share: 0.5 is the median. Null for other kinds.",
        ),
        always("direction", Text, "Which way is better: up, down, or context."),
        always("unit", Text, "Unit of the value: ratio, referrals, minutes."),
        always("numerator", Text, "The numerator in words."),
        maybe("denominator", Text, "The denominator in words; null for counts."),
        always("default_basis", Text, "Basis to read when none is asked for."),
        always(
            "interval_method",
            Text,
            "How lower and upper are computed: wilson, people (a ratio with the spread between people), dobson (a \
             standardised rate, with the same spread) or none.",
        ),
        always("period_kinds", Text, "Kinds of period it has, joined by commas."),
        maybe("windows", Text, "Rolling windows it has, joined by commas; null without any."),
        maybe("strata", Text, "Break-downs beyond area and period; null without any."),
        always("feeds", Text, "Feeds that it needs, joined by commas."),
        always("theme", Text, "Theme of the outcomes framework."),
        always("statement", Text, "The I-statement that it serves."),
        always("owner", Text, "Role that owns the definition."),
        always("checker", Text, "Role that checked it."),
        always("next_review", Date, "When it must be looked at again."),
        always("notes", Text, "What else a reader must know."),
    ];
    let rows = catalogue.iter().map(indicator).collect();
    (outline("indicators", "The indicators: what each one asks, counts and is called.", columns), rows)
}

fn indicator(definition: &Definition) -> Vec<Cell> {
    let joined = |names: Vec<&str>| (!names.is_empty()).then(|| names.join(","));
    vec![
        definition.id.clone().into(),
        definition.title.clone().into(),
        definition.question.clone().into(),
        format!("{OUTCOMES}.{}", view_name(&definition.id)).into(),
        i64::from(definition.version).into(),
        word(&definition.status).into(),
        word(&definition.kind).into(),
        definition.quantile.map(f64::from).into(),
        word(&definition.direction).into(),
        definition.unit.clone().into(),
        definition.numerator.clone().into(),
        definition.denominator.clone().into(),
        definition.default_basis.clone().into(),
        word(&definition.interval).into(),
        definition.grains.join(",").into(),
        joined(definition.windows.iter().map(String::as_str).collect()).into(),
        joined(definition.strata.iter().map(|stratum| stratum.as_str()).collect()).into(),
        definition.feeds.iter().map(ToString::to_string).collect::<Vec<_>>().join(",").into(),
        definition.theme.clone().into(),
        definition.statement.clone().into(),
        definition.owner.clone().into(),
        definition.checker.clone().into(),
        definition.next_review.into(),
        definition.notes.trim().into(),
    ]
}

/// `meta.definitions`
pub(crate) fn definitions(catalogue: &Catalogue) -> Written {
    let columns = vec![
        always("indicator", Text, "Indicator id."),
        always("version", Bigint, "Version of the definition."),
        always("sql_sha256", Text, "SHA-256 of the SQL text, in hex: proves which text made a figure."),
        always("sql", Text, "The SQL that computes the indicator from facts; it runs inside Homeward, not here."),
    ];
    let row = |definition: &Definition| {
        vec![
            definition.id.clone().into(),
            i64::from(definition.version).into(),
            definition.sql_sha256.clone().into(),
            definition.sql.clone().into(),
        ]
    };
    let description = "The SQL of each indicator, with version and checksum.";
    (outline("definitions", description, columns), catalogue.iter().map(row).collect())
}

/// `meta.bases`
pub(crate) fn bases(catalogue: &Catalogue) -> Written {
    let columns = vec![
        always("indicator", Text, "Indicator id."),
        always("basis", Text, "Value of the column basis."),
        always("title", Text, "Name for people."),
        always("is_default", Kind::Boolean, "True for the basis to read when none is asked for."),
        always("period_column", Text, "Which instant of a record decides its period."),
        always("note", Text, "What is counted, in words."),
        maybe("release_note", Text, "What to know before it leaves the house; null when there is nothing to say."),
    ];
    let rows = each(
        catalogue,
        |definition| &definition.bases,
        |definition, basis| {
            let release_note = Some(basis.release_note.clone()).filter(|note| !note.is_empty());
            vec![
                definition.id.clone().into(),
                basis.id.clone().into(),
                basis.title.clone().into(),
                (basis.id == definition.default_basis).into(),
                basis.period_column.clone().into(),
                basis.note.clone().into(),
                release_note.into(),
            ]
        },
    );
    (
        outline("bases", "Ways of counting of each indicator. They are shown side by side and never mixed.", columns),
        rows,
    )
}

/// `meta.targets`
pub(crate) fn targets(catalogue: &Catalogue) -> Written {
    let columns = vec![
        always("indicator", Text, "Indicator id."),
        always("target", Text, "Which line: local or national."),
        always("value", Double, "The target in the indicator's unit; a ratio from 0 to 1 for a proportion."),
        always("valid_from", Date, "First day on which it applies."),
        maybe("valid_to", Date, "First day on which its successor applies; null while it is in force."),
        always("source", Text, "Who set it and where it is written."),
    ];
    let rows = each(
        catalogue,
        |definition| &definition.targets,
        |definition, target| {
            let later = definition.targets.iter().filter(|other| other.name == target.name);
            let valid_to = later.map(|other| other.valid_from).filter(|from| *from > target.valid_from).min();
            vec![
                definition.id.clone().into(),
                target.name.clone().into(),
                target.value.into(),
                target.valid_from.into(),
                valid_to.into(),
                target.source.clone().into(),
            ]
        },
    );
    let description = "Target lines with their sources and dates. Join on indicator and the day of the period.";
    (outline("targets", description, columns), rows)
}

/// `meta.counts`
pub(crate) fn counts(catalogue: &Catalogue) -> Written {
    let columns = vec![
        always("indicator", Text, "Indicator id."),
        always("count", Text, "Name of the companion count: a column of the indicator's view."),
        always("view_name", Text, "The view that has the column."),
    ];
    let rows = each(
        catalogue,
        |definition| &definition.counts,
        |definition, count| {
            let view = format!("{OUTCOMES}.{}", view_name(&definition.id));
            vec![definition.id.clone().into(), count.clone().into(), view.into()]
        },
    );
    (
        outline(
            "counts",
            "Companion counts of each indicator; the notes of meta.indicators say what they count.",
            columns,
        ),
        rows,
    )
}

/// `meta.flags`
pub(crate) fn flags(catalogue: &Catalogue) -> Written {
    let columns = vec![
        always("indicator", Text, "Indicator id."),
        always("flag", Text, "Name as it appears in the column flags, there with a colon and a count."),
        always("meaning", Text, "What it means and what to do about it."),
    ];
    let rows = each(
        catalogue,
        |definition| &definition.flags,
        |definition, flag| vec![definition.id.clone().into(), flag.name.clone().into(), flag.meaning.clone().into()],
    );
    (outline("flags", "Data-quality flags and what to do about each.", columns), rows)
}

/// `meta.alerts`
pub(crate) fn alerts(catalogue: &Catalogue) -> Written {
    let columns = vec![
        always("indicator", Text, "Indicator id."),
        always("rule", Text, "Name of the alert rule; its runbook bears the same name."),
        always("family", Text, "Whose attention it asks for: clock, budget, slip or trust."),
        maybe("window_name", Text, "Window that it reads."),
        maybe("target", Text, "Target line that it compares with."),
        maybe("band", Text, "Band of open clocks that it counts."),
        maybe("minimum_denominator", Bigint, "Smallest denominator at which it may speak."),
    ];
    let rows = each(catalogue, |definition| &definition.alerts, alert);
    (outline("alerts", "Alert rules that read each indicator.", columns), rows)
}

fn alert(definition: &Definition, alert: &Alert) -> Vec<Cell> {
    vec![
        definition.id.clone().into(),
        alert.rule.clone().into(),
        word(&alert.family).into(),
        alert.window.clone().into(),
        alert.target.clone().into(),
        alert.band.clone().into(),
        alert.minimum_denominator.and_then(|minimum| i64::try_from(minimum).ok()).into(),
    ]
}
