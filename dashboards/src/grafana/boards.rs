//! The two boards: one question each.

use homeward_transform::definition::{Catalogue, Definition, DefinitionStatus, Kind};

use super::layout::Sheet;
use super::model::{Annotations, Board, Link, SCHEMA_VERSION, Templating, TimePicker, TimeRange, Variable};
use super::panel::head_link;
use super::{Places, alerting, count, history, proportion, snapshot, trust, variables, whole};

/// The tag that every board of ours carries.
const TAG: &str = "homeward";

/// What differs between boards.
struct Plan<'a> {
    uid: &'a str,
    title: &'a str,
    description: &'a str,
    refresh: &'a str,
    from: &'a str,
    variables: Vec<Variable>,
}

fn shown(catalogue: &Catalogue, kind: Kind) -> impl Iterator<Item = &Definition> {
    let in_use = |definition: &Definition| definition.status == DefinitionStatus::Live && definition.is_of_the_moment();
    catalogue.iter().filter(move |definition| in_use(definition) && definition.kind == kind)
}

/// For the duty co-ordinator: who must be seen now?
pub(super) fn now(catalogue: &Catalogue, places: &Places) -> Board {
    let mut sheet = Sheet::default();
    trust::line(&mut sheet);
    for definition in shown(catalogue, Kind::Snapshot) {
        snapshot::place(&mut sheet, definition, places);
    }
    sheet.row("Alerts");
    sheet.place(alerting::firing(places), 24, 8);
    sheet.row("Can I trust this?");
    sheet.place(trust::feeds(), 24, 8);
    let plan = Plan {
        uid: "homeward-ucr-now",
        title: "UCR now",
        description: "For the duty co-ordinator: who waits now, who is due within the half hour, who is past two hours. \
                      Charts have no text beside them here; the accessible board does.",
        refresh: "30s",
        from: "now-6h",
        variables: variables::now(),
    };
    board(plan, sheet, places)
}

/// For the operational lead: how do we stand today and this month, and can it be trusted?
pub(super) fn month(catalogue: &Catalogue, places: &Places) -> Board {
    let mut sheet = Sheet::default();
    trust::line(&mut sheet);
    for definition in shown(catalogue, Kind::Proportion) {
        proportion::place(&mut sheet, definition, places);
    }
    for kind in [Kind::Quantile, Kind::People] {
        for definition in shown(catalogue, kind) {
            whole::place(&mut sheet, definition, places);
        }
    }
    for definition in shown(catalogue, Kind::Count) {
        count::place(&mut sheet, definition, places);
    }
    sheet.row("Can I trust this?");
    sheet.place(trust::refused(), 6, 7);
    sheet.place(trust::revisions(), 6, 7);
    sheet.place(history::by_hour(), 12, 7);
    sheet.place(history::newest(), 24, 10);
    sheet.place(trust::lineage(), 24, 10);
    sheet.place(trust::feeds(), 24, 8);
    let plan = Plan {
        uid: "homeward-ucr-month",
        title: "UCR today and this month",
        description: "For the operational lead: late responses left this month, rates with both targets and their \
                      interval, areas side by side, and where the figures come from. The accessible board has the \
                      same figures as sentences and tables.",
        refresh: "1m",
        from: "now-56d",
        variables: variables::month(catalogue),
    };
    board(plan, sheet, places)
}

fn board(plan: Plan<'_>, sheet: Sheet, places: &Places) -> Board {
    Board {
        uid: plan.uid.to_owned(),
        title: plan.title.to_owned(),
        description: plan.description.to_owned(),
        tags: vec![TAG.to_owned(), "ucr".to_owned()],
        timezone: "Europe/London".to_owned(),
        week_start: "monday".to_owned(),
        editable: false,
        graph_tooltip: 1,
        schema_version: SCHEMA_VERSION,
        refresh: plan.refresh.to_owned(),
        time: TimeRange { from: plan.from.to_owned(), to: "now".to_owned() },
        timepicker: TimePicker { refresh_intervals: ["30s", "1m", "5m", "15m"].map(str::to_owned).to_vec() },
        annotations: Annotations::default(),
        links: links(places),
        templating: Templating { list: plan.variables },
        panels: sheet.finish(),
    }
}

fn links(places: &Places) -> Vec<Link> {
    let boards = Link {
        kind: "dashboards".to_owned(),
        url: None,
        tags: vec![TAG.to_owned()],
        target_blank: false,
        include_vars: true,
        ..head_link("Boards", "The other boards of Homeward", "")
    };
    vec![
        head_link("Accessible board", "The same figures as sentences and tables", &format!("{}/", places.board)),
        head_link("Runbooks", "What each alert means and what to do", &places.runbooks),
        boards,
    ]
}
