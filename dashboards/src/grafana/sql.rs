//! Statements over the schema `outcomes`, with Grafana's macros and variables.
//!
//! Values come as the view gives them: nothing is summed again here, because rounded areas need not add up and a
//! suppressed cell is no number. What a statement shows of a hidden cell is the view's own word for it.
//!
//! Days are drawn at `period_start`, the midnight of London. `$__timeGroup` floors to days of UTC, which in summer would
//! move every day back by one, so it is used for hours alone.

use chrono::{DateTime, SecondsFormat, Utc};
use homeward_contract::time::local_midnight;
use homeward_transform::definition::{Definition, Direction, Interval, Kind, Target};
use homeward_transform::figure::Dimension;

/// What the target columns of a trend end in.
pub(super) const TARGET_COLUMN: &str = " target";

/// The chosen areas. `:sqlstring` quotes and escapes whatever an address may carry.
pub(super) const CHOSEN: &str = "level = ${level:sqlstring} AND area IN (${area:sqlstring})";

/// The areas that a definition is shown for: the chosen ones, but for virtual wards by the people of an area, whose providers
/// have none: then every care board.
fn places(definition: &Definition) -> &'static str {
    if definition.counts_wards() && definition.per_population.is_some() { "level = 'icb'" } else { CHOSEN }
}

/// The chosen window under its SQL name: Prometheus calls the last 24 hours `1d`.
const WINDOW: &str = "CASE ${window:sqlstring} WHEN '1d' THEN '24h' ELSE ${window:sqlstring} END";

/// A count as a word, or the view's word for a hidden one.
const COUNTED: &str = "CASE WHEN shown = 'shown' THEN CAST(numerator AS VARCHAR) ELSE shown END";

/// What a figure is flagged with, in words that a table can wrap.
pub(super) const REMARKS: &str =
    "coalesce(nullif(replace(replace(replace(flags, ';', '; '), ':', ': '), '_', ' '), ''), 'none')";

pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(super) fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn instant(at: DateTime<Utc>) -> String {
    quoted(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

pub(super) fn of(definition: &Definition) -> String {
    let (id, basis) = (quoted(&definition.id), quoted(&definition.default_basis));
    format!("indicator = {id} AND basis = {basis}")
}

/// Names of the definition's targets, in the order of the file.
pub(super) fn target_names(definition: &Definition) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for target in &definition.targets {
        if !names.contains(&target.name.as_str()) {
            names.push(&target.name);
        }
    }
    names
}

/// The target of that name as it stood when the period began or, for a window, ended.
fn target_at(definition: &Definition, name: &str, instant_column: &str) -> String {
    let mut steps: Vec<&Target> = definition.targets.iter().filter(|target| target.name == name).collect();
    steps.sort_by_key(|target| std::cmp::Reverse(target.valid_from));
    let whens: Vec<String> = steps
        .iter()
        .map(|target| {
            format!("WHEN {instant_column} >= {} THEN {}", instant(local_midnight(target.valid_from)), target.value)
        })
        .collect();
    format!("CASE {} END", whens.join(" "))
}

/// The verdict in words, from the interval of the view: whether a difference could be chance.
fn verdict(definition: &Definition, name: &str) -> String {
    let target = target_at(definition, name, "period_end");
    let (worse, better, beyond) = match definition.direction {
        Direction::Down => ("lower", "upper", ">"),
        Direction::Up | Direction::Context => ("upper", "lower", "<"),
    };
    let other = if beyond == "<" { ">=" } else { "<=" };
    format!(
        "CASE WHEN shown <> 'shown' THEN shown WHEN value IS NULL THEN 'no data' \
         WHEN {worse} {beyond} {target} THEN 'misses the target, not by chance' \
         WHEN value {beyond} {target} THEN 'misses the target, could be chance' \
         WHEN {better} {other} {target} THEN 'meets the target, not by chance' \
         ELSE 'meets the target, could be chance' END"
    )
}

/// A proportion's areas side by side in the chosen window: counts, rate, interval and verdicts.
pub(super) fn areas(definition: &Definition) -> String {
    let verdicts: Vec<String> = target_names(definition)
        .iter()
        .map(|name| format!("  {} AS {},\n", verdict(definition, name), quoted_name(&format!("Against {name} target"))))
        .collect();
    format!(
        "SELECT\n  area_name AS \"Area\",\n  \
         CASE WHEN shown = 'shown' THEN CAST(numerator AS VARCHAR) || ' of ' || CAST(denominator AS VARCHAR) ELSE shown END AS \"Counted\",\n  \
         value AS \"Rate\",\n  lower AS \"From\",\n  upper AS \"To\",\n{}  status AS \"Status\",\n  \
         CAST(providers_reporting AS VARCHAR) || ' of ' || CAST(providers_expected AS VARCHAR) AS \"Providers reporting\"\n\
         FROM outcomes.figures\n\
         WHERE {} AND {CHOSEN}\n  AND period_kind = 'window' AND period = {WINDOW}\n\
         ORDER BY area_name",
        verdicts.concat(),
        of(definition)
    )
}

/// A proportion by day, with its interval and its targets; final days and days that may change apart.
pub(super) fn daily_rate(definition: &Definition) -> String {
    let targets: Vec<String> = target_names(definition)
        .iter()
        .map(|name| {
            let column = quoted_name(&format!("{name}{TARGET_COLUMN}"));
            format!(",\n  {} AS {column}", target_at(definition, name, "period_start"))
        })
        .collect();
    let bounds = match definition.interval {
        Interval::Wilson | Interval::People | Interval::Dobson => {
            ",\n  lower AS \"lower 95%\",\n  upper AS \"upper 95%\""
        }
        Interval::None => "",
    };
    format!(
        "SELECT\n  period_start AS \"time\",\n  \
         CASE WHEN status = 'final' THEN value END AS \"rate, final\",\n  \
         CASE WHEN status <> 'final' THEN value END AS \"rate, may change\"{bounds}{}\n\
         FROM outcomes.figures\n\
         WHERE {} AND {CHOSEN}\n  AND period_kind = 'day' AND $__timeFilter(period_start)\n\
         ORDER BY period_start",
        targets.concat(),
        of(definition)
    )
}

/// A count by day, one curve an area.
pub(super) fn daily_count(definition: &Definition) -> String {
    daily_column(definition, "numerator")
}

fn daily_column(definition: &Definition, column: &str) -> String {
    by_period(definition, "day", "area_name", column, "area_name")
}

fn by_period(definition: &Definition, kind: &str, metric: &str, column: &str, order: &str) -> String {
    let at = if kind == "twelve_months" { "period_end" } else { "period_start" };
    format!(
        "SELECT\n  {at} AS \"time\",\n  {metric} AS \"metric\",\n  {column} AS \"value\"\n\
         FROM outcomes.figures\n\
         WHERE {} AND {}\n  AND period_kind = '{kind}' AND $__timeFilter({at})\n\
         ORDER BY {at}, {order}",
        of(definition),
        places(definition)
    )
}

/// What the number of a figure that does not add up is called: its unit. Which percentile it is the panel's title says, and
/// a narrow column would cut it.
pub(super) fn own_name(definition: &Definition) -> String {
    capital(&definition.unit)
}

/// What a ratio's value is called in a table: a share is a rate, another ratio is told by its unit where a heading has room for
/// it, else by the panel's title.
pub(super) fn value_name(definition: &Definition) -> String {
    match definition.unit.as_str() {
        "ratio" => "Rate".to_owned(),
        unit if unit.chars().count() > HEADING_MAX => "Figure".to_owned(),
        _ => own_name(definition),
    }
}

/// Most characters of a heading.
const HEADING_MAX: usize = 20;

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// That number, and beside a percentile how many records it is of, with the view's own word for what is hidden.
fn own_columns(definition: &Definition) -> String {
    let name = quoted_name(&own_name(definition));
    let number = |column: &str| format!("CASE WHEN shown = 'shown' THEN CAST({column} AS VARCHAR) ELSE shown END");
    match definition.quantile {
        Some(_) => format!("value AS {name},\n  {} AS \"Records\"", number("denominator")),
        None => format!("{} AS {name}", number("numerator")),
    }
}

/// Areas of a figure that does not add up side by side in the chosen window.
pub(super) fn whole_areas(definition: &Definition) -> String {
    format!(
        "SELECT\n  area_name AS \"Area\",\n  {},\n  status AS \"Status\",\n  \
         CAST(providers_reporting AS VARCHAR) || ' of ' || CAST(providers_expected AS VARCHAR) AS \"Providers reporting\"\n\
         FROM outcomes.figures\n\
         WHERE {} AND {CHOSEN}\n  AND period_kind = 'window' AND period = {WINDOW}\n\
         ORDER BY area_name",
        own_columns(definition),
        of(definition)
    )
}

/// Its days, one curve an area.
pub(super) fn daily_own(definition: &Definition) -> String {
    daily_column(definition, "value")
}

/// Months on every basis: how the figure now stands beside what is published.
pub(super) fn months(definition: &Definition) -> String {
    let numbers = match definition.kind {
        Kind::Proportion | Kind::Ratio | Kind::Standardised => {
            let word = match definition.kind {
                Kind::Proportion => "of",
                Kind::Standardised => "among",
                _ => "over",
            };
            format!(
                "CASE WHEN shown = 'shown' THEN CAST(numerator AS VARCHAR) || ' {word} ' || CAST(denominator AS VARCHAR) ELSE shown END AS \"Counted\",\n  \
                 value AS {}",
                quoted_name(&value_name(definition))
            )
        }
        _ => own_columns(definition),
    };
    let parts = definition
        .strata
        .iter()
        .map(|stratum| format!("  {} AS {},\n", part_words(*stratum), quoted_name(&capital(stratum.as_str()))));
    let order: String = definition.strata.iter().map(|stratum| format!(", {}", part_order(*stratum))).collect();
    format!(
        "SELECT\n  period AS \"Month\",\n  area_name AS \"Area\",\n  basis AS \"Basis\",\n{}  {numbers},\n  \
         status AS \"Status\",\n  version AS \"Version\",\n  {REMARKS} AS \"Remarks\"\n\
         FROM outcomes.figures\n\
         WHERE indicator = {} AND {}\n  AND period_kind = 'month' AND $__timeFilter(period_start)\n\
         ORDER BY period_start DESC, area_name, basis{order}\nLIMIT 500",
        parts.collect::<String>(),
        quoted(&definition.id),
        places(definition)
    )
}

/// Its months, one curve an area.
pub(super) fn monthly(definition: &Definition) -> String {
    by_period(definition, "month", "area_name", "value", "area_name")
}

/// Twelve months, drawn at their end, one curve an area.
pub(super) fn twelve_monthly(definition: &Definition) -> String {
    by_period(definition, "twelve_months", "area_name", "value", "area_name")
}

/// Its months, one curve a part: band, source.
pub(super) fn monthly_parts(definition: &Definition) -> String {
    let columns: Vec<String> = definition.strata.iter().map(|stratum| part_words(*stratum)).collect();
    let order: Vec<String> = definition.strata.iter().map(|stratum| part_order(*stratum)).collect();
    by_period(definition, "month", &columns.join(" || ', ' || "), "value", &order.join(", "))
}

/// The value of a stratum in words.
fn part_words(stratum: Dimension) -> String {
    format!("replace({stratum}, '_', ' ')")
}

/// Bands in the order of their minutes: a number of three digits comes after one of two.
fn part_order(stratum: Dimension) -> String {
    format!("length(split_part({stratum}, '-', 1)), {stratum}")
}

/// Who waits now, by area and band. Bands come in the order of their names, areas are sorted after.
pub(super) fn open_by_area(definition: &Definition) -> String {
    format!(
        "SELECT\n  area_name AS \"Area\",\n  \
         replace(replace(band, '_', ' '), 'm', ' minutes') AS \"Band\",\n  {COUNTED} AS \"Open\"\n\
         FROM outcomes.figures\n\
         WHERE {} AND {CHOSEN}\n  AND period_kind = 'now'\n\
         ORDER BY band, area_name",
        of(definition)
    )
}

/// How many months' figures were stated anew in each hour, by the first word of the indicator: `ucr`, `community`. A legend of
/// every indicator does not fit; the table beside it names them.
pub(super) fn restated_by_hour() -> String {
    "SELECT\n  $__timeGroup(known_at, '1h') AS \"time\",\n  split_part(indicator, '-', 1) AS \"metric\",\n  count(*) AS \"value\"\n\
     FROM outcomes.figures_history\n\
     WHERE period_kind = 'month' AND known_at > period_end AND $__timeFilter(known_at)\n\
     GROUP BY 1, 2\nORDER BY 1, 2"
        .to_owned()
}

/// The newest statements about months that were over, for the chosen areas.
pub(super) fn restatements() -> String {
    format!(
        "SELECT\n  known_at AS \"Known at\",\n  period AS \"Month\",\n  area_name AS \"Area\",\n  \
         indicator AS \"Indicator\",\n  basis AS \"Basis\",\n  \
         CASE WHEN shown <> 'shown' THEN shown \
         WHEN numerator IS NULL THEN CAST(value AS VARCHAR) || ' (of ' || CAST(denominator AS VARCHAR) || ')' \
         ELSE CAST(numerator AS VARCHAR) || coalesce(' of ' || CAST(denominator AS VARCHAR), '') END AS \"Counted\",\n  \
         status AS \"Status\",\n  because AS \"Because\"\n\
         FROM outcomes.figures_history\n\
         WHERE {CHOSEN}\n  AND period_kind = 'month' AND known_at > period_end AND $__timeFilter(known_at)\n\
         ORDER BY known_at DESC, indicator, area_name\nLIMIT 50"
    )
}

/// Which definition, basis and release rule made the figures of the windows, and the instant that they speak for.
pub(super) fn lineage() -> String {
    "SELECT\n  indicator AS \"Indicator\",\n  version AS \"Version\",\n  basis AS \"Basis\",\n  \
     release AS \"Release rule\",\n  max(as_of) AS \"Speaks for\"\n\
     FROM outcomes.figures\n\
     WHERE level = ${level:sqlstring} AND period_kind IN ('window', 'now')\n\
     GROUP BY indicator, version, basis, release\nORDER BY indicator, basis"
        .to_owned()
}

/// The rate of every stage of the two-hour figure, for the chosen providers.
pub(super) fn reconciliation_rates() -> String {
    "SELECT\n  period_start AS \"time\",\n  provider_name || ', ' || stage AS \"metric\",\n  value AS \"value\"\n\
     FROM outcomes.reconciliation\n\
     WHERE entry = 'stage' AND provider IN (${area:sqlstring}) AND $__timeFilter(period_start)\n\
     ORDER BY period_start, provider_name, position"
        .to_owned()
}

/// Every line of the reconciliation of the chosen providers, in reading order.
pub(super) fn reconciliation_lines() -> String {
    "SELECT\n  period AS \"Month\",\n  provider_name AS \"Provider\",\n  \
     coalesce(replace(cause, '_', ' '), upper(stage)) AS \"Stage or cause\",\n  clocks AS \"Clocks\",\n  \
     CASE WHEN shown = 'shown' THEN CAST(numerator AS VARCHAR) ELSE shown END AS \"Met\",\n  \
     CASE WHEN shown = 'shown' THEN CAST(denominator AS VARCHAR) ELSE shown END AS \"Stopped\",\n  \
     value AS \"Rate\",\n  coalesce(meaning, '') AS \"What it means\"\n\
     FROM outcomes.reconciliation\n\
     WHERE provider IN (${area:sqlstring}) AND $__timeFilter(period_start)\n\
     ORDER BY period DESC, provider_name, position\nLIMIT 500"
        .to_owned()
}

/// Providers by name, for the menu of the reconciliation.
pub(super) fn provider_menu() -> String {
    "SELECT DISTINCT provider_name AS \"__text\", provider AS \"__value\" \
     FROM outcomes.reconciliation ORDER BY provider_name LIMIT 500"
        .to_owned()
}

/// Areas of the chosen level by name, for the menu of a board of the moment.
pub(super) fn area_menu() -> String {
    areas_with("period_kind IN ('window', 'now')")
}

/// Areas of the chosen level with figures of months of some definitions: practices have people's nights and nothing else.
pub(super) fn area_month_menu(definitions: &[&Definition]) -> String {
    let ids: Vec<String> = definitions.iter().map(|definition| quoted(&definition.id)).collect();
    areas_with(&format!("period_kind = 'month' AND indicator IN ({})", ids.join(", ")))
}

fn areas_with(figures: &str) -> String {
    format!(
        "SELECT DISTINCT area_name AS \"__text\", area AS \"__value\" \
         FROM outcomes.figures \
         WHERE level = ${{level:sqlstring}} AND {figures} \
         ORDER BY area_name LIMIT 500"
    )
}
