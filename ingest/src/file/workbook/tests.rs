//! Both layouts, written as workbooks from the published figures of 2024-25, and files that are none.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use homeward_contract::published::{Level, Measure};
use rust_xlsxwriter::{Format, Workbook};

use super::*;

const PUBLISHED: &str = include_str!("../../../../transform/tests/published/ucr_published_2024_25.csv");
const BANNER: &str = "Month (RTT End Date)";

struct Given {
    measure: &'static str,
    title: &'static str,
    sheet: &'static str,
}

const LAYOUT_2024_25: [Given; 3] = [
    Given {
        measure: "two_hour_rate",
        title: "Percentage of 2-hour UCR referrals that achieved the 2-hour standard",
        sheet: "Table 1",
    },
    Given { measure: "two_hour_referrals", title: "Number of 2-hour UCR referrals", sheet: "Table 2" },
    Given { measure: "ucr_contacts", title: "Number of UCR care contacts", sheet: "Table 3" },
];

const LAYOUT_2026_27: [Given; 2] = [
    Given {
        measure: "two_hour_rate",
        title: "Percentage of 2-hour UCR referrals that achieved the 2-hour standard",
        sheet: "Table 1",
    },
    Given { measure: "two_hour_referrals", title: "Number of 2-hour UCR referrals", sheet: "Table 3b" },
];

fn load() -> Load {
    Load { id: "l-1".to_owned(), at: "2025-06-12T09:30:00Z".parse().unwrap() }
}

type Rows = BTreeMap<(String, String, String), BTreeMap<String, f64>>;

/// Values by code, name and level, then month.
fn rows(measure: &str) -> Rows {
    let mut rows = Rows::new();
    for line in PUBLISHED.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [code, name, level, of, month, value] = cells.as_slice() else { panic!("{line}") };
        if *of == measure {
            let key = (code.to_string(), name.to_string(), level.to_string());
            rows.entry(key).or_default().insert(month.to_string(), value.parse().unwrap());
        }
    }
    rows
}

fn heading(month: &str, newest: bool) -> String {
    let first: chrono::NaiveDate = format!("{month}-01").parse().unwrap();
    format!("{}{}", first.format("%B %Y"), if newest { " (provisional)" } else { "" })
}

/// A workbook as NHS England lays it out: title, banner, header on row 6, and notes.
fn workbook(layout: &[Given], per_100k: bool) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let notes = workbook.add_worksheet().set_name("Metadata").unwrap();
    notes.write(0, 0, "2-hour Urgent Community Response Performance Metrics").unwrap();
    for given in layout {
        let sheet = workbook.add_worksheet().set_name(given.sheet).unwrap();
        sheet.write(0, 0, format!("{}: {}", given.sheet, given.title)).unwrap();
        sheet.write(4, 3, BANNER).unwrap();
        write_table(sheet, &rows(given.measure));
    }
    if per_100k {
        let sheet = workbook.add_worksheet().set_name("Table 2").unwrap();
        sheet.write(0, 0, "Table 2: Standardised rate of 2-hour UCR referrals per 100,000").unwrap();
        write_table(
            sheet,
            &BTreeMap::from([(
                ("QJK".to_owned(), "NHS Devon".to_owned(), "icb".to_owned()),
                BTreeMap::from([("2026-04".to_owned(), 91.25)]),
            )]),
        );
    }
    workbook.save_to_buffer().unwrap()
}

fn write_table(sheet: &mut rust_xlsxwriter::Worksheet, rows: &Rows) {
    let months: BTreeSet<&String> = rows.values().flat_map(BTreeMap::keys).collect();
    for (column, text) in (0..).zip(["ODS Code", "Organisation Name", "Organisation Type"]) {
        sheet.write(5, column, text).unwrap();
    }
    for (column, month) in (3..).zip(&months) {
        sheet.write(5, column, heading(month, Some(month) == months.last())).unwrap();
    }
    let percent = Format::new().set_num_format("0.0%");
    for (row, ((code, name, level), values)) in (6..).zip(rows) {
        let kind = match level.as_str() {
            "icb" => "ICB".to_owned(),
            other => format!("{}{}", other[..1].to_uppercase(), &other[1..]),
        };
        for (column, text) in (0..).zip([code, name, &kind]) {
            sheet.write(row, column, text).unwrap();
        }
        for (column, month) in (3..).zip(&months) {
            if let Some(value) = values.get(*month) {
                sheet.write_with_format(row, column, *value, &percent).unwrap();
            }
        }
    }
    sheet.write(7 + u32::try_from(rows.len()).unwrap(), 0, "Counts are rounded to the nearest 5.").unwrap();
}

#[test]
fn the_layout_of_2024_25_gives_every_published_figure() {
    let figures = read_bytes(&workbook(&LAYOUT_2024_25, false), "ucr-2024-25.xlsx", &load()).unwrap();
    assert_eq!(figures.len(), 216);
    for figure in &figures {
        let rows = rows(figure.measure.as_str());
        let (_, values) = rows.iter().find(|((code, ..), _)| *code == figure.organisation).unwrap();
        let month = figure.month.format("%Y-%m").to_string();
        assert_eq!(figure.value, Some(values[&month]), "{figure:?}");
        assert_eq!(figure.provisional, month == "2025-03");
        let decimals = match (figure.measure, figure.level) {
            (Measure::TwoHourRate, Level::Provider) => 4,
            (Measure::TwoHourRate, _) => 15,
            _ => 0,
        };
        assert_eq!(figure.decimals, decimals, "{figure:?}");
    }
    let codes: BTreeSet<&str> = figures.iter().map(|figure| figure.organisation.as_str()).collect();
    assert_eq!(codes, BTreeSet::from(["NR5", "National", "QJK", "RA9", "RH8", "Y58"]));
}

/// The golden ratios of the handbook, `ucr.md` section 1.
#[test]
fn the_golden_ratios_come_through_to_the_last_digit() {
    let figures = read_bytes(&workbook(&LAYOUT_2024_25, false), "ucr-2024-25.xlsx", &load()).unwrap();
    for (code, month, met, stopped) in [
        ("National", "2024-04", 44_960.0, 52_655.0),
        ("National", "2024-10", 54_420.0, 64_665.0),
        ("National", "2025-03", 51_760.0, 61_165.0),
        ("QJK", "2024-10", 805.0, 955.0),
        ("QJK", "2025-02", 605.0, 705.0),
    ] {
        let is_it = |figure: &&PublishedFigure| {
            figure.measure == Measure::TwoHourRate
                && figure.organisation == code
                && figure.month.format("%Y-%m").to_string() == month
        };
        let value = figures.iter().find(is_it).and_then(|figure| figure.value).unwrap();
        assert!((value - met / stopped).abs() < 1e-15, "{code} {month}: {value}");
    }
}

#[test]
fn the_layout_from_2026_27_on_has_its_referrals_in_table_3b() {
    let figures = read_bytes(&workbook(&LAYOUT_2026_27, true), "ucr-2026-27.xlsx", &load()).unwrap();
    let count = |measure| figures.iter().filter(|figure| figure.measure == measure).count();
    assert_eq!((count(Measure::TwoHourRate), count(Measure::TwoHourReferrals)), (72, 72));
    let per_100k: Vec<_> = figures.iter().filter(|figure| figure.measure == Measure::ReferralsPer100k).collect();
    assert_eq!((per_100k.len(), per_100k[0].value, per_100k[0].provisional), (1, Some(91.25), true));
}

const CSV: &str = "\u{feff}Table 2: Number of 2-hour UCR referrals,,,,\n,,,,\n,,,,\n,,,,\n,,,Month (RTT End Date),\n\
                   ODS Code,Organisation Name,Organisation Type,Apr-24,May-24 (provisional)\n\
                   RXX,Cornwall,Provider,\"1,120\",\n-,Unknown,Region,0,5\n\nNotes,,,,\n";

#[test]
fn a_table_saved_as_csv_is_read_and_blank_is_not_zero() {
    let figures = read_bytes(CSV.as_bytes(), "saved.csv", &load()).unwrap();
    let told: Vec<_> =
        figures.iter().map(|figure| (figure.organisation.as_str(), figure.value, figure.provisional)).collect();
    assert_eq!(
        told,
        [
            ("RXX", Some(1120.0), false),
            ("RXX", None, true),
            ("Unknown", Some(0.0), false),
            ("Unknown", Some(5.0), true)
        ]
    );
}

#[test]
fn what_is_no_such_workbook_is_refused_in_one_line_that_says_how_to_mend_it() {
    let wrong = |from: &str, to: &str| read_bytes(CSV.replace(from, to).as_bytes(), "saved.csv", &load());
    for (result, words) in [
        (read_bytes(b"a,b\n1,2\n", "other.csv", &load()), "ODS Code"),
        (read_bytes(b"PK not a workbook", "x.xlsx", &load()), "damaged"),
        (read_bytes(&[0xff, 0xfe, 0x00], "x.csv", &load()), "UTF-8"),
        (wrong("Number of 2-hour UCR referrals", "A"), "which table"),
        (wrong("Apr-24", "Total"), "no month"),
        (wrong("1,120", "1,121"), "no multiple of 5"),
        (wrong("1,120", "*"), "a word"),
        (wrong("1,120", "85%"), "unrounded"),
        (wrong("RXX,Cornwall,Provider", "RXX,Cornwall,Trust"), "Organisation Type"),
        (wrong("Apr-24", "May-24"), "twice"),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(words) && !error.contains('\n'), "'{words}' is not in: {error}");
    }
}

#[test]
fn hostile_workbooks_are_refused_before_they_are_unpacked_to_memory() {
    let zip = |name: &str, fill: &dyn Fn(&mut dyn Write)| {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        fill(&mut archive);
        archive.finish().unwrap().into_inner()
    };
    let bomb = zip("xl/sharedStrings.xml", &|out| {
        let zeros = vec![b'0'; 1 << 20];
        (0..65).for_each(|_| out.write_all(&zeros).unwrap());
    });
    assert!(bomb.len() < 1 << 20);
    assert!(read_bytes(&bomb, "bomb.xlsx", &load()).unwrap_err().to_string().contains("unpacks to more"));

    let mut giant = Workbook::new();
    giant.add_worksheet().write(1_048_575, 16_383, 1).unwrap();
    let error = read_bytes(&giant.save_to_buffer().unwrap(), "giant.xlsx", &load()).unwrap_err().to_string();
    assert!(error.contains("rows"), "{error}");
    let wide = format!("{}\n", "1,".repeat(300));
    assert!(read_bytes(wide.as_bytes(), "wide.csv", &load()).unwrap_err().to_string().contains("columns"));
}

/// Its reader would go past the bounds of its number, and in a build without checks come out at another cell.
#[test]
fn a_row_of_too_many_digits_is_refused() {
    let mut plain = Workbook::new();
    plain.add_worksheet().write(6, 0, 1).unwrap();
    let mut parts = zip::ZipArchive::new(std::io::Cursor::new(plain.save_to_buffer().unwrap())).unwrap();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for index in 0..parts.len() {
        let mut part = parts.by_index(index).unwrap();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        archive.start_file(part.name(), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.replace("r=\"A7\"", "r=\"A79999999999\"").as_bytes()).unwrap();
    }
    let error = read_bytes(&archive.finish().unwrap().into_inner(), "far.xlsx", &load()).unwrap_err().to_string();
    assert!(error.contains("out of range") && error.contains("; load the workbook"), "{error}");
}

const DEVON: &[u8] = include_bytes!("../../../fixtures/published/virtual_ward_published_devon.csv");

#[test]
fn the_published_series_of_virtual_wards_is_read_by_the_heads_of_its_columns() {
    let load = Load { id: "l".to_owned(), at: chrono::DateTime::UNIX_EPOCH };
    let figures = read_bytes(DEVON, "vw.csv", &load).unwrap();
    assert_eq!(figures.len(), 12 * 4, "twelve rows of four figures");
    let of = |board: &str, month: &str, measure: Measure| {
        let month: chrono::NaiveDate = format!("{month}-01").parse().unwrap();
        let mut held = figures
            .iter()
            .filter(|figure| figure.organisation == board && figure.month == month && figure.measure == measure);
        held.next().and_then(|figure| figure.value)
    };
    assert_eq!(
        (of("QJK", "2023-07", Measure::VwBeds), of("QJK", "2023-07", Measure::VwPatients)),
        (Some(126.0), Some(98.0))
    );
    assert_eq!(
        (of("QUY", "2023-10", Measure::VwPatients), of("QUY", "2023-10", Measure::VwOccupancy)),
        (Some(195.0), Some(1.0))
    );
    assert_eq!(of("QT6", "2023-10", Measure::VwPatients), Some(0.0), "a missing count is published as 0");
    assert_eq!(of("QJK", "2024-02", Measure::VwPopulation), Some(1_082_047.0));
    assert!(figures.iter().all(|figure| figure.level == Level::Icb && !figure.provisional));

    // Other heads and another order, blanks, and notes below.
    let other = "Virtual wards\n\nPatients,Capacity,ICB,Month,Occupancy\n195,156,QUY,Jul-23,100%*\n,129,QJK,August 2023,\n,,,\nSource,,,\n";
    let figures = read_bytes(other.as_bytes(), "vw.csv", &load).unwrap();
    assert_eq!(figures.len(), 6);
    assert_eq!(figures.iter().filter(|figure| figure.value.is_none()).count(), 2, "blank is no data");
    for (wrong, told) in [
        ("Patients,Capacity,ICB,Month\n1.5,126,QJK,Jul-23", "vw_patients cannot be"),
        ("Patients,Capacity,ICB,Month\n1,126,QJK,soon", "has no month"),
        ("Patients,Capacity,ICB,Month\n1,126,QJK,Jul-23\n2,126,QJK,Jul-23", "is there twice"),
    ] {
        let error = read_bytes(wrong.as_bytes(), "vw.csv", &load).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}
