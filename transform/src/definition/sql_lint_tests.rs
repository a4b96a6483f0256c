use super::*;
use crate::definition::Catalogue;

const SOUND: &str = "WITH waiting AS (SELECT * FROM live_clock WHERE rtt_start_at <= $as_of)
SELECT 'live' AS basis, w.provider, w.icb, w.lcp, w.pcn, w.band, p.period, count(*) AS numerator,
       CAST(NULL AS BIGINT) AS denominator, min(w.source_rank) AS source_rank
FROM waiting w CROSS JOIN period p GROUP BY 1, 2, 3, 4, 5, 6, 7";

/// The faults of an SQL text under the definition of ucr-open-clocks, as people read them.
fn faults(sql: &str) -> Vec<String> {
    let mut definition = Catalogue::builtin().unwrap().get("ucr-open-clocks").unwrap().clone();
    definition.sql = sql.to_owned();
    definition.sql_sha256 = sql_sha256(sql);
    lint_sql(&definition).iter().map(ToString::to_string).collect()
}

fn only_fault(sql: &str) -> String {
    let faults = faults(sql);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults[0].clone()
}

#[test]
fn sound_sql_has_no_fault() {
    assert_eq!(faults(SOUND), Vec::<String>::new());
    assert_eq!(faults(&format!("{SOUND};")), Vec::<String>::new(), "a closing semicolon is fine");
}

#[test]
fn what_reads_the_clock_or_chance_is_refused_with_its_line() {
    for word in ["now()", "NOW ( )", "current_date", "CURRENT_TIMESTAMP", "today()", "localtime"] {
        let fault = only_fault(
            &SOUND.replace("rtt_start_at <= $as_of", &format!("rtt_start_at <= $as_of\nAND due_at < {word}")),
        );
        assert!(fault.contains("line 2") && fault.contains("reads the clock") && fault.contains("$as_of"), "{fault}");
    }
    for word in ["random()", "uuid()"] {
        let fault = only_fault(&SOUND.replace("count(*)", &format!("count(*) + {word}")));
        assert!(fault.contains("line 2") && fault.contains("random"), "{fault}");
    }
}

#[test]
fn words_in_comments_strings_and_columns_are_no_calls() {
    let sql = SOUND
        .replace("WHERE", "WHERE 'now()' = 'now()' AND /* random() */ live_clock.now IS NULL AND -- current_date\n");
    assert_eq!(faults(&sql), Vec::<String>::new());
}

#[test]
fn only_the_views_may_be_read() {
    let fault = only_fault(&SOUND.replace("FROM live_clock", "FROM ucr_event"));
    assert!(fault.contains("line 1") && fault.contains("'ucr_event'") && fault.contains("csds_clock"), "{fault}");
    let listed = only_fault(&SOUND.replace("FROM live_clock", "FROM live_clock AS l, information_schema.tables t"));
    assert!(listed.contains("'information_schema.tables'"), "{listed}");
    let joined = only_fault(&SOUND.replace("FROM waiting w", "FROM waiting w JOIN practice ON true"));
    assert!(joined.contains("'practice'"), "{joined}");
}

#[test]
fn from_inside_functions_and_comparisons_names_no_table() {
    let sql =
        SOUND.replace("WHERE", "WHERE extract(hour FROM due_at) > 8 AND waiting_type IS DISTINCT FROM team_type AND");
    assert_eq!(faults(&sql), Vec::<String>::new());
}

#[test]
fn named_subqueries_with_columns_are_known() {
    let sql = SOUND
        .replace("WITH waiting AS (", "WITH RECURSIVE first (a) AS NOT MATERIALIZED (SELECT 1), waiting AS (")
        .replace("CROSS JOIN period p", "CROSS JOIN first CROSS JOIN period p");
    assert_eq!(faults(&sql), Vec::<String>::new());
}

#[test]
fn period_and_as_of_are_required_and_other_parameters_refused() {
    let fault = only_fault(&SOUND.replace("CROSS JOIN period p", "CROSS JOIN live_clock p"));
    assert!(fault.contains("'period' is not read"), "{fault}");
    let fault = only_fault(&SOUND.replace("$as_of", "TIMESTAMP '2025-06-01 00:00:00'"));
    assert!(fault.contains("$as_of is not used"), "{fault}");
    let fault = only_fault(&SOUND.replace("$as_of", "$as_of AND provider = $provider"));
    assert!(fault.contains("$provider does not exist"), "{fault}");
}

#[test]
fn one_reading_query_only() {
    let fault = only_fault(&format!("{SOUND};\nDROP TABLE x"));
    assert!(fault.contains("second statement") && fault.contains("line 5"), "{fault}");
    assert!(faults("DELETE FROM period").iter().any(|fault| fault.contains("does not begin with")));
    assert!(faults("-- nothing").iter().any(|fault| fault.contains("is empty")));
}

#[test]
fn columns_and_declarations_must_agree() {
    let missing = only_fault(&SOUND.replace("w.band, ", ""));
    assert!(missing.contains("column band is not returned"), "{missing}");
    let extra = only_fault(&SOUND.replace("count(*) AS numerator", "count(*) AS numerator, count(*) AS flag_odd"));
    assert!(extra.contains("flag_odd is not declared") && extra.contains("[[flag]]"), "{extra}");
    let basis = only_fault(&SOUND.replace("'live'", "'love'"));
    assert!(basis.contains("basis 'live' never occurs"), "{basis}");
}

#[test]
fn a_changed_sql_keeps_no_version() {
    let mut definition = Catalogue::builtin().unwrap().get("ucr-open-clocks").unwrap().clone();
    definition.sql.push_str("\n-- a change");
    let faults = lint_sql(&definition);
    assert_eq!(faults.len(), 1);
    let text = faults[0].to_string();
    assert!(text.contains("still says version 1") && text.contains("version = 2"), "{text}");
    assert!(text.contains(&sql_sha256(&definition.sql)), "the mend names the checksum to write: {text}");
}

#[test]
fn line_ends_do_not_change_the_checksum() {
    assert_eq!(sql_sha256("SELECT 1\nFROM x\n"), sql_sha256("SELECT 1\r\nFROM x\r\n"));
    assert_eq!(sql_sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn what_a_definition_counts_is_read_from_its_sql() {
    let of = |sql: &str, stock| subjects(sql, stock).into_iter().collect::<Vec<_>>();
    let from = |text: &str| format!("SELECT {text} FROM csds_referral r -- received_at, first_contact_at");
    assert_eq!(of(SOUND, false), [Subject::Clock]);
    assert_eq!(of(&from("r.received_at"), false), [Subject::Referral]);
    assert_eq!(of(&from("r.first_contact_days, r.ended_at"), false), [Subject::Referral]);
    assert_eq!(of(&from("r.first_contact_at"), false), [Subject::FirstContact]);
    assert_eq!(of(&from("r.received_at, r.first_contact_at"), false), [Subject::Referral, Subject::FirstContact]);
    assert_eq!(of(&from("r.received_at, r.first_contact_at"), true), [Subject::OpenReferral]);
    assert_eq!(of("SELECT first_contact_at FROM csds_contact", false), [Subject::Contact]);
}
