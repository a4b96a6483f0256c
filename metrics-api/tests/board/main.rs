//! The live board in a real browser: what it says, how it looks on a phone, a wall and paper, without script, to a
//! screen reader, and while figures change under it.
//!
//! `HOMEWARD_BOARD_PICTURES=folder` keeps screenshots. Node, npm and Debian's chromium are needed; where one is missing
//! the tests say that they are skipped, or fail under `HOMEWARD_TESTS_REQUIRE_ALL`.

#![allow(clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "what a test skips is told where cargo shows it")]

mod browser;
mod history;
mod house;
mod npm;
mod states;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::Duration;
use homeward_transform::definition::Catalogue;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use browser::Browser;
use history::{History, as_of};
use house::{House, QUIET_SECONDS};

/// One browser at a time: the machines of CI have two cores.
static TURN: Mutex<()> = Mutex::const_new(());

const PHONE: u32 = 320;

struct Board {
    browser: Browser,
    house: House,
    history: History,
    catalogue: Arc<Catalogue>,
    _turn: MutexGuard<'static, ()>,
}

impl Board {
    async fn start(policy: &str) -> Option<Self> {
        let turn = TURN.lock().await;
        let browser = Browser::start().await?;
        let catalogue = Arc::new(Catalogue::builtin().expect("the built-in definitions are sound"));
        let history = History::planted();
        let snapshot = history.snapshot(&catalogue, as_of()).await;
        let house = House::open(snapshot, &catalogue, policy).await;
        Some(Self { browser, house, history, catalogue, _turn: turn })
    }

    async fn open(&mut self, path: &str, how: Value) {
        let mut order = json!({"do": "open", "url": format!("http://{}{path}", self.house.address)});
        let fields = order.as_object_mut().expect("an object");
        fields.extend(how.as_object().cloned().unwrap_or_default());
        self.browser.order(order).await;
    }

    async fn text(&mut self) -> String {
        self.browser.evaluate("document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// Keeps a picture where pictures are asked for.
    async fn picture(&mut self, name: &str, whole: bool) {
        if let Some(folder) = std::env::var_os("HOMEWARD_BOARD_PICTURES") {
            let path = PathBuf::from(folder).join(format!("{name}.png"));
            self.browser.order(json!({"do": "picture", "path": path, "whole": whole})).await;
        }
    }

    async fn assert_accessible(&mut self, what: &str) {
        let found = self.browser.order(json!({"do": "axe"})).await;
        assert_eq!(found["violations"], json!([]), "{what}: {:#}", found["violations"]);
        let passes = found["passes"].as_array().expect("rules that passed");
        for rule in ["color-contrast", "document-title", "html-has-lang"] {
            assert!(passes.contains(&json!(rule)), "{what}: axe did not judge {rule}");
        }
    }

    async fn assert_no_faults(&mut self, what: &str) {
        let faults = self.browser.order(json!({"do": "faults"})).await;
        assert_eq!(faults, json!([]), "{what}: the page reported faults (a breach of its own policy is one)");
    }

    async fn close(self) {
        self.browser.close().await;
        self.house.close().await;
    }
}

#[tokio::test]
async fn a_reader_finds_sentence_table_and_chart() {
    let Some(mut board) = Board::start("internal-live").await else { return };
    board.open("/", json!({})).await;
    let text = board.text().await;
    for words in [
        "As of 15:00 on Thursday 12 June 2025",
        "Not final since 13:00.",
        "providers reporting",
        "due within 30 minutes",
    ] {
        assert!(text.contains(words), "'{words}' is not on the board");
    }
    // The same counts in the sentence, the table and the chart of one area.
    let sentence = "[...document.querySelectorAll('.words li')].map(li => li.innerText).find(t => t.startsWith('Livewell Southwest (NR5): ') && t.includes('seen within'))";
    let sentence = board.browser.evaluate(sentence).await.as_str().expect("NR5 has a sentence").to_owned();
    let counts = sentence.split(": ").nth(1).and_then(|rest| rest.split(" seen").next()).expect("counts").to_owned();
    let (met, of) = counts.split_once(" of ").expect("a numerator and a denominator");
    let row = "[...document.querySelector('#ucr-two-hour-response-provider-table').closest('table').querySelectorAll('tr')].map(tr => [...tr.children].map(c => c.innerText)).find(cells => cells[0].includes('NR5')).slice(1, 4)";
    let row = board.browser.evaluate(row).await;
    assert_eq!((row[0].as_str(), row[1].as_str()), (Some(met), Some(of)), "the table: {row}; {sentence}");
    assert!(sentence.contains(row[2].as_str().expect("a share")), "{sentence} {row}");
    let chart = "[...document.querySelectorAll('svg[role=img] text')].map(t => t.textContent)";
    let labels = board.browser.evaluate(chart).await.to_string();
    for words in [counts.as_str(), "80% local", "70% national", "Livewell Southwest"] {
        assert!(labels.contains(words), "'{words}' is not in a chart");
    }
    let named = "[...document.querySelectorAll('svg[role=img]')].every(svg => svg.getAttribute('aria-labelledby').split(' ').concat(svg.getAttribute('aria-describedby').split(' ')).every(id => document.getElementById(id).textContent.length > 10))";
    assert_eq!(board.browser.evaluate(named).await, json!(true), "every chart has a name and a text twin");
    board.assert_no_faults("the board").await;
    board.picture("desktop", true).await;
    board.close().await;
}

#[tokio::test]
async fn wards_and_nights_have_pages_of_their_own() {
    let Some(mut board) = Board::start("internal-live").await else { return };
    board.open("/virtual-wards", json!({})).await;
    let text = board.text().await;
    for words in [
        "27 patients in 48 beds, 56.3%, below the 80% national line: beds stand empty. 22 beds are empty",
        "these beds stand for 23",
        "16 of 30, 53.3%",
        "above 95%: at risk",
        "0 of 8, 0.0%",
        "Do stays and occupancy agree?",
        "they agree",
        "Trial limits 31.3% to 75.5% about a mean of 53.4%, from 8 months.",
        "As it ran, a month consistently misses the 80% national line.",
        "published: suspect zero",
    ] {
        assert!(text.contains(words), "'{words}' is not on the page of wards:\n{text}");
    }
    let empty = "[...document.querySelectorAll('.tile')].map(t => t.innerText)";
    assert!(board.browser.evaluate(empty).await.to_string().contains("people who could be at home"));
    board.picture("virtual-wards", true).await;
    board.open("/days-at-home", json!({})).await;
    let text = board.text().await;
    // 15 of 120 people were away for three nights of May: 45 of 3,720 nights.
    for words in
        ["May 2025: ", "12.1 nights per 1,000 observed nights in hospital", "Local care partnerships, May 2025"]
    {
        assert!(text.contains(words), "'{words}' is not on the page of nights:\n{text}");
    }
    board.picture("days-at-home", true).await;
    board.assert_no_faults("the pages of wards and nights").await;
    board.close().await;
}

#[tokio::test]
async fn axe_finds_nothing_serious_on_any_page() {
    let Some(mut board) = Board::start("internal-live").await else { return };
    let pages = [
        "/",
        "/area/icb/QJK",
        "/area/lcp/Plymouth",
        "/area/pcn/U74074",
        "/area/provider/NR5",
        "/indicator/ucr-two-hour-response",
        "/indicator/ucr-two-hour-response/revisions",
        "/months",
        "/area/provider/NR5/months",
        "/area/pcn/U74074/months",
        "/virtual-wards",
        "/area/provider/RA9/virtual-wards",
        "/area/pcn/U74074/virtual-wards",
        "/days-at-home",
        "/area/icb/QJK/days-at-home",
        "/indicator/virtual-ward-occupancy",
        "/reconciliation",
        "/data-quality",
        "/data-quality/NR5",
        "/?kiosk",
    ];
    for (number, path) in pages.into_iter().enumerate() {
        board.open(path, json!({})).await;
        board.assert_accessible(path).await;
        board.assert_no_faults(path).await;
        board.picture(&format!("page-{number}"), true).await;
    }
    for path in ["/", "/area/lcp/Plymouth", "/months", "/virtual-wards", "/days-at-home", "/data-quality/NR5"] {
        board.open(path, json!({"width": PHONE, "height": 640})).await;
        board.assert_accessible(&format!("{path} on a phone")).await;
    }
    board.close().await;
}

#[tokio::test]
async fn a_phone_needs_no_sideways_scroll() {
    let Some(mut board) = Board::start("internal-live").await else { return };
    for path in [
        "/",
        "/area/icb/QJK",
        "/area/pcn/U74074",
        "/indicator/ucr-two-hour-response",
        "/months",
        "/virtual-wards",
        "/days-at-home",
        "/data-quality/NR5",
        "/?kiosk",
    ] {
        board.open(path, json!({"width": PHONE, "height": 640})).await;
        let width = board.browser.evaluate("document.documentElement.scrollWidth").await;
        assert_eq!(width, json!(PHONE), "{path}");
        let regions = "[...document.querySelectorAll('.wide')].every(r => r.tabIndex === 0 && r.getAttribute('role') === 'region' && document.getElementById(r.getAttribute('aria-labelledby')))";
        assert_eq!(
            board.browser.evaluate(regions).await,
            json!(true),
            "{path}: what scrolls can be reached and is named"
        );
        let letters = "[...document.querySelectorAll('svg.slim text')].filter(t => t.getBoundingClientRect().height > 0).every(t => t.getBoundingClientRect().height >= 9)";
        assert_eq!(board.browser.evaluate(letters).await, json!(true), "{path}: letters of charts stay readable");
    }
    board.open("/", json!({"width": PHONE, "height": 640})).await;
    board.picture("phone", true).await;
    board.close().await;
}

#[tokio::test]
async fn the_keyboard_reaches_everything_in_order() {
    let Some(mut board) = Board::start("internal-live").await else { return };
    board.open("/", json!({})).await;
    let first = board.browser.order(json!({"do": "press", "key": "Tab"})).await;
    assert_eq!(first, json!("Skip to the figures"));
    let shown = board.browser.evaluate("document.activeElement.getBoundingClientRect().left >= 0").await;
    assert_eq!(shown, json!(true), "the skip link shows when it has the focus");
    board.browser.order(json!({"do": "press", "key": "Enter"})).await;
    assert_eq!(board.browser.evaluate("document.activeElement.id").await, json!("figures"));
    // From there on, tab by tab: the order of the page, never backwards, and every stop is visible.
    let order = "(() => { const stops = [...document.querySelectorAll('a[href], button, summary, [tabindex=\"0\"]')].filter(e => e.getClientRects().length && !e.matches('.skip')); return stops.every(e => e.tabIndex === 0); })()";
    assert_eq!(board.browser.evaluate(order).await, json!(true), "no stop jumps the queue");
    let second = board.browser.order(json!({"do": "press", "key": "Tab"})).await;
    assert_eq!(second, json!("Open UCR clocks"), "the first link after the skip is the first of the contents");
    let outline = board.browser.evaluate("getComputedStyle(document.activeElement).outlineStyle").await;
    assert_eq!(outline, json!("solid"), "the focus is seen");
    board.close().await;
}

#[tokio::test]
async fn without_script_the_board_is_whole_and_comes_again() {
    let Some(mut board) = Board::start("internal-live").await else { return };
    board.open("/", json!({"script": false})).await;
    let text = board.text().await;
    assert!(text.contains("seen within two hours") && text.contains("As of 15:00"), "{text}");
    let refresh = board.browser.evaluate("document.querySelector('meta[http-equiv=refresh]').content").await;
    assert_eq!(refresh, json!("2"), "the browser loads it again by itself");
    let controls = board.browser.evaluate("getComputedStyle(document.querySelector('.controls')).display").await;
    assert_eq!(controls, json!("none"), "a button that could do nothing is not there");
    let regions = board.browser.evaluate("document.querySelectorAll('svg[role=img]').length > 5").await;
    assert_eq!(regions, json!(true), "charts are made on the server");
    board.close().await;
}

#[tokio::test]
async fn paper_is_black_on_white_with_instant_and_policy() {
    let Some(mut board) = Board::start("internal-live").await else { return };
    board.open("/", json!({"media": "print", "width": 794})).await;
    let style = "(e, p) => getComputedStyle(document.querySelector(e))[p]";
    for (element, property, expected) in [
        ("header", "color", "rgb(0, 0, 0)"),
        ("header", "backgroundColor", "rgb(255, 255, 255)"),
        ("footer", "display", "none"),
        (".controls", "display", "none"),
        (".contents", "display", "none"),
    ] {
        let found = board.browser.evaluate(&format!("({style})('{element}', '{property}')")).await;
        assert_eq!(found, json!(expected), "{element} {property}");
    }
    let header = board.browser.evaluate("document.querySelector('header').innerText").await.to_string();
    assert!(header.contains("As of 15:00") && header.contains("internal-live/1"), "{header}");
    let folded = "[...document.querySelectorAll('details table')].every(t => t.getBoundingClientRect().height > 20)";
    assert_eq!(board.browser.evaluate(folded).await, json!(true), "folded tables are on paper too");
    board.picture("print", true).await;
    let paper = tempfile::tempdir().expect("a folder");
    let bytes = board.browser.order(json!({"do": "print", "path": paper.path().join("board.pdf")})).await;
    assert!(bytes.as_u64().is_some_and(|bytes| bytes > 20_000), "{bytes}");
    board.close().await;
}

#[tokio::test]
async fn the_wall_has_large_letters_no_links_and_fits() {
    let Some(mut board) = Board::start("internal-live").await else { return };
    board.open("/?kiosk", json!({"width": 1920, "height": 1080})).await;
    assert_eq!(board.browser.evaluate("document.querySelectorAll('a, button').length").await, json!(0));
    let size = board.browser.evaluate("parseFloat(getComputedStyle(document.querySelector('.as-of')).fontSize)").await;
    assert!(size.as_f64().is_some_and(|size| size >= 48.0), "as of: {size} px");
    let size = board.browser.evaluate("parseFloat(getComputedStyle(document.querySelector('.big')).fontSize)").await;
    assert!(size.as_f64().is_some_and(|size| size >= 80.0), "the rate: {size} px");
    board.picture("kiosk", false).await;
    let height = board.browser.evaluate("document.documentElement.scrollHeight").await;
    assert!(height.as_u64().is_some_and(|height| height <= 1_080), "nobody scrolls a wall: {height} px");
    board.close().await;
}

#[tokio::test]
async fn a_new_figure_arrives_and_focus_scroll_and_open_tables_stay() {
    let Some(mut board) = Board::start("internal-live").await else { return };
    board.open("/", json!({})).await;
    let focus = "(() => { const a = document.querySelector('#ucr-two-hour-response-provider-table').closest('table').querySelector('a[href$=RH8]'); document.querySelector('details').open = true; a.focus(); window.held = a; return a.getBoundingClientRect().top; })()";
    let before = board.browser.evaluate(focus).await;
    let old = board.browser.evaluate("document.querySelector('.rate .big, .headline .big').innerText").await;
    board.history.another_visit();
    let later = as_of() + Duration::seconds(2);
    board.house.clock.set(later);
    board.house.show(board.history.snapshot(&board.catalogue, later).await);
    board.browser.until("document.getElementById('page').dataset.asOf.includes('14:00:02')").await;
    assert_eq!(
        board.browser.evaluate("document.activeElement === window.held && document.contains(window.held)").await,
        json!(true)
    );
    // What the reader looks at stays where it was: when a line above it comes or goes, the browser scrolls along.
    let after = board.browser.evaluate("window.held.getBoundingClientRect().top").await;
    assert_eq!(after, before, "the page does not jump");
    assert_eq!(board.browser.evaluate("document.querySelector('details').open").await, json!(true));
    let new = board.browser.evaluate("document.querySelector('.headline .big').innerText").await;
    assert_ne!(old, new, "one more visit in time moves the rate");
    let live = board.browser.evaluate("[...document.querySelectorAll('[aria-live]')].map(e => e.id)").await;
    assert_eq!(live, json!(["news"]), "a screen reader hears a sentence, not the tables");
    board.assert_no_faults("the live board").await;
    board.close().await;
}

#[tokio::test]
async fn figures_that_stand_still_grey_the_whole_page() {
    let Some(mut board) = Board::start("internal-live").await else { return };
    board.open("/", json!({})).await;
    assert_eq!(board.browser.evaluate("document.body.classList.contains('stalled')").await, json!(false));
    // The server knows: its clock runs on, the figures do not.
    board.house.clock.set(as_of() + Duration::seconds(QUIET_SECONDS + 5));
    board.browser.until("document.getElementById('page').classList.contains('stale')").await;
    let grey = board.browser.evaluate("getComputedStyle(document.getElementById('page')).filter").await;
    assert_eq!(grey, json!("grayscale(1)"));
    assert!(board.text().await.contains("These figures are not live"));
    board.picture("stale", false).await;
    // Fresh figures bring the colour back.
    let later = as_of() + Duration::seconds(QUIET_SECONDS + 5);
    board.house.show(board.history.snapshot(&board.catalogue, later).await);
    board.browser.until("!document.getElementById('page').classList.contains('stale') && !document.body.classList.contains('stalled')").await;
    // The connection dies: the browser finds out by its own clock.
    let Board { mut browser, house, .. } = board;
    house.close().await;
    browser.until("document.body.classList.contains('stalled') && getComputedStyle(document.getElementById('page')).filter === 'grayscale(1)'").await;
    let words = browser.evaluate("document.getElementById('stalled').innerText").await.to_string();
    assert!(words.contains("No word from the server") || words.contains("stand still"), "{words}");
    browser.close().await;
}

#[tokio::test]
async fn a_public_policy_leaks_nothing_through_chart_tip_or_sentence() {
    let Some(mut board) = Board::start("public-hes").await else { return };
    for path in [
        "/",
        "/area/lcp/Eastern",
        "/area/provider/RK9",
        "/area/provider/RK9/months",
        "/virtual-wards",
        "/data-quality",
        "/?kiosk",
    ] {
        board.open(path, json!({})).await;
        // Whatever is written anywhere, tips and descriptions included: "k of n" in multiples of five. What NHS England published
        // is public as it is.
        let own = "(() => { const all = document.documentElement.cloneNode(true); all.querySelector('section[aria-labelledby=published]')?.remove(); return all.textContent; })()";
        let counts = format!(
            "[...{own}.matchAll(/(\\d+) of (\\d+)(?! providers)/g)].map(m => [+m[1], +m[2]]).filter(([k, n]) => k % 5 || n % 5)"
        );
        assert_eq!(board.browser.evaluate(&counts).await, json!([]), "{path}");
        let text = board.browser.evaluate("document.documentElement.textContent").await.to_string();
        assert!(text.contains("suppressed") && text.contains("public-hes/1"), "{path}");
        assert!(!text.contains("SRI-") && !text.contains("CC-"), "{path}: nothing about a person");
    }
    // RK9 has two referrals a day: its days are suppressed, so its chart has a letter and no mark.
    board.open("/area/provider/RK9", json!({})).await;
    let marks = "document.querySelectorAll('#ucr-two-hour-response-days-w-t')[0].closest('svg').querySelectorAll('.mark').length";
    assert_eq!(board.browser.evaluate(marks).await, json!(0));
    board.close().await;
}
