//! The same for definitions that count stays and beds of virtual wards: a run sees what touches its months or the month
//! before, which the first is compared with.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::error::ArrowError;
use chrono::{DateTime, Utc};

use super::{
    ChangedUnit, ComputeError, Run, by_run, is_due, periods, providers_of, run_due, run_moving, with_every_provider,
};
use crate::book::dirty::DirtyCells;
use crate::cells::Cells;
use crate::definition::{Catalogue, Definition};
use crate::engine::period::{Period, Window};
use crate::engine::{ColumnsRead, Engine, Input};
use crate::spans::Span;
use crate::wards::Wards;
use crate::wards::view::NAMES;

/// Recomputes the dirty calendar cells of these definitions and adds the units that changed to `changed`.
///
/// # Errors
/// As [`super::calendar`].
pub async fn calendar(
    engine: &Engine,
    catalogue: &Catalogue,
    wards: &Wards,
    cells: &mut Cells,
    dirty: &DirtyCells,
    as_of: DateTime<Utc>,
    changed: &mut Vec<ChangedUnit>,
) -> Result<(), ComputeError> {
    for Run { first, last, due } in by_run(dirty) {
        let before = Period::month_before(&first);
        for adds_up in [true, false] {
            let is_due = |definition: &&Definition| {
                definition.kind.adds_up() == adds_up && definition.counts_wards() && is_due(definition, due.values())
            };
            let definitions: Vec<&Definition> = catalogue.iter().filter(is_due).collect();
            if definitions.is_empty() {
                continue;
            }
            let due = if adds_up { Cow::Borrowed(&due) } else { Cow::Owned(with_every_provider(&due, &definitions)) };
            let providers = adds_up.then(|| providers_of(&due));
            let span = Span::new(before.starts_at.timestamp_micros(), last.ends_at.timestamp_micros());
            let read = engine.columns_read(&definitions).await?;
            engine.register(&input(wards, span, providers.as_ref(), &read, periods(&due), as_of)?).await?;
            run_due(engine, &definitions, &due, cells, as_of, changed).await?;
        }
    }
    Ok(())
}

/// Recomputes windows and the present instant, if anything may be another than at the last call.
///
/// # Errors
/// When an indicator's SQL fails.
pub async fn moving(
    engine: &Engine,
    catalogue: &Catalogue,
    wards: &mut Wards,
    cells: &mut Cells,
    as_of: DateTime<Utc>,
) -> Result<(), ComputeError> {
    if !wards.take_moved() {
        return Ok(());
    }
    for definition in catalogue.iter().filter(|definition| definition.counts_wards()) {
        let named =
            Window::ALL.into_iter().filter(|window| definition.windows.iter().any(|name| name == window.as_str()));
        let windows: Vec<Period> = named.map(|window| Period::window(window, as_of)).collect();
        for (grain, periods) in [("window", windows), ("now", vec![Period::now(as_of)])] {
            if !definition.has_grain(grain) {
                continue;
            }
            let from = periods.iter().map(|period| period.starts_at).min().unwrap_or(as_of);
            let span = Span::new(from.timestamp_micros(), as_of.timestamp_micros().saturating_add(1));
            let read = engine.columns_read(&[definition]).await?;
            engine.register(&input(wards, span, None, &read, periods, as_of)?).await?;
            run_moving(engine, &[definition], cells, grain, as_of).await?;
        }
    }
    Ok(())
}

fn input(
    wards: &Wards,
    span: Span,
    providers: Option<&BTreeSet<Arc<str>>>,
    read: &ColumnsRead,
    periods: Vec<Period>,
    as_of: DateTime<Utc>,
) -> Result<Input, ArrowError> {
    let mut input = Input::empty(periods, as_of);
    let [stays, beds] = NAMES;
    if let Some(read) = read.get(stays) {
        input.add(stays, wards.stays(span, providers, Some(read))?);
    }
    if let Some(read) = read.get(beds) {
        input.add(beds, wards.beds(span, providers, Some(read))?);
    }
    Ok(input)
}
