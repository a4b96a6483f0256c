//! The boards drawn in headless Chromium with the components of `@grafana/ui`, with the answers that the demonstration
//! gives to their queries: what a reader would see is judged, and kept as a picture in the folder of build output. Also
//! the boards' JSON against the types that Grafana publishes.
//!
//! There is no Grafana server here: see docs/grafana.md for what this cannot show.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use homeward_dashboards::grafana::expansion::{Choices, menu_statements};
use homeward_dashboards::grafana::model::{Board, Panel, Target};
use homeward_dashboards::grafana::{Places, boards};
use homeward_transform::definition::Catalogue;
use serde_json::{Map, Value, json};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::demo::Demo;
use crate::patience::until;
use crate::prometheus::Prometheus;
use crate::{PATIENCE, npm, sql};

/// Seconds between two values of a curve; Prometheus scrapes every second.
const STEP_SECONDS: u32 = 1;

/// Boards whose areas are those of their own menus.
const OWN_MENUS: [&str; 2] = ["homeward-virtual-wards", "homeward-days-at-home"];

/// Node with Grafana's packages, and a browser.
struct Tools {
    chromium: PathBuf,
    packages: PathBuf,
}

impl Tools {
    fn ready() -> Option<&'static Self> {
        static TOOLS: OnceLock<Result<Tools, String>> = OnceLock::new();
        let found = TOOLS.get_or_init(|| {
            let chromium = npm::find("chromium")?;
            npm::find("node")?;
            Ok(Self { chromium, packages: npm::install(&folder(), "grafana-picture")? })
        });
        npm::unless_missing(found.as_ref().map_err(String::clone))
    }

    fn run(&self, script: &str, arguments: impl IntoIterator<Item = PathBuf>) -> Output {
        Command::new("node")
            .arg(folder().join(script))
            .args(arguments)
            .env("NODE_PATH", &self.packages)
            .env("HOMEWARD_CHROMIUM", &self.chromium)
            .output()
            .expect("node starts")
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grafana/picture")
}

fn generated() -> Vec<Board> {
    boards(&Catalogue::builtin().expect("the built-in definitions are sound"), &Places::default())
}

fn shown(board: &Board) -> impl Iterator<Item = &Panel> {
    board.panels.iter().filter(|panel| panel.kind != "row")
}

/// The two sources of the boards, and what a reader has chosen on each.
struct Sources {
    prometheus: Prometheus,
    scraped: (DateTime<Utc>, DateTime<Utc>),
    client: Client,
    choices: Choices,
    /// Name of the first area, for whose panel the repeated one stands.
    first_area: String,
}

impl Sources {
    async fn of(demo: &Demo) -> Option<Self> {
        let prometheus = Prometheus::start(demo.address())?;
        let begun: DateTime<Utc> = std::time::SystemTime::now().into();
        // While the demonstration still takes its history in, the instant stands and the two sources would disagree.
        until("a third of a minute of live figures in Prometheus", PATIENCE, || {
            let condition = "changes(ucr_as_of_timestamp_seconds[20s]) >= 3 \
                             and count_over_time(ucr_as_of_timestamp_seconds[3m]) >= 20 and on () count(ALERTS) > 0";
            let (scraped, figures) =
                (prometheus.count(condition)?, prometheus.count("homeward_figure_denominator > 0")?);
            if scraped > 0 && figures > 0 { Ok(()) } else { Err(format!("{scraped} scraped, {figures} figures")) }
        });
        let scraped = (begun, std::time::SystemTime::now().into());
        let (client, connection) =
            tokio_postgres::connect(demo.sql(), NoTls).await.expect("the printed address logs in");
        tokio::spawn(connection);
        let choices = sql::choices(&client).await;
        let named = "SELECT area_name FROM outcomes.figures WHERE level = 'provider' AND area = $1 LIMIT 1";
        let first_area = client.query_one(named, &[&choices.values["area"][0]]).await.expect("an area has a name");
        Some(Self { prometheus, scraped, client, choices, first_area: first_area.get(0) })
    }

    /// Everything that the page needs to draw a board.
    async fn asked(&self, board: &Board, (choices, first_area): &(Choices, String)) -> Value {
        let mut panels = Map::new();
        for panel in shown(board) {
            panels.insert(panel.id.to_string(), self.panel(panel, choices.clone(), first_area).await);
        }
        json!({ "board": board, "panels": panels })
    }

    /// What a reader who changes nothing has chosen, and the name of the first area, for whose panel a repeated one stands.
    /// Virtual wards and nights are not told of every provider: their boards have the areas of their own menus.
    async fn chosen(&self, board: &Board) -> (Choices, String) {
        if !OWN_MENUS.contains(&board.uid.as_str()) {
            return (self.choices.clone(), self.first_area.clone());
        }
        let level = board.templating.list.iter().find(|variable| variable.name == "level").expect("a level is chosen");
        let level = level.current.as_ref().and_then(|current| current.value.as_str()).expect("one is chosen at first");
        let mut choices = self.choices.clone();
        choices.values.insert("level".to_owned(), vec![level.to_owned()]);
        let menu = menu_statements(board).into_iter().next().expect("a menu of areas");
        let rows = self.client.query(&choices.sql(&menu.raw_sql), &[]).await.expect("the menu can be asked");
        let areas: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let known: Vec<(String, String)> = areas.into_iter().filter(|(_, code)| code != "unknown").collect();
        let first_area = known.first().expect("the menu holds an area").0.clone();
        choices.values.insert("area".to_owned(), known.into_iter().map(|(_, code)| code).collect());
        (choices, first_area)
    }

    async fn panel(&self, panel: &Panel, mut choices: Choices, first_area: &str) -> Value {
        if panel.repeat.is_some() {
            choices.values.entry("area".to_owned()).and_modify(|areas| areas.truncate(1));
        }
        let mut answers = Map::new();
        let (mut from, mut to) = self.scraped;
        for target in &panel.targets {
            let (letter, answer) = match target {
                Target::PromQl(promql) => {
                    let expression = choices.promql(&promql.expr);
                    let series = if promql.instant {
                        self.prometheus.at(&expression, to)
                    } else {
                        self.prometheus.range(&expression, from, to, STEP_SECONDS)
                    };
                    let series = series.unwrap_or_else(|fault| panic!("{}: {fault}", panel.title));
                    (&promql.ref_id, json!({ "prometheus": series, "step": STEP_SECONDS }))
                }
                Target::Sql(sql) => {
                    (from, to) = (choices.from, choices.to);
                    (&sql.ref_id, self.rows(&choices.sql(&sql.raw_sql)).await)
                }
            };
            answers.insert(letter.clone(), answer);
        }
        let (from, to) = (from.timestamp_millis(), to.timestamp_millis());
        json!({ "from": from, "to": to, "values": { "area": [first_area] }, "answers": answers })
    }

    /// Rows as text, with the kind of each column.
    async fn rows(&self, statement: &str) -> Value {
        let prepared = self.client.prepare(statement).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
        let columns: Vec<Value> = prepared
            .columns()
            .iter()
            .map(|column| {
                let kind = match *column.type_() {
                    Type::TIMESTAMPTZ | Type::TIMESTAMP => "time",
                    Type::INT2 | Type::INT4 | Type::INT8 | Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => "number",
                    Type::BOOL => "boolean",
                    _ => "string",
                };
                json!({ "name": column.name(), "kind": kind })
            })
            .collect();
        let messages = self.client.simple_query(statement).await.expect("what can be prepared can be asked");
        let rows: Vec<Vec<Option<&str>>> = messages
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some((0..columns.len()).map(|index| row.get(index)).collect()),
                _ => None,
            })
            .collect();
        json!({ "columns": columns, "rows": rows })
    }
}

/// The same board in a world that answers nothing.
fn silenced(asked: &Value) -> Value {
    let mut asked = asked.clone();
    let panels = asked["panels"].as_object_mut().expect("panels by number");
    for answer in panels.values_mut().flat_map(|panel| panel["answers"].as_object_mut().expect("answers").values_mut())
    {
        for key in ["prometheus", "rows"] {
            if !answer[key].is_null() {
                answer[key] = json!([]);
            }
        }
    }
    asked
}

/// The same board with a transformation that Grafana does not know, and a table too narrow for its words.
fn damaged(asked: &Value) -> Value {
    let mut asked = asked.clone();
    for panel in asked["board"]["panels"].as_array_mut().expect("panels") {
        match panel["title"].as_str() {
            Some("Alerts firing") => panel["transformations"][0]["id"] = json!("organise"),
            Some("Feeds by provider") => panel["gridPos"]["w"] = json!(8),
            _ => {}
        }
    }
    asked
}

fn texts<'a>(report: &'a Value, panel: &Panel, what: &str) -> Vec<&'a str> {
    let texts = report["panels"][panel.id.to_string()][what].as_array();
    let texts = texts.unwrap_or_else(|| panic!("{}: is not on the page", panel.title));
    texts.iter().filter_map(Value::as_str).collect()
}

/// No component complained, and no transformation failed.
fn assert_without_fault(name: &str, report: &Value) {
    assert_eq!(report["console"], json!([]), "{name}: the components complained");
    assert_eq!(report["faults"], json!({}), "{name}: panels failed");
}

/// It tells of people who are followed for longer than the demonstration lasts, or of twelve months: nothing answers.
fn needs_longer(panel: &Panel) -> bool {
    let long = ["days-at-home-after-", "days-at-home-from-virtual-ward-", "period_kind = 'twelve_months'"];
    let asks =
        |target: &Target| matches!(target, Target::Sql(sql) if long.iter().any(|part| sql.raw_sql.contains(part)));
    panel.targets.iter().any(asks)
}

/// What a reader sees of one panel that has answers.
fn judge(panel: &Panel, asked: &Value, report: &Value, first_area: &str) {
    let title = panel.title.replace("$area", first_area);
    assert_eq!(report["panels"][panel.id.to_string()]["title"], json!(title));
    assert_eq!(texts(report, panel, "cut"), [""; 0], "{title}: texts are cut or out of sight");
    if panel.kind == "row" {
        return;
    }
    if needs_longer(panel) {
        return;
    }
    let told = texts(report, panel, "texts");
    assert!(!told.is_empty() && !told.contains(&"No data"), "{title}: {told:?}");
    let headings = texts(report, panel, "headings");
    let answers = asked["panels"][panel.id.to_string()]["answers"].as_object().expect("answers by letter");
    match panel.kind.as_str() {
        "table" => {
            assert!(told.len() > headings.len() && headings.len() > 1, "{title}: has no rows: {told:?}");
            let joined = panel.transformations.iter().any(|step| step.id == "merge");
            assert!(!(joined && told.contains(&"no data")), "{title}: rows that belong together stand apart: {told:?}");
            let labels: Vec<&Value> = answers.values().map(|answer| &answer["prometheus"][0]["metric"]).collect();
            for heading in headings {
                let raw = heading.starts_with("Value") || labels.iter().any(|label| !label[heading].is_null());
                assert!(!raw, "{title}: a column is headed '{heading}'");
            }
        }
        "timeseries" => {
            let painted = report["panels"][panel.id.to_string()]["painted"].as_i64();
            assert!(painted.is_some_and(|points| points > 100), "{title}: no curve is drawn: {painted:?}");
            assert!(told.len() > 2, "{title}: names no curve: {told:?}");
        }
        _ => {
            let look = &panel.field_config.as_ref().expect("a drawn panel has a look").defaults;
            let numbers = answers.values().filter_map(|answer| answer["prometheus"][0]["value"][1].as_str());
            for number in numbers.filter(|_| look.unit == "none" && look.mappings.is_empty()) {
                assert!(told.contains(&number), "{title}: {number} was answered, and is not among {told:?}");
            }
        }
    }
}

#[tokio::test]
async fn grafanas_own_panels_draw_every_board() {
    let Some(tools) = Tools::ready() else { return };
    let demo = Demo::start(60);
    let Some(sources) = Sources::of(&demo).await else { return };
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("boards");
    std::fs::create_dir_all(&out).expect("build output can be written");
    let boards = generated();
    let (mut given, mut first_areas) = (BTreeMap::new(), BTreeMap::new());
    for board in &boards {
        let chosen = sources.chosen(board).await;
        let asked = sources.asked(board, &chosen).await;
        first_areas.insert(board.uid.clone(), chosen.1);
        given.insert(format!("{}-silenced", board.uid), silenced(&asked));
        if board.uid == "homeward-ucr-now" {
            given.insert("damaged".to_owned(), damaged(&asked));
        }
        given.insert(board.uid.clone(), asked);
    }
    for (name, asked) in &given {
        std::fs::write(out.join(format!("{name}.answers.json")), asked.to_string()).expect("it can be written");
    }
    let output = tools.run("draw.cjs", [out.clone()].into_iter().chain(given.keys().map(PathBuf::from)));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = |name: &str| -> Value {
        let text = std::fs::read_to_string(out.join(format!("{name}.report.json"))).expect("there is a report");
        serde_json::from_str(&text).expect("it is JSON")
    };
    for board in &boards {
        let drawn = report(&board.uid);
        assert_without_fault(&board.title, &drawn);
        for panel in &board.panels {
            judge(panel, &given[&board.uid], &drawn, &first_areas[&board.uid]);
        }
        let silenced = report(&format!("{}-silenced", board.uid));
        assert_without_fault(&board.title, &silenced);
        for panel in shown(board) {
            let words = panel.field_config.as_ref().and_then(|config| config.defaults.no_value.as_deref());
            let told = texts(&silenced, panel, "texts").concat();
            assert!(told.contains(words.expect("words for nothing")), "{}, without answers: {told}", panel.title);
        }
        println!("{}", out.join(format!("{}.png", board.uid)).display());
    }
    // What would go wrong is seen.
    let damaged = report("damaged");
    assert!(damaged["faults"].to_string().contains("organise"), "{:#}", damaged["faults"]);
    let narrow = boards[0].panels.iter().find(|panel| panel.title == "Feeds by provider").expect("it exists");
    assert!(!texts(&damaged, narrow, "cut").is_empty(), "a column that is too narrow is noticed");
}

#[test]
fn the_boards_keep_to_the_types_that_grafana_publishes() {
    let Some(tools) = Tools::ready() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let told = |boards: &[Value]| {
        let files = boards.iter().enumerate().map(|(number, board)| {
            let file = folder.path().join(format!("{number}.json"));
            std::fs::write(&file, board.to_string()).expect("the folder can be written");
            file
        });
        let output = tools.run("types.cjs", files.collect::<Vec<_>>());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let mut written: Vec<Value> =
        generated().iter().map(|board| serde_json::to_value(board).expect("a board is JSON")).collect();
    assert_eq!(told(&written), "");
    written[0]["graphToltip"] = json!(1);
    written[1]["panels"][0]["options"]["textMode"] = json!("automatic");
    let faults = told(&written);
    assert!(faults.contains("graphToltip") && faults.contains("automatic"), "{faults}");
}
