//! `meta.areas` and `meta.policies`: names of places and rules of release. Pure.

use std::collections::BTreeMap;

use homeward_contract::geography::{Geography, Organisation, OrganisationKind};
use homeward_transform::release::{Policy, Rounding};
use homeward_transform::snapshot::NATION;

use super::column::{Cell, Kind, Outline, always, maybe};
use super::figure_table::Reader;
use super::meta_table::{Written, outline};
use super::state::State;
use Kind::{Bigint, Boolean, Text};

/// `meta.areas`
pub(crate) fn areas(geography: &Geography) -> Written {
    let columns = vec![
        always("level", Text, "nation, region, icb, lcp, pcn or provider."),
        always("area", Text, "Code as in outcomes.figures; for a local care partnership its name."),
        always("name", Text, "Name for people."),
        maybe(
            "parent_level",
            Text,
            "Level of the area above; null for the nation and for providers, which belong to no area.",
        ),
        maybe("parent", Text, "Code of the area above."),
        maybe("region", Text, "Commissioning region, where it is known."),
        maybe("icb", Text, "Integrated care board, where it is known."),
        maybe("lcp", Text, "Local care partnership; inferred from geography and unconfirmed."),
    ];
    let mut rows: Vec<Vec<Cell>> = geography.organisations().filter_map(|held| organisation(geography, held)).collect();
    let mut icbs: BTreeMap<&str, &str> = BTreeMap::new();
    for pcn in geography.pcns() {
        if let Some(icb) = pcn.icb.as_deref() {
            icbs.insert(&pcn.lcp, icb);
        }
    }
    for lcp in geography.lcps() {
        let icb = icbs.get(lcp.as_str()).copied();
        rows.push(area("lcp", lcp, lcp, icb.map(|icb| ("icb", icb)), geography, icb, Some(lcp)));
    }
    for pcn in geography.pcns() {
        let lcp = Some(pcn.lcp.as_str()).filter(|lcp| !lcp.is_empty());
        rows.push(area("pcn", &pcn.code, &pcn.name, lcp.map(|lcp| ("lcp", lcp)), geography, pcn.icb.as_deref(), lcp));
    }
    (outline("areas", "Every area and provider with its name and what it is part of.", columns), rows)
}

fn organisation(geography: &Geography, held: &Organisation) -> Option<Vec<Cell>> {
    let (code, name) = (held.code.as_str(), held.name.as_str());
    let parent = held.parent.as_deref();
    Some(match held.kind {
        OrganisationKind::National => area("nation", NATION, name, None, geography, None, None),
        OrganisationKind::Region => area("region", code, name, Some(("nation", NATION)), geography, None, None),
        OrganisationKind::Icb => {
            area("icb", code, name, parent.map(|region| ("region", region)), geography, Some(code), None)
        }
        OrganisationKind::Provider => area("provider", code, name, None, geography, None, None),
        OrganisationKind::SubIcbLocation | OrganisationKind::LocalAuthority => return None,
    })
}

fn area(
    level: &str,
    code: &str,
    name: &str,
    parent: Option<(&str, &str)>,
    geography: &Geography,
    icb: Option<&str>,
    lcp: Option<&str>,
) -> Vec<Cell> {
    let region = if level == "region" { Some(code) } else { icb.and_then(|icb| geography.region_of_icb(icb)) };
    vec![
        level.into(),
        code.into(),
        name.into(),
        parent.map(|(level, _)| level).into(),
        parent.map(|(_, code)| code).into(),
        region.into(),
        icb.into(),
        lcp.into(),
    ]
}

/// `meta.policies`
pub(crate) fn policies() -> (Outline, State) {
    let columns = vec![
        always("policy", Text, "Name of the release policy."),
        always("version", Bigint, "Version; raised whenever a setting changes."),
        always("release", Text, "Value of the column release."),
        always("is_yours", Boolean, "True for the policy of this login: everything here has passed it."),
        maybe(
            "tick",
            Text,
            "How often the figures of this login change: hour or day; null when they are live, and for other policies.",
        ),
        always("rounding", Text, "How each count is shown."),
        always("minimum_denominator", Bigint, "A rate needs at least this many in its exact denominator."),
        always("statement", Text, "The sentence that every output carries."),
    ];
    (outline("policies", "The release policies, and which of them this login has.", columns), State::Policies)
}

/// The rows of `meta.policies` for one login.
pub(crate) fn policy_rows(reader: &Reader) -> Vec<Vec<Cell>> {
    let row = |policy: &Policy| -> Vec<Cell> {
        let is_own = policy.name == reader.policy.name;
        let tick = reader.pin.tick().filter(|_| is_own);
        vec![
            policy.name.into(),
            i64::from(policy.version).into(),
            policy.label().into(),
            is_own.into(),
            tick.map(|tick| tick.to_string()).into(),
            rounding(policy.rounding).into(),
            policy.minimum_denominator.into(),
            policy.statement.into(),
        ]
    };
    Policy::ALL.iter().map(row).collect()
}

fn rounding(rounding: Rounding) -> String {
    match rounding {
        Rounding::Exact => "exact".to_owned(),
        Rounding::Nearest { base, small } => format!("to the nearest {base}; 1 to {small} shown as {base}"),
        Rounding::SuppressThenNearest { base, small } => {
            format!("1 to {small} suppressed; others to the nearest {base}")
        }
    }
}
