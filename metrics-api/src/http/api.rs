//! `/api/v1`: figures, definitions, revisions.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use chrono::{DateTime, NaiveDate, Utc};
use homeward_transform::definition::{Catalogue, Definition, Kind};
use homeward_transform::figure::Dimension;
use homeward_transform::levels;
use homeward_transform::release::reach::{PCN_RULE, may_show_any};
use homeward_transform::release::{HoldsNoPatientData, Policy, Released, ReleasedFigure, Rounding, Shown};
use homeward_transform::revision::Revision;
use homeward_transform::snapshot::FigureQuery;
use serde::{Deserialize, Serialize};

use super::outgoing::Outgoing;
use super::problem::Problem;
use super::serving::Serving;

/// Most revisions in one answer.
const REVISIONS_SHOWN: usize = 500;

/// `?indicator=&basis=&by=&period=&release=&as_known_at=`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FiguresQuery {
    indicator: Option<String>,
    basis: Option<String>,
    by: Option<String>,
    period: Option<String>,
    release: Option<String>,
    as_known_at: Option<DateTime<Utc>>,
}

/// The answer of `/api/v1/figures`.
#[derive(Serialize)]
struct FiguresAnswer {
    as_of: DateTime<Utc>,
    revision: u64,
    release: String,
    statement: &'static str,
    figures: Released<Vec<ReleasedFigure>>,
}

/// Its figures are released already; the rest says which snapshot and which policy they are of.
impl HoldsNoPatientData for FiguresAnswer {}

pub(super) async fn figures(
    State(serving): State<Serving>,
    query: Result<Query<FiguresQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Query(query) = query.map_err(|error| {
        Problem::bad_request(error.body_text(), "use indicator, basis, by, period, release and as_known_at")
    })?;
    let asked = query.indicator.as_deref().ok_or_else(|| {
        Problem::bad_request(
            "the parameter indicator is missing",
            "write for example /api/v1/figures?indicator=ucr-two-hour-response&by=provider&period=28d",
        )
    })?;
    let definition = definition(&serving, asked)?;
    let policy = serving.policy(query.release.as_deref())?;
    let request = figure_query(definition, &query)?;
    let snapshot = match query.as_known_at {
        None => serving.snapshot()?,
        Some(known_at) => Arc::new(serving.as_known_at(calendar_only(known_at, &request)?).await?),
    };
    if !levels::has_figure(definition, &request) {
        let (rule, mend) = levels::RULE;
        return Err(Problem::bad_request(rule, mend));
    }
    if !may_show_any(&request, snapshot.as_of()) {
        let (rule, mend) = PCN_RULE;
        return Err(Problem::bad_request(rule, mend));
    }
    let figures = policy.release(snapshot.figures(&request), definition);
    Ok(Outgoing(Released::public(FiguresAnswer {
        as_of: snapshot.as_of(),
        revision: snapshot.revision(),
        release: policy.label(),
        statement: policy.statement,
        figures,
    })))
}

pub(super) async fn indicators(State(serving): State<Serving>) -> impl IntoResponse + use<> {
    let definitions: Vec<Definition> = serving.parts.catalogue.iter().cloned().collect();
    Outgoing(Released::public(definitions))
}

pub(super) async fn indicator(
    State(serving): State<Serving>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    Ok(Outgoing(Released::public(definition(&serving, &id)?.clone())))
}

/// One revision as it may be shown.
#[derive(Serialize)]
pub(super) struct RevisionRow {
    pub(super) known_at: DateTime<Utc>,
    pub(super) indicator: String,
    pub(super) basis: String,
    pub(super) provider: String,
    period: String,
    old_numerator: Shown,
    old_denominator: Option<Shown>,
    new_numerator: Shown,
    new_denominator: Option<Shown>,
    /// The percentile before; only where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_value: Option<Shown>,
    /// The percentile now.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_value: Option<Shown>,
    /// The sentence; only where exact counts may be shown, because it holds them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) words: Option<String>,
}

/// Its counts are released each, and its words are there only under an exact policy.
impl HoldsNoPatientData for RevisionRow {}

impl RevisionRow {
    /// True when what is shown of the figure changed.
    fn shows(&self) -> bool {
        self.old_numerator != self.new_numerator
            || self.old_denominator != self.new_denominator
            || self.old_value != self.new_value
    }

    /// The change in released counts alone.
    pub(super) fn in_numbers(&self) -> String {
        let side = |value: Option<Shown>, numerator: Shown, denominator: Option<Shown>| match (value, denominator) {
            (Some(value), Some(denominator)) => format!("{value} (of {denominator})"),
            (_, Some(denominator)) => format!("{numerator} of {denominator}"),
            _ => numerator.to_string(),
        };
        format!(
            "{}, {}: {} to {}",
            self.provider,
            self.period,
            side(self.old_value, self.old_numerator, self.old_denominator),
            side(self.new_value, self.new_numerator, self.new_denominator)
        )
    }
}

/// Revisions, newest first. Under a rounding policy one that does not show in rounded counts is left
/// out: that something moved at all would tell of single people.
pub(super) fn revision_rows(revisions: &[Revision], policy: &Policy, catalogue: &Catalogue) -> Vec<RevisionRow> {
    let exact = policy.rounding == Rounding::Exact;
    let row = |revision: &Revision| {
        let definition = catalogue.get(&revision.indicator);
        let kind = definition.map_or(Kind::Count, |definition| definition.kind);
        let (old, new) = (policy.release_stated(revision.old, kind), policy.release_stated(revision.new, kind));
        let of = |denominator: Option<i64>, shown: Shown| denominator.map(|_| shown);
        let value = |shown: Shown| (kind == Kind::Quantile).then_some(shown);
        RevisionRow {
            known_at: revision.known_at,
            indicator: revision.indicator.clone(),
            basis: revision.basis.clone(),
            provider: revision.provider.clone(),
            period: revision.period.clone(),
            old_numerator: old.numerator,
            old_denominator: of(revision.old.denominator, old.denominator),
            new_numerator: new.numerator,
            new_denominator: of(revision.new.denominator, new.denominator),
            old_value: value(old.value),
            new_value: value(new.value),
            words: exact.then(|| revision.words(definition)),
        }
    };
    revisions.iter().rev().map(row).filter(RevisionRow::shows).take(REVISIONS_SHOWN).collect()
}

/// `?release=`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevisionsQuery {
    release: Option<String>,
}

pub(super) async fn revisions(
    State(serving): State<Serving>,
    query: Result<Query<RevisionsQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Query(query) =
        query.map_err(|error| Problem::bad_request(error.body_text(), "the only parameter is release"))?;
    let policy = serving.policy(query.release.as_deref())?;
    let snapshot = serving.snapshot()?;
    Ok(Outgoing(Released::public(revision_rows(snapshot.revisions(), policy, &serving.parts.catalogue))))
}

fn definition<'a>(serving: &'a Serving, id: &str) -> Result<&'a Definition, Problem> {
    let catalogue = &serving.parts.catalogue;
    catalogue.get(id).ok_or_else(|| {
        let known: Vec<&str> = catalogue.iter().map(|definition| definition.id.as_str()).collect();
        Problem::not_found(format!("there is no indicator '{id}'"), format!("use one of {}", known.join(", ")))
    })
}

fn figure_query(definition: &Definition, query: &FiguresQuery) -> Result<FigureQuery, Problem> {
    let bases = list(query.basis.as_deref());
    if let Some(unknown) = bases.iter().find(|basis| definition.basis(basis).is_none()) {
        let known: Vec<&str> = definition.bases.iter().map(|basis| basis.id.as_str()).collect();
        return Err(Problem::bad_request(
            format!("{} has no basis '{unknown}'", definition.id),
            format!("use one of {}", known.join(", ")),
        ));
    }
    let mut by = Vec::new();
    for name in list(query.by.as_deref()) {
        let dimension = name
            .parse::<Dimension>()
            .map_err(|error| Problem::bad_request(error.to_string(), "write for example by=provider,month"))?;
        if !by.contains(&dimension) {
            by.push(dimension);
        }
    }
    let mut request = FigureQuery { indicator: definition.id.clone(), bases, by, from: None, to: None, period: None };
    if let Some(period) = query.period.as_deref() {
        narrow(definition, &mut request, period)?;
    }
    if request.by.iter().filter(|dimension| dimension.is_period()).count() > 1 {
        return Err(Problem::bad_request(
            "by names more than one of day, month, twelve_months and window",
            "keep one of them; a figure has one period",
        ));
    }
    Ok(request)
}

/// `28d`, `2025-06`, `2025-06-12` or `now`; the dimension is added when it was not asked for.
fn narrow(definition: &Definition, request: &mut FigureQuery, period: &str) -> Result<(), Problem> {
    let plain = period.rsplit(':').next().unwrap_or(period);
    let (dimension, name) = if plain == "now" {
        (None, "now".to_owned())
    } else if definition.windows.iter().any(|window| window == plain) {
        (Some(Dimension::Window), format!("window:{plain}"))
    } else if plain.parse::<NaiveDate>().is_ok() {
        (Some(Dimension::Day), format!("day:{plain}"))
    } else if format!("{plain}-01").parse::<NaiveDate>().is_ok()
        && (period.starts_with("twelve_months:") || request.by.contains(&Dimension::TwelveMonths))
    {
        (Some(Dimension::TwelveMonths), format!("twelve_months:{plain}"))
    } else if format!("{plain}-01").parse::<NaiveDate>().is_ok() {
        (Some(Dimension::Month), format!("month:{plain}"))
    } else {
        return Err(Problem::bad_request(
            format!("'{period}' is not a period of {}", definition.id),
            format!(
                "write a window ({}), a month 2025-06, twelve_months:2025-06, a day 2025-06-12, or now",
                definition.windows.join(", ")
            ),
        ));
    };
    if let Some(dimension) = dimension {
        request.by.retain(|other| !other.is_period() || *other == dimension);
        if !request.by.contains(&dimension) {
            request.by.push(dimension);
        }
    }
    request.period = Some(name);
    Ok(())
}

/// History keeps days and months; windows and open clocks move with every instant and are not kept.
fn calendar_only(known_at: DateTime<Utc>, request: &FigureQuery) -> Result<DateTime<Utc>, Problem> {
    let moving = |name: &str| name == "now" || name.starts_with("window:");
    let by = |wanted: fn(&Dimension) -> bool| request.by.iter().any(wanted);
    // A band without a day or a month is one of open clocks.
    let of_now = by(|by| *by == Dimension::Band) && !by(|by| by.is_period()) && request.period.is_none();
    if of_now || by(|by| *by == Dimension::Window) || request.period.as_deref().is_some_and(moving) {
        return Err(Problem::bad_request(
            "as_known_at tells days and months; windows and open clocks of the past are not kept",
            "ask by month or by day",
        ));
    }
    Ok(known_at)
}

fn list(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
