//! Prometheus rules, and the settings of Prometheus and Alertmanager that go with them.
//!
//! Five families, one reader each (handbook, alerting section 1): `clock` for the duty co-ordinator, `budget` for the
//! service manager, `slip` for the operations lead, `trust` for the data engineer, and `wards` for the service manager again.
//! Clock, budget and slip rules are made from the `[[alert]]` entries and targets of definitions that are live; trust rules
//! are the house's own, and so are those of virtual wards, which are there while occupancy is a live definition.

mod budget;
mod clock;
mod fault;
mod levels;
mod options;
mod routing;
mod rule;
mod scraping;
mod slip;
mod trust;
mod wards;
mod wilson;
mod words;

use homeward_transform::conditions::declared::declared;
use homeward_transform::conditions::wards::OCCUPANCY;
use homeward_transform::definition::{Alert as Declared, AlertFamily, Catalogue, Definition, DefinitionStatus};

use crate::GeneratedFile;
use rule::{Alert, Group, rule_file};

pub use fault::AlertFault;
pub use options::Options;

/// Where the rule files lie, from the repository's root.
pub const RULES: &str = "deploy/prometheus/rules";

/// Rule files, `prometheus.yml` and `alertmanager.yml` for a set of definitions.
///
/// # Errors
/// When a live definition declares an alert that no rule can be made from.
pub fn files(catalogue: &Catalogue, options: &Options) -> Result<Vec<GeneratedFile>, AlertFault> {
    let declared = |family, make: &dyn Fn(&Definition, &Declared) -> Result<Alert, AlertFault>| {
        declared(catalogue.iter(), family).map(|(d, a)| make(d, a)).collect::<Result<Vec<_>, _>>()
    };
    let slips = |definition: &&Definition| {
        definition.status == DefinitionStatus::Live
            && definition.id != budget::RESPONSE
            && definition.alerts.iter().any(|alert| alert.family == AlertFamily::Slip)
    };
    let others: Vec<&Definition> = catalogue.iter().filter(slips).collect();
    let mut derived = slip::response_recordings();
    derived.extend(slip::other_recordings(&others));

    let occupancy = catalogue.get(OCCUPANCY).filter(|definition| definition.status == DefinitionStatus::Live);

    let group = |name, recordings, alerts| Group { name, recordings, alerts };
    let groups = [
        ("derived", "Series that the rules share: sums, ratios and bounds.", group("ucr-derived", derived, vec![])),
        (
            "clock",
            "For the duty co-ordinator, at once: people who wait now.",
            group("ucr-clock", vec![], declared(AlertFamily::Clock, &clock::alert)?),
        ),
        (
            "budget",
            "For the service manager, in working hours: late responses left this month.",
            group("ucr-budget", vec![], declared(AlertFamily::Budget, &budget::alert)?),
        ),
        (
            "slip",
            "For the operations lead: a rate beyond its target, and not by chance.",
            group("ucr-slip", vec![], declared(AlertFamily::Slip, &|d, a| slip::alert(d, a, options))?),
        ),
        (
            "trust",
            "For the data engineer: may anybody believe the board?",
            group("ucr-trust", trust::recordings(), trust::alerts(options)),
        ),
        (
            "wards",
            "For the service manager and the data engineer, in working hours: how full virtual wards are, and what is told of them.",
            group(
                "virtual-wards",
                vec![],
                occupancy.map(|definition| wards::alerts(definition, options)).unwrap_or_default(),
            ),
        ),
    ];
    let mut files: Vec<GeneratedFile> = groups
        .iter()
        .map(|(name, purpose, group)| GeneratedFile {
            path: format!("{RULES}/{name}.yaml"),
            content: rule_file(purpose, group, options),
        })
        .collect();
    files.push(GeneratedFile {
        path: "deploy/prometheus/prometheus.yml".to_owned(),
        content: scraping::prometheus_yml(options),
    });
    files.push(GeneratedFile {
        path: "deploy/alertmanager/alertmanager.yml".to_owned(),
        content: routing::alertmanager_yml(options),
    });
    Ok(files)
}
