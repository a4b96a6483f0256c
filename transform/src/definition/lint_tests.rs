use super::*;
use crate::definition::Catalogue;
use crate::definition::Factor;
use crate::definition::model::{PerPopulation, Settling, Standardise, Target};

fn definition() -> Definition {
    Catalogue::builtin().unwrap().get("ucr-two-hour-response").unwrap().clone()
}

fn only_fault(spoil: impl FnOnce(&mut Definition)) -> String {
    let mut spoiled = definition();
    spoil(&mut spoiled);
    let findings = lint(&spoiled);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings[0].to_string()
}

#[test]
fn a_sound_definition_has_no_fault() {
    assert_eq!(lint(&definition()), Vec::new());
}

#[test]
fn a_target_of_eighty_is_not_a_ratio() {
    let fault = only_fault(|own| own.targets[0].value = 80.0);
    assert_eq!(
        fault,
        "ucr-two-hour-response/indicator.toml, key 'target[0].value': the target 80 lies outside 0 to 1. Mend: write 80% as 0.80."
    );
    assert!(only_fault(|own| own.targets[1].value = f64::NAN).contains("target[1]"));
    assert!(only_fault(|own| own.targets[1].source.clear()).contains("needs a source"));
    let third = |own: &mut Definition| {
        own.targets.push(Target { name: "regional".into(), ..own.targets[0].clone() });
    };
    assert!(only_fault(third).contains("unknown target name 'regional'"));
}

#[test]
fn four_eyes_and_words_are_required() {
    assert!(only_fault(|own| own.checker.clone_from(&own.owner)).contains("name another role"));
    assert!(only_fault(|own| own.question = "  ".into()).contains("key 'question': the text is empty"));
    assert!(only_fault(|own| own.theme = "T9".into()).contains("unknown theme 'T9'"));
    assert!(only_fault(|own| own.version = 0).contains("counts from 1"));
}

#[test]
fn names_must_be_known() {
    assert!(only_fault(|own| own.release = "public".into()).contains("unknown policy 'public'"));
    assert!(only_fault(|own| own.default_basis = "official".into()).contains("use one of published, "));
    assert!(only_fault(|own| own.grains.push("week".into())).contains("unknown name 'week'"));
    assert!(only_fault(|own| own.windows.push("7d".into())).contains("'7d' occurs twice"));
    let renamed = |own: &mut Definition| own.alerts[0].window = Some("30d".into());
    assert!(only_fault(renamed).contains("window '30d' is not among the windows"));
}

#[test]
fn counting_must_fit_the_kind() {
    assert!(only_fault(|own| own.denominator = None).contains("needs a denominator"));
    assert!(only_fault(|own| own.alerts[0].minimum_denominator = None).contains("would fire on one person"));
    let count = |own: &mut Definition| {
        own.kind = Kind::Count;
        own.denominator = None;
    };
    assert!(only_fault(count).contains("Wilson interval needs a proportion"));
}

#[test]
fn a_case_must_put_something_in_and_expect_something() {
    assert!(only_fault(|own| own.cases[0].expect.clear()).contains("nothing is expected"));
    let empty = only_fault(|own| {
        own.cases[0].events.clear();
        own.cases[0].csds.clear();
    });
    assert!(empty.contains("nothing is put in") && empty.contains("/cases/"), "{empty}");
    assert!(only_fault(|own| own.cases[0].expect[0].release = "open".into()).contains("unknown policy 'open'"));
    assert!(only_fault(|own| own.cases[0].expect[0].basis = "wrong".into()).contains("unknown basis 'wrong'"));
    assert!(only_fault(|own| own.cases[1].id = own.cases[0].id.clone()).contains("the id occurs twice"));
    let vague = |own: &mut Definition| {
        own.cases[0].expect[0].numerator = None;
        own.cases[0].expect[0].none = false;
    };
    assert!(only_fault(vague).contains("neither a numerator nor none"));
    let odd = |own: &mut Definition| {
        own.cases[0].expect[0].flags.insert("odd".into(), 1);
    };
    assert!(only_fault(odd).contains("undeclared flag 'odd'"));
}

#[test]
fn an_edition_may_not_change_under_its_version() {
    let (previous, mut next) = (definition(), definition());
    assert!(lint_change(&previous, &next).is_empty());
    next.sql.push(' ');
    assert!(lint_change(&previous, &next)[0].to_string().contains("set version = 2"));
    next.version = 2;
    assert!(lint_change(&previous, &next).is_empty());
    assert!(lint_change(&next, &previous)[0].to_string().contains("would replace the newer version 2"));
}

/// The caseload is the only stock: what does not add up is not counted as one.
#[test]
fn people_and_percentiles_are_no_stock() {
    let catalogue = Catalogue::builtin().unwrap();
    for id in ["community-people-referred", "community-days-to-first-contact-median"] {
        let mut spoiled = catalogue.get(id).unwrap().clone();
        assert_eq!(lint(&spoiled), []);
        spoiled.stock = true;
        let faults: Vec<String> = lint(&spoiled).iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("what is open at a period's end is counted by months alone"), "{faults:?}");
    }
}

#[test]
fn a_percentile_says_which_one_and_of_which_records() {
    let catalogue = Catalogue::builtin().unwrap();
    let faults = |spoil: fn(&mut Definition)| {
        let mut spoiled = catalogue.get("ucr-response-minutes-median").unwrap().clone();
        spoil(&mut spoiled);
        lint(&spoiled).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(faults(|_| ()), "");
    assert!(faults(|own| own.quantile = None).contains("write 0.5 for the median"));
    assert!(faults(|own| own.denominator = None).contains("which records it is taken of"));
    assert!(faults(|own| own.interval = Interval::Wilson).contains("needs a proportion"));
    assert!(faults(|own| own.cases[0].expect[0].value = None).contains("neither a value nor none = true"));
    let count = faults(|own| own.kind = Kind::Count);
    assert!(count.contains("only a percentile has one"), "{count}");
    assert!(count.contains("the column numerator is not returned"), "{count}");
}

#[test]
fn a_ratio_alone_has_an_interval_by_people_or_is_divided_by_them() {
    let catalogue = Catalogue::builtin().unwrap();
    let faults = |id: &str, spoil: fn(&mut Definition)| {
        let mut spoiled = catalogue.get(id).unwrap().clone();
        spoil(&mut spoiled);
        lint(&spoiled).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let people = faults("ucr-two-hour-response", |own| own.interval = Interval::People);
    assert!(people.contains("needs a ratio of two sums over people"), "{people}");
    assert!(people.contains("the column count_product is not returned"), "{people}");
    let per = "nights-in-hospital-per-1000-people";
    assert!(faults(per, |own| own.kind = Kind::Count).contains("only a ratio is divided by people"));
    let age = faults(per, |own| own.per_population = Some(PerPopulation { age_from: 17 }));
    assert!(age.contains("not told from the age 17 on"), "{age}");
    let beds = "mean-beds-occupied-at-midnight";
    let by_day = faults(beds, |own| own.grains = vec!["day".into()]);
    assert!(by_day.contains("only a ratio by months that nothing else divides is divided by nights"), "{by_day}");
    let equivalent = "virtual-ward-acute-equivalent";
    assert!(faults(equivalent, |own| own.kind = Kind::Count).contains("only a ratio that nothing else divides"));
    let empty = faults(equivalent, |own| own.factor = Some(Factor { times: 90, over: 0, source: " ".into() }));
    assert!(empty.contains("a factor of nothing") && empty.contains("name the source"), "{empty}");
}

#[test]
fn a_standardised_rate_names_its_standard_and_its_people() {
    let catalogue = Catalogue::builtin().unwrap();
    let faults = |id: &str, spoil: fn(&mut Definition)| {
        let mut spoiled = catalogue.get(id).unwrap().clone();
        spoil(&mut spoiled);
        lint(&spoiled).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let standardised = "nights-in-hospital-standardised";
    assert_eq!(faults(standardised, |_| ()), "");
    let none = faults(standardised, |own| own.standardise = None);
    assert!(none.contains("needs a standard population") && none.contains("european-2013"), "{none}");
    let unknown = faults(standardised, |own| {
        own.standardise = Some(Standardise { population: "world".into(), per: 0 });
    });
    assert!(unknown.contains("unknown standard population 'world'. Mend: use one of european-2013"), "{unknown}");
    assert!(unknown.contains("a rate to no people is none"), "{unknown}");
    assert!(faults(standardised, |own| own.per_population = None).contains("needs the people of the area"));
    assert!(faults(standardised, |own| own.denominator = None).contains("needs a denominator"));
    assert!(faults(standardised, |own| own.counts.push("aged_out".into())).contains("the name of a sum by age"));
    let crude = "nights-in-hospital-per-1000-people";
    let ratio = faults(crude, |own| {
        own.standardise = Some(Standardise { population: "european-2013".into(), per: 1000 });
        own.interval = Interval::Dobson;
    });
    assert!(ratio.contains("only a standardised rate has one"), "{ratio}");
    assert!(ratio.contains("Dobson's interval needs a standardised rate"), "{ratio}");
    let unsummed = faults(crude, |own| own.kind = Kind::Standardised);
    assert!(unsummed.contains("the column numerator_squared is not returned"), "{unsummed}");
}

#[test]
fn figures_settle_by_months_after_their_last_night() {
    let day = |text: &str| text.parse().unwrap();
    let status = |nights, end, today| Settling { months: 2, nights }.status(day(end), day(today)).as_str();
    for (nights, end, today, expected) in [
        (0, "2025-04-01", "2025-03-31", "live"),
        (0, "2025-04-01", "2025-04-01", "provisional"),
        (0, "2025-04-01", "2025-05-31", "provisional"),
        (0, "2025-04-01", "2025-06-01", "final"),
        (90, "2025-04-01", "2025-06-29", "live"),
        (90, "2025-04-01", "2025-06-30", "provisional"),
        (90, "2025-04-01", "2025-08-31", "provisional"),
        (90, "2025-04-01", "2025-09-01", "final"),
    ] {
        assert_eq!(status(nights, end, today), expected, "{nights} nights after {end}, on {today}");
    }
}
