//! Panels of virtual wards: how full they are now and over time, beds, flow, and whether stays and occupancy agree.

use homeward_transform::conditions::wards::RISK;
use homeward_transform::definition::Definition;
use serde_json::{Value, json};

use super::datasources::{curve, instant, sql_curve, sql_table};
use super::layout::Sheet;
use super::model::Panel;
use super::palette::{BLUE, GREY, ORANGE, TARGET, TEXT};
use super::proportion::{newest, targets_in_words, unit};
use super::{Places, about, monthly, promql, wards_sql};

/// Everything about one definition, by the periods that it has.
pub(super) fn place(sheet: &mut Sheet, definition: &Definition, places: &Places) {
    sheet.row(&definition.title);
    if definition.has_grain("now") {
        now(sheet, definition, places);
    }
    if definition.has_grain("window") {
        sheet.place(year(definition, places), 8, 9);
        sheet.place(year_over_time(definition, places), 16, 9);
    }
    if definition.has_grain("day") {
        sheet.place(daily(definition, places), 24, 10);
    }
    if definition.has_grain("month") {
        if definition.stock {
            sheet.place(equivalent(definition, places), 24, 8);
        }
        if definition.id == wards_sql::IMPLIED_STAY {
            sheet.place(little(definition, places), 24, 9);
        }
        monthly::months(sheet, definition, places);
    }
}

/// Whether admissions, stays and occupancy tell one story.
fn little(definition: &Definition, places: &Places) -> Panel {
    let gap = wards_sql::gap_percent(definition);
    let text = format!(
        "Little's law: patients on the wards are admissions a day times days a stay. The stay that time on the wards and \
         admissions of a month imply stands beside the stay that was measured of those who left in it. A gap above {gap}% \
         means that a feed misses admissions or discharges (our choice), or that few stays begin and end in the month. A \
         place with a hidden figure is left out."
    );
    about(Panel::table("Little's law: implied beside measured stay", &text, "none"), definition, places)
        .asks(sql_table(wards_sql::little(definition)))
        .decimals(1)
        .widths(&[("Month", 80)])
}

fn now(sheet: &mut Sheet, definition: &Definition, places: &Places) {
    let at = r#"window="now""#;
    let stat = |title: &str, text: &str, unit: &str, expr: String, legend: &str| {
        about(Panel::stat(title, text, unit), definition, places).asks(instant(expr, legend)).steps(TEXT, &[])
    };
    let whole = "The chosen areas together, now; stays and beds are those that hold at this instant.";
    let occupied = "Patients over beds of the chosen areas, summed and then divided. Above 100% is kept: look at the beds that \
                    are told and at stays that were never closed.";
    let empty = "Beds without a patient, area by area and never below none: so many people could be at home instead of in a \
                 hospital bed, if they are well enough and a team is there. Above the provider, patients on wards without a \
                 number of beds fill the beds of others: read it by provider.";
    sheet.line(
        vec![
            stat("Patients now", whole, "none", promql::numerator(definition, "", at), "patients").decimals(0),
            stat("Beds now", whole, "none", promql::denominator(definition, "", at), "beds").decimals(0),
            stat("Occupied now", occupied, "percentunit", promql::ratio(definition, "", at), "occupied").decimals(1),
            stat("People who could be at home", empty, "none", promql::empty_beds(definition), "empty beds")
                .decimals(0),
        ],
        5,
    );
    let text = format!(
        "Each ward now. Above 95% it is at risk, below 80% beds stand empty (handbook, our choice). Remarks count stays that \
         nobody closed, and patients on wards without a number of beds. {}",
        targets_in_words(definition)
    );
    let by_ward = about(Panel::table("Wards now, side by side", &text, "none"), definition, places)
        .asks(sql_table(wards_sql::now(definition)))
        .field("Occupied", &[("unit", json!("percentunit")), ("decimals", json!(1))]);
    sheet.place(by_ward, 24, 8);
    let text = "Patients over beds of each chosen area as each scrape found them. Dashed lines: 80%, the national line, and \
                95%, above which a ward is at risk.";
    let over_time = about(Panel::curves("Occupied: how it came about", text, "percentunit"), definition, places)
        .asks(curve(promql::ratio(definition, "area", at), "{{area}}"))
        .decimals(0)
        .axis(Some(0.0), None)
        .custom("showPoints", json!("never"));
    sheet.place(lines(over_time, &standards(definition)), 24, 9);
}

/// The national line of a share, and the one above which a ward is at risk.
fn standards(definition: &Definition) -> Vec<f64> {
    newest(definition, "national").map(|target| target.value).into_iter().chain([RISK]).collect()
}

/// Lines that every curve is held against, labelled by the axis; the description says what they are.
fn lines(panel: Panel, at: &[f64]) -> Panel {
    let rising: Vec<(f64, &str)> = at.iter().map(|value| (*value, TARGET)).collect();
    panel.thresholds_only(GREY, &rising).custom("thresholdsStyle", json!({ "mode": "dashed" }))
}

fn daily(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{} by day and ward", definition.title);
    let is_share = definition.unit == "ratio";
    let words =
        if is_share { " Dashed lines: 80%, the national line, and 95%, above which a ward is at risk." } else { "" };
    let text = format!(
        "Each London day as it is known now, one curve a ward. Counted: {}.{words} {}",
        definition.numerator,
        targets_in_words(definition)
    );
    let panel = about(Panel::curves(&title, &text, unit(definition)), definition, places)
        .asks(sql_curve(wards_sql::daily(definition)))
        .decimals(0)
        .axis(Some(0.0), None);
    if is_share {
        return lines(panel, &standards(definition));
    }
    panel
        .custom("drawStyle", json!("bars"))
        .custom("fillOpacity", json!(70))
        .custom("stacking", json!({ "mode": "normal", "group": "A" }))
}

fn year(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{} in a year", definition.title);
    let text = format!(
        "The last 365 days, each chosen area by itself: areas do not add up. {} Counted: {}.",
        targets_in_words(definition),
        definition.numerator
    );
    about(Panel::stat(&title, &text, "none"), definition, places)
        .asks(instant(promql::own(definition, r#"window="365d""#), "{{area}}"))
        .decimals(0)
        .steps(BLUE, &[])
}

fn year_over_time(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{} in a year, area by area", definition.title);
    let text = "The last 365 days as each scrape found them, one curve an area. No area is the sum of others.";
    about(Panel::curves(&title, text, "none"), definition, places)
        .asks(curve(promql::own(definition, r#"window="365d""#), "{{area}}"))
        .decimals(0)
        .axis(Some(0.0), None)
        .custom("showPoints", json!("never"))
}

/// Beds beside what they stand for, and the line of the strategy.
fn equivalent(definition: &Definition, places: &Places) -> Panel {
    let line = definition.targets.iter().map(|target| target.value).next_back();
    let text = format!(
        "Beds of the chosen areas at the end of each month, and the hospital beds that they stand for by the factor of {} (a \
         parameter and no measurement; its definition names the source). {} A month with a hidden ward is left out.",
        wards_sql::EQUIVALENT,
        targets_in_words(definition)
    );
    let title = format!("{} and the hospital beds that they stand for", definition.title);
    let panel = about(Panel::curves(&title, &text, "none"), definition, places)
        .asks(sql_curve(wards_sql::equivalent(definition)))
        .decimals(0)
        .axis(Some(0.0), line.map(|line| line * 1.1))
        .custom("showPoints", json!("always"))
        .field("hospital beds", &[("color", fixed(ORANGE))]);
    match line {
        Some(line) => lines(panel, &[line]),
        None => panel,
    }
}

fn fixed(colour: &str) -> Value {
    json!({ "mode": "fixed", "fixedColor": colour })
}
