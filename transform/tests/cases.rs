//! Every worked case of every built-in indicator holds, from the records a feed would send to the released figure.

use std::sync::Arc;

use homeward_contract::geography::Geography;
use homeward_transform::definition::Catalogue;
use homeward_transform::engine::Engine;
use homeward_transform::proof::prove;

#[tokio::test]
async fn every_worked_case_holds() {
    let catalogue = Arc::new(Catalogue::builtin().expect("the built-in definitions are sound"));
    let geography = Arc::new(Geography::devon());
    let mut failures = Vec::new();
    let mut cases = 0;
    for definition in catalogue.iter() {
        Engine::new(Arc::new(Geography::devon())).check(definition).await.expect("the SQL plans over empty views");
        for case in &definition.cases {
            cases += 1;
            let differences = prove(&catalogue, &geography, definition, case).await.expect("the case runs");
            failures.extend(
                differences.into_iter().map(|difference| format!("{} {}: {difference}", definition.id, case.id)),
            );
        }
    }
    assert!(cases > 80, "only {cases} cases were found");
    assert!(failures.is_empty(), "{} of the expectations failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_edge_rule_has_a_case() {
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    let rules: std::collections::BTreeSet<&str> =
        catalogue.iter().flat_map(|definition| &definition.cases).map(|case| case.rule.as_str()).collect();
    let missing: Vec<String> =
        (1..=22).map(|number| format!("E{number}")).filter(|rule| !rules.contains(rule.as_str())).collect();
    assert!(missing.is_empty(), "no case names the rules {missing:?}");
}

/// Rules 1 to 9 of the virtual ward page, section 5. Rule 10 is about hospital spells, 11 about targets.
#[test]
fn every_rule_of_virtual_wards_has_a_case() {
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    let rules: std::collections::BTreeSet<&str> =
        catalogue.iter().flat_map(|definition| &definition.cases).map(|case| case.rule.as_str()).collect();
    let missing: Vec<String> =
        (1..=9).map(|number| format!("VW{number}")).filter(|rule| !rules.contains(rule.as_str())).collect();
    assert!(missing.is_empty(), "no case names the rules {missing:?}");
}

/// The worked vectors of the page on days at home, and the rows of its table of questions in order, up to the window. The
/// rest of the table is about who is shown, standardisation, intervals and what is provisional.
#[test]
fn every_rule_of_days_at_home_has_a_case() {
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    let rules: std::collections::BTreeSet<&str> =
        catalogue.iter().flat_map(|definition| &definition.cases).map(|case| case.rule.as_str()).collect();
    let vectors = ('A'..='F').map(|vector| format!("DAH-{vector}"));
    let questions = (1..=14).map(|number| format!("DAH{number}"));
    let missing: Vec<String> = vectors.chain(questions).filter(|rule| !rules.contains(rule.as_str())).collect();
    assert!(missing.is_empty(), "no case names the rules {missing:?}");
}
