//! The boards: one question each.

use homeward_transform::definition::{Catalogue, Definition, DefinitionStatus, Kind, Theme};

use super::layout::Sheet;
use super::model::{Annotations, Board, Link, SCHEMA_VERSION, Templating, TimePicker, TimeRange, Variable};
use super::panel::head_link;
use super::{
    Places, alerting, at_home, count, history, monthly, proportion, quality as submitted, reconciliation as stages,
    snapshot, trust, variables, wards, whole,
};

/// The tag that every board of ours carries.
const TAG: &str = "homeward";

/// What differs between boards.
struct Plan<'a> {
    uid: &'a str,
    /// What it is about, as a tag.
    about: &'a str,
    title: &'a str,
    description: &'a str,
    refresh: &'a str,
    from: &'a str,
    variables: Vec<Variable>,
}

fn in_use(catalogue: &Catalogue) -> impl Iterator<Item = &Definition> {
    catalogue.iter().filter(|definition| definition.status == DefinitionStatus::Live)
}

fn shown(catalogue: &Catalogue, kind: Kind) -> impl Iterator<Item = &Definition> {
    let of_kind = move |definition: &&Definition| definition.is_of_the_moment() && definition.kind == kind;
    in_use(catalogue).filter(|definition| !definition.counts_wards()).filter(of_kind)
}

/// Definitions in use by theme.
fn by_theme(catalogue: &Catalogue) -> impl Iterator<Item = &Definition> {
    let of = |theme: Theme| in_use(catalogue).filter(move |definition| definition.theme == theme.code);
    Theme::ALL.into_iter().flat_map(of)
}

/// What has months and no windows, and counts neither virtual wards nor people's nights, which have boards of their own.
fn of_months(catalogue: &Catalogue) -> Vec<&Definition> {
    let is_elsewhere = |definition: &Definition| definition.counts_wards() || definition.counts_nights();
    let months = by_theme(catalogue).filter(|definition| definition.has_months() && !definition.is_of_the_moment());
    months.filter(|definition| !is_elsewhere(definition)).collect()
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
        about: "ucr",
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
        about: "ucr",
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

/// For the service manager: how do community services go, month by month?
pub(super) fn community(catalogue: &Catalogue, places: &Places) -> Board {
    let mut sheet = Sheet::default();
    trust::line(&mut sheet);
    let definitions = of_months(catalogue);
    for definition in &definitions {
        monthly::place(&mut sheet, definition, places);
    }
    sheet.row("Can I trust this?");
    sheet.place(history::newest(), 24, 10);
    let plan = Plan {
        uid: "homeward-community-month",
        about: "community",
        title: "Community services by month",
        description: "For the service manager: referrals, contacts, people, caseload and waits, month by month and area by area. \
                      What is also known by the day stands on \"UCR today and this month\" with its months. The accessible \
                      board has the same figures as sentences and tables.",
        refresh: "5m",
        from: "now-400d",
        variables: variables::months_of(&definitions, "provider"),
    };
    board(plan, sheet, places)
}

/// For the virtual ward lead: how full are the wards, who comes and goes, and which beds stand empty?
pub(super) fn virtual_wards(catalogue: &Catalogue, places: &Places) -> Board {
    let mut sheet = Sheet::default();
    trust::line(&mut sheet);
    let mut definitions: Vec<&Definition> =
        by_theme(catalogue).filter(|definition| definition.counts_wards()).collect();
    // How full they are comes first, and what is now before what was.
    definitions.sort_by_key(|definition| (definition.unit != "ratio", definition.has_months()));
    for definition in &definitions {
        wards::place(&mut sheet, definition, places);
    }
    sheet.row("Can I trust this?");
    sheet.place(trust::ward_feeds(), 24, 8);
    sheet.place(history::newest(), 24, 10);
    let plan = Plan {
        uid: "homeward-virtual-wards",
        about: "virtual-wards",
        title: "Virtual wards",
        description: "For the virtual ward lead: beds, patients and occupancy by ward, now and over time, with the 80% line and \
                      the 95% at which a ward is at risk; admissions, stays and what became of them; empty beds as people who \
                      could be at home. The accessible board has the same figures as sentences and tables.",
        refresh: "1m",
        from: "now-56d",
        variables: variables::months_of(&definitions, "provider"),
    };
    board(plan, sheet, places)
}

/// For the programme lead: do people spend more nights at home?
pub(super) fn days_at_home(catalogue: &Catalogue, places: &Places) -> Board {
    let mut sheet = Sheet::default();
    trust::line(&mut sheet);
    let definitions: Vec<&Definition> = by_theme(catalogue).filter(|definition| definition.counts_nights()).collect();
    let away = definitions.iter().copied().find(|definition| definition.id == at_home::AWAY);
    for definition in &definitions {
        at_home::place(&mut sheet, definition, away, places);
    }
    sheet.row("Can I trust this?");
    sheet.place(history::newest(), 24, 10);
    let plan = Plan {
        uid: "homeward-days-at-home",
        about: "days-at-home",
        title: "Days at home",
        description: "For the programme lead: nights at home and away, beside one another, by cohort and area, month by month. At \
                      the level of providers an area is the practice that people are registered with. The accessible board has \
                      the same figures as sentences and tables.",
        refresh: "5m",
        from: "now-400d",
        variables: variables::months_of(&definitions, "lcp"),
    };
    board(plan, sheet, places)
}

/// For the data manager: how good are the submissions?
pub(super) fn quality(places: &Places) -> Board {
    let mut sheet = Sheet::default();
    trust::line(&mut sheet);
    sheet.row("How good the submissions are");
    sheet.place(submitted::complete(places), 24, 10);
    sheet.place(submitted::amiss(places), 24, 10);
    sheet.place(submitted::submissions(places), 24, 10);
    sheet.place(submitted::shares(places), 24, 10);
    let plan = Plan {
        uid: "homeward-csds-quality",
        about: "csds",
        title: "CSDS data quality",
        description: "For the data manager: how complete the items are that figures rest on, what is amiss, and which \
                      submissions count. The accessible board has the same as tables.",
        refresh: "5m",
        from: "now-400d",
        variables: variables::submitters(),
    };
    board(plan, sheet, places)
}

/// For the commissioner: why is the live figure not the published one?
pub(super) fn reconciliation(catalogue: &Catalogue, places: &Places) -> Board {
    let mut sheet = Sheet::default();
    trust::line(&mut sheet);
    sheet.row("From live to published");
    sheet.place(stages::rates(catalogue, places), 24, 10);
    sheet.place(stages::lines(catalogue, places), 24, 18);
    let plan = Plan {
        uid: "homeward-ucr-reconciliation",
        about: "ucr",
        title: "UCR from live to published",
        description: "For the commissioner: each month by live events, Primary, Refresh and the published figure, and which \
                      causes lie between them. The accessible board has the same as sentences and tables.",
        refresh: "5m",
        from: "now-400d",
        variables: variables::providers(),
    };
    board(plan, sheet, places)
}

fn board(plan: Plan<'_>, sheet: Sheet, places: &Places) -> Board {
    Board {
        uid: plan.uid.to_owned(),
        title: plan.title.to_owned(),
        description: plan.description.to_owned(),
        tags: vec![TAG.to_owned(), plan.about.to_owned()],
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
