//! What the demonstration promises: a slip that shows within a minute and clears within two, at sixty times real time.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its failure report")]

use std::fs;

use chrono::{DateTime, Duration, Utc};
use homeward_simulator::{Area, OpenBands, Parameters, Scenario, Simulation};

fn demo(seed: u64) -> (Simulation, DateTime<Utc>) {
    let at: DateTime<Utc> = "2025-06-12T09:00:00Z".parse().unwrap();
    let parameters = Parameters {
        seed,
        start: at - Duration::days(10),
        days: 11,
        quiet_provider: Some("RA9".to_owned()),
        scenario: Some(Scenario::SlipAndRecover { provider: "RA9".to_owned(), at }),
        ..Parameters::default()
    };
    (Simulation::new(parameters), at)
}

fn bands(simulation: &Simulation, now: DateTime<Utc>) -> OpenBands {
    simulation.truth().open_bands(now, now, Area::Provider).get("RA9").copied().unwrap_or_default()
}

#[test]
fn the_slip_appears_and_clears_on_time_and_nothing_else_does() {
    for seed in 0..6 {
        let (simulation, at) = demo(seed);
        for minute in 0..180 {
            let now = at + Duration::minutes(minute) + Duration::milliseconds(500);
            let open = u64::from((40..72).contains(&minute));
            assert_eq!(bands(&simulation, now).over_120, open, "seed {seed}, minute {minute}");
            let due = u64::from((10..40).contains(&minute));
            assert!(bands(&simulation, now).under_120 >= due, "seed {seed}, minute {minute}");
        }
        let others = simulation.truth().open_bands(at, at, Area::Nation)["England"];
        assert!(others.over_120 > 0, "the other providers are as real as ever");
    }
}

#[test]
fn the_endless_stream_tells_the_story_too() {
    let (simulation, _) = demo(3);
    let finite: Vec<_> = simulation.live().collect();
    let until = simulation.parameters().start + Duration::days(10);
    let endless: Vec<_> =
        Simulation::endless(simulation.parameters().clone()).take_while(|message| message.deliver_at < until).collect();
    assert_eq!(endless.as_slice(), &finite[..endless.len()]);
}

#[test]
fn a_simulation_can_be_written_down() {
    let folder = std::env::temp_dir().join(format!("homeward-simulation-{}", std::process::id()));
    let simulation = Simulation::new(Parameters { seed: 1, days: 3, ..Parameters::default() });
    simulation.write_to(&folder).unwrap();
    let lines = fs::read(folder.join("events.ndjson")).unwrap().iter().filter(|byte| **byte == b'\n').count() as u64;
    assert_eq!(lines, simulation.truth().counts.feed.messages);
    let submission = folder.join("submissions").join(&simulation.submissions()[0].folder);
    assert!(submission.join("CYP104RTT.csv").is_file() && submission.join("CYP000Header.csv").is_file());
    let truth: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("truth.json")).unwrap()).unwrap();
    assert_eq!(truth["counts"]["feed"]["messages"], lines);
    let parameters: Parameters = serde_json::from_value(truth["parameters"].clone()).unwrap();
    assert_eq!(&parameters, simulation.parameters());
    fs::remove_dir_all(&folder).unwrap();

    let blocked = simulation.write_to(std::path::Path::new("/dev/null/nowhere")).unwrap_err();
    assert!(blocked.to_string().contains("could not write /dev/null/nowhere"));
}
