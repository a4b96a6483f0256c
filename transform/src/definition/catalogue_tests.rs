use std::fs;
use std::path::PathBuf;

use super::*;
use crate::definition::sql_sha256;

fn built() -> Catalogue {
    Catalogue::builtin().unwrap_or_else(|errors| panic!("{errors}"))
}

/// A copy of the built-in folders that a test may spoil; the folder goes with the value.
struct Workshop(PathBuf);

impl Workshop {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("homeward-definitions-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        for folder in BUILTIN {
            let cases = root.join(folder.id).join("cases");
            fs::create_dir_all(&cases).unwrap();
            fs::write(root.join(folder.id).join("indicator.toml"), folder.toml).unwrap();
            if let Some(sql) = folder.sql {
                fs::write(root.join(folder.id).join("indicator.sql"), sql).unwrap();
            }
            for (case, text) in folder.cases {
                fs::write(cases.join(case), text).unwrap();
            }
        }
        Self(root)
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.0.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} holds no '{from}'");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    fn only_fault(&self) -> String {
        let errors = Catalogue::load(&self.0).unwrap_err();
        assert_eq!(errors.findings.len(), 1, "{errors}");
        errors.to_string()
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_built_in_definitions_are_sound() {
    let ids: Vec<_> = built().iter().map(|definition| definition.id.clone()).collect();
    assert_eq!(
        ids,
        [
            "beds-occupied-at-midnight",
            "community-caseload",
            "community-contacts",
            "community-days-to-first-contact-median",
            "community-days-to-first-contact-p90",
            "community-did-not-attend",
            "community-people-contacted",
            "community-people-referred",
            "community-referrals",
            "days-at-home",
            "days-at-home-18-and-over",
            "days-at-home-65-and-over",
            "days-at-home-after-discharge-30",
            "days-at-home-after-discharge-365",
            "days-at-home-after-discharge-90",
            "days-at-home-after-ucr-30",
            "days-at-home-after-ucr-365",
            "days-at-home-after-ucr-90",
            "days-at-home-core20",
            "days-at-home-from-virtual-ward-30",
            "days-at-home-from-virtual-ward-365",
            "days-at-home-from-virtual-ward-90",
            "days-at-home-of-care-home-residents",
            "days-at-home-of-people-with-frailty",
            "days-at-home-own-home",
            "days-at-home-with-short-term-beds",
            "mean-beds-occupied-at-midnight",
            "nights-in-hospital",
            "nights-in-hospital-per-1000-people",
            "nights-in-hospital-per-1000-people-18-and-over",
            "nights-in-hospital-per-1000-people-65-and-over",
            "nights-in-hospital-standardised",
            "nights-in-hospital-standardised-18-and-over",
            "nights-in-hospital-standardised-65-and-over",
            "share-of-nights-at-home",
            "share-of-nights-in-hospital",
            "share-of-nights-in-short-term-beds",
            "share-of-nights-on-virtual-wards",
            "ucr-contacts",
            "ucr-open-clocks",
            "ucr-referrals",
            "ucr-referrals-by-source",
            "ucr-response-minutes-median",
            "ucr-response-minutes-p90",
            "ucr-two-hour-response",
            "ucr-wait-bands",
            "virtual-ward-acute-equivalent",
            "virtual-ward-admissions",
            "virtual-ward-beds",
            "virtual-ward-beds-per-100000-people",
            "virtual-ward-escalations",
            "virtual-ward-implied-stay",
            "virtual-ward-long-stays",
            "virtual-ward-occupancy",
            "virtual-ward-occupancy-national",
            "virtual-ward-occupancy-now",
            "virtual-ward-occupied-time",
            "virtual-ward-people",
            "virtual-ward-stay-nights",
            "virtual-ward-stay-nights-median",
            "virtual-ward-step-up",
        ]
    );
}

#[test]
fn every_edge_rule_has_a_case() {
    let catalogue = built();
    let proved: Vec<&str> =
        catalogue.iter().flat_map(|definition| &definition.cases).map(|case| case.rule.as_str()).collect();
    for rule in 1..=22 {
        assert!(proved.contains(&format!("E{rule}").as_str()), "no case proves E{rule}");
    }
    for rule in ["section 8", "round5", "hes", "bands"] {
        assert!(proved.contains(&rule), "no case proves '{rule}'");
    }
}

#[test]
fn both_targets_are_data_with_source_and_start() {
    let catalogue = built();
    let response = catalogue.get("ucr-two-hour-response").unwrap();
    let day = |text: &str| text.parse().unwrap();
    assert_eq!(response.target_on("local", day("2025-06-01")).unwrap().value, 0.80);
    assert_eq!(response.target_on("national", day("2025-06-01")).unwrap().value, 0.70);
    assert!(response.target_on("national", day("2022-11-30")).is_none());
    assert!(response.targets.iter().all(|target| !target.source.is_empty()));
}

#[test]
fn the_json_of_a_definition_has_its_text() {
    let json = serde_json::to_value(built().get("ucr-open-clocks").unwrap()).unwrap();
    assert_eq!(json["strata"], serde_json::json!(["band"]));
    assert_eq!(json["feeds"], serde_json::json!(["ucr"]));
    assert_eq!(json["alerts"][0]["rule"], "UCRReferralAboutToBreach");
    assert!(json["sql"].as_str().unwrap().contains("live_clock"));
}

#[test]
fn a_folder_loads_as_the_built_in_does() {
    let workshop = Workshop::new("same");
    assert_eq!(Catalogue::load(&workshop.0).unwrap(), built());
}

#[test]
fn a_bad_folder_gives_one_clear_message_per_fault() {
    let toml = "ucr-referrals/indicator.toml";
    let table = [
        ("unknown key", "question =", "qestion =", ", line 3: unknown field `qestion`", "correct the spelling"),
        (
            "missing field",
            "owner = \"Community services performance lead\"\n",
            "",
            "missing field `owner`",
            "add the field",
        ),
        ("wrong word", "kind = \"count\"", "kind = \"tally\"", "unknown variant `tally`", "correct the value"),
        (
            "wrong date",
            "next_review = \"2027-04-30\"",
            "next_review = \"30/04/2027\"",
            ", line 8:",
            "correct the value",
        ),
        ("wrong feed", "[\"ucr\", \"csds\"]", "[\"ucr\", \"sus\"]", "`sus` is not a feed", "correct the value"),
        ("folder name", "id = \"ucr-referrals\"", "id = \"referrals\"", "the folder is 'ucr-referrals'", "same name"),
        ("policy", "release = \"internal-live\"", "release = \"public\"", "unknown policy 'public'", "public-hes"),
        ("open quote", "title = \"UCR", "title = UCR", ", line 2:", "correct the value"),
    ];
    for (name, from, to, what, mend) in table {
        let workshop = Workshop::new("bad");
        workshop.edit(toml, from, to);
        let message = workshop.only_fault();
        assert!(
            message.starts_with("ucr-referrals/") && message.contains(what) && message.contains(mend),
            "{name}: {message}"
        );
    }
}

#[test]
fn a_missing_file_is_named() {
    let workshop = Workshop::new("missing");
    fs::remove_file(workshop.0.join("ucr-referrals/indicator.sql")).unwrap();
    assert!(workshop.only_fault().contains("ucr-referrals/indicator.sql: cannot be read"));
    let nowhere = Catalogue::load(&workshop.0.join("nowhere")).unwrap_err().to_string();
    assert!(nowhere.contains("definitions folder cannot be read"), "{nowhere}");
}

#[test]
fn a_case_that_cannot_be_read_is_named_with_its_line() {
    let workshop = Workshop::new("case");
    let file = BUILTIN.iter().find(|folder| folder.id == "ucr-open-clocks").unwrap().cases[0].0;
    workshop.edit(&format!("ucr-open-clocks/cases/{file}"), "title =", "titel =");
    let message = workshop.only_fault();
    assert!(message.contains(file) && message.contains("line") && message.contains("titel"), "{message}");
}

#[test]
fn a_changed_sql_needs_a_new_version_and_then_loads() {
    let workshop = Workshop::new("version");
    let sql = "ucr-referrals/indicator.sql";
    workshop.edit(sql, "-- 3. Cells.", "-- 3. The cells.");
    assert!(workshop.only_fault().contains("still says version 1"));

    // Only the checksum was copied over: the edition in use has the same version and another text.
    let changed = sql_sha256(&fs::read_to_string(workshop.0.join(sql)).unwrap());
    let original = built().get("ucr-referrals").unwrap().sql_sha256.clone();
    workshop.edit("ucr-referrals/indicator.toml", &original, &changed);
    assert!(workshop.only_fault().contains("differs from the version 1 that is in use"));

    workshop.edit("ucr-referrals/indicator.toml", "version = 1", "version = 2");
    let second = Catalogue::load(&workshop.0).unwrap();
    assert_eq!(second.get("ucr-referrals").unwrap().version, 2);
    assert_eq!(built().reload(&workshop.0).unwrap(), second);

    let back = second.reload(&Workshop::new("back").0).unwrap_err().to_string();
    assert!(back.contains("version 1 would replace the newer version 2"), "{back}");
}

#[test]
fn a_new_definition_is_told_the_checksum_to_write() {
    let workshop = Workshop::new("checksum");
    // Of its own text, and of another folder's with the parameters filled in.
    for id in ["ucr-referrals", "share-of-nights-in-hospital"] {
        let checksum = format!("sql_sha256 = \"{}\"", built().get(id).unwrap().sql_sha256);
        let toml = format!("{id}/indicator.toml");
        workshop.edit(&toml, &checksum, "");
        let message = workshop.only_fault();
        assert!(message.contains(&checksum), "{message}");
        workshop.edit(&toml, "status =", &format!("{checksum}\nstatus ="));
    }
}

#[test]
fn a_text_serves_several_indicators() {
    let catalogue = built();
    let of = |id: &str| catalogue.get(id).unwrap();
    let (month, quarter) = (of("days-at-home-after-discharge-30"), of("days-at-home-after-discharge-90"));
    assert_eq!(month.sql, quarter.sql.replace("90", "30"));
    assert_eq!(of("ucr-response-minutes-p90").sql, of("ucr-response-minutes-median").sql);

    let workshop = Workshop::new("shared");
    let toml = "days-at-home-after-ucr-30/indicator.toml";
    workshop.edit(toml, "sql_of = \"days-at-home-after-discharge-90\"", "sql_of = \"days-at-home\"");
    assert!(workshop.only_fault().contains("the SQL does not name the parameter {cohort}"));
    workshop.edit(toml, "sql_of = \"days-at-home\"", "sql_of = \"days-at-work\"");
    assert!(workshop.only_fault().contains("sql_of names 'days-at-work', which has no indicator.sql"));
    workshop.edit(toml, "sql_of = \"days-at-work\"", "sql_of = \"days-at-home-after-discharge-90\"");
    workshop.edit(toml, "nights = \"30\"", "days = \"30\"");
    assert!(workshop.only_fault().contains("does not name the parameter {days}"));
    workshop.edit(toml, "days = \"30\"", "nights = \"30\"");
    fs::write(workshop.0.join("days-at-home-after-ucr-30/indicator.sql"), "SELECT 1").unwrap();
    assert!(workshop.only_fault().contains("stands beside sql_of"));
}
