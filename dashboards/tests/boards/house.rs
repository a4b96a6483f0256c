//! House rules over the boards as data.

use std::collections::BTreeSet;

use homeward_dashboards::grafana::model::{GridPos, Panel, Target};
use homeward_dashboards::grafana::{ALERTMANAGER, POSTGRES, PROMETHEUS, files};
use homeward_transform::definition::Catalogue;

use crate::{generated, shown, targets};

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for name in names {
        assert!(seen.insert(name), "{what} '{name}' comes twice");
    }
}

#[test]
fn boards_have_fixed_unique_names() {
    let boards = generated();
    unique("uid", boards.iter().map(|board| board.uid.as_str()));
    unique("title", boards.iter().map(|board| board.title.as_str()));
    for board in &boards {
        assert!(board.uid.starts_with("homeward-") && (8..=40).contains(&board.uid.len()), "{}", board.uid);
        assert!(board.description.len() > 40, "{}: says nothing about itself", board.title);
        assert_eq!(board.timezone, "Europe/London", "{}", board.title);
        assert!(!board.editable, "{}: an edit in Grafana would be lost", board.title);
        unique("panel", board.panels.iter().map(|panel| panel.title.as_str()));
        let ids: BTreeSet<u32> = board.panels.iter().map(|panel| panel.id).collect();
        assert!(ids.len() == board.panels.len() && !ids.contains(&0), "{}: ids are not unique", board.title);
    }
}

#[test]
fn every_panel_says_what_it_shows_and_in_which_unit() {
    for board in generated() {
        for panel in shown(&board) {
            let name = format!("{}: {}", board.title, panel.title);
            let description = panel.description.as_deref().unwrap_or_default();
            assert!(
                description.len() >= 40 && description.ends_with('.'),
                "{name}: describes itself as '{description}'"
            );
            let look = &panel.field_config.as_ref().unwrap_or_else(|| panic!("{name}: no unit")).defaults;
            assert!(!look.unit.is_empty(), "{name}: no unit");
            assert!(look.no_value.as_ref().is_some_and(|words| !words.is_empty()), "{name}: absent would be blank");
            assert!(!panel.targets.is_empty(), "{name}: asks nothing");
        }
    }
}

#[test]
fn every_query_goes_to_a_provisioned_source() {
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    let files = files(&catalogue);
    let provisioned =
        files.iter().find(|file| file.path.ends_with("datasources/homeward.yaml")).expect("it is generated");
    for uid in [PROMETHEUS, POSTGRES, ALERTMANAGER] {
        assert!(provisioned.content.contains(&format!("uid: {uid}\n")), "{uid} is not provisioned");
    }
    for board in generated() {
        for panel in shown(&board) {
            let source = panel.datasource.as_ref().expect("a panel with queries has a source");
            unique("query", panel.targets.iter().map(letter));
            for target in &panel.targets {
                let (asked, uid) = match target {
                    Target::PromQl(promql) => (&promql.datasource, PROMETHEUS),
                    Target::Sql(sql) => (&sql.datasource, POSTGRES),
                };
                assert!(asked == source && asked.uid == uid, "{}: {}", board.title, panel.title);
            }
        }
        for variable in board.templating.list.iter().filter(|variable| variable.kind == "query") {
            let source = variable.datasource.as_ref().expect("a queried menu has a source");
            assert!([PROMETHEUS, POSTGRES].contains(&source.uid.as_str()), "{}", variable.name);
        }
    }
}

fn letter(target: &Target) -> &str {
    match target {
        Target::PromQl(promql) => &promql.ref_id,
        Target::Sql(sql) => &sql.ref_id,
    }
}

#[test]
fn nothing_is_left_to_an_import_or_to_a_default_password() {
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    for file in files(&catalogue) {
        for word in ["${DS_", "__inputs", "-- Grafana --", "-- Mixed --"] {
            assert!(!file.content.contains(word), "{}: {word}", file.path);
        }
        assert!(file.content.ends_with('\n') && !file.content.ends_with("\n\n"), "{}", file.path);
        for line in file.content.lines().filter(|line| line.trim_start().starts_with("password:")) {
            assert!(line.contains("$__file{"), "{}: a password is written down: {line}", file.path);
        }
    }
}

#[test]
fn panels_stand_on_the_grid_and_never_on_one_another() {
    for board in generated() {
        for (index, panel) in board.panels.iter().enumerate() {
            let place = panel.grid_pos;
            assert!(place.w > 0 && place.h > 0 && place.x + place.w <= 24, "{}: {place:?}", panel.title);
            for other in &board.panels[index + 1..] {
                assert!(!overlap(place, other.grid_pos), "{} lies on {}", panel.title, other.title);
            }
        }
    }
}

/// Grafana moves a panel up until it meets another one: a gap above it would not be what the generator meant.
#[test]
fn no_panel_hangs_over_a_gap() {
    for board in generated() {
        for panel in &board.panels {
            let place = panel.grid_pos;
            let above = |other: &Panel| {
                let other = other.grid_pos;
                other.y + other.h == place.y && other.x < place.x + place.w && place.x < other.x + other.w
            };
            assert!(
                place.y == 0 || board.panels.iter().any(above),
                "{}: Grafana would move {}",
                board.title,
                panel.title
            );
        }
    }
}

fn overlap(one: GridPos, other: GridPos) -> bool {
    one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h
}

#[test]
fn menus_are_bounded_and_every_variable_is_declared() {
    for board in generated() {
        let declared: BTreeSet<&str> = board.templating.list.iter().map(|variable| variable.name.as_str()).collect();
        for variable in &board.templating.list {
            assert!(variable.description.len() > 10, "{}", variable.name);
            let query = variable.query.to_string();
            match variable.kind.as_str() {
                "custom" => assert!(!variable.options.is_empty() && variable.current.is_some(), "{}", variable.name),
                "query" => assert!(query.contains("LIMIT 500") || query.contains(r#"level=\"$level\""#), "{query}"),
                other => panic!("{}: a menu of kind {other}", variable.name),
            }
        }
        let texts = targets(&board).map(|(_, target)| match target {
            Target::PromQl(promql) => promql.expr.as_str(),
            Target::Sql(sql) => sql.raw_sql.as_str(),
        });
        for text in texts.chain(board.panels.iter().map(|panel| panel.title.as_str())) {
            for name in used(text) {
                assert!(declared.contains(name), "{}: ${name} is nobody's: {text}", board.title);
            }
        }
    }
}

/// Names after a dollar sign; macros begin with two underscores.
fn used(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split('$').skip(1).map(|rest| {
        let rest = rest.trim_start_matches('{');
        &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())]
    });
    names.filter(|name| !name.starts_with("__"))
}

#[test]
fn links_lead_to_the_accessible_board_the_runbooks_and_definitions_that_exist() {
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    for board in generated() {
        for words in ["Accessible board", "Runbooks", "Boards"] {
            assert!(board.links.iter().any(|link| link.title == words), "{}: {words}", board.title);
        }
        for panel in shown(&board) {
            for url in panel.links.iter().filter_map(|link| link.url.as_deref()) {
                let Some((_, id)) = url.rsplit_once("/indicator/") else {
                    assert!(url.ends_with("/data-quality"), "{url}: neither a definition nor the page of data quality");
                    continue;
                };
                assert!(catalogue.get(id).is_some(), "{url}");
            }
        }
        let runbooks =
            serde_json::to_string(&board).expect("a board is JSON").contains("deploy/runbooks/${__value.text}.md");
        assert_eq!(runbooks, board.uid == "homeward-ucr-now", "the list of alerts leads to runbooks");
    }
}

#[test]
fn a_rate_stands_beside_both_targets_its_interval_and_its_counts() {
    let board = generated().into_iter().find(|board| board.uid == "homeward-ucr-month").expect("it exists");
    let panel = |words: &str| -> &Panel {
        shown(&board).find(|panel| panel.title.contains(words)).unwrap_or_else(|| panic!("no panel '{words}'"))
    };
    let asked = |panel: &Panel| panel.targets.iter().map(|target| format!("{target:?}")).collect::<String>();
    for title in ["rate by window", "rate over the chosen window", "by day: $area", "areas side by side"] {
        let text = asked(panel(title));
        assert!(text.contains("local") && text.contains("national"), "{title}: {text}");
    }
    for bound in ["lower", "upper"] {
        assert!(asked(panel("by day: $area")).contains(bound) && asked(panel("areas side by side")).contains(bound));
    }
    assert!(asked(panel("areas side by side")).contains("providers_reporting"), "coverage stands beside a figure");
}
