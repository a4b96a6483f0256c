use super::*;
use proptest::prelude::*;

const TEST_KEY: &[u8] = b"homeward-test-key-not-secret";

/// The table of `disclosure.md` section 3.
#[test]
fn handbook_numbers() {
    for valid in ["8429141456", "9990000018", "9990548609", "9990000050", "0123456789"] {
        assert!(NhsNumber::parse(valid).is_ok(), "{valid}");
    }
    assert_eq!(NhsNumber::parse("8429141457"), Err(NhsNumberFault::CheckDigit));
    for last in 0..10 {
        assert_eq!(NhsNumber::parse(&format!("999000000{last}")), Err(NhsNumberFault::CheckDigit));
    }
    for digit in 0..10 {
        let repeated = digit.to_string().repeat(10);
        assert!(NhsNumber::parse(&repeated).is_err(), "{repeated}");
    }
    for dummy in ["1111111111", "0000000000"] {
        assert_eq!(NhsNumber::parse(dummy), Err(NhsNumberFault::Dummy));
    }
    for digit in 1..10 {
        let bracketed = format!("{digit}00000000{digit}");
        assert_eq!(NhsNumber::parse(&bracketed), Err(NhsNumberFault::Dummy), "{bracketed}");
    }
}

#[test]
fn a_number_is_ten_digits_of_text() {
    for shape in ["", "999000001", "99900000180", "999 000 0018", "999000001X", "٩٩٩٠٠٠٠٠١٨"] {
        assert_eq!(NhsNumber::parse(shape), Err(NhsNumberFault::Shape), "{shape}");
    }
    assert!(NhsNumber::parse(" 9990000018 ").is_ok());
}

#[test]
fn handbook_pseudonym() {
    let keys = PseudonymKeys::from_secret(3, TEST_KEY);
    let number = NhsNumber::parse("9990000018").unwrap();
    assert_eq!(keys.nhs(&number), "vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg");
    assert_eq!(keys.version(), 3);
    let separate = PseudonymKeys::new(3, TEST_KEY.to_vec(), b"another key".to_vec());
    assert_eq!(separate.nhs(&number), keys.nhs(&number));
    assert_ne!(separate.local("NR5", "1"), keys.local("NR5", "1"));
}

#[test]
fn local_pseudonyms_differ_by_provider_and_never_meet_numbers() {
    let keys = PseudonymKeys::from_secret(1, TEST_KEY);
    assert_ne!(keys.local("NR5", "42"), keys.local("RH8", "42"));
    assert_ne!(keys.local("NR", "542"), keys.local("NR5", "42"));
    assert_eq!(keys.local("NR5", " 42 "), keys.local("NR5", "42"));
    let number = NhsNumber::parse("9990000018").unwrap();
    let same_text = keys.local("", "9990000018");
    assert!(same_text.starts_with(LOCAL_PREFIX));
    assert_ne!(same_text.trim_start_matches(LOCAL_PREFIX), keys.nhs(&number));
}

#[test]
fn nothing_secret_is_printed() {
    let keys = PseudonymKeys::from_secret(7, TEST_KEY);
    let number = NhsNumber::parse("9990000018").unwrap();
    let printed = format!("{keys:?} {keys:#?} {number:?} {:?}", NhsNumber::parse("8429141457"));
    assert!(!printed.contains("999000") && !printed.contains("8429") && !printed.contains("test-key"));
    assert!(!printed.contains("104, 111"), "key bytes");
}

#[test]
fn short_secrets_are_refused() {
    assert_eq!(PseudonymKeys::check_secret(b"short"), Err(ShortSecret { found_bytes: 5 }));
    assert_eq!(PseudonymKeys::check_secret(TEST_KEY), Ok(()));
}

#[test]
fn a_pseudonym_has_43_characters() {
    assert!(is_pseudonym("vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg"));
    for wrong in [
        "",
        "L:",
        "9990000018",
        "vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5h",
        "vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg=",
        "vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy+hg",
    ] {
        assert!(!is_pseudonym(wrong), "{wrong}");
    }
}

#[test]
fn ages_are_completed_years() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    assert_eq!(age_years(day("1941-06-12"), day("2025-06-11")), Some(83));
    assert_eq!(age_years(day("1941-06-12"), day("2025-06-12")), Some(84));
    assert_eq!(age_years(day("2024-02-29"), day("2025-02-28")), Some(0));
    assert_eq!(age_years(day("2024-02-29"), day("2025-03-01")), Some(1));
    assert_eq!(age_years(day("2025-06-13"), day("2025-06-12")), None);
    assert_eq!(age_years(day("1800-01-01"), day("2025-06-12")), None);
}

/// The rule written out again, digit by digit, as an oracle.
fn completed(first_nine: u32) -> Option<String> {
    let digits: Vec<u32> = format!("{first_nine:09}").chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits.iter().enumerate().map(|(i, digit)| digit * (10 - u32::try_from(i).unwrap())).sum();
    let check = (11 - sum % 11) % 11;
    (check < 10).then(|| format!("{first_nine:09}{check}"))
}

proptest! {
    #[test]
    fn exactly_one_check_digit_fits(first_nine in 0_u32..1_000_000_000) {
        let valid: Vec<String> = (0..10)
            .map(|last| format!("{first_nine:09}{last}"))
            .filter(|number| NhsNumber::parse(number).is_ok())
            .collect();
        match completed(first_nine) {
            Some(number) if NhsNumber::parse(&number) != Err(NhsNumberFault::Dummy) => prop_assert_eq!(valid, vec![number]),
            _ => prop_assert!(valid.is_empty()),
        }
    }

    #[test]
    fn any_one_wrong_digit_is_noticed(first_nine in 0_u32..1_000_000_000, place in 0_usize..10, shift in 1_u8..10) {
        if let Some(number) = completed(first_nine) {
            let mut wrong = number.into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + shift) % 10;
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_ne!(NhsNumber::parse(&wrong).map(|_| ()), Ok(()));
        }
    }

    #[test]
    fn parsing_never_panics(text in "\\PC*") {
        let _ = NhsNumber::parse(&text);
        let _ = is_pseudonym(&text);
    }

    #[test]
    fn pseudonyms_have_the_shape_and_are_stable(provider in "[A-Z0-9]{3}", id in "[a-zA-Z0-9-]{1,20}") {
        let keys = PseudonymKeys::from_secret(1, TEST_KEY);
        let pseudonym = keys.local(&provider, &id);
        prop_assert!(is_pseudonym(&pseudonym));
        prop_assert_eq!(pseudonym, keys.local(&provider, &id));
    }
}
