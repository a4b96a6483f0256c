//! The published series of Devon, loaded as it was published, beside our own figure of the reference Thursday.

use std::sync::Arc;

use homeward_contract::feed::Feed;
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};
use homeward_ingest::file::workbook::{Load, read_bytes};
use homeward_transform::definition::Case;
use homeward_transform::definition::case::{BedInput, StayInput};
use homeward_transform::proof::facts;
use homeward_transform::release::{Policy, ReleasedWards, Shown};
use homeward_transform::snapshot::Snapshot;

use super::model::instant;
use super::{computation, settled, take};

const DEVON: &[u8] = include_bytes!("../../../ingest/fixtures/published/virtual_ward_published_devon.csv");

/// October 2023 in the lake: 12 beds and 9 patients at 08:00 on 19 October.
fn october() -> Case {
    let stay = |number: u32| StayInput {
        stay: format!("S{number}"),
        admitted: "2023-10-10T09:00:00Z".to_owned(),
        discharged: "2023-10-25T09:00:00Z".to_owned(),
        ..StayInput::default()
    };
    let beds = BedInput { beds: Some(12), from: "2023-10-01T00:00:00Z".to_owned(), ..BedInput::default() };
    Case {
        id: "october".into(),
        rule: "VW-OCC-NAT".into(),
        as_of: instant("2023-11-05T12:00:00Z"),
        stays: (0..9).map(stay).collect(),
        beds: vec![beds],
        ..Case::default()
    }
}

async fn picture() -> Snapshot {
    let mut computation = computation();
    take(&mut computation, &facts("october", &october()).expect("the case describes records"));
    let as_of = instant("2023-11-05T12:00:00Z");
    let load = Load { id: "l-1".to_owned(), at: as_of };
    let figures = read_bytes(DEVON, "virtual_wards.csv", &load).expect("it is read");
    let payloads: Vec<(String, String)> =
        figures.iter().map(|figure| (figure.organisation.clone(), figure.payload())).collect();
    let raw: Vec<RawRecord<'_>> = payloads
        .iter()
        .zip(0..)
        .map(|((key, payload), offset)| RawRecord {
            place: Place { topic: Arc::from("t"), partition: 0, offset },
            key: Some(key.as_bytes()),
            payload: Some(payload.as_bytes()),
        })
        .collect();
    let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
    let decoded = decode(Feed::Published, &raw, &DecodeContext::new(&keys, as_of));
    assert_eq!(decoded.refusals, []);
    take(&mut computation, &decoded.tables);
    settled(&mut computation, as_of).await
}

#[tokio::test(flavor = "current_thread")]
async fn the_published_devon_series_reconciles_with_the_national_figure() {
    let snapshot = picture().await;
    let exact = Policy::by_name("internal-live").expect("it exists").release_wards(&snapshot);
    let of = |rows: &[ReleasedWards], icb: &str, month: &str| -> ReleasedWards {
        let mut held = rows.iter().filter(|row| row.icb == icb && row.month.format("%Y-%m").to_string() == month);
        held.next().expect("the row is there").clone()
    };
    let series: Vec<String> = exact
        .iter()
        .filter(|row| row.icb == "QJK")
        .map(|row| format!("{:.1}", 100.0 * row.published_occupancy.expect("a share")))
        .collect();
    assert_eq!(series, ["77.8", "59.7", "44.7", "50.0", "47.6", "50.5", "44.4", "52.8"], "as the handbook gives them");

    let devon = of(&exact, "QJK", "2023-10");
    assert_eq!((devon.beds, devon.patients, devon.occupancy), (Shown::Count(12), Shown::Count(9), Shown::Number(0.75)));
    assert_eq!((devon.beds_difference, devon.patients_difference), (Shown::Count(-190), Shown::Count(-92)));
    assert_eq!(of(&exact, "QT6", "2023-10").published_flags, ["suspect_zero"]);
    assert_eq!(of(&exact, "QPM", "2024-01").published_flags, ["suspect_zero"]);
    let bristol = of(&exact, "QUY", "2023-10");
    assert_eq!((bristol.published_occupancy, bristol.printed_occupancy), (Some(1.25), Some(1.0)));
    assert_eq!(bristol.published_flags, ["over_capacity", "capped"]);
    assert_eq!((bristol.patients, bristol.patients_difference), (Shown::NoData, Shown::NoData));
    let boards = of(&exact, "National", "2023-10");
    assert_eq!((boards.boards, boards.published_beds, boards.published_patients), (3, Some(533), Some(296)));

    // Under a rule that rounds a difference is of what is shown.
    let rounded = Policy::by_name("public-csds").expect("it exists").release_wards(&snapshot);
    let devon = of(&rounded, "QJK", "2023-10");
    assert_eq!((devon.patients, devon.patients_difference), (Shown::Count(10), Shown::Count(-91)));
    assert_eq!(devon.published_patients, Some(101), "public already");
}
