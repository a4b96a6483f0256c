//! What happened in a month: figures that add up, in parts; figures that do not, over the records of all providers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::part::{Part, by_provider, gather};
use super::{ChangedUnit, ComputeError, Due, is_due, part_input, periods, providers_of, run_due, with_every_provider};
use crate::book::Book;
use crate::cells::Cells;
use crate::definition::{Catalogue, Definition};
use crate::engine::Engine;

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
    let mut together = false;
    if !sums.is_empty() {
        let of_provider = |(provider, due)| Part::of_days(book, due, &BTreeSet::from([provider]));
        let parts = gather(by_provider(month).into_iter().map(of_provider), book.together_max());
        // A load of a whole month makes every provider due: the rows of all are then the rows of those that are.
        together = parts.len() == 1 && providers_of(month).is_superset(&book.providers());
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
    let whole = Part::of_days(book, due, &book.providers());
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
