//! Who is told of which alert, by amtool.

use crate::tools::{repository, run, words};

const CONFIG: &str = "--config.file=deploy/alertmanager/alertmanager.yml";

#[test]
fn amtool_accepts_the_configuration() {
    let Some(output) = run("amtool", &["check-config", "deploy/alertmanager/alertmanager.yml"]) else { return };
    assert!(output.status.success(), "{}", words(&output));
}

#[test]
fn each_family_reaches_its_reader() {
    for (receiver, labels) in [
        ("dead-man", vec!["alertname=Watchdog", "severity=none", "family=trust"]),
        ("duty-coordinator", vec!["alertname=UCRReferralBreachedOpen", "severity=now", "family=clock", "area=NR5"]),
        ("service-manager", vec!["alertname=UCRMonthTargetLost", "severity=ticket", "family=budget", "area=NR5"]),
        ("service-manager", vec!["alertname=UCRAtRisk", "severity=ticket", "family=slip", "area=NR5"]),
        ("ops-lead", vec!["alertname=UCRBelowTargetConfident", "severity=page", "family=slip", "area=NR5"]),
        ("data-engineer", vec!["alertname=UCRFeedStalled", "severity=page", "family=trust", "area=NR5"]),
        ("data-engineer", vec!["alertname=UCRFeedSilent", "severity=page", "family=trust", "area=NR5"]),
        ("data-engineer", vec!["alertname=UCRRejectedShare", "severity=ticket", "family=trust"]),
        ("service-manager", vec!["alertname=VWOccupancyHigh", "severity=ticket", "family=wards", "area=RH8"]),
        ("data-engineer", vec!["alertname=VWFeedSilent", "severity=ticket", "family=trust", "provider=RH8"]),
        ("ops-lead", vec!["severity=page"]),
        ("default", vec!["alertname=Unheard"]),
    ] {
        let verify = format!("--verify.receivers={receiver}");
        let mut arguments = vec!["config", "routes", "test", CONFIG, &verify];
        arguments.extend(&labels);
        let Some(output) = run("amtool", &arguments) else { return };
        assert!(output.status.success(), "{labels:?} should reach {receiver}: {}", words(&output));
    }
}

#[test]
fn only_tickets_wait_for_working_hours_and_those_are_of_london() {
    let text = std::fs::read_to_string(repository().join("deploy/alertmanager/alertmanager.yml")).unwrap();
    assert!(text.contains("location: 'Europe/London'"));
    let routes: Vec<&str> = text.split("  - matchers: ").collect();
    for route in routes.iter().skip(1).take_while(|route| !route.starts_with("[alertname = UCRFeedAbsent")) {
        assert_eq!(route.contains("active_time_intervals"), route.starts_with("[severity = ticket"), "{route}");
    }
}

#[test]
fn an_alertmanager_without_receivers_does_not_start_and_a_secret_comes_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (output, secret) = (folder.path().join("alertmanager.yml"), folder.path().join("secret"));
    std::fs::write(&secret, "https://hook.example/a?b=1&c=2|d\n").unwrap();
    let script = repository().join("deploy/alertmanager/configure.sh");
    let template = repository().join("deploy/alertmanager/alertmanager.yml");
    let configure = |given: &[&str]| {
        let mut command = std::process::Command::new("sh");
        command.arg(&script).arg(&template).arg(&output).env_clear().env("PATH", "/usr/bin:/bin");
        for name in given {
            command.env(format!("HOMEWARD_RECEIVER_{name}_FILE"), &secret);
        }
        command.output().unwrap()
    };
    let refused = configure(&["DEFAULT", "OPS_LEAD"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(words(&refused).contains("duty-coordinator") && !output.exists(), "{}", words(&refused));
    let done = configure(&["DEFAULT", "DEAD_MAN", "DUTY_COORDINATOR", "OPS_LEAD", "SERVICE_MANAGER", "DATA_ENGINEER"]);
    assert!(done.status.success(), "{}", words(&done));
    let text = std::fs::read_to_string(&output).unwrap();
    assert!(!text.contains("receiver.invalid") && text.matches("'https://hook.example/a?b=1&c=2|d'").count() == 6);
}
