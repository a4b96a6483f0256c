//! What happened in a month, in parts of a bounded number of rows. Where figures add up, and where they are percentiles, a
//! part has the rows of some providers; where people are counted, all rows of some people.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::part::{Part, by_provider, gather};
use super::units::Units;
use super::{ChangedUnit, ComputeError, Due, is_due, part_input, providers_of, replace, run_due, with_every_provider};
use crate::book::Book;
use crate::cells::Cells;
use crate::definition::{Catalogue, Definition, Kind};
use crate::engine::Engine;

/// Definitions that see the same parts.
struct Pass<'d> {
    parts: Vec<Part>,
    /// Those whose units are each whole in one part.
    whole: Vec<&'d Definition>,
    /// Those whose units are put together from all parts.
    spread: Vec<&'d Definition>,
}

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
    let flows = catalogue.iter().filter(|definition| !definition.stock && is_due(definition, month.values()));
    let (sums, others): (Vec<_>, Vec<_>) = flows.partition(|definition| definition.kind.adds_up());
    let due = with_every_provider(month, &others);
    for pass in passes(engine, book, month, sums, others).await? {
        let seen: Vec<&Definition> = pass.whole.iter().chain(&pass.spread).copied().collect();
        let read = engine.columns_read(&seen).await?;
        let mut spread: Vec<(&Definition, Units)> =
            pass.spread.into_iter().map(|definition| (definition, Units::default())).collect();
        for part in &pass.parts {
            engine.register(&part_input(book, part, &read, as_of)?).await?;
            run_due(engine, &pass.whole, &part.due, cells, as_of, changed).await?;
            for (definition, units) in &mut spread {
                let take = |atom, part| units.add(atom, part, as_of);
                engine.run_registered(definition, as_of, part.people.as_ref(), take).await?;
            }
        }
        for (definition, units) in spread {
            replace(definition, units, &due, cells, changed);
        }
    }
    Ok(())
}

/// What sees which parts.
async fn passes<'d>(
    engine: &Engine,
    book: &Book,
    month: &Due,
    sums: Vec<&'d Definition>,
    others: Vec<&'d Definition>,
) -> Result<Vec<Pass<'d>>, ComputeError> {
    let of_provider = |(provider, due)| Part::of_days(book, due, &BTreeSet::from([provider]));
    let parts = gather(by_provider(month).into_iter().map(of_provider), book.together_max());
    // A load of a whole month makes every provider due: the rows of all are then the rows of those that are, made once.
    let everyone = book.providers();
    let all_due = providers_of(month).is_superset(&everyone);
    let few = parts.len() == 1 && parts[0].referrals.len() <= book.together_max();
    let (beside, apart): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|other| all_due && (few || other.kind != Kind::People));
    let mut passes = vec![Pass { parts, whole: sums, spread: beside }];
    if !apart.is_empty() {
        passes.extend(over_all(engine, book, Part::of_days(book, month.clone(), &everyone), apart).await?);
    }
    passes.retain(|pass| !pass.whole.is_empty() || !pass.spread.is_empty());
    Ok(passes)
}

/// What sees the rows of all providers, in which parts.
async fn over_all<'d>(
    engine: &Engine,
    book: &Book,
    rows: Part,
    definitions: Vec<&'d Definition>,
) -> Result<Vec<Pass<'d>>, ComputeError> {
    let over = |parts, spread| Pass { parts, whole: Vec::new(), spread };
    if rows.referrals.len() <= book.together_max() {
        return Ok(vec![over(vec![rows], definitions)]);
    }
    let (mut named, mut measures, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for definition in definitions {
        let alike = match definition.kind {
            Kind::People if engine.counts_named_people(definition).await? => &mut named,
            Kind::People => &mut others,
            _ => &mut measures,
        };
        alike.push(definition);
    }
    let by_people = over(rows.by_people(book), named);
    let by_provider = over(rows.by_provider(book), measures);
    // Whom the rows do not name, the SQL made up: nothing is known of where such a person's rows are.
    Ok(vec![by_people, by_provider, over(vec![rows], others)])
}
