//! A slip that is planted in the running demonstration, seen by real Prometheus with the generated rules, routed by real
//! Alertmanager, told to a webhook, and taken back when the missing visits are written up.
//!
//! Everything is what production runs: the `homeward` binary, the rules and the routing that `homeward generate` commits,
//! `deploy/alertmanager/configure.sh`, and Debian's Prometheus and Alertmanager. Only the pace differs: the demonstration
//! runs [`SPEED`] times as fast as the world, and the generator's own `time_scale` divides every wait of the rules and the
//! routing by the same number. No rule is edited.
//!
//! A missing tool skips the test and says so, unless `HOMEWARD_TESTS_REQUIRE_ALL` is set, as `./test.sh` does: then it
//! fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "what a test skips or has seen is told where cargo shows it")]

#[path = "../real_kafka/http.rs"]
mod http;
#[path = "../real_kafka/patience.rs"]
mod patience;
mod processes;
mod webhook;

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use processes::Watch;
use webhook::{Told, Webhook};

/// Simulated seconds a real second. `for: 30m` becomes 15 seconds, `keep_firing_for: 2h` a minute; the write-ups arrive
/// two simulated hours in, after a minute.
const SPEED: u32 = 120;
/// Where the demonstration plants its story.
const PROVIDER: &str = "RK9";
const SLIP: &str = "UCRBelowTargetConfident";
const CLOCK: &str = "UCRReferralBreachedOpen";
/// Fewer decided referrals than this never page.
const SMALLEST: u64 = 30;
const TARGET: f64 = 0.8;

/// Generous: a CI machine shares two cores. On an idle one the whole test takes under three minutes.
const PATIENCE: Duration = Duration::from_secs(150);

#[test]
fn a_planted_slip_fires_reaches_the_webhook_and_clears_when_the_visits_are_written_up() {
    let webhook = Webhook::open();
    let Some(watch) = Watch::start(&webhook, SPEED) else { return };
    println!("{:.1} s: all is up", watch.seconds());

    // The dead-man's switch beats from the first moment.
    webhook.wait("the Watchdog", PATIENCE, |told| told.receiver == "dead-man" && told.alert("Watchdog").is_some());
    println!("{:.1} s: the Watchdog is heard", watch.seconds());

    // The slip: firing, with area, counts and runbook, on the operations lead's pager and nobody else's.
    let slip = webhook.wait("the confident slip", PATIENCE, |told| told.speaks_of("firing", SLIP, PROVIDER));
    println!("{:.1} s: {}", watch.seconds(), slip.summary(SLIP));
    assert_eq!(slip.receiver, "ops-lead", "{slip:?}");
    let (met, decided) = counts(&slip.summary(SLIP));
    assert!(decided >= SMALLEST, "{met} of {decided} is too few to be sure");
    assert!(wilson_upper(met, decided) < TARGET, "{met} of {decided} may be chance");
    let label = |name: &str| slip.alert(SLIP).expect("it speaks of it")["labels"][name].as_str().map(str::to_owned);
    assert_eq!(label("level").as_deref(), Some("provider"));
    assert_eq!((label("severity").as_deref(), label("family").as_deref()), (Some("page"), Some("slip")));
    assert_eq!(label("target").as_deref(), Some("local"));
    assert!(slip.summary(SLIP).contains(&format!("({PROVIDER})")) || slip.summary(SLIP).starts_with(PROVIDER));
    assert!(slip.summary(SLIP).contains("as of 20"), "{}", slip.summary(SLIP));
    assert_runbook(&slip, SLIP);
    // The counts are those of the board: at most a referral or two came while we asked.
    let (board_met, board_decided) = watch.figures(PROVIDER);
    assert!(
        met.abs_diff(board_met) <= 2 && decided.abs_diff(board_decided) <= 2,
        "{met} of {decided}, board {board_met} of {board_decided}"
    );

    // The clock breach: people who wait by the record, counted, to the duty co-ordinator.
    let clock = webhook.wait("the clock breach", PATIENCE, |told| told.speaks_of("firing", CLOCK, PROVIDER));
    println!("{:.1} s: {}", watch.seconds(), clock.summary(CLOCK));
    assert_eq!(clock.receiver, "duty-coordinator", "{clock:?}");
    let waiting = number_before(&clock.summary(CLOCK), " two-hour referral(s) past two hours");
    assert!(waiting >= 10, "eight days of visits are not written up, and {waiting} are counted");
    assert_runbook(&clock, CLOCK);
    assert!(no_identifier(&clock) && no_identifier(&slip), "an alert names a referral");

    // The mend: the write-ups arrive, the past is restated, and both alerts are taken back.
    for alert in [CLOCK, SLIP] {
        let told = webhook.wait("the recovery", PATIENCE, |told| told.speaks_of("resolved", alert, PROVIDER));
        println!("{:.1} s: {alert} of {PROVIDER} is resolved", watch.seconds());
        assert_eq!(told.receiver, if alert == CLOCK { "duty-coordinator" } else { "ops-lead" });
    }
    let (met_after, decided_after) = watch.figures(PROVIDER);
    assert!(
        decided_after >= decided - 3 && wilson_upper(met_after, decided_after) > TARGET,
        "{met_after} of {decided_after}"
    );
    assert!(met_after >= met + waiting / 2, "{met} met before, {met_after} after {waiting} write-ups");
    watch.nothing_fires(SLIP, PROVIDER);

    // Inhibition and routing as promised: one truth told once, and the dead man still hears us.
    let pagers = webhook.all().into_iter().filter(|told| told.speaks_of("firing", SLIP, PROVIDER));
    assert!(pagers.into_iter().all(|told| told.receiver == "ops-lead"));
    let beats = webhook.all().iter().filter(|told| told.receiver == "dead-man").count();
    assert!(beats >= 10, "the Watchdog was heard {beats} times");
}

fn assert_runbook(told: &Told, alert: &str) {
    let url = told.alert(alert).expect("it speaks of it")["annotations"]["runbook_url"]
        .as_str()
        .expect("a runbook")
        .to_owned();
    assert!(url.ends_with(&format!("/deploy/runbooks/{alert}.md")), "{url}");
    let file = format!("{}/../deploy/runbooks/{alert}.md", env!("CARGO_MANIFEST_DIR"));
    assert!(std::path::Path::new(&file).is_file(), "there is no {file}");
}

/// "Name (RK9): 50 of 75 over 28d, ...": 50 and 75.
fn counts(summary: &str) -> (u64, u64) {
    let at = summary.find(" over 28d").unwrap_or_else(|| panic!("no window in: {summary}"));
    let words: Vec<&str> = summary[..at].split_whitespace().collect();
    let [.., met, "of", decided] = words[..] else { panic!("no counts in: {summary}") };
    (met.parse().expect("a count"), decided.parse().expect("a count"))
}

fn number_before(summary: &str, words: &str) -> u64 {
    let at = summary.find(words).unwrap_or_else(|| panic!("'{words}' is not in: {summary}"));
    summary[..at].split_whitespace().last().and_then(|word| word.parse().ok()).expect("a count")
}

/// The upper 95% Wilson bound, from the handbook's formula (statistics), not from the program under test.
fn wilson_upper(met: u64, decided: u64) -> f64 {
    let (n, z2) = (decided as f64, 3.8416);
    let p = met as f64 / n;
    (p + z2 / (2.0 * n) + 1.96 * ((p * (1.0 - p) + z2 / (4.0 * n)) / n).sqrt()) / (1.0 + z2 / n)
}

/// The simulation's referral ids begin so; NHS numbers have ten digits in a row.
fn no_identifier(told: &Told) -> bool {
    let mut alerts = told.payload["alerts"].clone();
    // Alertmanager's hash of the labels, which are looked at themselves: ten of its sixteen digits may be decimal by chance.
    for alert in alerts.as_array_mut().into_iter().flatten() {
        alert.as_object_mut().and_then(|alert| alert.remove("fingerprint"));
    }
    let text = alerts.to_string();
    let digits = text.as_bytes().windows(10).any(|window| window.iter().all(u8::is_ascii_digit));
    !text.contains("SRI-") && !digits
}

/// Numerator and denominator of the two-hour response over 28 days, as the JSON API shows them.
fn two_hour_response(address: SocketAddr, provider: &str) -> Result<(u64, u64), String> {
    let path = "/api/v1/figures?indicator=ucr-two-hour-response&basis=live&by=provider&period=28d";
    let answer: Value = serde_json::from_str(&http::body(address, path)?).map_err(|error| error.to_string())?;
    let figures = answer["figures"].as_array().ok_or_else(|| format!("no figures in {answer}"))?;
    let figure =
        figures.iter().find(|figure| figure["provider"] == provider).ok_or_else(|| format!("no {provider}"))?;
    let count =
        |name: &str| figure[name].as_f64().map(|count| count as u64).ok_or_else(|| format!("{name} in {figure}"));
    Ok((count("numerator")?, count("denominator")?))
}
