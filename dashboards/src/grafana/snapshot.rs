//! Panels of a definition that counts the present: open clocks.

use homeward_transform::definition::{AlertFamily, Definition};
use serde_json::json;

use super::datasources::{curve, instant, sql_table};
use super::layout::Sheet;
use super::model::Panel;
use super::palette::{BLUE, GREY, ORANGE};
use super::{Places, about, promql, sql};

/// Everything about one such definition.
pub(super) fn place(sheet: &mut Sheet, definition: &Definition, places: &Places) {
    sheet.row(&definition.title);
    let clocks = definition.alerts.iter().filter(|alert| alert.family == AlertFamily::Clock);
    let bands: Vec<&str> = clocks.filter_map(|alert| alert.band.as_deref()).collect();
    let mut stats = vec![total(definition, places)];
    stats.extend(bands.iter().map(|band| band_stat(definition, band, places)));
    sheet.line(stats, 5);
    sheet.place(by_area(definition, places), 12, 9);
    sheet.place(over_time(definition, places), 12, 9);
}

fn total(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{}: all", definition.title);
    about(Panel::stat(&title, &definition.numerator, "none"), definition, places)
        .asks(instant(promql::open_clocks(definition, "", None), "open"))
        .decimals(0)
        .steps(GREY, &[])
}

fn band_stat(definition: &Definition, band: &str, places: &Places) -> Panel {
    let words = band_words(band);
    let title = format!("{}: {words}", definition.title);
    let text = format!(
        "{}. Here: those {words} after the start of the clock. Ages move without events. A person whose visit is not yet \
         written up counts as not visited.",
        definition.numerator
    );
    about(Panel::stat(&title, &text, "none"), definition, places)
        .asks(instant(promql::open_clocks(definition, "", Some(band)), words))
        .decimals(0)
        .steps(BLUE, &[(1.0, ORANGE)])
}

fn by_area(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{} by area and age", definition.title);
    let text = format!(
        "{}. An area without a line has none. A hidden count says \"suppressed\", which is not zero.",
        definition.numerator
    );
    about(Panel::table(&title, &text, "none"), definition, places)
        .asks(sql_table(sql::open_by_area(definition)))
        .when_absent("0")
        .then(
            "groupingToMatrix",
            json!({ "columnField": "Band", "rowField": "Area", "valueField": "Open", "emptyValue": "empty" }),
        )
        .then("sortBy", json!({ "fields": {}, "sort": [{ "field": "Area\\Band" }] }))
        .field("Area\\Band", &[("displayName", json!("Area"))])
}

fn over_time(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{}: how it came about", definition.title);
    let text = format!("{}, by age of the clock, as each scrape found them.", definition.numerator);
    let mut panel = about(Panel::curves(&title, &text, "none"), definition, places)
        .asks(curve(promql::open_clocks(definition, "band", None), "{{band}}"))
        .decimals(0)
        .axis(Some(0.0), None)
        .custom("fillOpacity", json!(60))
        .custom("lineInterpolation", json!("stepAfter"))
        .custom("showPoints", json!("never"))
        .custom("stacking", json!({ "mode": "normal", "group": "A" }))
        .then("renameByRegex", json!({ "regex": "(\\d+)_to_(\\d+)m", "renamePattern": "$1 to $2 minutes" }))
        .then("renameByRegex", json!({ "regex": "over_(\\d+)m", "renamePattern": "over $1 minutes" }));
    for alert in &definition.alerts {
        if let Some(band) = alert.band.as_deref() {
            let colour = if band.starts_with("over") { ORANGE } else { super::palette::BRIGHT_BLUE };
            panel = panel.field(&band_words(band), &[("color", json!({ "mode": "fixed", "fixedColor": colour }))]);
        }
    }
    panel
}

/// `90_to_120m` as people say it.
fn band_words(band: &str) -> String {
    let plain = band.strip_suffix('m').unwrap_or(band).replace('_', " ");
    format!("{plain} minutes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_is_told_in_words() {
        assert_eq!(band_words("90_to_120m"), "90 to 120 minutes");
        assert_eq!(band_words("over_120m"), "over 120 minutes");
    }
}
