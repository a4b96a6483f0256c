//! Panels of a proportion: rates by window and day, areas side by side, months on every basis, and the month's budget.
//!
//! The colour of a rate never judges it: a point estimate of a small area is noise. Verdicts are words made from the
//! interval, and both target lines stand beside every rate.

use homeward_transform::definition::{AlertFamily, Definition};
use serde_json::{Value, json};

use super::datasources::{curve, instant, rows, sql_curve, sql_table};
use super::layout::Sheet;
use super::model::Panel;
use super::palette::{BLUE, BRIGHT_BLUE, DARK_BLUE, GREY, ORANGE, PALE_GREY, TEXT};
use super::panel::words;
use super::{Places, about, monthly, promql, sql, variables};

/// Everything about one proportion.
pub(super) fn place(sheet: &mut Sheet, definition: &Definition, places: &Places) {
    sheet.row(&definition.title);
    if has_budget(definition) {
        sheet.place(budget(definition, places), 12, 8);
        sheet.place(budget_over_time(definition, places), 12, 8);
    }
    sheet.place(by_window(definition, places), 12, 8);
    sheet.place(counts_by_window(definition, places), 12, 8);
    sheet.place(by_area(definition, places), 24, 9);
    sheet.place(rolling(definition, places), 24, 9);
    sheet.place(monthly::table(definition, places), 24, 9);
    if definition.has_grain("day") {
        // Last, because it becomes one panel an area.
        sheet.place(daily(definition, places), 24, 10);
    }
}

/// `/metrics` knows the budget of one indicator; a definition says that it has one by its alerts.
fn has_budget(definition: &Definition) -> bool {
    definition.alerts.iter().any(|alert| alert.family == AlertFamily::Budget)
}

/// The unit in Grafana's words.
pub(super) fn unit(definition: &Definition) -> &'static str {
    if definition.unit == "ratio" { "percentunit" } else { "none" }
}

/// "the local target is 80% (source), the national target ..." for a description.
pub(super) fn targets_in_words(definition: &Definition) -> String {
    let told: Vec<String> = sql::target_names(definition)
        .iter()
        .filter_map(|name| newest(definition, name))
        .map(|target| {
            let value = if definition.unit == "ratio" {
                format!("{}%", (target.value * 1000.0).round() / 10.0)
            } else {
                format!("{} {}", target.value, definition.unit)
            };
            format!("{} target {value} from {} ({})", target.name, target.valid_from.format("%-d %B %Y"), target.source)
        })
        .collect();
    if told.is_empty() { "No target is set.".to_owned() } else { format!("Targets: {}.", told.join("; ")) }
}

/// The last one that was set. Steps in time are drawn from the data; a number printed beside a rate is the newest.
pub(super) fn newest<'a>(definition: &'a Definition, name: &str) -> Option<&'a homeward_transform::definition::Target> {
    definition.targets.iter().filter(|target| target.name == name).max_by_key(|target| target.valid_from)
}

fn counted(definition: &Definition) -> String {
    let denominator = definition.denominator.as_deref().unwrap_or("the same referrals");
    format!("Counted: {}. Out of: {denominator}.", definition.numerator)
}

fn budget(definition: &Definition, places: &Places) -> Panel {
    let text = format!(
        "How many more late responses this month allows before the local target is lost: whole numbers that people can act \
         on. The referrals still to come are forecast from the last 28 days, so it is an estimate. {} Told for providers, \
         local care partnerships and care boards.",
        targets_in_words(definition)
    );
    let left = promql::late_responses_left();
    about(Panel::table("Late responses left this month", &text, "none"), definition, places)
        .asks(rows(left.clone()))
        .asks(rows(format!("sgn({left})")))
        .asks(rows(promql::missed(definition, "area", r#"window="mtd""#)))
        .asks(rows(promql::denominator(definition, "area", r#"window="mtd""#)))
        .decimals(0)
        .joined(
            json!({ "area": 0, "Value #A": 1, "Value #B": 2, "Value #C": 3, "Value #D": 4 }),
            json!({
                "area": "Area", "Value #A": "Late responses left", "Value #B": "In words", "Value #C": "Late so far",
                "Value #D": "Due so far",
            }),
        )
        .field(
            "In words",
            &[
                (
                    "mappings",
                    json!([words(&[
                        ("1", "within the allowance", TEXT),
                        ("0", "◆ allowance used up", ORANGE),
                        ("-1", "◆ month lost", ORANGE),
                    ])]),
                ),
                ("custom.cellOptions", json!({ "type": "color-text" })),
                ("noValue", json!("not told for this level")),
            ],
        )
}

fn budget_over_time(definition: &Definition, places: &Places) -> Panel {
    let text = "The same allowance as each scrape found it, one curve an area. Zero: used up. Below zero: the month is \
                lost at the local target. It steps up when a month begins.";
    about(Panel::curves("Late responses left, how it came about", text, "none"), definition, places)
        .asks(curve(promql::late_responses_left(), "{{area}}"))
        .decimals(0)
        .custom("lineInterpolation", json!("stepAfter"))
        .custom("showPoints", json!("never"))
        .custom("axisSoftMin", json!(0))
        .custom("thresholdsStyle", json!({ "mode": "dashed" }))
        .thresholds_only(GREY, &[(0.0, GREY)])
}

fn by_window(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{}: rate by window", definition.title);
    let text = format!(
        "The chosen areas counted together: sums divided last. {} {} The shade follows the targets and judges nothing: \
         whether a difference could be chance is said in words in the table of areas.",
        counted(definition),
        targets_in_words(definition)
    );
    let mut panel = about(Panel::bars(&title, &text, unit(definition)), definition, places);
    for name in &definition.windows {
        let (label, words) = variables::window(name);
        panel = panel.asks(instant(promql::ratio(definition, "", &format!(r#"window="{label}""#)), words));
    }
    for name in sql::target_names(definition) {
        panel = panel.asks(instant(promql::target(definition, name), format!("{name} target")));
    }
    panel
        .decimals(1)
        .axis(Some(0.0), Some(1.0))
        .steps(GREY, &target_steps(definition))
        .fields("/ target$/", &[("color", json!({ "mode": "fixed", "fixedColor": super::palette::TARGET }))])
}

/// Steps at the newest targets, from grey to blue: position, not praise.
fn target_steps(definition: &Definition) -> Vec<(f64, &'static str)> {
    let mut values: Vec<f64> =
        sql::target_names(definition).iter().filter_map(|name| newest(definition, name)).map(|t| t.value).collect();
    values.sort_by(f64::total_cmp);
    values.into_iter().zip([BRIGHT_BLUE, BLUE, DARK_BLUE]).collect()
}

fn counts_by_window(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{}: counts behind the rates", definition.title);
    let text = format!("Numerator and denominator of each rate on the left. {}", counted(definition));
    let labels: Vec<&str> = definition.windows.iter().map(|name| variables::window(name).0).collect();
    let windows = format!(r#"window=~"{}""#, labels.join("|"));
    let window_words: Vec<(&str, &str, &str)> = definition
        .windows
        .iter()
        .map(|name| variables::window(name))
        .map(|(label, words)| (label, words, TEXT))
        .collect();
    about(Panel::table(&title, &text, "none"), definition, places)
        .asks(rows(promql::numerator(definition, "window", &windows)))
        .asks(rows(promql::denominator(definition, "window", &windows)))
        .asks(rows(promql::ratio(definition, "window", &windows)))
        .decimals(0)
        .joined(
            json!({ "window": 0, "Value #A": 1, "Value #B": 2, "Value #C": 3 }),
            json!({ "window": "Window", "Value #A": "Counted", "Value #B": "Out of", "Value #C": "Rate" }),
        )
        // Labels sort as text, which puts 28 days before 7.
        .then("sortBy", json!({ "fields": {}, "sort": [{ "field": "Out of" }] }))
        .field("Window", &[("mappings", json!([words(&window_words)]))])
        .field("Rate", &[("unit", json!(unit(definition))), ("decimals", json!(1))])
}

fn by_area(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{}: areas side by side", definition.title);
    let text = format!(
        "Each chosen area over the chosen window, in the order of names: a ranking of small areas would rank chance. From \
         and to: 95% interval. {} {} A hidden figure says \"suppressed\", which is not zero.",
        counted(definition),
        targets_in_words(definition)
    );
    about(Panel::table(&title, &text, "none"), definition, places)
        .asks(sql_table(sql::areas(definition)))
        .fields("/^(Rate|From|To)$/", &[("unit", json!(unit(definition))), ("decimals", json!(1))])
        .fields(
            "/^Against/",
            &[
                ("mappings", json!([verdicts()])),
                ("custom.cellOptions", json!({ "type": "color-background", "mode": "basic", "wrapText": true })),
            ],
        )
}

/// Shapes and colours beside the words of the SQL: diamond for concern, square for good, circle for what may be chance.
fn verdicts() -> Value {
    words(&[
        ("misses the target, not by chance", "◆ misses the target, not by chance", ORANGE),
        ("misses the target, could be chance", "● misses the target, could be chance", "transparent"),
        ("meets the target, could be chance", "● meets the target, could be chance", "transparent"),
        ("meets the target, not by chance", "■ meets the target, not by chance", BLUE),
    ])
}

fn rolling(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{}: rate over the chosen window, area by area", definition.title);
    let text = format!(
        "The rate over the chosen window as each scrape found it, one curve an area, with every target in force at the time. \
         A correction of the past does not change this curve; the daily one below is drawn anew. {}",
        targets_in_words(definition)
    );
    let mut panel = about(Panel::curves(&title, &text, unit(definition)), definition, places)
        .asks(curve(promql::ratio(definition, "area", r#"window="$window""#), "{{area}}"));
    for name in sql::target_names(definition) {
        panel = panel.asks(curve(promql::target(definition, name), format!("{name} target")));
    }
    panel.decimals(1).custom("showPoints", json!("never")).target_lines()
}

fn daily(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{} by day: $area", definition.title);
    let text = format!(
        "Each London day as it is known now, with its 95% interval and every target in force that day; one panel an area. \
         Days that may still change are points without a line. A day of a small area swings by chance: mind the interval. \
         {} {}",
        counted(definition),
        targets_in_words(definition)
    );
    about(Panel::curves(&title, &text, unit(definition)), definition, places)
        .asks(sql_curve(sql::daily_rate(definition)))
        .decimals(1)
        .for_each_area(2)
        .field("rate, final", &[("color", json!({ "mode": "fixed", "fixedColor": BLUE }))])
        .field(
            "rate, may change",
            &[
                ("color", json!({ "mode": "fixed", "fixedColor": PALE_GREY })),
                ("custom.drawStyle", json!("points")),
                ("custom.pointSize", json!(7)),
            ],
        )
        .interval_band("lower 95%", "upper 95%")
        .target_lines()
}
