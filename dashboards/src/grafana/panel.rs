//! The kinds of panel that we use, and what may be set on them.

use serde_json::{Value, json};

use super::datasources;
use super::model::{
    Colour, FieldConfig, FieldConfigSource, GridPos, Link, Matcher, Override, Panel, Property, Step, Target,
    Thresholds, Transformation,
};
use super::palette::{BLUE, GREY, TARGET};

/// Words where a query has no answer: absent is not zero, and not well.
pub(super) const NO_DATA: &str = "no data";

impl Panel {
    /// A panel with nothing but a kind and a title.
    pub(super) fn bare(kind: &str, title: &str) -> Self {
        Self {
            id: 0,
            kind: kind.to_owned(),
            title: title.to_owned(),
            description: None,
            grid_pos: GridPos { h: 0, w: 0, x: 0, y: 0 },
            links: Vec::new(),
            datasource: None,
            targets: Vec::new(),
            field_config: None,
            options: None,
            transformations: Vec::new(),
            repeat: None,
            repeat_direction: None,
            max_per_row: None,
            collapsed: None,
            panels: None,
        }
    }

    fn drawn(kind: &str, title: &str, description: &str, unit: &str, options: Value) -> Self {
        let defaults = FieldConfig {
            unit: unit.to_owned(),
            no_value: Some(NO_DATA.to_owned()),
            color: Some(fixed(BLUE)),
            ..FieldConfig::default()
        };
        Self {
            description: Some(description.to_owned()),
            field_config: Some(FieldConfigSource { defaults, overrides: Vec::new() }),
            options: Some(options),
            ..Self::bare(kind, title)
        }
    }

    /// One big value, or a few.
    pub(super) fn stat(title: &str, description: &str, unit: &str) -> Self {
        let options = json!({
            "colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto",
            "percentChangeColorMode": "standard", "showPercentChange": false, "textMode": "auto", "wideLayout": true,
            "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
        });
        Self::drawn("stat", title, description, unit, options)
    }

    /// A table.
    pub(super) fn table(title: &str, description: &str, unit: &str) -> Self {
        let options = json!({ "cellHeight": "sm", "frameIndex": 0, "showHeader": true });
        Self::drawn("table", title, description, unit, options)
            .custom("align", json!("auto"))
            .custom("cellOptions", json!({ "type": "auto", "wrapText": true }))
            .custom("inspect", json!(false))
    }

    /// Curves over time. The legend stands at the right, where it has room for all of them: below, it scrolls after
    /// three.
    pub(super) fn curves(title: &str, description: &str, unit: &str) -> Self {
        let options = json!({
            "legend": { "calcs": ["lastNotNull"], "displayMode": "table", "placement": "right", "showLegend": true },
            "tooltip": { "hideZeros": false, "mode": "multi", "sort": "none" },
        });
        let mut panel = Self::drawn("timeseries", title, description, unit, options)
            .custom("drawStyle", json!("line"))
            .custom("lineInterpolation", json!("linear"))
            .custom("lineWidth", json!(2))
            .custom("showPoints", json!("auto"))
            .custom("spanNulls", json!(false));
        panel.look().color = Some(Colour { mode: "palette-classic".to_owned(), fixed_color: None });
        panel
    }

    /// Bars beside one another, each with its number.
    pub(super) fn bars(title: &str, description: &str, unit: &str) -> Self {
        let options = json!({
            "displayMode": "basic", "maxVizHeight": 60, "minVizHeight": 16, "minVizWidth": 8, "namePlacement": "left",
            "orientation": "horizontal", "showUnfilled": true, "sizing": "auto", "valueMode": "text",
            "legend": { "calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": false },
            "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
        });
        Self::drawn("bargauge", title, description, unit, options)
    }

    /// Adds a query; its letter and the panel's data source follow from it.
    pub(super) fn asks(mut self, mut target: Target) -> Self {
        let letter = u8::try_from(self.targets.len()).ok().and_then(|index| b'A'.checked_add(index)).unwrap_or(b'Z');
        let (ref_id, datasource) = match &mut target {
            Target::PromQl(promql) => (&mut promql.ref_id, datasources::prometheus()),
            Target::Sql(sql) => (&mut sql.ref_id, datasources::postgres()),
        };
        *ref_id = char::from(letter).to_string();
        self.datasource = Some(datasource);
        self.targets.push(target);
        self
    }

    /// Decimal places.
    pub(super) fn decimals(mut self, decimals: u8) -> Self {
        self.look().decimals = Some(decimals);
        self
    }

    /// Ends of the axis.
    pub(super) fn axis(mut self, min: Option<f64>, max: Option<f64>) -> Self {
        let look = self.look();
        look.min = min;
        look.max = max;
        self
    }

    /// Words where there is no value.
    pub(super) fn when_absent(mut self, words: &str) -> Self {
        self.look().no_value = Some(words.to_owned());
        self
    }

    /// Words, with a colour each, for whole numbers or words.
    pub(super) fn says(mut self, mapping: Value) -> Self {
        self.look().mappings.push(mapping);
        self
    }

    /// Lines at fixed heights, without colouring the curves.
    pub(super) fn thresholds_only(mut self, lowest: &str, rising: &[(f64, &str)]) -> Self {
        let colour = self.look().color.clone();
        self = self.steps(lowest, rising);
        self.look().color = colour;
        self
    }

    /// Colour by steps; the words or the number beside it carry the meaning.
    pub(super) fn steps(mut self, lowest: &str, rising: &[(f64, &str)]) -> Self {
        let look = self.look();
        look.color = Some(Colour { mode: "thresholds".to_owned(), fixed_color: None });
        let first = Step { color: lowest.to_owned(), value: None };
        let rest = rising.iter().map(|(value, color)| Step { color: (*color).to_owned(), value: Some(*value) });
        let steps = std::iter::once(first).chain(rest).collect();
        look.thresholds = Some(Thresholds { mode: "absolute".to_owned(), steps });
        self
    }

    /// One setting of the drawing.
    pub(super) fn custom(mut self, name: &str, value: Value) -> Self {
        self.look().custom.insert(name.to_owned(), value);
        self
    }

    /// What differs for one field.
    pub(super) fn field(self, name: &str, properties: &[(&str, Value)]) -> Self {
        self.matching("byName", name, properties)
    }

    /// What differs for the fields whose names match.
    pub(super) fn fields(self, expression: &str, properties: &[(&str, Value)]) -> Self {
        self.matching("byRegexp", expression, properties)
    }

    fn matching(mut self, id: &str, options: &str, properties: &[(&str, Value)]) -> Self {
        let matcher = Matcher { id: id.to_owned(), options: options.to_owned() };
        let properties =
            properties.iter().map(|(id, value)| Property { id: (*id).to_owned(), value: value.clone() }).collect();
        if let Some(config) = &mut self.field_config {
            config.overrides.push(Override { matcher, properties });
        }
        self
    }

    /// The answers joined to one table, without the time: order of its columns, and their names for people.
    pub(super) fn joined(self, order: serde_json::Value, names: serde_json::Value) -> Self {
        let columns = serde_json::json!({
            "excludeByName": { "Time": true }, "includeByName": {}, "indexByName": order, "renameByName": names,
        });
        self.then("merge", serde_json::json!({})).then("organize", columns)
    }

    /// Instants in one line: a wrapped one is taller than the row that Grafana gives it.
    pub(super) fn instants(self, name: &str) -> Self {
        self.field(name, &[("unit", json!("dateTimeAsIso")), ("custom.width", json!(170))])
    }

    /// Widths of columns in pixels; a column that is not named takes what is left.
    pub(super) fn widths(self, columns: &[(&str, u32)]) -> Self {
        columns.iter().fold(self, |panel, (name, pixels)| panel.field(name, &[("custom.width", json!(pixels))]))
    }

    /// A step between answer and drawing.
    pub(super) fn then(mut self, id: &str, options: Value) -> Self {
        self.transformations.push(Transformation { id: id.to_owned(), options });
        self
    }

    /// A panel of its own for every chosen area.
    pub(super) fn for_each_area(mut self, side_by_side: u32) -> Self {
        self.repeat = Some("area".to_owned());
        self.repeat_direction = Some("h".to_owned());
        self.max_per_row = Some(side_by_side);
        self
    }

    /// A link in its corner.
    pub(super) fn leads_to(mut self, link: Link) -> Self {
        self.links.push(link);
        self
    }

    /// Target lines: dashed, in their own colour, labelled by their names.
    pub(super) fn target_lines(self) -> Self {
        let dash = json!({ "dash": [10, 10], "fill": "dash" });
        let dots = json!({ "dash": [2, 8], "fill": "dash" });
        let line = |style: Value| {
            [
                ("color", json!({ "mode": "fixed", "fixedColor": TARGET })),
                ("custom.lineStyle", style),
                ("custom.lineWidth", json!(2)),
                ("custom.showPoints", json!("never")),
                ("custom.fillOpacity", json!(0)),
            ]
        };
        self.fields("/ target$/", &line(dots)).field("local target", &line(dash))
    }

    /// The interval as a band between its two bounds.
    pub(super) fn interval_band(self, lower: &str, upper: &str) -> Self {
        let bound = [
            ("color", json!({ "mode": "fixed", "fixedColor": GREY })),
            ("custom.lineWidth", json!(1)),
            ("custom.showPoints", json!("never")),
        ];
        self.field(lower, &bound)
            .field(upper, &bound)
            .field(upper, &[("custom.fillBelowTo", json!(lower)), ("custom.fillOpacity", json!(15))])
    }

    fn look(&mut self) -> &mut FieldConfig {
        let config = self
            .field_config
            .get_or_insert_with(|| FieldConfigSource { defaults: FieldConfig::default(), overrides: Vec::new() });
        &mut config.defaults
    }
}

/// A mapping of single values to words, each with a colour.
pub(super) fn words(values: &[(&str, &str, &str)]) -> Value {
    let options: serde_json::Map<String, Value> = values
        .iter()
        .enumerate()
        .map(|(index, (value, text, color))| {
            ((*value).to_owned(), json!({ "color": color, "index": index, "text": text }))
        })
        .collect();
    json!({ "type": "value", "options": options })
}

/// One colour.
pub(super) fn fixed(colour: &str) -> Colour {
    Colour { mode: "fixed".to_owned(), fixed_color: Some(colour.to_owned()) }
}

/// A link in the head of a board.
pub(super) fn head_link(title: &str, tooltip: &str, url: &str) -> Link {
    Link {
        title: title.to_owned(),
        kind: "link".to_owned(),
        icon: "external link".to_owned(),
        tooltip: tooltip.to_owned(),
        url: Some(url.to_owned()),
        tags: Vec::new(),
        as_dropdown: false,
        target_blank: true,
        include_vars: false,
        keep_time: false,
    }
}
