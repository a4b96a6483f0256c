//! Colours pass on white, and words stand beside every one of them.

use serde_json::Value;

use crate::{generated, shown};

/// Every string below a value, with the key that holds it.
fn strings<'a>(key: &'a str, value: &'a Value, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::String(text) => found.push((key, text)),
        Value::Array(values) => values.iter().for_each(|value| strings(key, value, found)),
        Value::Object(object) => object.iter().for_each(|(key, value)| strings(key, value, found)),
        _ => {}
    }
}

/// Contrast with white, as WCAG 2 defines it.
fn contrast_on_white(colour: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("hexadecimal")) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    1.05 / (0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) + 0.05)
}

#[test]
fn every_colour_passes_on_white() {
    let mut seen = 0;
    for board in generated() {
        let whole = serde_json::to_value(&board).expect("a board is JSON");
        let mut found = Vec::new();
        strings("", &whole, &mut found);
        for (key, colour) in found.into_iter().filter(|(key, _)| ["color", "fixedColor", "iconColor"].contains(key)) {
            if colour == "transparent" {
                continue;
            }
            assert!(colour.starts_with('#') && colour.len() == 7, "{key}: '{colour}' is no colour of the palette");
            let contrast = contrast_on_white(colour);
            assert!(contrast >= 3.0, "{colour} has a contrast of {contrast:.1} on white");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} colours");
    assert!((contrast_on_white("#005EB8") - 6.4).abs() < 0.05, "the handbook's own number");
}

#[test]
fn no_meaning_by_colour_alone() {
    for board in generated() {
        for panel in shown(&board) {
            let whole = serde_json::to_value(panel).expect("a panel is JSON");
            let mut mappings = Vec::new();
            collect_mappings(&whole, &mut mappings);
            for result in mappings {
                let text = result.get("text").and_then(Value::as_str).unwrap_or_default();
                assert!(!text.is_empty(), "{}: a mapping without words: {result}", panel.title);
            }
            // Thresholds colour a number that is printed, or a line: never an icon or a bare area.
            let thresholds = whole.pointer("/fieldConfig/defaults/thresholds").is_some();
            let prints = match panel.kind.as_str() {
                "stat" => whole.pointer("/options/textMode") == Some(&Value::from("auto")),
                "bargauge" => whole.pointer("/options/valueMode") == Some(&Value::from("text")),
                "table" => true,
                _ => whole.pointer("/fieldConfig/defaults/color/mode") != Some(&Value::from("thresholds")),
            };
            assert!(!thresholds || prints, "{}: colour alone", panel.title);
        }
    }
}

fn collect_mappings<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) => {
            if object.get("type") == Some(&Value::from("value"))
                && let Some(Value::Object(options)) = object.get("options")
            {
                found.extend(options.values());
            }
            object.values().for_each(|value| collect_mappings(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_mappings(value, found)),
        _ => {}
    }
}
