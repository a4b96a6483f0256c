use super::*;
use std::collections::BTreeMap;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn commissioner_codes_mean_icbs() {
    let geography = Geography::devon();
    for (code, icb) in [("15N", "QJK"), ("15n ", "QJK"), ("QJK", "QJK"), ("11N", "QT6"), ("15C", "QUY"), ("92G", "QOX")]
    {
        assert_eq!(geography.icb_of_commissioner(code), Some(icb), "{code}");
    }
    for unknown in ["", "XXX", "NR5", "Y58", "National"] {
        assert_eq!(geography.icb_of_commissioner(unknown), None, "{unknown}");
    }
}

#[test]
fn icbs_belong_to_the_south_west_and_it_to_the_nation() {
    let geography = Geography::devon();
    let icbs: Vec<&Organisation> =
        geography.organisations().filter(|organisation| organisation.kind == OrganisationKind::Icb).collect();
    assert_eq!(icbs.len(), 7);
    for icb in icbs {
        assert_eq!(geography.region_of_icb(&icb.code), Some("Y58"));
    }
    assert_eq!(geography.region_of_icb("15N"), None);
    assert_eq!(geography.organisation("Y58").and_then(|region| region.parent.as_deref()), Some(NATION));
}

#[test]
fn northern_devon_became_royal_devon() {
    let geography = Geography::devon();
    assert_eq!(geography.provider_on("RBZ", day("2022-03-31")), "RBZ");
    assert_eq!(geography.provider_on("RBZ", day("2022-04-01")), "RH8");
    assert_eq!(geography.provider_today("RBZ"), "RH8");
    assert_eq!(geography.provider_today("NR5"), "NR5");
    assert_eq!(geography.provider_today("ZZ9"), "ZZ9");
}

/// Each network has as many fictitious practices as it really has, and one more carries the handbook's examples.
#[test]
fn practices_agree_with_their_networks() {
    let geography = Geography::devon();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for (code, pcn) in geography.practices() {
        if code != "L83999" {
            *counts.entry(pcn.code.as_str()).or_default() += 1;
        }
    }
    for pcn in geography.pcns() {
        assert_eq!(counts.get(pcn.code.as_str()), Some(&pcn.practices), "{}", pcn.code);
    }
    assert_eq!(geography.pcns().len(), 31);
    assert_eq!(counts.values().sum::<u32>(), 117);
    assert_eq!(geography.lcps(), ["Eastern", "Northern", "Plymouth", "Southern", "Western"]);
}

#[test]
fn a_practice_has_a_network_a_partnership_and_an_icb() {
    let geography = Geography::devon();
    let practice = geography.practice("l83999").unwrap();
    assert_eq!((practice.pcn, practice.lcp), ("U72848", "Plymouth"));
    assert_eq!(geography.icb_of_practice("L83999"), Some("QJK"));
    assert_eq!(geography.lcp_of_pcn("U72848"), Some("Plymouth"));
    assert_eq!(geography.practice("A81001"), None);
}

#[test]
fn codes_have_names() {
    let geography = Geography::devon();
    for (code, name) in [
        ("NR5", "Livewell Southwest"),
        ("U68649", "Waterside Health Network"),
        ("Plymouth", "Plymouth"),
        (NATION, "England"),
    ] {
        assert_eq!(geography.name_of(code), Some(name));
    }
    assert_eq!(geography.name_of("ZZ9"), None);
}

#[test]
fn faults_say_where_and_how_to_mend() {
    const ORGANISATIONS: &str = "code,name,type,parent,successor_code,successor_date\n";
    const PCNS: &str = "code,name,practices,lcp\n";
    const PRACTICES: &str = "code,pcn\n";
    for (organisations, pcns, practices, expected) in [
        ("A,a,hospital,,,\n", "", "", "organisations.csv, line 2: type is none"),
        ("A,a,icb,,,\nA,a,icb,,,\n", "", "", "organisations.csv, line 3: the code A stands twice"),
        ("A,a,icb,B,,\n", "", "", "organisations.csv, line 2: parent B has no row"),
        ("A,a,icb,,A,1 May\n", "", "", "successor_date"),
        (",a,icb,,,\n", "", "", "code is empty"),
        ("A,a\n", "", "", "line 2: not a CSV table"),
        ("", "U1,x,many,L\n", "", "pcns.csv, line 2: practices is not a whole number"),
        ("", "U1,x,1,L\n", "P1,U2\n", "practices.csv, line 2: the network U2 is not in pcns.csv"),
    ] {
        let error = Geography::from_csv(
            &format!("{ORGANISATIONS}{organisations}"),
            &format!("{PCNS}{pcns}"),
            &format!("{PRACTICES}{practices}"),
        )
        .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let error = Geography::from_csv("code,name\nA,a\n", PCNS, PRACTICES).unwrap_err();
    assert!(error.to_string().contains("the column type is missing"), "{error}");
}

/// A circle of successions in a deployment's own table ends.
#[test]
fn a_circle_of_successions_ends() {
    let organisations = "code,name,type,parent,successor_code,successor_date\n\
        A,a,provider,,B,2020-01-01\nB,b,provider,,A,2021-01-01\n";
    let geography = Geography::from_csv(organisations, "code,name,practices,lcp\n", "code,pcn\n").unwrap();
    assert!(["A", "B"].contains(&geography.provider_today("A")));
}
