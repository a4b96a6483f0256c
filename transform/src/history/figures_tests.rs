use proptest::prelude::*;

use super::*;
use crate::definition::Catalogue;
use crate::engine::Counts;
use crate::history::cells_at;
use crate::release::reach::LEVELS;
use crate::snapshot::{FigureQuery, Snapshot};

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000 + 60 * minute, 0).unwrap()
}

fn versions_from(changes: Vec<(i64, u8, u8, u8, Option<i64>)>) -> Vec<CellVersion> {
    let mut versions: Vec<CellVersion> = changes
        .into_iter()
        .map(|(minute, provider, pcn, period, value)| CellVersion {
            indicator: Arc::from("ucr-two-hour-response"),
            version: 1,
            atom: Atom {
                basis: Arc::from("live"),
                provider: Arc::from(["NR5", "RH8"][usize::from(provider % 2)]),
                icb: Some(Arc::from("QJK")),
                lcp: [None, Some(Arc::from("North")), Some(Arc::from("West"))][usize::from(pcn % 3)].clone(),
                pcn: None,
                strata: Arc::from([]),
                period: Arc::from(["day:2025-06-12", "day:2025-06-13", "month:2025-06"][usize::from(period % 3)]),
                place: None,
            },
            value: value.map(|count| AtomValue {
                numerator: count,
                denominator: Some(count + 1),
                percentile: None,
                source_rank: Some(1 + count % 3),
                counts: Counts::from([("open", count)]),
                flags: Counts::default(),
            }),
            known_at: at(minute),
            csds_because: Arc::from("nothing of CSDS"),
            live_because: Arc::from(format!("change {minute}")),
        })
        .collect();
    versions.sort_by_key(|version| version.known_at);
    versions
}

fn query<'a>(
    catalogue: &'a Catalogue,
    geography: &'a Geography,
    level: Dimension,
    grain: Dimension,
) -> VersionQuery<'a> {
    VersionQuery { definition: catalogue.get("ucr-two-hour-response").unwrap(), geography, level, grain }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn at_every_instant_the_standing_versions_are_the_figures_known_then(
        changes in prop::collection::vec((0_i64..30, 0_u8..2, 0_u8..3, 0_u8..3, prop::option::of(0_i64..4)), 0..40),
    ) {
        let (catalogue, geography) = (Arc::new(Catalogue::builtin().unwrap()), Arc::new(Geography::devon()));
        let versions = versions_from(changes);
        for level in LEVELS {
            for grain in [Dimension::Day, Dimension::Month] {
                let told = figure_versions(&versions, &query(&catalogue, &geography, level, grain), Some);
                for minute in -1..31 {
                    let known_at = at(minute);
                    let cells = cells_at(&versions, known_at);
                    let then = Snapshot::of_cells(cells, Arc::clone(&catalogue), Arc::clone(&geography), known_at);
                    let asked = FigureQuery {
                        indicator: "ucr-two-hour-response".to_owned(),
                        by: vec![level, grain],
                        ..FigureQuery::default()
                    };
                    let standing = told.iter().filter(|version| {
                        version.figure.as_of <= known_at && version.replaced_at.is_none_or(|replaced| replaced > known_at)
                    });
                    let mut standing: Vec<Figure> =
                        standing.map(|version| Figure { as_of: known_at, ..version.figure.clone() }).collect();
                    let mut expected = then.figures(&asked);
                    standing.sort_by(|one, two| one.dimensions.cmp(&two.dimensions));
                    expected.sort_by(|one, two| one.dimensions.cmp(&two.dimensions));
                    prop_assert_eq!(standing, expected, "{:?} {:?} at minute {}", level, grain, minute);
                }
            }
        }
    }
}

#[test]
fn a_version_says_why_it_came_to_be_and_a_sum_that_stays_has_no_new_one() {
    let (catalogue, geography) = (Catalogue::builtin().unwrap(), Geography::devon());
    // One clock moves from one partnership to another: the provider's sum stays as it is.
    let versions = versions_from(vec![(1, 0, 1, 0, Some(1)), (5, 0, 1, 0, None), (5, 0, 2, 0, Some(1))]);
    let by = |level| figure_versions(&versions, &query(&catalogue, &geography, level, Dimension::Day), Some);
    let provider = by(Dimension::Provider);
    assert_eq!(provider.len(), 1, "{provider:?}");
    assert_eq!((provider[0].because.as_str(), provider[0].replaced_at), ("change 1", None));
    let partnerships = by(Dimension::Lcp);
    assert_eq!(partnerships.len(), 2, "{partnerships:?}");
    assert_eq!(partnerships[0].replaced_at, Some(at(5)));
}

#[test]
fn a_tick_tells_the_last_version_before_it_and_none_that_is_to_come() {
    let (catalogue, geography) = (Catalogue::builtin().unwrap(), Geography::devon());
    let versions = versions_from(vec![(1, 0, 0, 0, Some(1)), (5, 0, 0, 0, Some(2)), (12, 0, 0, 0, Some(3))]);
    let tick = |known_at: DateTime<Utc>| (known_at <= at(10)).then(|| at(10));
    let asked = query(&catalogue, &geography, Dimension::Provider, Dimension::Day);
    let told = figure_versions(&versions, &asked, tick);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].figure.numerator, told[0].figure.as_of), (Some(2), at(10)));
    assert_eq!(told[0].because, "change 1; change 5");
}
