use super::*;
use proptest::prelude::*;

fn local(text: &str) -> NaiveDateTime {
    parse_local_date_time(text).unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    parse_offset_instant(text).unwrap()
}

/// The table of `ucr.md` section 8: start, end, naive minutes, true minutes.
#[test]
fn handbook_clock_changes() {
    for (start, end, naive, true_minutes) in [
        ("2025-03-29 23:50", "2025-03-30 02:10", 140, 80),
        ("2025-03-30 00:40", "2025-03-30 03:40", 180, 120),
        ("2025-03-30 00:40", "2025-03-30 03:41", 181, 121),
        ("2025-03-30 00:58", "2025-03-30 02:58", 120, 60),
        ("2025-03-30 01:30", "2025-03-30 03:20", 110, 50),
        ("2025-03-29 22:30", "2025-03-30 00:30", 120, 120),
        ("2025-10-26 00:30", "2025-10-26 02:00", 90, 150),
        ("2025-10-26 00:20", "2025-10-26 02:20", 120, 180),
        ("2025-10-25 23:50", "2025-10-26 01:40", 110, 110),
        ("2025-10-26 01:50", "2025-10-26 01:20", -30, 30),
        ("2025-10-26 01:30", "2025-10-26 03:00", 90, 150),
    ] {
        let (start, end) = (local(start), local(end));
        let from = resolve_start(start);
        let to = resolve_end(end, Some(from.at));
        assert_eq!(whole_minutes(start, end), naive, "naive {start} to {end}");
        assert_eq!(whole_minutes_true(from.at, to.at), true_minutes, "true {start} to {end}");
    }
}

#[test]
fn the_resolution_is_flagged() {
    assert_eq!(resolve_start(local("2025-03-30 01:30")).resolution, Resolution::Gap);
    assert_eq!(resolve_start(local("2025-03-30 01:30")).at, at("2025-03-30T02:30:00+01:00"));
    assert_eq!(resolve_start(local("2025-03-30 00:59")).resolution, Resolution::Exact);
    assert_eq!(resolve_start(local("2025-03-30 02:00")).at, at("2025-03-30T01:00:00Z"));
    assert_eq!(resolve_start(local("2025-10-26 01:00")).resolution, Resolution::Fold);
    assert_eq!(resolve_start(local("2025-10-26 01:59")).at, at("2025-10-26T00:59:00Z"));
    assert_eq!(resolve_start(local("2025-10-26 02:00")).resolution, Resolution::Exact);
    assert_eq!(Resolved::from_instant(at("2025-06-12T09:02:00Z")).local, local("2025-06-12 10:02"));
}

#[test]
fn an_end_in_the_fold_depends_on_its_start() {
    let end = local("2025-10-26 01:20");
    let earlier = at("2025-10-26T01:20:00+01:00");
    let later = at("2025-10-26T01:20:00Z");
    assert_eq!(resolve_end(end, None).at, earlier);
    assert_eq!(resolve_end(end, Some(earlier)).at, earlier);
    // Seconds are dropped before they are compared, so this end is in its start's own minute.
    assert_eq!(resolve_end(end, Some(earlier + TimeDelta::seconds(40))).at, earlier);
    assert_eq!(resolve_end(end, Some(earlier + TimeDelta::minutes(1))).at, later);
    assert_eq!(resolve_end(end, Some(later + TimeDelta::hours(3))).at, later);
}

/// Edge rules E1 and E2.
#[test]
fn seconds_are_dropped_from_both_ends() {
    let minutes = |start, end| whole_minutes(local(start), local(end));
    assert_eq!(minutes("2025-06-12 10:00:00", "2025-06-12 12:00:59"), TWO_HOURS_MINUTES);
    assert_eq!(minutes("2025-06-12 10:00:59", "2025-06-12 12:01:00"), TWO_HOURS_MINUTES + 1);
    assert_eq!(whole_minutes_true(at("2025-06-12T10:00:59Z"), at("2025-06-12T12:01:00Z")), 121);
    assert_eq!(whole_minutes(local("1969-12-31 23:59:30"), local("1970-01-01 00:00:00")), 1);
}

#[test]
fn days_belong_to_london() {
    assert_eq!(london(at("2025-03-31T23:30:00Z")), local("2025-04-01 00:30"));
    let hours = |text: &str| {
        let day = parse_date(text).unwrap();
        (next_local_midnight(day) - local_midnight(day)).num_hours()
    };
    assert_eq!((hours("2025-03-30"), hours("2025-10-26"), hours("2025-06-12")), (23, 25, 24));
    assert_eq!(local_midnight(parse_date("2025-06-12").unwrap()), at("2025-06-11T23:00:00Z"));
}

#[test]
fn only_londons_offsets_are_taken() {
    assert_eq!(at("2025-06-12T10:02:00+01:00"), at("2025-06-12T09:02:00Z"));
    assert_eq!(at("2025-06-12T10:02:00.250+00:00"), at("2025-06-12T10:02:00Z"));
    for (text, error) in [
        ("2025-06-12T10:02:00", TimeError::Offset),
        ("2025-06-12T10:02:00+02:00", TimeError::Offset),
        ("2025-06-12T10:02:00-00:00", TimeError::Offset),
        ("2025-06-12T10:02:00+0100", TimeError::Offset),
        ("2025-06-12T10:02:00z", TimeError::Offset),
        ("2025-06-12 10:02:00Z", TimeError::DateTime),
        ("2025-02-30T10:02:00Z", TimeError::DateTime),
        ("2025-06-12T24:00:00Z", TimeError::DateTime),
        ("2025-06-12T23:59:60Z", TimeError::DateTime),
        ("2025-06-12T10:02:00.Z", TimeError::DateTime),
        ("Z", TimeError::DateTime),
        ("", TimeError::Offset),
    ] {
        assert_eq!(parse_offset_instant(text), Err(error), "{text}");
    }
}

#[test]
fn dates_have_one_form() {
    assert!(parse_date(" 2024-02-29 ").is_ok());
    for text in
        ["", "2025-4-3", "03/04/2025", "2025-02-29", "20250403", "2025-04-03T00:00:00", "２０２５-04", "2025-04-0é"]
    {
        assert_eq!(parse_date(text), Err(TimeError::Date), "{text}");
    }
}

#[test]
fn only_the_time_part_is_read() {
    let expected = NaiveTime::from_hms_opt(20, 9, 10).unwrap();
    for text in ["20:09:10", "1970-01-01 20:09:10", "2025-06-12T20:09:10", " 20:09:10 ", "1970-01-01 20:09:10.000"] {
        assert_eq!(parse_time_part(text), Ok(expected), "{text}");
    }
    assert_eq!(parse_time_part("09:05"), NaiveTime::from_hms_opt(9, 5, 0).ok_or(TimeError::Time));
    for text in [
        "",
        "9:05",
        "0905",
        "24:00",
        "10:60",
        "10:00:61",
        "10-00",
        "10:02:00+01:00",
        "2025-06-12",
        "yesterday! 10:00",
        "10:00:0",
    ] {
        assert_eq!(parse_time_part(text), Err(TimeError::Time), "{text}");
    }
}

#[test]
fn a_file_time_may_carry_an_offset() {
    assert_eq!(parse_instant_or_local("2025-05-12T09:15:00").unwrap().at, at("2025-05-12T08:15:00Z"));
    assert_eq!(parse_instant_or_local("2025-05-12T09:15:00Z").unwrap().at, at("2025-05-12T09:15:00Z"));
    assert!(parse_instant_or_local("12 May 2025").is_err());
}

/// Any second between 2000 and 2050.
fn seconds() -> impl Strategy<Value = i64> {
    946_684_800_i64..2_524_608_000
}

proptest! {
    #[test]
    fn an_instant_survives_the_way_to_the_wall_and_back(second in seconds()) {
        let instant = DateTime::from_timestamp(second, 0).unwrap();
        let resolved = resolve_start(london(instant));
        match resolved.resolution {
            Resolution::Exact => prop_assert_eq!(resolved.at, instant),
            Resolution::Fold => prop_assert!(resolved.at == instant || resolved.at == instant - TimeDelta::hours(1)),
            other => prop_assert!(false, "an instant's wall time cannot be {:?}", other),
        }
        prop_assert_eq!(resolve_end(london(instant), Some(instant)).at, instant);
    }

    #[test]
    fn a_gap_moves_the_wall_clock_one_hour(second in seconds()) {
        let wall = DateTime::from_timestamp(second, 0).unwrap().naive_utc();
        let resolved = resolve_start(wall);
        let moved = london(resolved.at) - wall;
        let expected = if resolved.resolution == Resolution::Gap { 1 } else { 0 };
        prop_assert_eq!(moved, TimeDelta::hours(expected));
        prop_assert_eq!(resolved.local, wall);
    }

    #[test]
    fn an_end_is_not_before_its_start_when_it_need_not_be(second in seconds(), wait_minutes in 0_i64..600) {
        let start = DateTime::from_timestamp(second, 0).unwrap();
        let end = london(start + TimeDelta::minutes(wait_minutes));
        prop_assert!(whole_minutes_true(start, resolve_end(end, Some(start)).at) >= 0);
    }

    #[test]
    fn naive_and_true_differ_by_whole_hours_at_most_one(second in seconds(), wait_minutes in 0_i64..1440) {
        let start = DateTime::from_timestamp(second, 0).unwrap();
        let end = start + TimeDelta::minutes(wait_minutes);
        let difference = whole_minutes(london(start), london(end)) - whole_minutes_true(start, end);
        prop_assert!([-60, 0, 60].contains(&difference));
    }

    #[test]
    fn written_instants_are_read_back(second in seconds(), summer in proptest::bool::ANY) {
        let instant = DateTime::from_timestamp(second, 0).unwrap();
        let text = if summer {
            format!("{}+01:00", (instant + TimeDelta::hours(1)).format("%Y-%m-%dT%H:%M:%S"))
        } else {
            instant.format("%Y-%m-%dT%H:%M:%SZ").to_string()
        };
        prop_assert_eq!(parse_offset_instant(&text), Ok(instant));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,30}", digits in "[0-9:TZ+. -]{0,30}") {
        for text in [text.as_str(), digits.as_str()] {
            let _ = parse_date(text);
            let _ = parse_time_part(text);
            let _ = parse_offset_instant(text);
            let _ = parse_local_date_time(text);
            let _ = parse_instant_or_local(text);
        }
    }
}
