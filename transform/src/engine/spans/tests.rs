use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionConfig;
use proptest::prelude::*;

use super::*;
use crate::spans::{Profile, Span, Spans};

async fn answer(context: &SessionContext, sql: &str) -> String {
    let batches = context.sql(sql).await.expect("plans").collect().await.expect("runs");
    pretty_format_batches(&batches).expect("prints").to_string()
}

/// Values of the last line of a table that has one row.
async fn row(context: &SessionContext, sql: &str) -> Vec<String> {
    let table = answer(context, sql).await;
    let line = table.lines().nth(3).expect("a row").trim_matches('|').to_owned();
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn session(partitions: usize) -> SessionContext {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(partitions));
    register(&context);
    context
}

const STAYS: &str = "CREATE VIEW stay AS SELECT * FROM (VALUES
    ('E', 'ed',    TIMESTAMPTZ '2024-01-10T22:00:00Z', TIMESTAMPTZ '2024-01-11T03:30:00Z'),
    ('E', 'spell', TIMESTAMPTZ '2024-01-11T03:30:00Z', TIMESTAMPTZ '2024-01-14T12:00:00Z'),
    ('E', 'spell', TIMESTAMPTZ '2024-01-14T11:00:00Z', TIMESTAMPTZ '2024-01-18T15:00:00Z'),
    ('F', 'spell', TIMESTAMPTZ '2023-12-28T10:00:00Z', TIMESTAMPTZ '2024-01-04T11:00:00Z'),
    ('C', 'spell', TIMESTAMPTZ '2024-01-10T08:00:00Z', TIMESTAMPTZ '2024-01-10T17:00:00Z')
  ) AS stay (person, kind, admitted_at, discharged_at)";

/// Cases A, C, E and F of `days-at-home.md` section 4: home nights of 90, and a person without any stay.
#[tokio::test]
async fn nights_at_home_are_the_window_minus_the_union_of_stays() {
    let context = session(1);
    context.sql(STAYS).await.expect("plans").collect().await.expect("runs");
    let table = answer(
        &context,
        "WITH away AS (
           SELECT person, spans(local_date(admitted_at), local_date(discharged_at)) AS nights FROM stay GROUP BY person
         )
         SELECT person.id, span_nights(span_minus(span(DATE '2024-01-01', DATE '2024-03-31'), nights)) AS home,
                span_nights(span_within(nights, DATE '2024-01-01', DATE '2024-03-31')) AS away
         FROM (VALUES ('A'), ('C'), ('E'), ('F')) AS person (id) LEFT JOIN away ON away.person = person.id ORDER BY person.id",
    )
    .await;
    let rows: Vec<String> = table.lines().skip(3).map(|line| line.replace(' ', "")).collect();
    assert_eq!(rows[..4], ["|A|90|0|", "|C|90|0|", "|E|82|8|", "|F|87|3|"], "{table}");
}

/// Rule 1 of `virtual-wards.md`: discharged exactly at 08:00 is not counted, admitted exactly then is. And the integral.
#[tokio::test]
async fn counts_at_instants_and_bed_seconds_come_from_the_profile() {
    let context = session(1);
    let wards = "WITH ward AS (SELECT profile(a, d) AS patients FROM (VALUES
        (TIMESTAMPTZ '2025-02-03T07:00:00Z', TIMESTAMPTZ '2025-02-03T08:00:00Z'),
        (TIMESTAMPTZ '2025-02-03T08:00:00Z', TIMESTAMPTZ '2025-02-04T08:00:00Z'),
        (TIMESTAMPTZ '2025-02-02T12:00:00Z', TIMESTAMPTZ '2025-02-03T12:00:00Z')) AS stay (a, d))";
    let sql = format!(
        "{wards} SELECT profile_at(patients, TIMESTAMPTZ '2025-02-03T08:00:00Z'),
           profile_at(patients, TIMESTAMPTZ '2025-02-04T08:00:00Z'),
           profile_seconds(patients, TIMESTAMPTZ '2025-02-03T00:00:00Z', TIMESTAMPTZ '2025-02-04T00:00:00Z') FROM ward"
    );
    assert_eq!(row(&context, &sql).await, ["2", "0", ((1 + 16 + 12) * 3600).to_string().as_str()]);
    let sql = format!(
        "{wards}, each AS (SELECT unnest(profile_at_each(patients, make_array(TIMESTAMPTZ '2025-02-03T07:30:00Z',
           TIMESTAMPTZ '2025-02-03T08:00:00Z', TIMESTAMPTZ '2025-02-05T08:00:00Z'))) AS step FROM ward)
         SELECT sum(step['count']), count(*) FROM each"
    );
    assert_eq!(row(&context, &sql).await, ["4", "3"]);
}

#[tokio::test]
async fn what_is_missing_is_nothing_and_wrong_types_are_refused_when_planned() {
    let context = session(1);
    let sql = "SELECT span_nights(span_union(NULL, span(DATE '2024-01-01', NULL))),
                      span_covers(span(DATE '2024-01-01', DATE '2024-01-03'), DATE '2024-01-02'),
                      span_covers(span(DATE '2024-01-01', DATE '2024-01-03'), DATE '2024-01-03'),
                      span_nights(span(DATE '2024-01-03', DATE '2024-01-01'))";
    assert_eq!(row(&context, sql).await, ["0", "true", "false", "0"]);
    let instants = "TIMESTAMPTZ '2024-01-01T00:00:00Z', TIMESTAMPTZ '2024-01-02T00:00:00Z'";
    for (sql, told) in [
        ("SELECT span_nights(1)", "takes dates or instants"),
        ("SELECT spans('2024-01-01', '2024-01-02')", "cast its arguments"),
        ("SELECT span(DATE '2024-01-01', TIMESTAMPTZ '2024-01-02T00:00:00Z')", "not both"),
        (&format!("SELECT span_nights(span({instants}))"), "takes dates, not instants"),
        ("SELECT span_seconds(span(DATE '2024-01-01', DATE '2024-01-02'))", "takes instants, not dates"),
        ("SELECT span(DATE '2024-01-01')", "takes 2 arguments, not 1"),
    ] {
        let refused = context.sql(sql).await.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains(told), "{sql}: {refused}");
    }
}

/// 08:00 in England on the days of a window across the change to summer time, and the published reference Thursday.
#[tokio::test]
async fn hours_in_england_come_as_instants() {
    let context = session(1);
    let sql = "SELECT local_hours(TIMESTAMPTZ '2025-03-29T08:00:00Z', TIMESTAMPTZ '2025-03-31T07:00:00Z', 8),
                      reference_morning(DATE '2024-02-29'), local_hours(TIMESTAMPTZ '2025-03-29T09:00:00Z', TIMESTAMPTZ '2025-03-29T10:00:00Z', 8)";
    let told = row(&context, sql).await.join(" ");
    assert!(told.contains("[2025-03-29T08:00:00Z, 2025-03-30T07:00:00Z] 2024-02-15T08:00:00Z []"), "{told}");
}

#[test]
fn every_function_is_described_for_analysts() {
    let guide = include_str!("../../../indicators/README.md");
    let names = scalar::functions().map(|function| function.name().to_owned());
    for name in names.chain(aggregate::functions().map(|function| function.name().to_owned())) {
        assert!(guide.contains(&format!("`{name}(")), "transform/indicators/README.md does not describe {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The SQL of random stays in groups is the library's answer, in one partition and, merged from states, in four.
    #[test]
    fn sql_says_what_the_library_says(stays in proptest::collection::vec((0_u8..4, 0_i64..80, -2_i64..15), 1..60)) {
        let values: Vec<String> = stays
            .iter()
            .map(|(group, from, length)| format!("({group}, DATE '1970-01-01' + {from}, DATE '1970-01-01' + {})", from + length))
            .collect();
        let sql = format!(
            "SELECT g, span_nights(spans(a, d)) AS nights, profile_nights(profile(a, d), DATE '1970-01-11', DATE '1970-03-01') AS days
             FROM (VALUES {}) AS stay (g, a, d) GROUP BY g ORDER BY g",
            values.join(", ")
        );
        let of_group = |wanted: u8| {
            stays.iter().filter(move |(group, ..)| *group == wanted).map(|(_, from, length)| Span::new(*from, from + length))
        };
        let mut expected = Vec::new();
        for group in (0..4).filter(|group| of_group(*group).next().is_some()) {
            let (set, profile): (Spans, Profile) = (of_group(group).collect(), of_group(group).collect());
            expected.push(format!("|{group}|{}|{}|", set.length(), profile.integral(Span::new(10, 59))));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for partitions in [1, 4] {
            let table = runtime.block_on(answer(&session(partitions), &sql));
            let told: Vec<String> = table.lines().skip(3).map(|line| line.replace(' ', "")).take(expected.len()).collect();
            prop_assert_eq!(&told, &expected, "{}", table);
        }
    }
}
