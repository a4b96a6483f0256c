//! The small part of Grafana's classic dashboard JSON that our boards use, typed.
//!
//! Every struct refuses unknown keys, so reading a committed board back is the schema test, and house rules are tested
//! over data instead of text. Options of a panel and of its field drawing stay JSON: each kind of panel has its own. A
//! test of `metrics-api` holds them against the types that Grafana publishes.
//!
//! Written for schema version 39, which is Grafana 11.0's: 11 and 12 read it and migrate it on load.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Version of the classic model that the boards are written in.
pub const SCHEMA_VERSION: u32 = 39;

/// A whole board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Board {
    /// Fixed name in URLs; 8 to 40 characters.
    pub uid: String,
    /// Title in lists.
    pub title: String,
    /// Whose question it answers, and how to read it.
    pub description: String,
    /// Tags to find it by.
    pub tags: Vec<String>,
    /// Always `Europe/London`: NHS days are London days.
    pub timezone: String,
    /// First day of a week.
    pub week_start: String,
    /// False: what is edited in Grafana is lost, so it is not offered.
    pub editable: bool,
    /// 1: one crosshair over all charts.
    pub graph_tooltip: u8,
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Pace of the automatic refresh.
    pub refresh: String,
    /// Range at the start.
    pub time: TimeRange,
    /// Paces offered.
    pub timepicker: TimePicker,
    /// None of ours: Grafana adds its own.
    pub annotations: Annotations,
    /// Links in the head.
    pub links: Vec<Link>,
    /// Variables.
    pub templating: Templating,
    /// Panels and rows, from top left to bottom right.
    pub panels: Vec<Panel>,
}

/// From when to when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRange {
    /// Begin, for example `now-6h`.
    pub from: String,
    /// End.
    pub to: String,
}

/// Paces of refresh that the picker offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimePicker {
    /// For example `30s`.
    pub refresh_intervals: Vec<String>,
}

/// Annotations of a board.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotations {
    /// Queries; none.
    pub list: Vec<Value>,
}

/// A link in the head of a board or of a panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Link {
    /// Words.
    pub title: String,
    /// `link` or `dashboards`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Icon name.
    pub icon: String,
    /// Words on hovering.
    pub tooltip: String,
    /// Target of a `link`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Tags of a `dashboards` link.
    pub tags: Vec<String>,
    /// Listed one by one instead of in a menu.
    pub as_dropdown: bool,
    /// Opens a tab of its own.
    pub target_blank: bool,
    /// Hands the variables on.
    pub include_vars: bool,
    /// Hands the time range on.
    pub keep_time: bool,
}

/// The variables of a board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Templating {
    /// In the order of the head; later ones may use earlier ones.
    pub list: Vec<Variable>,
}

/// A variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Variable {
    /// Name after the dollar sign.
    pub name: String,
    /// Words before the menu.
    pub label: String,
    /// Words on hovering.
    pub description: String,
    /// `custom`, `query` or `constant`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Values, or the query for them.
    pub query: Value,
    /// Where a query is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datasource: Option<DatasourceRef>,
    /// Choice at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Choice>,
    /// The choices of a `custom` variable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// Several at once.
    #[serde(default)]
    pub multi: bool,
    /// Offers all at once.
    #[serde(default)]
    pub include_all: bool,
    /// 2: asked again when the time range changes; 1: when the board is opened; 0: never.
    pub refresh: u8,
    /// 1: by name; 0: as they come.
    pub sort: u8,
    /// 0: shown; 2: hidden.
    pub hide: u8,
    /// Left out of the address.
    pub skip_url_sync: bool,
}

/// One choice of a variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// True for the choice at the start.
    pub selected: bool,
    /// Words; a list where several may be chosen.
    pub text: Value,
    /// Value or values.
    pub value: Value,
}

/// A panel, or a row between panels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Panel {
    /// Unique on the board.
    pub id: u32,
    /// `stat`, `table`, `timeseries`, `bargauge` or `row`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Title; unique on the board.
    pub title: String,
    /// What it shows, how it is counted and what it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Place on the grid of 24 columns.
    pub grid_pos: GridPos,
    /// Links in its corner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Where its targets are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datasource: Option<DatasourceRef>,
    /// Queries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// Unit, words and colours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_config: Option<FieldConfigSource>,
    /// Settings of this kind of panel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Value>,
    /// What is done to the answers before they are drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transformations: Vec<Transformation>,
    /// Variable of which each value gets a panel of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// `h`: side by side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_direction: Option<String>,
    /// Repeated panels side by side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_row: Option<u32>,
    /// For rows: whether it starts closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collapsed: Option<bool>,
    /// For rows: the panels of a closed row; ours are open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panels: Option<Vec<Panel>>,
}

/// Place on the grid: 24 columns, rows of 30 pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridPos {
    /// Height.
    pub h: u32,
    /// Width.
    pub w: u32,
    /// Column.
    pub x: u32,
    /// Row.
    pub y: u32,
}

/// A data source by its fixed uid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasourceRef {
    /// Plugin id.
    #[serde(rename = "type")]
    pub kind: String,
    /// Uid, as provisioned.
    pub uid: String,
}

/// A query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Target {
    /// To Prometheus.
    PromQl(PromQlTarget),
    /// To our SQL.
    Sql(SqlTarget),
}

/// A query in PromQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PromQlTarget {
    /// Letter on the panel.
    pub ref_id: String,
    /// Prometheus.
    pub datasource: DatasourceRef,
    /// Written as text, not clicked together.
    pub editor_mode: String,
    /// The expression.
    pub expr: String,
    /// Name of a series.
    pub legend_format: String,
    /// `table` or `time_series`.
    pub format: String,
    /// Asked at one instant.
    pub instant: bool,
    /// Asked over the range.
    pub range: bool,
}

/// A query in SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SqlTarget {
    /// Letter on the panel.
    pub ref_id: String,
    /// Our SQL.
    pub datasource: DatasourceRef,
    /// Written as text, not clicked together.
    pub editor_mode: String,
    /// The statement, with Grafana's macros.
    pub raw_sql: String,
    /// True: the statement is text.
    pub raw_query: bool,
    /// `table` or `time_series`.
    pub format: String,
}

/// What is done to the answers before they are drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transformation {
    /// Name of the transformation.
    pub id: String,
    /// Its settings.
    pub options: Value,
}

/// How fields look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldConfigSource {
    /// Every field.
    pub defaults: FieldConfig,
    /// Some fields.
    pub overrides: Vec<Override>,
}

/// How a field looks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldConfig {
    /// Grafana's name of the unit.
    pub unit: String,
    /// Decimal places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
    /// Lower end of the axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Upper end of the axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Words where there is no value: absent is not zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_value: Option<String>,
    /// Colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<Colour>,
    /// Words for values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mappings: Vec<Value>,
    /// Steps at which the colour changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<Thresholds>,
    /// Drawing of this kind of panel.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub custom: Map<String, Value>,
}

/// Where a field's colour comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Colour {
    /// `fixed`, `thresholds` or a palette.
    pub mode: String,
    /// The colour of `fixed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_color: Option<String>,
}

/// Steps at which the colour changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// `absolute`.
    pub mode: String,
    /// Rising steps; the first has no value.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Colour from here on.
    pub color: String,
    /// Where it begins; none for the lowest.
    pub value: Option<f64>,
}

/// How some fields look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Which fields.
    pub matcher: Matcher,
    /// What differs.
    pub properties: Vec<Property>,
}

/// Which fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matcher {
    /// `byName` or `byRegexp`.
    pub id: String,
    /// Name or expression.
    pub options: String,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// Its name.
    pub id: String,
    /// Its value.
    pub value: Value,
}
