//! Holds the functions of the engine against the list that somebody has looked at.

use std::collections::BTreeSet;

use super::*;
use crate::guard::functions::{REVIEWED, TABLE_FUNCTIONS};

#[test]
fn every_function_of_the_engine_has_been_looked_at() {
    let template = Template::new(&Limits::default()).unwrap();
    let context = SessionContext::new_with_state(template.state.clone());
    session_functions::register(&context, "somebody", 1, &SharedSettings::default());
    let state = context.state();
    let mut found: BTreeSet<String> = BTreeSet::new();
    found.extend(state.scalar_functions().keys().cloned());
    found.extend(state.aggregate_functions().keys().cloned());
    found.extend(state.window_functions().keys().cloned());
    let reviewed: BTreeSet<String> = REVIEWED.split_whitespace().map(str::to_owned).collect();
    let new: Vec<_> = found.difference(&reviewed).collect();
    let gone: Vec<_> = reviewed.difference(&found).collect();
    assert!(new.is_empty(), "look at these, then add them to REVIEWED or REMOVED: {new:?}");
    assert!(gone.is_empty(), "these are on the list and do not exist: {gone:?}");
    for name in REMOVED {
        assert!(!found.contains(name), "{name} is removed");
    }
    // The guard lets no other function into FROM; those that the engine has besides read files or its own metadata.
    for name in TABLE_FUNCTIONS {
        let known = state.table_functions().contains_key(name);
        // `unnest` is part of the engine's grammar.
        assert!(known || name == "unnest", "{name} is allowed in FROM and does not exist");
    }
}
