//! Prometheus and Alertmanager as `compose.yaml` mounts them: accepted by their own tools, and in agreement with it.

use crate::compose::services;
use crate::tool::{deploy, succeed, tool, yaml};

#[test]
fn promtool_takes_the_configuration_and_the_rules() {
    let Some(mut promtool) = tool("promtool") else { return };
    // Secrets are looked for where the container has them: syntax is checked here, the files by the container.
    succeed(promtool.args(["check", "config", "--syntax-only"]).arg(deploy().join("prometheus/prometheus.yml")));
    let mut rules = tool("promtool").expect("found a moment ago");
    rules.args(["check", "rules"]);
    let mut files = 0;
    for entry in std::fs::read_dir(deploy().join("prometheus/rules")).expect("rules").map(|entry| entry.unwrap().path())
    {
        rules.arg(entry);
        files += 1;
    }
    assert!(files > 0, "no rules");
    let said = succeed(&mut rules);
    assert!(said.contains("rules found"), "{said}");
}

#[test]
fn amtool_takes_the_routing() {
    let Some(mut amtool) = tool("amtool") else { return };
    let said = succeed(amtool.arg("check-config").arg(deploy().join("alertmanager/alertmanager.yml")));
    assert!(said.contains("SUCCESS"), "{said}");
}

#[test]
fn prometheus_asks_where_homeward_answers() {
    let (Some(services), Some(prometheus)) = (services(), yaml("prometheus/prometheus.yml")) else { return };
    let job = &prometheus["scrape_configs"][0];
    let environment = &services["homeward"]["environment"];
    let port = environment["HOMEWARD_SERVE__METRICS_BIND"].as_str().unwrap().rsplit(':').next().unwrap();
    assert_eq!(job["static_configs"][0]["targets"][0], format!("homeward:{port}"));
    let token = job["authorization"]["credentials_file"].as_str().expect("a token");
    assert_eq!(environment["HOMEWARD_SERVE__METRICS_BEARER_TOKEN_FILE"], token);
    assert!(crate::compose::list(&services["prometheus"]["secrets"]).iter().any(|name| token.ends_with(name)));
    let alertmanager = &prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"][0];
    assert_eq!(alertmanager, "alertmanager:9093");
}
