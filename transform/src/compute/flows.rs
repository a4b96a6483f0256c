//! What happened in a month: figures that add up, in parts; figures that do not, over the records of all providers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use roaring::RoaringBitmap;

use super::part::{self, Part, gather};
use super::{ChangedUnit, ComputeError, Due, is_due, part_input, periods, providers_of, run_due, with_every_provider};
use crate::book::Book;
use crate::cells::Cells;
use crate::definition::{Catalogue, Definition};
use crate::engine::Engine;
use crate::engine::period::Period;

/// Recomputes what happened in a month.
pub(super) async fn recompute(
    engine: &Engine,
    catalogue: &Catalogue,
    book: &mut Book,
    cells: &mut Cells,
    month: &Due,
    as_of: DateTime<Utc>,
    changed: &mut Vec<ChangedUnit>,
) -> Result<(), ComputeError> {
    let due = |adds_up: bool| -> Vec<&Definition> {
        let flows = catalogue.iter().filter(|definition| !definition.stock && definition.kind.adds_up() == adds_up);
        flows.filter(|definition| is_due(definition, month.values())).collect()
    };
    let (sums, others) = (due(true), due(false));
    let of_providers = part::by_provider(month).map(|due| Part::of_days(book, due));
    let parts = gather(of_providers, book.together_max());
    // A load of a whole month makes every provider due: the rows of all are then the rows of those that are.
    let all_are_due = providers_of(month).is_superset(&book.providers());
    let together = all_are_due && !sums.is_empty() && parts.len() == 1;
    if !sums.is_empty() {
        let seen: Vec<&Definition> = sums.iter().chain(others.iter().filter(|_| together)).copied().collect();
        let read = engine.columns_read(&seen).await?;
        for part in &parts {
            engine.register(&part_input(book, part, &read, as_of)?).await?;
            run_due(engine, &sums, &part.due, cells, as_of, changed).await?;
        }
    }
    if others.is_empty() {
        return Ok(());
    }
    let due = with_every_provider(month, &others);
    if together {
        engine.register_periods(&periods(&due)).await?;
        return run_due(engine, &others, &due, cells, as_of, changed).await;
    }
    let whole = every_provider(book, due);
    // Of a whole country only the rows of one kind are held at a time.
    let apart = whole.referrals.len() > book.together_max();
    for some in by_views(engine, &others, apart).await? {
        let read = engine.columns_read(&some).await?;
        engine.register(&part_input(book, &whole, &read, as_of)?).await?;
        run_due(engine, &some, &whole.due, cells, as_of, changed).await?;
    }
    Ok(())
}

/// The definitions as one, or apart by the views that they read.
async fn by_views<'d>(
    engine: &Engine,
    definitions: &[&'d Definition],
    apart: bool,
) -> Result<Vec<Vec<&'d Definition>>, ComputeError> {
    let mut groups: BTreeMap<Vec<String>, Vec<&Definition>> = BTreeMap::new();
    for definition in definitions {
        let views = if apart { engine.columns_read(&[definition]).await?.into_keys().collect() } else { Vec::new() };
        groups.entry(views).or_default().push(definition);
    }
    Ok(groups.into_values().collect())
}

/// The units of a month, with the referrals of every provider on their days.
fn every_provider(book: &Book, due: Due) -> Part {
    let days: BTreeSet<_> = due.keys().map(|(_, period)| Period::calendar(*period).local_days()).collect();
    let mut referrals = RoaringBitmap::new();
    for provider in book.providers() {
        for (first, last) in &days {
            referrals |= book.referrals_on(&provider, *first, *last);
        }
    }
    Part { due, referrals }
}
