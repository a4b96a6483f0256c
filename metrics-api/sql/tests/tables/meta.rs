//! Schema `meta`: what the figures mean, complete and in agreement with the definitions.

use std::collections::BTreeSet;

use homeward_sql::tables::EXAMPLES;
use homeward_transform::definition::Catalogue;

use super::planted::{Devon, Planted, lines};

fn devon() -> Devon {
    Devon::of(&[
        Planted::new("ucr-referrals", "live", "window:28d").counted(40, None).lcp("Western"),
        Planted::new("ucr-referrals", "live", "window:28d").counted(20, None).provider("RH8").lcp("Western"),
        Planted::new("ucr-referrals", "live", "window:28d").counted(30, None).provider("RH8").lcp("Eastern"),
        Planted::rate("live", "window:28d", 27, 40).lcp("Western").pcn("U06387"),
    ])
}

#[tokio::test]
async fn the_dictionary_describes_every_table_and_column_there_is() {
    let devon = devon();
    let there = devon
        .ask("SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema IN ('outcomes', 'meta')")
        .await;
    let told =
        devon.ask("SELECT schema_name, table_name, column_name FROM meta.data_dictionary WHERE position > 0").await;
    let (there, told): (BTreeSet<_>, BTreeSet<_>) = (there.into_iter().collect(), told.into_iter().collect());
    assert_eq!(there, told);
    assert!(there.len() > 150, "{}", there.len());
    let tables = devon
        .ask(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('outcomes', 'meta')",
        )
        .await;
    let described = devon.ask("SELECT schema_name, table_name FROM meta.data_dictionary WHERE position = 0").await;
    assert_eq!(tables.iter().collect::<BTreeSet<_>>(), described.iter().collect::<BTreeSet<_>>());
    let bare =
        devon.ask("SELECT table_name, column_name FROM meta.data_dictionary WHERE length(description) < 5").await;
    assert_eq!(bare, Vec::<Vec<String>>::new(), "a description says something");
}

#[tokio::test]
async fn types_and_nulls_are_those_that_the_dictionary_tells() {
    let devon = devon();
    let login = devon.login("internal-live", None);
    for row in devon.ask("SELECT schema_name, table_name, column_name, data_type, nullable FROM meta.data_dictionary WHERE position > 0").await {
        let [schema, table, column, data_type, nullable] = row.try_into().unwrap();
        let frame = login.context.sql(&format!("SELECT {column} FROM {schema}.{table}")).await.unwrap();
        let field = frame.schema().as_arrow().field(0).clone();
        assert_eq!(field.is_nullable().to_string(), nullable, "{table}.{column}");
        let expected = match data_type.as_str() {
            "text" => "Utf8",
            "bigint" => "Int64",
            "double precision" => "Float64",
            "date" => "Date32",
            "boolean" => "Boolean",
            "timestamp with time zone" => "Timestamp(µs, \"UTC\")",
            other => panic!("{other}"),
        };
        assert_eq!(field.data_type().to_string(), expected, "{table}.{column}");
    }
}

#[tokio::test]
async fn every_table_can_be_read_whole_under_every_policy() {
    let devon = devon();
    for policy in ["internal-live", "ucr-publication", "public-hes", "public-csds"] {
        for tick in [None, Some(homeward_sql::Tick::Day)] {
            let login = devon.login(policy, tick);
            for row in login.ask("SELECT DISTINCT schema_name, table_name FROM meta.data_dictionary").await {
                login.ask(&format!("SELECT * FROM {}.{}", row[0], row[1])).await;
            }
        }
    }
}

#[tokio::test]
async fn definitions_are_there_word_for_word() {
    let devon = devon();
    let catalogue = Catalogue::builtin().unwrap();
    let response = catalogue.get("ucr-two-hour-response").unwrap();
    let sql = "SELECT sql, sql_sha256 FROM meta.definitions WHERE indicator = 'ucr-two-hour-response'";
    assert_eq!(devon.ask(sql).await, [[response.sql.clone(), response.sql_sha256.clone()]]);
    let targets = "SELECT target, value, valid_from, valid_to FROM meta.targets \
                   WHERE indicator = 'ucr-two-hour-response' ORDER BY target";
    assert_eq!(lines(&devon.ask(targets).await), ["local | 0.8 | 2023-01-01 | -", "national | 0.7 | 2022-12-01 | -"]);
    let words = "SELECT kind, direction, interval_method, status, view_name, windows FROM meta.indicators \
                 WHERE indicator LIKE 'community-%' OR indicator LIKE 'ucr-%' ORDER BY indicator";
    assert_eq!(
        lines(&devon.ask(words).await),
        [
            "count | context | none | live | outcomes.community_caseload | -",
            "count | context | none | live | outcomes.community_contacts | -",
            "quantile | down | none | live | outcomes.community_days_to_first_contact_median | -",
            "quantile | down | none | live | outcomes.community_days_to_first_contact_p90 | -",
            "proportion | down | wilson | live | outcomes.community_did_not_attend | -",
            "people | context | none | live | outcomes.community_people_contacted | -",
            "people | context | none | live | outcomes.community_people_referred | -",
            "count | context | none | live | outcomes.community_referrals | -",
            "count | context | none | live | outcomes.ucr_contacts | -",
            "snapshot | down | none | live | outcomes.ucr_open_clocks | -",
            "count | up | none | live | outcomes.ucr_referrals | 24h,7d,28d,mtd",
            "count | context | none | live | outcomes.ucr_referrals_by_source | -",
            "quantile | down | none | live | outcomes.ucr_response_minutes_median | 7d,28d",
            "quantile | down | none | live | outcomes.ucr_response_minutes_p90 | 7d,28d",
            "proportion | up | wilson | live | outcomes.ucr_two_hour_response | 24h,7d,28d,mtd",
            "count | context | none | live | outcomes.ucr_wait_bands | -",
        ]
    );
    for (table, expected) in [
        ("bases", catalogue.iter().map(|definition| definition.bases.len()).sum::<usize>()),
        ("flags", catalogue.iter().map(|definition| definition.flags.len()).sum()),
        ("counts", catalogue.iter().map(|definition| definition.counts.len()).sum()),
        ("alerts", catalogue.iter().map(|definition| definition.alerts.len()).sum()),
    ] {
        assert_eq!(devon.ask(&format!("SELECT * FROM meta.{table}")).await.len(), expected, "{table}");
    }
}

#[tokio::test]
async fn the_national_data_set_is_told_item_by_item() {
    let devon = devon();
    let totals = "SELECT count(*), count(DISTINCT table_name), count(DISTINCT lake_table) FROM meta.csds_items";
    assert_eq!(lines(&devon.ask(totals).await), ["232 | 37 | 37"]);
    let clock = "SELECT item, uid, type, mandation, refused_without, key, handling, lake_columns, code_list \
                 FROM meta.csds_items WHERE table_name = 'CYP104RTT' AND position IN (1, 3, 5) ORDER BY position";
    assert_eq!(
        lines(&devon.ask(clock).await),
        [
            "ServiceRequestID | C104902 | text | M-unconfirmed | true | points at CYP101Referral.ServiceRequestID | \
             service request id | service_request_id,service_request_id_placeholder | -",
            "PatientPathwayID | C104020 | text | unknown | false | - | local pseudonym | patient_pathway_pseudonym | -",
            "WaitingTime_MeasurementType | C104040 | text | unknown | false | - | two digits | \
             waiting_time_measurement_type,waiting_time_measurement_type_raw | waiting_time_measurement_type",
        ]
    );
    let eight = "SELECT code, meaning, status FROM meta.csds_codes \
                 WHERE code_list = 'waiting_time_measurement_type' AND code IN ('05', '08') ORDER BY code";
    assert_eq!(
        lines(&devon.ask(eight).await),
        [
            "05 | two-hour urgent community response; subject to the standard | confirmed",
            "08 | probably the two-day counterpart of 07 | unconfirmed",
        ]
    );
    let unlisted = "SELECT DISTINCT i.code_list FROM meta.csds_items i LEFT JOIN meta.csds_codes c ON c.code_list = i.code_list \
                    WHERE i.code_list IS NOT NULL AND c.code IS NULL";
    assert_eq!(devon.ask(unlisted).await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn every_reject_code_says_what_becomes_of_it_and_how_to_mend_it() {
    let devon = devon();
    let sql = "SELECT code, severity FROM meta.reject_codes WHERE code IN ('HW-CSDS-009', 'HW-CSDS-023', 'HW-CSDS-031', \
               'HW-CSDS-066', 'HW-ANY-001') ORDER BY code";
    assert_eq!(
        lines(&devon.ask(sql).await),
        [
            "HW-ANY-001 | filter",
            "HW-CSDS-009 | file",
            "HW-CSDS-023 | record",
            "HW-CSDS-031 | cascade",
            "HW-CSDS-066 | warning"
        ]
    );
    let unsaid = "SELECT code FROM meta.reject_codes WHERE message = '' OR mend = '' OR consequence = ''";
    assert_eq!(devon.ask(unsaid).await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn an_area_names_what_it_is_part_of() {
    let devon = devon();
    let sql = "SELECT level, name, parent_level, parent, region, icb, lcp FROM meta.areas \
               WHERE area IN ('U06387', 'Eastern', 'QJK', 'Y58', 'National', 'NR5') ORDER BY level";
    assert_eq!(
        lines(&devon.ask(sql).await),
        [
            "icb | NHS Devon Integrated Care Board | region | Y58 | Y58 | QJK | -",
            "lcp | Eastern | icb | QJK | Y58 | QJK | Eastern",
            "nation | England | - | - | - | - | -",
            "pcn | Nexus (Devon) | lcp | Eastern | Y58 | QJK | Eastern",
            "provider | Livewell Southwest | - | - | - | - | -",
            "region | South West Commissioning Region | nation | National | Y58 | - | -",
        ]
    );
    let orphans = "SELECT c.area FROM meta.areas c LEFT JOIN meta.areas p ON p.level = c.parent_level AND p.area = c.parent \
                   WHERE c.parent IS NOT NULL AND p.area IS NULL";
    assert_eq!(devon.ask(orphans).await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn freshness_and_coverage_say_who_is_heard() {
    let devon = devon();
    assert_eq!(
        lines(
            &devon
                .ask("SELECT as_of, age_seconds, known_at, snapshot, revision, release, tick FROM meta.freshness")
                .await
        ),
        ["2025-06-12T14:00:00Z | 2 | 2025-06-12T13:59:30Z | 1 | 2 | internal-live/1 | -"]
    );
    assert_eq!(
        lines(
            &devon
                .ask("SELECT provider, heard_until, silent_minutes, reporting FROM meta.providers ORDER BY provider")
                .await
        ),
        ["NR5 | 2025-06-12T13:56:00Z | 4 | true", "RH8 | 2025-06-11T08:00:00Z | 1800 | false"]
    );
    let coverage =
        "SELECT level, area, provider, reporting FROM meta.coverage WHERE level = 'lcp' ORDER BY area, provider";
    assert_eq!(
        lines(&devon.ask(coverage).await),
        ["lcp | Eastern | RH8 | false", "lcp | Western | NR5 | true", "lcp | Western | RH8 | false"]
    );
    let beside = "SELECT level, area, providers_reporting, providers_expected FROM outcomes.figures \
                  WHERE indicator = 'ucr-two-hour-response' AND level IN ('lcp', 'icb', 'provider') ORDER BY level";
    assert_eq!(
        lines(&devon.ask(beside).await),
        ["icb | QJK | 1 | 2", "lcp | Western | 1 | 2", "provider | NR5 | 1 | 1"]
    );
}

#[tokio::test]
async fn submissions_say_whether_they_count_and_who_decided() {
    let devon = devon();
    let sql = "SELECT file_type, last_day, counts, state, rows_accepted, rows_refused, decision, decided_by, reason \
               FROM meta.submissions ORDER BY received_at";
    assert_eq!(
        lines(&devon.ask(sql).await),
        [
            "primary | 2025-04-30 | true | active | 120 | 3 | - | - | -",
            "refresh | 2025-04-30 | false | withdrawn | 120 | 3 | withdrawn | data manager | wrong month",
        ]
    );
    let rounded = devon.login("ucr-publication", None);
    assert_eq!(
        lines(&rounded.ask(sql).await)[1],
        "refresh | 2025-04-30 | false | withdrawn | - | - | withdrawn | - | -"
    );
    let public = devon.login("ucr-publication", Some(homeward_sql::Tick::Day));
    assert_eq!(public.ask(sql).await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn a_revision_that_rounding_hides_is_left_out() {
    let devon = devon();
    let sql = "SELECT old_numerator, old_denominator, new_numerator, new_denominator, because FROM meta.revisions";
    assert_eq!(
        lines(&devon.ask(sql).await),
        [
            "80 | 100 | 85 | 101 | 14 clocks gained an RTT end in the Refresh",
            "81 | 100 | 82 | 100 | 14 clocks gained an RTT end in the Refresh",
        ]
    );
    assert_eq!(lines(&devon.login("ucr-publication", None).ask(sql).await), ["80 | 100 | 85 | 100 | -"]);
}

#[tokio::test]
async fn a_login_knows_its_policy() {
    let devon = devon();
    let sql = "SELECT policy, release, tick FROM meta.policies WHERE is_yours";
    let public = devon.login("public-hes", Some(homeward_sql::Tick::Day));
    assert_eq!(lines(&public.ask(sql).await), ["public-hes | public-hes/1 | day"]);
    assert_eq!(lines(&devon.ask(sql).await), ["internal-live | internal-live/1 | -"]);
}

#[tokio::test]
async fn the_examples_are_listed_with_their_text() {
    let devon = devon();
    let listed = devon.ask("SELECT number, file, title, sql FROM meta.example_queries ORDER BY number").await;
    assert_eq!(listed.len(), EXAMPLES.len());
    for (row, example) in listed.iter().zip(EXAMPLES) {
        assert!(row[1].ends_with(example.file), "{row:?}");
        assert_eq!((row[2].as_str(), row[3].as_str()), (example.header("title").as_str(), example.sql()));
    }
}
