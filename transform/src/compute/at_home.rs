//! The same for definitions that count people's nights. Those of a month see its nights; those of a cohort see the members
//! whose index day is in the month, and their nights over the longest window.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{ChangedUnit, ComputeError, Due, Run, by_run, is_due, periods, providers_of, run_due, with_every_provider};
use crate::at_home::AtHome;
use crate::at_home::view::{AGES, NAMES};
use crate::book::change::Subject;
use crate::book::dirty::{Causes, DirtyCells};
use crate::cells::Cells;
use crate::definition::{Catalogue, Definition};
use crate::engine::{Engine, Input};

/// Recomputes the dirty calendar cells of these definitions and adds the units that changed to `changed`.
///
/// # Errors
/// As [`super::calendar`].
pub async fn calendar(
    engine: &Engine,
    catalogue: &Catalogue,
    at_home: &AtHome,
    cells: &mut Cells,
    dirty: &DirtyCells,
    as_of: DateTime<Utc>,
    changed: &mut Vec<ChangedUnit>,
) -> Result<(), ComputeError> {
    for Run { first, last, due } in by_run(dirty) {
        let ((first, _), (_, last)) = (first.local_days(), last.local_days());
        let days = (first, last.succ_opt().unwrap_or(last));
        let families = [Subject::PersonNight, Subject::CohortMember];
        for (subject, adds_up) in families.into_iter().flat_map(|subject| [(subject, true), (subject, false)]) {
            let due = of_subject(&due, subject);
            let is_due = |definition: &&Definition| {
                let counts = definition.subjects.contains(&subject);
                definition.kind.adds_up() == adds_up && counts && is_due(definition, due.values())
            };
            let definitions: Vec<&Definition> = catalogue.iter().filter(is_due).collect();
            if definitions.is_empty() {
                continue;
            }
            let due = if adds_up { Cow::Borrowed(&due) } else { Cow::Owned(with_every_provider(&due, &definitions)) };
            let practices = adds_up.then(|| providers_of(&due));
            let [nights, members] = NAMES;
            if subject == Subject::CohortMember {
                let mut input = Input::empty(periods(&due), as_of);
                let [cohort, followed] = at_home.members(days, practices.as_ref())?;
                input.add(members, cohort);
                input.add(nights, followed);
                engine.register(&input).await?;
                run_due(engine, &definitions, &due, cells, as_of, changed).await?;
                continue;
            }
            for (rows, definitions) in by_rows(engine, definitions).await? {
                let read = engine.columns_read(&definitions).await?;
                let read = read.get(nights).filter(|_| rows != Rows::Apart);
                let mut input = Input::empty(periods(&due), as_of);
                input.add(nights, at_home.nights(days, practices.as_ref(), read)?);
                engine.register(&input).await?;
                run_due(engine, &definitions, &due, cells, as_of, changed).await?;
            }
        }
    }
    Ok(())
}

/// What a row stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rows {
    /// People of a place who are alike.
    Together,
    /// The same, of one year of birth: a hundred times as many rows, which only those who read an age are to bear.
    ByAge,
    /// One person: the definition does not read how many people a row stands for.
    Apart,
}

async fn by_rows<'d>(
    engine: &Engine,
    definitions: Vec<&'d Definition>,
) -> Result<BTreeMap<Rows, Vec<&'d Definition>>, ComputeError> {
    let mut by_rows: BTreeMap<Rows, Vec<&'d Definition>> = BTreeMap::new();
    for definition in definitions {
        let read = engine.columns_read(&[definition]).await?;
        let reads = |column: &str| read.get(NAMES[0]).is_some_and(|columns| columns.contains(column));
        let rows = match (reads("people"), AGES.into_iter().any(reads)) {
            (false, _) => Rows::Apart,
            (true, true) => Rows::ByAge,
            (true, false) => Rows::Together,
        };
        by_rows.entry(rows).or_default().push(definition);
    }
    Ok(by_rows)
}

/// What is due for the one reason: a night that changed says nothing of the members whose index day it is.
fn of_subject(due: &Due, subject: Subject) -> Due {
    let is_own = |causes: &Causes| causes.keys().any(|reason| reason.subject == subject);
    let own = due.iter().filter(|(_, causes)| is_own(causes));
    own.map(|(key, causes)| (key.clone(), causes.clone())).collect::<BTreeMap<_, _>>()
}
